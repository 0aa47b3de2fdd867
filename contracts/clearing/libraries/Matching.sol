// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DropReason} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Book} from "../../book/libraries/Book.sol";
import {TickBitmap} from "../../book/libraries/TickBitmap.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, Identifiers, OrderId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {EventWords} from "./EventWords.sol";
import {Level, MarketFlow, Position, Purse, Words} from "./Words.sol";

/// @dev An order on its way through the book, and the account behind it; the caller stores position, purse and flow.
/// @param buys Which side it takes.
/// @param probe Whether it only clears dead orders and must not meet a live one (post-only; of account 0: a sweep).
/// @param guarded Whether its account has a dead-man switch armed.
/// @param raises Whether it may do more than reduce, so that it must not take while the index is stale.
/// @param stranded Whether the level at hand lies outside the fill band, on the side that would favour the taker.
/// @param lots Lots still wanted.
/// @param limit Worst tick at which it trades.
/// @param walk Resting orders that may still be walked over.
/// @param takerFee Tenths of a basis point; 0 for a liquidation, in which makers then earn no rebate.
/// @param filled Lots traded.
/// @param notional Σ lots × tick of the fills.
/// @param closesAt Lots with which its position reaches zero; 0 if it does not trade against its position.
/// @param closing Notional of those lots, once they are traded.
/// @param fee Collateral units of taker fees.
/// @param makerFees Tick·lots that makers paid, less what they earned.
/// @param reserve Equity that its resting orders need although they only close.
/// @param dropped Lots of other accounts' dead orders that it took out.
/// @param clientOrderId Number that its owner gave the order; 0 where nobody sent one.
/// @param fills The fills, packed as the event carries them, with room to grow; `fillCount` of them are there.
struct Taker {
    AccountId account;
    Position position;
    Purse purse;
    MarketFlow flow;
    bool buys;
    bool probe;
    bool guarded;
    bool raises;
    bool stranded;
    uint256 lots;
    uint256 limit;
    uint256 walk;
    uint256 takerFee;
    uint256 filled;
    uint256 notional;
    uint256 closesAt;
    uint256 closing;
    uint256 fee;
    int256 makerFees;
    uint256 reserve;
    uint256 dropped;
    uint256 clientOrderId;
    uint256[] fills;
    uint256 fillCount;
}

