// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {Accounts} from "../../clearing/libraries/Accounts.sol";
import {ISettlement} from "../../clearing/interfaces/ISettlement.sol";
import {ClearingState, Market} from "../../clearing/libraries/ClearingStorage.sol";
import {Positions} from "../../clearing/libraries/Positions.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {Rounds} from "../../clearing/libraries/Rounds.sol";
import {MarketFlow, MarketRisk, Position, Purse, Words} from "../../clearing/libraries/Words.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {MarketContext, Markets} from "./Markets.sol";

/// @notice The end of a market: mark from expiry to settlement, and conversion into cash.
library DatedFutures {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    /// @dev Touches and stores every market of an account, so that its health is of this minute, and converts what it holds
    ///      in settled ones.
    function touchAll(ClearingState storage s, AccountId account, uint256 unit) internal {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        bool settled = false;
        for (; markets != 0; markets >>= 10) {
            MarketContext memory c = Markets.load(s, MarketId.wrap(uint16(markets & 1023)), unit);
            Markets.touch(s, c);
            markExpired(s, c);
            Markets.store(s, c);
            settled = settled || c.risk.phase() == uint256(MarketPhase.Settled);
        }
        if (settled) ISettlement(address(this)).convertSettled(account);
    }

    /// @dev From expiry to settlement the mark is the mean of the window's prints so far. Before the first print it stays
    ///      where trading left it.
    function markExpired(ClearingState storage s, MarketContext memory c) internal view {
        c.risk = atPrints(s, c.id, c.risk);
        if (c.risk.phase() == uint256(MarketPhase.Expired)) c.mark = c.risk.anchor();
    }

    /// @dev What margin needs of a market, with the anchor of an expired one at its prints.
    function atPrints(
        ClearingState storage s,
        MarketId market,
        MarketRisk r
    ) internal view returns (MarketRisk) {
        if (r.phase() != uint256(MarketPhase.Expired) || r.kind() == uint256(MarketKind.Perpetual)) return r;
        Market storage m = s.markets[market.unwrap()];
        (uint256 sum, uint256 present, ) = s.index.windowMean(
            s.feedTerms[r.feed()].index,
            m.terms.firstPeriod,
            m.terms.lastPeriod
        );
        return present == 0 ? r : r.withAnchor(Markets.toTicksX16(sum / present, m.funding.indexPerTick));
    }

    /// @dev Turns one position of a settled market into cash; its resting orders are void. An owner's account that is left
    ///      with a debt and nothing else is paid for by the market's fund.
    /// @return converted Whether there was anything to convert.
    function convert(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        uint256 tick,
        uint256 tickValue
    ) internal returns (bool converted) {
        Rounds.serve(s, market, account, MarketRisk.wrap(s.markets[market.unwrap()].risk).hasRounds());
        Position p = Positions.load(s, market, account);
        if (!p.isActive()) return false;
        Purse memory purse = Accounts.loadPurse(s, account);
        int256 size = p.size();
        if (size != 0) {
            MarketFlow memory flow = Words.toMarketFlow(s.markets[market.unwrap()].flow);
            // The escrow stands in for the positions on the other side until they are converted too, when it is at zero
            // again. Funding stopped before the market was settled.
            p = p.settleFunding(flow, MarketRisk.wrap(s.markets[market.unwrap()].risk).funding());
            uint256 notional = size.abs() * tick;
            (, int256 realised) = p.trade(flow, -size, notional, notional, 0);
            s.markets[market.unwrap()].flow = flow.pack();
            realised *= int256(tickValue);
            purse.cash += realised;
            Accounts.credit(s, Accounts.escrowOf(market), -size * int256(tick * tickValue));
            emit IClearingEvents.Realised(account, market, realised);
        }
        s.positions[Positions.key(market, account)] = 0;
        Accounts.deactivate(purse, market);
        Accounts.payShortfall(s, account, purse, market);
        Accounts.storePurse(s, account, purse);
        return true;
    }

    /// @dev Converts whatever settled markets an account still has on its list.
    /// @return converted Positions converted.
    function convertAll(
        ClearingState storage s,
        AccountId account,
        uint256 unit
    ) internal returns (uint256 converted) {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        for (; markets != 0; markets >>= 10) {
            MarketId id = MarketId.wrap(uint16(markets & 1023));
            MarketContext memory c = Markets.load(s, id, unit);
            if (c.risk.phase() == uint256(MarketPhase.Settled)) {
                if (convert(s, id, account, c.risk.anchor() >> 16, c.tickValue)) ++converted;
            }
        }
    }
}
