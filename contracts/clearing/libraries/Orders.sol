// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    MarketKind,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IClock} from "../interfaces/IClock.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Book, Found} from "../../book/libraries/Book.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {EventWords} from "./EventWords.sol";
import {Health, Margin} from "./Margin.sol";
import {Matching, Taker} from "./Matching.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {MarketFlow, Position, Words} from "./Words.sol";

/// @notice Placing and cancelling: checks, matching, the resting remainder, and what the account's margin says of it.
library Orders {
    using Positions for Position;
    using Rounding for int256;
    using Rounding for uint256;
    using Words for MarketFlow;

    uint256 internal constant MAX_OPEN_ORDERS = 200;
    uint256 internal constant POSITION_UNIT = 16_384;

    /// @dev Places an order whose sender has been checked, and stores everything but the margin check's verdict.
    /// @param c Empty; the market as stored afterwards.
    /// @param t Empty but for `guarded`; the taker as stored afterwards.
    /// @return id Id of the resting remainder, 0 if nothing rests.
    /// @return raised Whether the order may have done more than reduce, so that equity must cover IM.
    function place(
        ClearingState storage s,
        AccountId account,
        OrderParameters calldata order,
        uint256 unit,
        MarketContext memory c,
        Taker memory t
    ) internal returns (OrderId id, bool raised) {
        Markets.read(s, c, order.market, unit);
        Markets.touch(s, c);
        Rounds.serve(s, c.id, account, c.risk.hasRounds());
        t.account = account;
        // As a number, and once: every comparison of an enum checks its range again.
        uint256 kind = uint256(order.kind);
        t.probe = kind == uint256(OrderKind.PostOnly);
        check(s, c, t, order);
        return execute(s, c, t, order, kind);
    }

    /// @dev Meets the book with a checked order, rests what is left and stores.
    function execute(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order,
        uint256 kind
    ) private returns (OrderId id, bool raised) {
        Position before = t.position;
        if (crosses(c, t)) {
            trade(s, c, t, order);
            if (kind == uint256(OrderKind.FillOrKill) && t.lots != 0) {
                revert IClearingErrors.NotFilled(t.filled, t.filled + t.lots);
            }
            // What still crosses because the walk was over does not rest.
            if (t.lots != 0 && crosses(c, t)) t.lots = 0;
        } else if (kind == uint256(OrderKind.FillOrKill)) {
            revert IClearingErrors.NotFilled(0, t.lots);
        }
        if (kind <= uint256(OrderKind.PostOnly) && t.lots != 0) id = rest(s, c, t, order);
        else t.lots = 0;

        raised = raisesRisk(c, t, before) || breaksHedge(c, t, before);
        // Orders that a deleveraging round had bound to reducing are covered by IM again.
        if (raised) {
            if (t.position.isReducing()) t.position = t.position.withReducing(false);
        } else if (t.lots != 0 || t.filled != 0) {
            t.reserve = closingCost(c, t);
        }
        bool isActive = t.position.isActive();
        bool moved = isActive != before.isActive();
        if (moved) {
            // A trade that ends in debt is refused by the caller: no fund pays for what a taker did to itself.
            if (isActive) Accounts.activate(t.purse, c.id);
            else Accounts.deactivate(t.purse, c.id);
        }
        if (moved || t.filled != 0) Accounts.storePurse(s, t.account, t.purse);
        Positions.store(s, c.id, t.account, t.position);
        Markets.store(s, c);
    }

    /// @dev Whether the order may have done more than close: the worst side grew, or the position flipped, or what rests on
    ///      its side could flip it. A flip keeps the size and yet trades twice at the edge of the band, so it needs IM.
    function raisesRisk(
        MarketContext memory c,
        Taker memory t,
        Position before
    ) private pure returns (bool raised) {
        uint256 exposure = t.position.exposure();
        if (exposure > before.exposure()) {
            uint256 limit = c.risk.maxPosition() * POSITION_UNIT;
            if (exposure > limit) revert IClearingErrors.PositionLimit(exposure, limit);
            return true;
        }
        int256 size = t.position.size();
        int256 held = before.size();
        if (held == 0 ? size != 0 : (held > 0 ? size < 0 : size > 0)) return true;
        // Whatever rests on the side counts, also from earlier: a trade may have taken away what it was to close.
        return t.position.opens(t.buys);
    }

    /// @dev Whether IM rose although the order only closes: what it took or may take from a month was the leg of a calendar
    ///      hedge. Only accounts in more than one market ask.
    function breaksHedge(
        MarketContext memory c,
        Taker memory t,
        Position before
    ) private view returns (bool) {
        if (c.risk.kind() != uint256(MarketKind.Dated) || t.purse.markets >> 10 == 0) return false;
        if (t.position.surviving().abs() >= before.surviving().abs()) return false;
        return
            IMargin(address(this)).raisesInitial(
                t.account,
                c.id,
                Position.unwrap(before),
                Position.unwrap(t.position)
            );
    }

    /// @dev What the resting orders that close a position could lose against mark: nobody checks a maker when it is filled,
    ///      and below zero the fund would pay its taker. An order at mark or better costs nothing now, and what a later
    ///      mark adds to it the position gains. Worse ones count with all of their side at the edge of the band, ceiled;
    ///      so does what rests where a part has been taken, which may have spent what was there to lose.
    function closingCost(MarketContext memory c, Taker memory t) private pure returns (uint256) {
        uint256 price = t.limit << 16;
        if (t.filled == 0 && (t.buys ? price <= c.mark : price >= c.mark)) return 0;
        uint256 lots = t.buys ? t.position.bids() : t.position.asks();
        int256 rate = c.top.makerFee();
        uint256 bps = c.top.fillBandBps() + (rate > 0 ? uint256(rate) / 5 + 1 : 0);
        return Rounding.mulDivUp(lots * c.mark * c.tickValue, bps, 10_000 << 16);
    }

    /// @dev Health of the account behind an order that was just placed, without reading its market again.
    function health(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        uint256 unit
    ) internal view returns (Health memory h) {
        Margin.add(h, t.position, c.risk, c.mark, c.tickValue);
        Margin.addOthers(s, h, t.account, t.purse.markets, c.id, unit);
        Margin.close(h, t.account, t.purse.cash);
    }

    /// @dev Makes a found order smaller where nothing else about it changes; it keeps its place.
    /// @return done Whether it was that kind of change.
    function shorten(
        ClearingState storage s,
        Found memory f,
        OrderParameters calldata order,
        uint256 unit
    ) internal returns (bool done) {
        MarketContext memory c = Markets.load(s, f.id.market(), unit);
        bool bid = f.id.tick() <= c.top.bestBid();
        uint256 lots = int256(order.lots).abs();
        if (
            order.tick.unwrap() != f.id.tick() ||
            (order.lots > 0) != bid ||
            lots > f.order.lots ||
            order.expiry != f.order.expiry * Words.EXPIRY_UNIT ||
            order.reduceOnly != f.order.reduceOnly
        ) return false;
        Markets.touch(s, c);
        Taker memory t;
        checkTerms(c, t, order);
        if (c.top.stage() != 0) {
            IClock(address(this)).requireStage(c.id, c.top.stage(), false, true, false);
        }
        free(s, c, f, lots);
        Markets.store(s, c);
        return true;
    }

    /// @dev Frees what a found order loses when `lots` of it stay open.
    function free(ClearingState storage s, MarketContext memory c, Found memory f, uint256 lots) private {
        AccountId account = AccountId.wrap(uint32(f.order.account));
        Position p = Positions.load(s, c.id, account);
        bool bid = shrink(s, c, f.id.tick(), Book.shorten(s, f, lots));
        Positions.store(s, c.id, account, p.release(bid, f.order.lots - lots, false));
        emit IClearingEvents.OrderAmended(account, f.id, bid ? int256(lots) : -int256(lots));
    }

    /// @dev Takes a found order out of the book, for any reason but a fill.
    /// @return removed False if its account no longer has it: the position was converted after settlement. Only the orders
    ///         of retired accounts may be taken out nevertheless.
    function remove(
        ClearingState storage s,
        Found memory f,
        DropReason reason,
        uint256 unit
    ) internal returns (bool removed) {
        AccountId account = AccountId.wrap(uint32(f.order.account));
        MarketContext memory c = Markets.load(s, f.id.market(), unit);
        Markets.touch(s, c);
        Rounds.serve(s, c.id, account, c.risk.hasRounds());
        Position p = Positions.load(s, c.id, account);
        bool held = p.openOrders() != 0;
        if (!held && reason != DropReason.AccountRetired) return false;
        uint256 left = Book.remove(s, f);
        bool bid = shrink(s, c, f.id.tick(), left);
        if (held) Matching.book(s, c, account, p.release(bid, f.order.lots, true), 0);
        Markets.store(s, c);
        emit IClearingEvents.OrderDropped(account, f.id, f.order.lots, reason);
        return true;
    }

    /// @dev Best and standing prices after a level lost lots.
    /// @param left What it has left.
    /// @return bid Which side it is on.
    function shrink(
        ClearingState storage s,
        MarketContext memory c,
        uint256 tick,
        uint256 left
    ) private view returns (bool bid) {
        bid = tick <= c.top.bestBid();
        uint256 best = bid ? c.top.bestBid() : c.top.bestAsk();
        if (left == 0 && tick == best) {
            best = Book.next(s, c.id, tick, bid);
            c.top = bid ? c.top.withBestBid(best) : c.top.withBestAsk(best);
        }
        uint256 impact = bid ? c.top.impactBid() : c.top.impactAsk();
        // Beyond the marginal tick nothing counts; a best level that is still deep enough stays marginal.
        if (impact != 0 && (bid ? tick < impact : tick > impact)) return bid;
        if (tick == impact && tick == best && left >= c.top.impactLots()) return bid;
        Markets.refreshImpact(s, c, bid);
    }

    /// @dev Refuses what the order or the state of the market do not allow, and fills in the taker.
    function check(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order
    ) private {
        uint256 phase = checkTerms(c, t, order);
        t.takerFee = c.top.takerFee();
        Position p = Positions.load(s, c.id, t.account);
        // Most accounts have no switch and were never deleveraged.
        if (t.guarded || p.isBound()) {
            p = p.withGuarded(t.guarded);
            if (p.openOrders() == 0) p = p.withReducing(false);
        }
        t.position = p;
        uint256 stage = c.top.stage();
        bool reduceOnly = order.reduceOnly;
        // What it would do to the position matters only where not everything is allowed.
        if (reduceOnly || (stage | phase) != uint256(MarketPhase.Open)) {
            checkReducing(c, t, phase, reduceOnly, stage);
        }
        uint256 word = s.purses[t.account.unwrap()];
        if (Accounts.isFull(word >> 96) && !p.isActive()) {
            // The list has no place left: settled markets make one.
            ISettlement(address(this)).convertSettled(t.account);
            word = s.purses[t.account.unwrap()];
        }
        (t.purse.cash, t.purse.markets) = (word.signed(96), word >> 96);
    }

    /// @dev Refuses what no account may ask for in the market as it stands, and fills in what the order asks for: each part of
    ///      the calldata is read and checked once.
    function checkTerms(
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order
    ) private view returns (uint256 phase) {
        phase = c.risk.phase();
        if (phase >= uint256(MarketPhase.Expired)) {
            revert IClearingErrors.MarketNotOpen(c.id, MarketPhase(phase));
        }
        int256 wanted = order.lots;
        uint256 lots = wanted.abs();
        uint256 limit = order.tick.unwrap();
        (t.buys, t.lots, t.limit) = (wanted > 0, lots, limit);
        if (lots < c.top.minLots()) revert IClearingErrors.OrderTooSmall(lots, c.top.minLots());
        if (lots > type(uint32).max) revert IClearingErrors.OrderTooLarge(lots, type(uint32).max);
        if (limit == 0 || limit > Words.MAX_TICK)
            revert IClearingErrors.TickOutOfRange(limit, Words.MAX_TICK);
        checkBand(c, wanted > 0, limit);
        uint256 walk = order.maxFills;
        if (walk == 0) revert IClearingErrors.ZeroMaxFills();
        t.walk = walk;
        checkExpiry(order);
    }

    function checkBand(MarketContext memory c, bool buys, uint256 limit) private pure {
        if (buys ? limit > Markets.highestFill(c) : limit < Markets.lowestFill(c)) {
            (uint256 lowest, uint256 highest) = Markets.fillBand(c);
            revert IClearingErrors.TickOutsideBand(limit, lowest, highest);
        }
    }

    /// @dev Refuses an order that does more than reduce where it, the phase or the stage of the index allow no more.
    function checkReducing(
        MarketContext memory c,
        Taker memory t,
        uint256 phase,
        bool reduceOnly,
        uint256 stage
    ) private view {
        Position p = t.position;
        int256 size = p.size();
        int256 wanted = t.buys ? int256(t.lots) : -int256(t.lots);
        bool raises = false;
        if (reduceOnly) {
            if (!reducing(size, wanted)) revert IClearingErrors.WouldNotReduce(wanted, size);
        } else {
            // Where only reducing is allowed, what already rests on that side counts with the order.
            raises = !reducing(size, t.buys ? wanted + int256(p.bids()) : wanted - int256(p.asks()));
            if (raises && phase == uint256(MarketPhase.ReduceOnly)) {
                revert IClearingErrors.OnlyReducing(c.id, MarketPhase.ReduceOnly);
            }
        }
        if (stage != 0) {
            IClock(address(this)).requireStage(c.id, stage, raises, t.probe, crosses(c, t));
        }
    }

    /// @dev Whether the best price of the other side is within the order's limit.
    function crosses(MarketContext memory c, Taker memory t) private pure returns (bool) {
        return t.buys ? t.limit >= c.top.bestAsk() : t.limit <= c.top.bestBid();
    }

    function checkExpiry(OrderParameters calldata order) private view {
        uint256 expiry = order.expiry;
        if (expiry == 0) return;
        if (order.kind > OrderKind.PostOnly) revert IClearingErrors.ExpiryNotUsed(expiry);
        if (expiry % Words.EXPIRY_UNIT != 0)
            revert IClearingErrors.ExpiryNotAligned(expiry, Words.EXPIRY_UNIT);
        if (expiry <= block.timestamp) revert IClearingErrors.ExpiryInPast(expiry, block.timestamp);
    }

    /// @dev Whether signed `lots` only bring `size` nearer to zero.
    function reducing(int256 size, int256 lots) private pure returns (bool) {
        return (size > 0) != (lots > 0) && size != 0 && lots.abs() <= size.abs();
    }

    function trade(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order
    ) private {
        t.clientOrderId = order.clientOrderId;
        t.flow = Words.toMarketFlow(s.markets[c.id.unwrap()].flow);
        uint256 openInterest = t.flow.openInterest;
        Matching.run(s, c, t);
        if (t.filled == 0) return;
        uint256 limit = t.flow.maxOpenInterest;
        if (t.flow.openInterest > limit && t.flow.openInterest > openInterest) {
            revert IClearingErrors.OpenInterestLimit(t.flow.openInterest, limit);
        }
        t.purse.cash -= int256(t.fee);
        s.markets[c.id.unwrap()].flow = t.flow.pack();
    }

    /// @dev Rests what is left of an order that crosses nothing.
    function rest(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order
    ) private returns (OrderId id) {
        uint256 tick = t.limit;
        uint256 levelLots;
        (id, levelLots) = enqueue(s, c, t, order);
        Position p = t.position.reserve(t.buys, t.lots);
        t.position = p;
        uint256 orders = p.openOrders();
        if (orders > MAX_OPEN_ORDERS) revert IClearingErrors.TooManyOrders(orders, MAX_OPEN_ORDERS);
        bool better;
        // At the marginal tick and behind it, which is not before the best price, nothing more counts.
        if (t.buys) {
            // Where there is none it is 0, below every tick.
            if (tick <= c.top.impactBid()) return id;
            if (tick > c.top.bestBid()) c.top = c.top.withBestBid(tick);
            better = tick == c.top.bestBid();
        } else {
            if (tick >= c.top.impactAsk() && c.top.impactAsk() != 0) return id;
            if (tick < c.top.bestAsk()) c.top = c.top.withBestAsk(tick);
            better = tick == c.top.bestAsk();
        }
        if (better && levelLots >= c.top.impactLots()) {
            if (t.buys) Markets.setImpact(c, tick, c.top.impactAsk());
            else Markets.setImpact(c, c.top.impactBid(), tick);
        } else {
            Markets.refreshImpact(s, c, t.buys);
        }
        return id;
    }

    /// @dev Puts the order at the end of its level and says so.
    function enqueue(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderParameters calldata order
    ) private returns (OrderId id, uint256 levelLots) {
        uint256 lots = t.lots;
        uint256 expiry = order.expiry;
        bool reduceOnly = order.reduceOnly;
        uint256 lane = Words.toLane(t.account.unwrap(), lots, expiry / Words.EXPIRY_UNIT, reduceOnly);
        (id, levelLots) = Book.push(s, c.id, t.limit, lane, lots);
        uint256 terms = EventWords.toPlaced(t.buys, lots, expiry, reduceOnly, order.clientOrderId);
        emit IClearingEvents.OrderPlaced(t.account, id, terms);
    }
}