/// @notice The matching loop: best price first, first come first served, makers settled on the spot, the taker at the end.
/// @dev A maker is not health-checked. That is safe because its order counted in its requirement when it was placed, a fill
///      is inside the fill band, fill band + maker fee ≤ IM − MM, and anyone may cancel orders of an account below IM.
library Matching {
    using Positions for Position;
    using Rounding for int256;
    using TickBitmap for mapping(uint256 => uint256);
    using Words for MarketFlow;

    uint256 private constant FEE_UNIT = 100_000;
    uint256 private constant FEW_FILLS = 4;

    /// @dev Trades until the order is filled, the book has nothing more within the limit, or the walk is over.
    function run(ClearingState storage s, MarketContext memory c, Taker memory t) internal {
        // Only the edge on the far side of mark can strand what it meets.
        uint256 edge = t.buys ? Markets.lowestFill(c) : Markets.highestFill(c);
        int256 size = t.position.size();
        if ((size < 0) == t.buys) t.closesAt = size.abs();
        bool touched = false;
        while (t.lots != 0 && t.walk != 0) {
            uint256 tick = t.buys ? c.top.bestAsk() : c.top.bestBid();
            if (t.buys ? tick > t.limit : tick < t.limit) break;
            touched = true;
            t.stranded = t.buys ? tick < edge : tick > edge;
            consume(s, c, t, tick);
        }
        if (!touched) return;
        Markets.refreshImpact(s, c, !t.buys);
        if (t.filled != 0) {
            finish(c, t);
            announce(c, t);
        }
    }

    /// @dev One event for the order and its fills, so that a further maker costs a word of it and not an event.
    function announce(MarketContext memory c, Taker memory t) private {
        uint256[] memory fills = t.fills;
        uint256 count = t.fillCount;
        // Cuts off the room that was not needed.
        assembly ("memory-safe") {
            mstore(fills, count)
        }
        emit IClearingEvents.OrderTaken(
            t.account,
            c.id,
            EventWords.toTaken(t.buys, t.filled, t.fee, t.clientOrderId),
            fills
        );
    }

    /// @dev Writes a fill down for the event.
    function note(Taker memory t, uint256 fill) private pure {
        uint256[] memory fills = t.fills;
        uint256 count = t.fillCount;
        if (count == fills.length) {
            // Room for a few, then four times as many: what is copied stays below what is written.
            uint256[] memory wider = new uint256[](count == 0 ? FEW_FILLS : count * 4);
            for (uint256 i = 0; i < count; ++i) wider[i] = fills[i];
            (t.fills, fills) = (wider, wider);
        }
        fills[count] = fill;
        unchecked {
            t.fillCount = count + 1;
        }
    }

    /// @dev Books the sum of the fills in the taker's position and the market's flow.
    function finish(MarketContext memory c, Taker memory t) private {
        int256 lots = int256(t.filled);
        Position p = t.position.settleFunding(t.flow, c.risk.funding());
        int256 realised;
        (t.position, realised) = p.trade(t.flow, t.buys ? lots : -lots, t.notional, t.closing, 0);
        t.flow.feesPayable = uint256(int256(t.flow.feesPayable + t.fee) + t.makerFees * int256(c.tickValue));
        if (realised != 0) {
            realised *= int256(c.tickValue);
            t.purse.cash += realised;
            emit IClearingEvents.Realised(t.account, c.id, realised);
        }
    }

    /// @dev Walks one level from its head. Fills move the head pointer and write no order word.
    function consume(ClearingState storage s, MarketContext memory c, Taker memory t, uint256 tick) private {
        Level level = Level.wrap(s.levels[Book.levelKey(c.id, tick)]);
        uint256 word = s.orders[Book.wordKey(c.id, tick, level.head())];
        uint256 first = OrderId.unwrap(Identifiers.toOrderId(c.id, tick, level.epoch(), 0));
        while (t.lots != 0 && t.walk != 0 && level.lots() != 0) {
            unchecked {
                t.walk -= 1;
                uint256 lane = level.head();
                if (lane % 3 == 0) {
                    word = s.orders[Book.wordKey(c.id, tick, lane)];
                    if (word == 0) {
                        level = level.pass(3);
                        continue;
                    }
                }
                OrderId id = OrderId.wrap(uint128(first | lane));
                lane = (word >> ((lane % 3) * 85)) & Book.LANE;
                uint256 open = uint32(lane >> 28);
                if (open != 0) {
                    open -= level.headFilled();
                    uint256 taken = meet(s, c, t, id, lane, open);
                    // A dropped order takes all its open lots out of the level, a filled one what it traded.
                    level = level.less(taken);
                    if (taken != open) {
                        level = level.fillHead(taken);
                        continue;
                    }
                }
                level = level.pass(1);
            }
        }
        if (level.lots() == 0) {
            level = level.emptied();
            s.ticks.clear(c.id.unwrap(), tick);
            if (t.buys) c.top = c.top.withBestAsk(Book.next(s, c.id, tick, false));
            else c.top = c.top.withBestBid(Book.next(s, c.id, tick, true));
        }
        s.levels[Book.levelKey(c.id, tick)] = Level.unwrap(level);
    }

    /// @dev Fills or drops the order at the head of a level.
    /// @return taken Lots by which it shrank.
    function meet(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        OrderId id,
        uint256 lane,
        uint256 open
    ) private returns (uint256 taken) {
        AccountId maker = AccountId.wrap(uint32(lane & 0xfffffff));
        if (maker.unwrap() == t.account.unwrap()) {
            t.position = t.position.release(!t.buys, open, true);
            emit IClearingEvents.OrderDropped(maker, id, open, DropReason.OwnOrder);
            return open;
        }
        if (c.risk.hasRounds()) serve(s, c, t, maker);
        Position p = Positions.load(s, c.id, maker);
        DropReason reason;
        (taken, reason) = verdict(s, t, p, lane, open);
        if (reason != DropReason.Cancelled) {
            if (p.openOrders() != 0) book(s, c, maker, p.release(!t.buys, open, true), 0);
            emit IClearingEvents.OrderDropped(maker, id, open, reason);
            t.dropped += open;
            return open;
        }
        if (t.probe) {
            if (t.account.unwrap() != 0) revert IClearingErrors.WouldCross(t.limit, id.tick());
            // A sweep ends at the first order that may trade.
            t.lots = 0;
            return 0;
        }
        settle(s, c, t, maker, p.release(!t.buys, taken, taken == open), id, taken);
    }

    /// @dev Lets a maker take its deleveraging rounds first. They run on what is stored, so the flow goes there and back.
    function serve(ClearingState storage s, MarketContext memory c, Taker memory t, AccountId maker) private {
        s.markets[c.id.unwrap()].flow = t.flow.pack();
        Rounds.serve(s, c.id, maker, true);
        t.flow = Words.toMarketFlow(s.markets[c.id.unwrap()].flow);
    }

    /// @dev How much of an order may trade, or why it is dead (Cancelled stands for "alive": such orders are gone).
    function verdict(
        ClearingState storage s,
        Taker memory t,
        Position p,
        uint256 lane,
        uint256 open
    ) internal view returns (uint256 taken, DropReason reason) {
        if (p.openOrders() == 0) return (0, DropReason.AccountRetired);
        if (t.stranded) return (0, DropReason.OutsideBand);
        taken = Rounding.min(t.lots, open);
        reason = DropReason.Cancelled;
        // Most orders stand until they are cancelled and may do anything.
        if (lane >> 60 == 0 && !p.isBound()) return (taken, reason);
        if (isExpired(uint24(lane >> 60))) return (0, DropReason.Expired);
        if (p.isGuarded() && Accounts.hasFired(s, AccountId.wrap(uint32(lane & 0xfffffff)))) {
            return (0, DropReason.SwitchFired);
        }
        if (lane >> 84 != 0 || p.isReducing()) {
            uint256 reducible = Positions.positive(t.buys ? p.size() : -p.size());
            if (reducible == 0) return (0, DropReason.NotReducing);
            taken = Rounding.min(taken, reducible);
        }
    }

    /// @dev One fill: the maker is settled, the taker's sums grow.
    function settle(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId maker,
        Position p,
        OrderId id,
        uint256 taken
    ) private {
        unchecked {
            // 32 bits of lots × 24 bits of tick; their sums are bounded by the walk of 16 bits.
            uint256 notional = taken * id.tick();
            int256 fee = fees(c, t, notional);
            p = p.settleFunding(t.flow, c.risk.funding());
            trade(s, c, t, maker, p, t.buys ? -int256(taken) : int256(taken), notional, fee);
            note(t, EventWords.toFill(id, maker, taken, fee));
            uint256 before = t.filled;
            t.lots -= taken;
            t.filled = before + taken;
            t.notional += notional;
            if (before < t.closesAt && before + taken >= t.closesAt) {
                t.closing = t.notional - (before + taken - t.closesAt) * id.tick();
            }
        }
    }

    /// @dev The maker's side of a fill. Most makers neither close nor flip: that is Positions.trade without its other ways, and
    ///      nothing of the purse.
    function trade(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId maker,
        Position p,
        int256 lots,
        uint256 notional,
        int256 fee
    ) private {
        int256 before = p.size();
        unchecked {
            int256 size = before + lots;
            if (before == 0 || (size != 0 && (before ^ size) >= 0)) {
                int256 quote = p.quote() - fee + (lots < 0 ? int256(notional) : -int256(notional));
                t.flow.openInterest += Positions.positive(size) - Positions.positive(before);
                Positions.store(s, c.id, maker, p.withTrade(size, quote));
                return;
            }
            // 36 bits of lots × the tick, which is notional / lots.
            uint256 closing = before.abs() * (notional / lots.abs());
            (p, size) = p.trade(t.flow, lots, notional, closing, fee);
            book(s, c, maker, p, size);
        }
    }

    /// @dev Charges the taker fee of one fill and books the maker's.
    /// @return makerFee Tick·lots that the maker pays, ceiled; below zero earns, floored and no more than the taker paid.
    function fees(
        MarketContext memory c,
        Taker memory t,
        uint256 notional
    ) private pure returns (int256 makerFee) {
        unchecked {
            // 72 bits of notional, 56 of tickValue and 12 of rate.
            uint256 takerFee = (notional * c.tickValue * t.takerFee + FEE_UNIT - 1) / FEE_UNIT;
            t.fee += takerFee;
            int256 rate = c.top.makerFee();
            makerFee =
                rate >= 0
                    ? int256((notional * uint256(rate) + FEE_UNIT - 1) / FEE_UNIT)
                    : -int256(Rounding.min((notional * uint256(-rate)) / FEE_UNIT, takerFee / c.tickValue));
            t.makerFees += makerFee;
        }
    }

    /// @dev Stores the position of an account that is not the taker with what it realised; leaves the market when nothing
    ///      is left there.
    function book(
        ClearingState storage s,
        MarketContext memory c,
        AccountId account,
        Position p,
        int256 realised
    ) internal {
        Positions.store(s, c.id, account, p);
        if (realised == 0 && p.isActive()) return;
        Purse memory purse = Accounts.loadPurse(s, account);
        if (realised != 0) {
            realised *= int256(c.tickValue);
            purse.cash += realised;
            emit IClearingEvents.Realised(account, c.id, realised);
        }
        if (!p.isActive()) Accounts.deactivate(purse, c.id);
        Accounts.storePurse(s, account, purse);
        if (p.size() != 0 || purse.cash >= 0) return;
        Markets.stopIfSpent(c, IWaterfall(address(this)).payShortfall(account, c.id));
    }

    function isExpired(uint256 expiry) private view returns (bool) {
        return expiry != 0 && expiry * Words.EXPIRY_UNIT < block.timestamp;
    }
}
