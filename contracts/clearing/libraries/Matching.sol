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
import {ClearingState, ClearingStorage, Word} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {EventWords} from "./EventWords.sol";
import {Level, MarketFlow, Position, Purse, Words} from "./Words.sol";

/// @dev An order on its way through the book, and the account behind it; the caller stores position, purse and flow.
/// @param buys Which side it takes.
/// @param probe Whether it only clears dead orders and must not meet a live one (post-only; of account 0: a sweep).
/// @param guarded Whether its account has a dead-man switch armed.
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
/// @param fills Data of the event as it is sent, its fills at the end, with room to grow; `fillCount` of them are there.
struct Taker {
    AccountId account;
    Position position;
    Purse purse;
    MarketFlow flow;
    bool buys;
    bool probe;
    bool guarded;
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

/// @dev A level on an order's way: what all fills at it have in common.
/// @param first Id of the order with index 0.
/// @param positions Key of the market's position of account 0.
/// @param plain Whether every order there may trade as far as the order that came and the market go: no probe, nothing
///        stranded, no rounds of the market.
/// @param takerRate Taker fee of a lot, collateral units × `FEE_UNIT`.
/// @param makerRate Maker fee of a lot, tick·lots × `FEE_UNIT`; below zero a maker earns.
/// @param sign 1 where makers buy, −1 where they sell.
/// @param funding Cumulative funding of the market.
/// @param side First bit of the resting lots of makers' side in a position.
struct Visit {
    uint256 tick;
    uint256 first;
    uint256 positions;
    bool plain;
    uint256 takerRate;
    int256 makerRate;
    int256 sign;
    int256 funding;
    uint256 side;
}

/// @notice The matching loop: best price first, first come first served, makers settled on the spot, the taker at the end.
/// @dev A maker is not health-checked. That is safe because its order counted in its requirement when it was placed, a fill
///      is inside the fill band, fill band + maker fee ≤ IM − MM, and anyone may cancel orders of an account below IM.
library Matching {
    using ClearingStorage for mapping(uint256 => uint256);
    using Positions for Position;
    using Rounding for int256;
    using TickBitmap for mapping(uint256 => uint256);
    using Words for MarketFlow;

    uint256 private constant FEE_UNIT = 100_000;
    /// @dev Words before the fills in the data of their event.
    uint256 private constant EVENT_HEAD = 3;

    /// @dev Trades until the order is filled, the book has nothing more within the limit, or the walk is over.
    function run(ClearingState storage s, MarketContext memory c, Taker memory t) internal {
        // Only the edge on the far side of mark can strand what it meets.
        uint256 edge = t.buys ? Markets.lowestFill(c) : Markets.highestFill(c);
        int256 size = t.position.size();
        if ((size < 0) == t.buys) t.closesAt = size.abs();
        bool touched = false;
        Visit memory v;
        v.funding = c.risk.funding();
        v.positions = Positions.key(c.id, AccountId.wrap(0));
        (v.sign, v.side) = t.buys ? (int256(-1), 196) : (int256(1), 160);
        while (t.lots != 0 && t.walk != 0) {
            uint256 tick = t.buys ? c.top.bestAsk() : c.top.bestBid();
            if (t.buys ? tick > t.limit : tick < t.limit) break;
            touched = true;
            t.stranded = t.buys ? tick < edge : tick > edge;
            v.tick = tick;
            consume(s, c, t, v);
        }
        if (!touched) return;
        Markets.refreshImpact(s, c, !t.buys);
        if (t.filled != 0) {
            finish(c, t);
            announce(c, t);
        }
    }

    /// @dev One event for the order and its fills, so that a further maker costs a word of it and not an event. Its data stand
    ///      in `fills` as the ABI wants them, so that they are not copied: terms, offset and number of the fills, the fills.
    function announce(MarketContext memory c, Taker memory t) private {
        uint256[] memory data = t.fills;
        uint256 length = (t.fillCount + EVENT_HEAD) * 32;
        data[0] = EventWords.toTaken(t.buys, t.filled, t.fee, t.clientOrderId);
        data[1] = 64;
        data[2] = t.fillCount;
        bytes32 name = IClearingEvents.OrderTaken.selector;
        uint256 account = t.account.unwrap();
        uint256 market = c.id.unwrap();
        assembly ("memory-safe") {
            log3(add(data, 32), length, name, account, market)
        }
    }

    /// @dev Writes a fill down for the event.
    function note(Taker memory t, uint256 fill) private pure {
        uint256[] memory fills = t.fills;
        uint256 place = t.fillCount;
        unchecked {
            t.fillCount = place + 1;
            place += EVENT_HEAD;
        }
        if (fills.length <= place) fills = widen(t, place);
        // The place has just been made sure of.
        assembly ("memory-safe") {
            mstore(add(add(fills, 32), shl(5, place)), fill)
        }
    }

    /// @dev Room for a few, then three times as many: what is copied stays below what is written.
    function widen(Taker memory t, uint256 count) private pure returns (uint256[] memory wider) {
        uint256[] memory fills = t.fills;
        wider = new uint256[](count * 3);
        // All of the shorter array: word by word it would cost a tenth of a fill.
        assembly ("memory-safe") {
            mcopy(add(wider, 32), add(fills, 32), shl(5, mload(fills)))
        }
        t.fills = wider;
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
    function consume(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        Visit memory v
    ) private {
        Word storage queue = s.levels.at(Book.levelKey(c.id, v.tick));
        Level level = Level.wrap(queue.bits);
        enter(c, t, v, level);
        uint256 lots = t.lots;
        uint256 count = t.fillCount;
        uint256 walk = t.walk;
        // The lanes from the head on.
        uint256 word = 0;
        if (level.head() % 3 != 0) {
            word = s.orders[Book.wordKey(c.id, v.tick, level.head())] >> ((level.head() % 3) * 85);
        }
        while (t.lots != 0 && walk != 0 && level.lots() != 0) {
            unchecked {
                walk -= 1;
                uint256 index = level.head();
                if (index % 3 == 0) {
                    word = s.orders[Book.wordKey(c.id, v.tick, index)];
                    if (word == 0) {
                        level = level.pass(3);
                        continue;
                    }
                }
                uint256 open = uint32(word >> 28);
                if (open != 0) {
                    open -= level.headFilled();
                    uint256 taken = meet(s, c, t, v, index, word & Book.LANE, open);
                    // A dropped order takes all its open lots out of the level, a filled one what it traded.
                    level = level.less(taken);
                    if (taken != open) {
                        level = level.fillHead(taken);
                        continue;
                    }
                }
                word >>= 85;
                level = level.pass(1);
            }
        }
        t.walk = walk;
        if (t.fillCount != count) sum(t, lots - t.lots, v.tick);
        if (level.lots() == 0) {
            level = level.emptied();
            s.ticks.clear(c.id.unwrap(), v.tick);
            if (t.buys) c.top = c.top.withBestAsk(Book.next(s, c.id, v.tick, false));
            else c.top = c.top.withBestBid(Book.next(s, c.id, v.tick, true));
        }
        queue.bits = Level.unwrap(level);
    }

    /// @dev What all fills at a level have in common.
    function enter(MarketContext memory c, Taker memory t, Visit memory v, Level level) private pure {
        v.first = OrderId.unwrap(Identifiers.toOrderId(c.id, v.tick, level.epoch(), 0));
        v.plain = !t.probe && !t.stranded && !c.risk.hasRounds();
        unchecked {
            // 24 bits of tick, 57 of tickValue, 12 of rate.
            v.takerRate = v.tick * c.tickValue * t.takerFee;
            v.makerRate = int256(v.tick) * c.top.makerFee();
        }
    }

    /// @dev Adds the fills at one level to those of the order.
    function sum(Taker memory t, uint256 lots, uint256 tick) private pure {
        unchecked {
            // 40 bits of lots × 24 bits of tick.
            uint256 before = t.filled;
            uint256 filled = before + lots;
            t.notional += lots * tick;
            if (before < t.closesAt && filled >= t.closesAt) {
                t.closing = t.notional - (filled - t.closesAt) * tick;
            }
            t.filled = filled;
        }
    }

    /// @dev Fills or drops the order at the head of a level.
    /// @return taken Lots by which it shrank.
    function meet(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        Visit memory v,
        uint256 index,
        uint256 lane,
        uint256 open
    ) private returns (uint256 taken) {
        uint256 maker = lane & 0xfffffff;
        if (maker == t.account.unwrap()) {
            t.position = t.position.release(!t.buys, open, true);
            drop(v, maker, index, open, DropReason.OwnOrder);
            return open;
        }
        if (!v.plain && c.risk.hasRounds()) serve(s, c, t, AccountId.wrap(uint32(maker)));
        Word storage stored = s.positions.at(v.positions | maker);
        Position p = Position.wrap(stored.bits);
        // Most orders stand until they are cancelled and may do anything.
        if (v.plain && lane >> 60 == 0 && p.isPlain()) {
            taken = Rounding.min(t.lots, open);
        } else {
            DropReason reason;
            (taken, reason) = verdict(s, t, p, lane, open);
            if (reason != DropReason.Cancelled) {
                if (p.openOrders() != 0)
                    book(s, c, AccountId.wrap(uint32(maker)), p.release(!t.buys, open, true), 0);
                t.dropped += open;
                drop(v, maker, index, open, reason);
                return open;
            }
            if (t.probe) {
                if (t.account.unwrap() != 0) revert IClearingErrors.WouldCross(t.limit, v.tick);
                // A sweep ends at the first order that may trade.
                t.lots = 0;
                return 0;
            }
        }
        unchecked {
            t.lots -= taken;
            uint256 freed = (taken << v.side) | (taken == open ? 1 << 248 : 0);
            int256 fee = fees(c, t, v, taken);
            // The parts lie beside each other: 40 bits of index, 32 of lots, 28 of account.
            uint256 fill = v.first | index | (taken << 120) | (maker << 152) | (uint256(fee) << 180);
            note(t, fill);
            int256 lots = int256(taken) * v.sign;
            if (!trade(t, v, stored, p, lots, fee, freed)) turn(s, c, t, v, p, lots, freed, fill);
        }
    }

    function drop(Visit memory v, uint256 maker, uint256 index, uint256 open, DropReason reason) private {
        OrderId id = OrderId.wrap(uint128(v.first | index));
        emit IClearingEvents.OrderDropped(AccountId.wrap(uint32(maker)), id, open, reason);
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

    /// @dev The maker's side of a fill. Most makers neither close nor flip: funding, size and quote are then written in one
    ///      step, and nothing of the purse.
    /// @return done False, and nothing done, where it closes or flips.
    function trade(
        Taker memory t,
        Visit memory v,
        Word storage stored,
        Position p,
        int256 lots,
        int256 fee,
        uint256 freed
    ) private returns (bool done) {
        unchecked {
            // 36 bits of size, 68 of quote, 57 of funding, 24 of tick: no product leaves 256.
            int256 before = p.size();
            int256 size = before + lots;
            if (before * size <= 0 && before != 0) return false;
            int256 quote = p.quote() - fee - lots * int256(v.tick);
            if (p.snapshot() != v.funding) {
                int256 amount = p.pendingFunding(v.funding);
                quote += amount;
                t.flow.fundingPool -= amount;
            }
            // Where there is a long side it is all of `before`, which then is not below zero either.
            if (size > 0) t.flow.openInterest = uint256(int256(t.flow.openInterest) + size - before);
            stored.bits = Position.unwrap(p.withFill(size, quote, v.funding, freed));
        }
        return true;
    }

    /// @dev As `trade`, for a maker that closes or flips.
    /// @param fill As the event carries it.
    function turn(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        Visit memory v,
        Position p,
        int256 lots,
        uint256 freed,
        uint256 fill
    ) private {
        p = Position.wrap(Position.unwrap(p) - freed).settleFunding(t.flow, v.funding);
        int256 realised;
        (p, realised) = p.trade(
            t.flow,
            lots,
            lots.abs() * v.tick,
            p.size().abs() * v.tick,
            int256(fill) >> 180
        );
        book(s, c, AccountId.wrap(uint32((fill >> 152) & 0xfffffff)), p, realised);
    }

    /// @dev Charges the taker fee of one fill and books the maker's.
    /// @return makerFee Tick·lots that the maker pays, ceiled; below zero earns, floored and no more than the taker paid.
    function fees(
        MarketContext memory c,
        Taker memory t,
        Visit memory v,
        uint256 lots
    ) private pure returns (int256 makerFee) {
        unchecked {
            // 32 bits of lots, 93 of the taker's rate.
            uint256 takerFee = (lots * v.takerRate + FEE_UNIT - 1) / FEE_UNIT;
            t.fee += takerFee;
            int256 rate = v.makerRate;
            makerFee =
                rate >= 0
                    ? int256((lots * uint256(rate) + FEE_UNIT - 1) / FEE_UNIT)
                    : -int256(Rounding.min((lots * uint256(-rate)) / FEE_UNIT, takerFee / c.tickValue));
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
