// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId, Tick} from "../../types/Identifiers.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Funds} from "./Funds.sol";
import {OpenInterest} from "./OpenInterest.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {RoundHead, RoundHeads, RoundWords} from "./RoundWords.sol";
import {MarketFlow, Position, Purse, Words} from "./Words.sol";

/// @notice What happens when a fund is spent: a round hands its position to the winning side, and what the round's price
///         does not cover is booked as the market's deficit.
/// @dev Callers have brought the market to the current minute and store it afterwards.
library Deleveraging {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    uint256 private constant BPS = 10_000;
    uint256 private constant LAST_NUMBER = (1 << 14) - 1;

    /// @dev Equity of the market's fund at mark, floored.
    function equity(ClearingState storage s, MarketContext memory c) internal view returns (int256) {
        AccountId fund = Accounts.fundOf(c.id);
        Position p = Positions.load(s, c.id, fund);
        int256 value = ((p.quote() + p.pendingFunding(c.risk.funding())) << 16) + p.size() * int256(c.mark);
        return Accounts.loadPurse(s, fund).cash + (value * int256(c.tickValue)).floorShift(16);
    }

    /// @dev Records a round, or books a deficit, if the fund is below zero. Where no round may be recorded yet it waits, and
    ///      the market takes no new risk meanwhile.
    function settleFund(ClearingState storage s, MarketId market, uint256 unit) internal {
        MarketContext memory c = Markets.load(s, market, unit);
        Markets.advance(s, c);
        DatedFutures.markExpired(s, c);
        if (equity(s, c) < 0) {
            if (
                hasRoom(Rounds.current(s, market)) ||
                Positions.load(s, market, Accounts.fundOf(market)).size() == 0
            ) record(s, c);
            else {
                Markets.stopIfSpent(c, true);
                Accounts.noteSpent(s, market);
            }
        }
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
    }

    /// @dev Settles a fund that a debt has taken below zero, if that can be done now. The market has been touched.
    /// @return done Whether nothing is left to settle.
    /// @return unbooked Otherwise what a round at the present mark would leave as a deficit.
    function settleSpent(
        ClearingState storage s,
        MarketContext memory c
    ) internal returns (bool done, uint256 unbooked) {
        if (equity(s, c) >= 0) return (true, 0);
        AccountId fund = Accounts.fundOf(c.id);
        Position p = Positions.load(s, c.id, fund);
        // Without a position no mark is needed to know what is owed.
        if (p.size() == 0 || (Ladder.isValid(c.top, c.risk) && hasRoom(Rounds.current(s, c.id)))) {
            record(s, c);
            Markets.store(s, c);
            OpenInterest.refresh(s, c);
            return (true, 0);
        }
        int256 cash = Accounts.loadPurse(s, fund).cash;
        int256 quote = p.quote() + p.pendingFunding(c.risk.funding());
        int256 value = cash + quote * int256(c.tickValue);
        int256 tick = int256(price(c, value, p.size()));
        return (false, Positions.positive(-(value + p.size() * tick * int256(c.tickValue))));
    }

    /// @dev Closes the fund's position in a round at the price at which its equity is zero. What it is still short of
    ///      afterwards becomes a deficit. The fund's equity is below zero.
    /// @return number Of the round; 0 if the fund had no position.
    function record(ClearingState storage s, MarketContext memory c) internal returns (uint256 number) {
        AccountId fund = Accounts.fundOf(c.id);
        Purse memory purse = Accounts.loadPurse(s, fund);
        Position p = Positions.load(s, c.id, fund);
        if (p.size() != 0) {
            number = share(s, c, p, purse);
            c.risk = c.risk.withRounds(true);
            Accounts.deactivate(purse, c.id);
        }
        if (purse.cash < 0) {
            Funds.book(s, c.id, uint256(-purse.cash));
            purse.cash = 0;
            Markets.stopIfSpent(c, true);
        }
        Accounts.storePurse(s, fund, purse);
    }

    function hasRoom(RoundHead h) private pure returns (bool) {
        return h.unfinished() < Rounds.MOST_UNFINISHED && h.newest() < LAST_NUMBER;
    }

    /// @dev Writes the round and takes the position out of the fund; `purse` gets what it realised.
    function share(
        ClearingState storage s,
        MarketContext memory c,
        Position p,
        Purse memory purse
    ) private returns (uint256 number) {
        RoundHead h = Rounds.current(s, c.id);
        if (!hasRoom(h)) revert IClearingErrors.TooManyRounds(h.unfinished(), Rounds.MOST_UNFINISHED);
        number = h.newest() + 1;
        s.roundHeads[c.id.unwrap()] = RoundHeads.make(number, h.finished()).unwrap();
        MarketFlow memory flow = Words.toMarketFlow(s.markets[c.id.unwrap()].flow);
        p = p.settleFunding(flow, c.risk.funding());
        uint256 tick = price(c, purse.cash + p.quote() * int256(c.tickValue), p.size());
        write(s, c, number, p.size(), flow.openInterest, tick);
        // True open interest falls at once, on both sides: the positions of the winning one follow when they are touched.
        flow.openInterest -= p.size().abs();
        s.markets[c.id.unwrap()].flow = flow.pack();
        int256 realised = (p.quote() + p.size() * int256(tick)) * int256(c.tickValue);
        purse.cash += realised;
        emit IClearingEvents.Realised(Accounts.fundOf(c.id), c.id, realised);
        Positions.store(s, c.id, Accounts.fundOf(c.id), p.withTrade(0, 0).withRound(number));
    }

    function write(
        ClearingState storage s,
        MarketContext memory c,
        uint256 number,
        int256 size,
        uint256 side,
        uint256 tick
    ) private {
        int256 funding = c.risk.funding();
        s.rounds[Rounds.key(c.id, number)] = RoundWords
            .make(size.abs(), side, tick, size < 0, funding)
            .unwrap();
        emit IClearingEvents.RoundRecorded(c.id, number, size, side, Tick.wrap(uint24(tick)), funding);
    }

    /// @dev Where the fund's equity is zero, rounded in its favour to a tick, no further from mark than MM (rounded
    ///      inwards): nobody that was at or above MM without a calendar credit falls below it by what it closes.
    /// @param value Cash and quote of the fund, collateral units.
    function price(MarketContext memory c, int256 value, int256 size) private pure returns (uint256) {
        // value + size × price × tickValue = 0. A long fund sells: rounded up; a short one buys: rounded down.
        int256 perTick = int256(size.abs() * c.tickValue);
        uint256 mm = c.risk.maintenanceBps();
        if (size > 0) {
            uint256 highest = Rounding.min((c.mark * (BPS + mm)) / (BPS << 16), Words.MAX_TICK);
            int256 sells = -value.floorDiv(perTick);
            // No price is below a tick, whatever mark is.
            return uint256(sells.clamp(1, int256(Rounding.max(highest, 1))));
        }
        uint256 lowest = Rounding.max(Rounding.mulDivUp(c.mark, BPS - mm, BPS << 16), 1);
        return uint256(value.floorDiv(perTick).clamp(int256(lowest), int256(Words.MAX_TICK)));
    }
}
