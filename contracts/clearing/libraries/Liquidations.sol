// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Funds} from "./Funds.sol";
import {Health, Margin} from "./Margin.sol";
import {Matching, Taker} from "./Matching.sol";
import {OpenInterest} from "./OpenInterest.sol";
import {Orders} from "./Orders.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {TakeOvers} from "./TakeOvers.sol";
import {MarketFlow, MarketRisk, Position, Words} from "./Words.sol";

/// @dev What a call of `liquidate` asked for.
/// @param walk Most resting orders that it walks over.
/// @param takeOverLots Most lots that `keeper` takes over itself.
/// @param elapsed Seconds for which the account has been below MM, as far as anyone has noticed.
/// @param started Whether this call is the first to notice: it must not revert then, so that the seconds count.
struct Closing {
    AccountId account;
    MarketId market;
    AccountId keeper;
    uint256 walk;
    uint256 takeOverLots;
    uint256 elapsed;
    bool started;
}

/// @notice Closing into the book, and to the keeper what the book does not take. Callers have touched every market of the
///         account.
library Liquidations {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    uint256 private constant BPS = 10_000;
    /// @dev Furthest that a liquidation trades from mark, basis points.
    uint256 private constant MAX_DISTANCE_BPS = 300;
    /// @dev Seconds in which the discount of a takeover grows to the furthest that a liquidation trades from mark.
    uint256 private constant AUCTION_SECONDS = 600;

    /// @dev Closes lots of one position; see ILiquidation.liquidate.
    function close(
        ClearingState storage s,
        Closing memory k,
        Health memory h,
        uint256 unit
    ) internal returns (uint256 closedLots, uint256 keeperFee) {
        MarketContext memory c = Markets.load(s, k.market, unit);
        Markets.advance(s, c);
        // Before anything of it is read: the keeper's position may have rounds pending as well.
        if (k.takeOverLots != 0) Rounds.serve(s, k.market, k.keeper, c.risk.hasRounds());
        Taker memory t;
        t.account = k.account;
        t.position = Positions.load(s, k.market, k.account);
        if (t.position.size() == 0) revert IClearingErrors.NoPosition(k.account, k.market);
        t.purse = Accounts.loadPurse(s, k.account);
        t.flow = Words.toMarketFlow(s.markets[k.market.unwrap()].flow);
        t.buys = t.position.size() < 0;
        t.walk = k.walk;
        uint256 feeBps = s.markets[k.market.unwrap()].terms.liquidationFeeBps;
        t.lots = lotsToClose(s, c, t, h.equity, feeBps, unit);
        if (h.sides == Margin.LONG | Margin.SHORT) t.lots = Rounding.min(t.lots, unhedged(t, c.id));

        uint256 tick = trade(s, c, t, k, h);
        if (t.filled != 0) keeperFee = settleClose(s, c, t, k.keeper, feeBps, unit);
        if (!t.position.isActive()) Accounts.deactivate(t.purse, k.market);
        if (t.position.size() == 0)
            Markets.stopIfSpent(c, Accounts.payShortfall(s, k.account, t.purse, k.market));
        Positions.store(s, k.market, k.account, t.position);
        Accounts.storePurse(s, k.account, t.purse);
        s.markets[k.market.unwrap()].flow = t.flow.pack();
        Markets.store(s, c);
        // Its share of the fee, and what it may have paid for makers, changed the fund.
        OpenInterest.refresh(s, c);
        // What it took over is new risk of the keeper's.
        if (tick != 0) Margin.require_(Margin.health(s, k.keeper, unit), true, 0);
        return (t.filled, keeperFee);
    }

    /// @dev The book first, then the keeper.
    /// @return tick At which the keeper took lots over; 0 if it did not.
    function trade(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        Closing memory k,
        Health memory h
    ) private returns (uint256 tick) {
        MarketPhase phase = MarketPhase(c.risk.phase());
        uint256 distance = distanceOf(c, h);
        // After the end of trading there is no book. The call that starts the ten minutes may then take nothing.
        bool exhausted = phase == MarketPhase.Expired && (k.takeOverLots != 0 || k.started);
        if (!exhausted) {
            if (phase >= MarketPhase.Expired) revert IClearingErrors.MarketNotOpen(c.id, phase);
            t.limit = limitAt(c, distance, t.buys);
            Matching.run(s, c, t);
            exhausted = t.buys ? c.top.bestAsk() > t.limit : c.top.bestBid() < t.limit;
        }
        // A walk that ended in the middle of the book leaves the rest to the next call.
        if (exhausted && k.takeOverLots != 0 && t.lots != 0) {
            distance = (distance * Rounding.min(k.elapsed, AUCTION_SECONDS)) / AUCTION_SECONDS;
            tick = limitAt(c, distance, t.buys);
            TakeOvers.run(s, c, t, k.keeper, Rounding.min(k.takeOverLots, t.lots), tick);
        }
        // Where the walk ended among dead orders, what it cleared is kept and the next call goes on from there.
        if (t.filled == 0 && t.walk != 0 && !k.started) revert IClearingErrors.NothingToFill(t.limit);
    }

    /// @dev Charges the liquidation fee, half to the keeper and half to the fund, never more than the equity left.
    function settleClose(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId keeper,
        uint256 feeBps,
        uint256 unit
    ) private returns (uint256 keeperFee) {
        // Calendar credit is read from what is stored.
        Positions.store(s, c.id, t.account, t.position);
        Health memory h = Orders.health(s, c, t, unit);
        uint256 fee = Rounding.mulDivUp(t.notional * c.tickValue, feeBps, BPS);
        fee = Rounding.min(fee, Positions.positive(h.equity));
        // The next time that the account is below MM, the ten minutes begin anew.
        if (h.equity - int256(fee) >= int256(h.maintenance)) Accounts.endAuction(s, t.account);
        keeperFee = fee / 2;
        t.purse.cash -= int256(fee);
        Accounts.credit(s, keeper, int256(keeperFee));
        Funds.credit(s, c.id, fee - keeperFee);
        int256 lots = int256(t.filled);
        int256 quote = int256(t.notional);
        emit IClearingEvents.Liquidated(
            t.account,
            c.id,
            keeper,
            t.buys ? lots : -lots,
            t.buys ? -quote : quote,
            keeperFee,
            fee - keeperFee
        );
    }

    /// @dev Furthest from mark that anything is closed, ticks × 2^16: 3 % or a quarter of MM.
    function furthest(MarketContext memory c) internal pure returns (uint256) {
        return (c.mark * Rounding.min(MAX_DISTANCE_BPS, c.risk.maintenanceBps() / 4)) / BPS;
    }

    /// @dev The furthest, and at most the lot's share of equity. That share is equity × (MM of this market / MM of all)
    ///      per lot: equity × mark × rate / MM in ticks, so that no fill takes equity below zero. Lots that wait have their share.
    function distanceOf(MarketContext memory c, Health memory h) private pure returns (uint256) {
        uint256 share =
            (Positions.positive(h.equity) * c.mark * c.risk.maintenanceBps()) / (BPS * h.maintenance);
        return Rounding.min(furthest(c), share);
    }

    /// @dev Worst tick at a distance from mark, rounded towards mark, inside the fill band.
    function limitAt(MarketContext memory c, uint256 distance, bool buys) internal pure returns (uint256) {
        (uint256 lowest, uint256 highest) = Markets.fillBand(c);
        if (buys) return Rounding.min((c.mark + distance) >> 16, highest);
        return Rounding.max(Rounding.ceilShift(c.mark - distance, 16), lowest);
    }

    /// @dev Fewest lots that bring the account back to IM of its positions if they trade at mark, fee included. A rest below
    ///      the smallest order is closed too.
    function lotsToClose(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        int256 equity,
        uint256 feeBps,
        uint256 unit
    ) private view returns (uint256 lots) {
        uint256 size = t.position.size().abs();
        int256 short = int256(positionsInitial(s, t, unit)) - equity;
        uint256 perLot = c.mark * c.tickValue * (c.risk.initialBps() - feeBps);
        lots = (uint256(short) * (BPS << 16) + perLot - 1) / perLot;
        if (lots >= size || size - lots < c.top.minLots()) lots = size;
    }

    /// @dev Lots of a position that are not the cheaper leg of a calendar hedge. Closing that leg first would pay fees and leave
    ///      the dearer one naked, which needs no less margin than the hedge did.
    function unhedged(Taker memory t, MarketId market) private view returns (uint256) {
        (uint256 lots, MarketId partner) = IMargin(address(this)).hedgedLots(t.account, market);
        uint256 size = t.position.size().abs();
        if (lots >= size) revert IClearingErrors.HedgedLeg(market, partner);
        return size - lots;
    }

    /// @dev IM of the positions alone, ceiled: orders are cancelled, they are no reason to close more. Neither concentration nor
    ///      calendar credit counts: a hedge that has lost a leg has no credit left. Lots in markets that wait cannot be closed, so
    ///      nothing else is closed for them; what was settled has been converted.
    function positionsInitial(
        ClearingState storage s,
        Taker memory t,
        uint256 unit
    ) private view returns (uint256 sum) {
        for (uint256 markets = t.purse.markets; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            MarketRisk r = MarketRisk.wrap(s.markets[id].risk);
            if (Ladder.waits(s, id)) continue;
            Position p = Positions.load(s, MarketId.wrap(uint16(id)), t.account);
            sum += p.size().abs() * r.initialBps() * Markets.markOf(r) * r.tickValue() * unit;
        }
        return (sum + (BPS << 16) - 1) / (BPS << 16);
    }
}
