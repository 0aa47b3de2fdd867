// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Liquidations} from "./Liquidations.sol";
import {Matching, Taker} from "./Matching.sol";
import {OpenInterest} from "./OpenInterest.sol";
import {Orders} from "./Orders.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, Position, Purse, Words} from "./Words.sol";

/// @notice A fund trades what it took over back into the book, a little a day.
/// @dev What a market's fund may lose is counted in one word a market, for the UTC day of its last unwinding:
///
///      | 255..224 – | 223..128 spent | 127..32 budget | 31..0 day |
library Unwinding {
    using Positions for Position;
    using Rounding for int256;
    using Rounding for uint256;
    using Words for MarketFlow;

    uint256 private constant BPS = 10_000;
    /// @dev Share of the fund's equity that it may lose a day.
    uint256 private constant BUDGET_BPS = 1000;

    /// @dev Trades the fund's position towards zero; see ILiquidation.unwind. The market has been touched; it is stored here.
    function unwind(
        ClearingState storage s,
        MarketContext memory c,
        uint256 maxFills,
        uint256 unit
    ) internal returns (uint256 lots, uint256 lost) {
        MarketPhase phase = MarketPhase(c.risk.phase());
        if (phase >= MarketPhase.Expired) revert IClearingErrors.MarketNotOpen(c.id, phase);
        Taker memory t;
        t.account = Accounts.fundOf(c.id);
        t.position = Positions.load(s, c.id, t.account);
        t.purse = Accounts.loadPurse(s, t.account);
        t.flow = Words.toMarketFlow(s.markets[c.id.unwrap()].flow);
        t.walk = maxFills;
        int256 size = t.position.size();
        int256 cash = t.purse.cash;
        int256 equity = Orders.health(s, c, t, unit).equity;
        if (size == 0 || equity <= 0) revert IClearingErrors.NothingToUnwind(c.id, equity);
        t.buys = size < 0;
        uint256 distance = Liquidations.furthest(c);
        t.limit = Liquidations.limitAt(c, distance, t.buys);
        (uint256 budget, uint256 spent) = today(s, c.id, equity);
        // Every fill loses at most the distance, so the budget cannot be overrun.
        uint256 perLot = distance * c.tickValue;
        t.lots = perLot == 0 ? size.abs() : Rounding.min(size.abs(), ((budget - spent) << 16) / perLot);
        if (t.lots == 0) revert IClearingErrors.UnwindingSpent(spent, budget);

        Matching.run(s, c, t);
        if (t.filled == 0 && t.walk != 0) revert IClearingErrors.NothingToFill(t.limit);
        if (t.filled != 0) lost = settle(s, c, t, budget, spent);
        lots = t.filled;
        save(s, c, t, t.purse.cash - cash);
    }

    /// @param realised What the fund's own trades added to its cash. It may have paid for makers meanwhile, in storage.
    function save(ClearingState storage s, MarketContext memory c, Taker memory t, int256 realised) private {
        Purse memory purse = Accounts.loadPurse(s, t.account);
        purse.cash += realised;
        if (!t.position.isActive()) Accounts.deactivate(purse, c.id);
        Positions.store(s, c.id, t.account, t.position);
        Accounts.storePurse(s, t.account, purse);
        s.markets[c.id.unwrap()].flow = t.flow.pack();
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
    }

    /// @dev What the fund may lose today and has lost: a tenth of its equity at the day's first unwinding.
    function today(
        ClearingState storage s,
        MarketId market,
        int256 equity
    ) internal view returns (uint256 budget, uint256 spent) {
        uint256 word = s.unwindings[market.unwrap()];
        if (uint32(word) == block.timestamp / 1 days) return (uint96(word >> 32), uint96(word >> 128));
        return (equity > 0 ? (uint256(equity) * BUDGET_BPS) / BPS : 0, 0);
    }

    /// @dev Counts what the fills were worse than mark, ceiled.
    function settle(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        uint256 budget,
        uint256 spent
    ) private returns (uint256 lost) {
        uint256 atMark = t.filled * c.mark;
        uint256 traded = t.notional << 16;
        uint256 worse =
            t.buys ? (traded > atMark ? traded - atMark : 0) : (atMark > traded ? atMark - traded : 0);
        lost = (worse * c.tickValue).ceilShift(16);
        s.unwindings[c.id.unwrap()] =
            (block.timestamp / 1 days) |
            (budget.fit(96) << 32) |
            ((spent + lost).fit(96) << 128);
        int256 lots = int256(t.filled);
        int256 quote = int256(t.notional);
        emit IClearingEvents.Unwound(c.id, t.buys ? lots : -lots, t.buys ? -quote : quote, lost);
    }
}
