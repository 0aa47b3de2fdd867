// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    FundView,
    LevelView,
    MarketKind,
    MarketPhase,
    MarketView,
    OrderView,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";
import {ClearingHandler} from "./ClearingHandler.sol";

/// The runner knows only contracts that stand in a test file.
contract Handler is ClearingHandler {}

/// What is true after every call, whoever made it. Each property has an id and its sentence; one campaign checks them
/// all, since a campaign for each would spend its time on the same calls.
contract ClearinghouseInvariantsTest is TestBase {
    uint256 private constant MOST = 400;
    uint256 private constant FIRST_ACCOUNT = 2048;

    Handler private handler;
    IClearinghouse private house;
    MarketId[2] private markets;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
        (house, markets[0], markets[1]) = handler.exchange();
        bytes4[] memory selectors = new bytes4[](18);
        selectors[0] = handler.place.selector;
        selectors[1] = handler.take.selector;
        selectors[2] = handler.cancel.selector;
        selectors[3] = handler.batch.selector;
        selectors[4] = handler.deposit.selector;
        selectors[5] = handler.withdraw.selector;
        selectors[6] = handler.donate.selector;
        selectors[7] = handler.jump.selector;
        selectors[8] = handler.newDay.selector;
        selectors[9] = handler.sync.selector;
        selectors[10] = handler.guard.selector;
        selectors[11] = handler.keep.selector;
        selectors[12] = handler.settle.selector;
        // Trading, days and keepers twice as often as the rest.
        selectors[13] = handler.place.selector;
        selectors[14] = handler.take.selector;
        selectors[15] = handler.batch.selector;
        selectors[16] = handler.newDay.selector;
        selectors[17] = handler.keep.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_all() public view {
        // C-01: tracked = cash + (quote + funding pools) × tick value + fees payable, to the last unit; and
        // C-02: the token balance is never below what is tracked.
        handler.assertConserved();
        // C-03: inside its call no action breaks a rule of its own: risk is never raised below IM, nobody healthy is
        // liquidated, nobody solvent absorbed, nobody withdraws more than is shown, no word overflows, nothing panics.
        string memory failure = handler.failure();
        vm.assertTrue(bytes(failure).length == 0, failure);
        for (uint256 m = 0; m < 2; ++m) {
            MarketView memory v = house.market(markets[m]);
            _checkSums(v);
            _checkMark(v);
            LevelView[] memory bids = house.levels(v.id, true, MOST);
            LevelView[] memory asks = house.levels(v.id, false, MOST);
            _checkBook(v, bids, asks);
            _checkImpact(v, bids, asks);
            if (v.phase != MarketPhase.Settled) _checkReserved(v, bids, asks);
        }
    }

    // -------------------------------------------------------------------------------------------------- per market

    function _checkSums(MarketView memory v) private view {
        int256 longs = 0;
        int256 shorts = 0;
        for (uint256 i = 0; i < _holders(); ++i) {
            PositionView memory p = _position(_holder(i, v.id), v.id);
            // As stored: what pending rounds will close stands in the escrow meanwhile.
            int256 size = p.size - p.pendingLots;
            if (size > 0) longs += size;
            else shorts -= size;
            // P-01: a position without size has no quote: what it made is cash.
            vm.assertTrue(p.size != 0 || p.pendingLots != 0 || p.quote == 0, "P-01 quote without size");
            // P-02: a market is on an account's list exactly if it has a position or orders there.
            if (MarketId.unwrap(p.market) != 0) {
                vm.assertTrue(size != 0 || p.openOrders != 0, "P-02 active without position or orders");
            }
        }
        FundView memory f = house.fund(v.id);
        longs -= int256(f.pendingLongs);
        shorts -= int256(f.pendingShorts);
        // M-01: sizes sum to zero, the escrow's among them, until a settled market's positions become cash one by one. M-02: open interest is the
        // sum of longs (and so of shorts).
        if (v.phase != MarketPhase.Settled) vm.assertTrue(longs == shorts, "M-01 sizes do not sum to zero");
        vm.assertTrue(int256(v.openInterest) == longs, "M-02 open interest is not the sum of longs");
        // E-01: an escrow has cash only while a settled market is converted, and none once everyone has been.
        int256 escrow = house.account(AccountId.wrap(uint32(1024 + MarketId.unwrap(v.id)))).cash;
        if (v.phase != MarketPhase.Settled || (longs == 0 && shorts == 0)) {
            vm.assertTrue(escrow == 0, "E-01 cash in an escrow");
        }
        // M-03: a dated future knows no funding.
        if (v.kind == MarketKind.Dated) {
            vm.assertTrue(v.cumulativeFunding == 0 && v.fundingPool == 0, "M-03 funding of a dated future");
        }
    }

    function _checkMark(MarketView memory v) private view {
        uint256 clamp = house.listing(v.id).clampBps;
        uint256 distance = v.markX16 > v.anchorX16 ? v.markX16 - v.anchorX16 : v.anchorX16 - v.markX16;
        // M-04: mark is never further from its anchor than the clamp.
        vm.assertTrue(distance <= (v.anchorX16 * clamp) / 10_000, "M-04 mark beyond its clamp");
        // M-05: after settlement mark is the settlement price.
        if (v.phase == MarketPhase.Settled) {
            vm.assertTrue(v.markX16 == v.settlementTick << 16, "M-05 mark is not the settlement price");
        }
    }

    function _checkBook(MarketView memory v, LevelView[] memory bids, LevelView[] memory asks) private view {
        // B-01: the book is never crossed, and the best prices are those of the first levels.
        vm.assertTrue(v.bestBid == 0 || v.bestAsk == 0 || v.bestBid < v.bestAsk, "B-01 crossed");
        vm.assertTrue(bids.length == 0 ? v.bestBid == 0 : v.bestBid == bids[0].tick, "B-01 best bid");
        vm.assertTrue(asks.length == 0 ? v.bestAsk == 0 : v.bestAsk == asks[0].tick, "B-01 best ask");
        for (uint256 i = 1; i < bids.length; ++i) {
            vm.assertTrue(bids[i].tick < bids[i - 1].tick, "B-01 order of bids");
        }
        for (uint256 i = 1; i < asks.length; ++i) {
            vm.assertTrue(asks[i].tick > asks[i - 1].tick, "B-01 order of asks");
        }
        uint256[] memory touched = handler.touched();
        uint256 found = 0;
        for (uint256 i = 0; i < touched.length; ++i) {
            if (touched[i] >> 24 != MarketId.unwrap(v.id)) continue;
            uint256 tick = touched[i] & 0xffffff;
            uint256 lots = _lotsAt(v.id, tick);
            uint256 shown = _find(bids, tick) + _find(asks, tick);
            // B-02: a tick is marked in the bitmap exactly if its level has lots. B-03: a level's lots are the sum of its
            // orders.
            vm.assertTrue(lots == shown, "B-03 level sum");
            if (lots != 0) ++found;
        }
        vm.assertTrue(found == bids.length + asks.length, "B-02 levels that nobody placed");
    }

    function _checkImpact(
        MarketView memory v,
        LevelView[] memory bids,
        LevelView[] memory asks
    ) private view {
        uint256 wanted = house.listing(v.id).impactLots;
        // B-04: the standing impact prices are what two levels a side give now.
        vm.assertTrue(v.impactBid == _impact(bids, wanted), "B-04 impact bid");
        vm.assertTrue(v.impactAsk == _impact(asks, wanted), "B-04 impact ask");
    }

    function _checkReserved(
        MarketView memory v,
        LevelView[] memory bids,
        LevelView[] memory asks
    ) private view {
        uint256 owners = house.accountCount();
        uint256[] memory bidLots = new uint256[](owners);
        uint256[] memory askLots = new uint256[](owners);
        uint256[] memory count = new uint256[](owners);
        _collect(v.id, bids, bidLots, count);
        _collect(v.id, asks, askLots, count);
        for (uint256 i = 0; i < owners; ++i) {
            AccountView memory a = house.account(AccountId.wrap(uint32(FIRST_ACCOUNT + i)));
            PositionView memory p = _position(a, v.id);
            // A-02: nobody without markets owes anything: such debts are the funds'.
            vm.assertTrue(a.positions.length != 0 || a.cash >= 0, "A-02 a debt without a market");
            if (a.retired) {
                // A-01: a retired account has no position, no orders, no cash.
                vm.assertTrue(a.positions.length == 0 && a.cash == 0, "A-01 retired with something");
                continue;
            }
            // O-01: reserved bids and asks are what the account's resting orders have open. O-02: so is their number.
            vm.assertTrue(p.bidLots == bidLots[i], "O-01 reserved bids");
            vm.assertTrue(p.askLots == askLots[i], "O-01 reserved asks");
            vm.assertTrue(p.openOrders == count[i], "O-02 open orders");
        }
    }

    // ------------------------------------------------------------------------------------------------------ helpers

    function _collect(
        MarketId id,
        LevelView[] memory levels,
        uint256[] memory lots,
        uint256[] memory count
    ) private view {
        for (uint256 i = 0; i < levels.length; ++i) {
            OrderView[] memory orders = house.ordersAt(id, uint24(levels[i].tick), MOST);
            for (uint256 j = 0; j < orders.length; ++j) {
                uint256 holder = AccountId.unwrap(orders[j].account) - FIRST_ACCOUNT;
                lots[holder] += uint256(orders[j].lots < 0 ? -orders[j].lots : orders[j].lots);
                count[holder] += 1;
            }
        }
    }

    function _lotsAt(MarketId id, uint256 tick) private view returns (uint256 lots) {
        OrderView[] memory orders = house.ordersAt(id, uint24(tick), MOST);
        for (uint256 j = 0; j < orders.length; ++j) {
            lots += uint256(orders[j].lots < 0 ? -orders[j].lots : orders[j].lots);
        }
    }

    function _find(LevelView[] memory levels, uint256 tick) private pure returns (uint256) {
        for (uint256 i = 0; i < levels.length; ++i) if (levels[i].tick == tick) return levels[i].lots;
        return 0;
    }

    function _impact(LevelView[] memory levels, uint256 wanted) private pure returns (uint256) {
        if (levels.length == 0) return 0;
        if (levels[0].lots >= wanted) return levels[0].tick;
        if (levels.length == 1 || levels[0].lots + levels[1].lots < wanted) return 0;
        return levels[1].tick;
    }

    /// Owners' accounts, then the market's fund.
    function _holders() private view returns (uint256) {
        return house.accountCount() + 1;
    }

    function _holder(uint256 i, MarketId market) private view returns (AccountView memory) {
        uint256 owners = house.accountCount();
        return
            house.account(AccountId.wrap(uint32(i < owners ? FIRST_ACCOUNT + i : MarketId.unwrap(market))));
    }

    function _position(AccountView memory a, MarketId market) private pure returns (PositionView memory p) {
        for (uint256 i = 0; i < a.positions.length; ++i) {
            if (MarketId.unwrap(a.positions[i].market) == MarketId.unwrap(market)) return a.positions[i];
        }
    }
}
