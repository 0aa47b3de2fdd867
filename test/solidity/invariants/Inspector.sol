// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../../../contracts/book/libraries/Book.sol";
import {Configuration} from "../../../contracts/clearing/ClearingBase.sol";
import {PositionView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {ClearingState, ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {Rounds} from "../../../contracts/clearing/libraries/Rounds.sol";
import {RoundHead} from "../../../contracts/clearing/libraries/RoundWords.sol";
import {MarketRisk, Position, Words} from "../../../contracts/clearing/libraries/Words.sol";
import {LensModule} from "../../../contracts/clearing/modules/LensModule.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {Properties} from "./Properties.sol";

/// What changes in a market and may change one way only, or only within a limit.
struct MarketFacts {
    uint256 phase;
    uint256 minute;
    uint256 settlementTick;
    uint256 openInterest;
    uint256 openInterestLimit;
    uint256 newestRound;
    uint256 finishedRounds;
    uint256 deficit;
    uint256 initialBps;
    uint256 maintenanceBps;
}

/// The whole exchange at one moment: what is compared before and after every call.
struct Picture {
    MarketFacts[] markets;
    uint256[] purses;
    uint256[] heads;
    // Of the words of all positions.
    bytes32 positions;
    uint256 tracked;
    uint256 sequence;
    uint256 totalDeficit;
    uint256 totalClaims;
}

/// The lens of the world: it stands behind the fallback like the real one and reads storage directly, so that a recount costs
/// no calls.
contract Inspector is LensModule {
    constructor(Configuration memory configuration) LensModule(configuration) {}

    /// @notice Recounts everything and reverts with the id of the first property that does not hold.
    /// @param touched market << 24 | tick of every level in which an order may rest.
    function recount(uint256[] calldata touched) external view {
        Properties.recount(ClearingStorage.load(), touched, UNIT);
    }

    function picture() external view returns (Picture memory p) {
        ClearingState storage s = ClearingStorage.load();
        uint256 markets = s.marketCount;
        uint256 owners = s.accountCount;
        p.markets = new MarketFacts[](markets);
        p.purses = new uint256[](owners);
        p.heads = new uint256[](owners);
        uint256[] memory positions = new uint256[](owners * markets);
        uint256 k = 0;
        for (uint256 m = 0; m < markets; ++m) _facts(s, m + 1, p.markets[m]);
        for (uint256 i = 2048; i < 2048 + owners; ++i) {
            p.purses[i - 2048] = s.purses[i];
            p.heads[i - 2048] = s.heads[i];
            for (uint256 m = 1; m <= markets; ++m) positions[k++] = s.positions[(m << 28) | i];
        }
        p.positions = keccak256(abi.encodePacked(positions));
        p.tracked = s.tracked;
        p.sequence = Words.toFeed(s.feeds[1]).sequence;
        p.totalDeficit = s.totalDeficit;
        p.totalClaims = s.totalClaims;
    }

    /// @notice Lots that orders still have open; 0 for those that are gone.
    function openLots(OrderId[] calldata ids) external view returns (uint256[] memory lots) {
        ClearingState storage s = ClearingStorage.load();
        lots = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) lots[i] = Book.find(s, ids[i]).order.lots;
    }

    /// @notice Account of an order, 0 if it is gone.
    function accountOfOrder(OrderId id) external view returns (AccountId) {
        return AccountId.wrap(uint32(Book.find(ClearingStorage.load(), id).order.account));
    }

    function accountsOfOrders(OrderId[] calldata ids) external view returns (AccountId[] memory accounts) {
        ClearingState storage s = ClearingStorage.load();
        accounts = new AccountId[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            accounts[i] = AccountId.wrap(uint32(Book.find(s, ids[i]).order.account));
        }
    }

    /// @notice Deadline, auction and retirement of an account; what the lens of users need not show.
    function headOf(AccountId account) external view returns (uint256) {
        return ClearingStorage.load().heads[account.unwrap()];
    }

    /// @notice Positions of an account in every market, as their pending rounds leave them.
    function positionsOf(AccountId account) external view returns (PositionView[] memory all) {
        ClearingState storage s = ClearingStorage.load();
        all = new PositionView[](s.marketCount);
        for (uint256 i = 0; i < all.length; ++i) {
            MarketId market = MarketId.wrap(uint16(i + 1));
            Position p = Rounds.applied(s, market, account);
            (all[i].market, all[i].size, all[i].quote) = (market, p.size(), p.quote());
            (all[i].bidLots, all[i].askLots, all[i].openOrders) = (p.bids(), p.asks(), p.openOrders());
        }
    }

    function claimOf(AccountId account) external view returns (uint256) {
        return ClearingStorage.load().claims[account.unwrap()];
    }

    function deficitOf(MarketId market) external view returns (uint256) {
        return ClearingStorage.load().deficits[market.unwrap()];
    }

    function _facts(ClearingState storage s, uint256 id, MarketFacts memory f) private view {
        MarketRisk r = MarketRisk.wrap(s.markets[id].risk);
        f.phase = r.phase();
        f.minute = r.minute();
        f.initialBps = r.initialBps();
        f.maintenanceBps = r.maintenanceBps();
        f.settlementTick = s.markets[id].terms.settlementTick;
        uint256 flow = s.markets[id].flow;
        f.openInterest = uint40(flow);
        f.openInterestLimit = uint40(flow >> 40);
        RoundHead h = Rounds.head(s, MarketId.wrap(uint16(id)));
        f.newestRound = h.newest();
        f.finishedRounds = h.finished();
        f.deficit = s.deficits[id];
    }
}
