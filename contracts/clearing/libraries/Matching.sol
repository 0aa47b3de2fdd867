// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DropReason} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Book} from "../../book/libraries/Book.sol";
import {TickBitmap} from "../../book/libraries/TickBitmap.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, Identifiers, OrderId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Level, MarketFlow, Position, Purse, Words} from "./Words.sol";

/// @dev An order on its way through the book, and the account behind it; the caller stores position, purse and flow.
/// @param lots Lots still wanted.
/// @param limit Worst tick at which it trades.
/// @param walk Resting orders that may still be walked over.
/// @param takerFee Tenths of a basis point; 0 for a liquidation, in which makers then earn no rebate.
/// @param probe Whether it only clears dead orders and must not meet a live one (post-only).
/// @param stranded Whether the level at hand lies outside the fill band, on the side that would favour the taker.
/// @param filled Lots traded.
/// @param notional Σ lots × tick of the fills.
/// @param fee Collateral units of taker fees.
struct Taker {
    AccountId account;
    Position position;
    Purse purse;
    MarketFlow flow;
    bool buys;
    bool probe;
    bool stranded;
    uint256 lots;
    uint256 limit;
    uint256 walk;
    uint256 takerFee;
    uint256 filled;
    uint256 notional;
    uint256 fee;
}

/// @notice The matching loop: best price first, first come first served, makers settled on the spot.
/// @dev A maker is not health-checked. That is safe because its order counted in its requirement when it was placed, a fill
///      is inside the fill band, fill band + maker fee ≤ IM − MM, and anyone may cancel orders of an account below IM.
library Matching {
    using Positions for Position;
    using TickBitmap for mapping(uint256 => uint256);
    using Words for Position;

    uint256 private constant LANE = (1 << 85) - 1;
    uint256 private constant FEE_UNIT = 100_000;

    /// @dev Trades until the order is filled, the book has nothing more within the limit, or the walk is over.
    function run(ClearingState storage s, MarketContext memory c, Taker memory t) internal {
        (uint256 lowest, uint256 highest) = Markets.fillBand(c);
        bool touched = false;
        while (t.lots != 0 && t.walk != 0) {
            uint256 tick = t.buys ? c.top.bestAsk() : c.top.bestBid();
            if (t.buys ? tick > t.limit : tick < t.limit) break;
            touched = true;
            t.stranded = t.buys ? tick < lowest : tick > highest;
            consume(s, c, t, tick);
        }
        if (touched) Markets.refreshImpact(s, c, !t.buys);
    }

    /// @dev Walks one level from its head. Fills move the head pointer and write no order word.
    function consume(ClearingState storage s, MarketContext memory c, Taker memory t, uint256 tick) private {
        uint256 key = Book.levelKey(c.id, tick);
        Level memory level = Words.toLevel(s.levels[key]);
        uint256 word = s.orders[Book.wordKey(c.id, tick, level.head)];
        while (t.lots != 0 && t.walk != 0 && level.lots != 0) {
            unchecked {
                t.walk -= 1;
                uint256 position = level.head % 3;
                if (position == 0) {
                    word = s.orders[Book.wordKey(c.id, tick, level.head)];
                    if (word == 0) {
                        level.head += 3;
                        continue;
                    }
                }
                uint256 lane = (word >> (position * 85)) & LANE;
                uint256 open = uint32(lane >> 28);
                if (open == 0) {
                    level.head += 1;
                    continue;
                }
                open -= level.headFilled;
                OrderId id = Identifiers.toOrderId(c.id, tick, level.epoch, level.head);
                uint256 taken = meet(s, c, t, id, lane, open);
                // A dropped order takes all its open lots out of the level, a filled one what it traded.
                level.lots -= taken;
                if (taken == open) {
                    level.head += 1;
                    level.headFilled = 0;
                } else {
                    level.headFilled += taken;
                }
            }
        }
        if (level.lots == 0) {
            Book.reset(level);
            s.ticks.clear(c.id.unwrap(), tick);
            if (t.buys) c.top = c.top.withBestAsk(Book.next(s, c.id, tick, false));
            else c.top = c.top.withBestBid(Book.next(s, c.id, tick, true));
        }
        s.levels[key] = Words.pack(level);
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
            release(t.position, !t.buys, open, true);
            emit IClearingEvents.OrderDropped(maker, id, open, DropReason.OwnOrder);
            return open;
        }
        Position memory p = Positions.load(s, c.id, maker);
        DropReason reason;
        (taken, reason) = verdict(t, p, lane, open);
        if (reason != DropReason.Cancelled) {
            drop(s, c, maker, p, open, !t.buys);
            emit IClearingEvents.OrderDropped(maker, id, open, reason);
            return open;
        }
        if (t.probe) revert IClearingErrors.WouldCross(t.limit, id.tick());
        settle(s, c, t, maker, p, id, taken, taken == open);
    }

    /// @dev How much of an order may trade, or why it is dead (Cancelled stands for "alive": such orders are gone).
    function verdict(
        Taker memory t,
        Position memory p,
        uint256 lane,
        uint256 open
    ) private view returns (uint256 taken, DropReason reason) {
        if (p.openOrders == 0) return (0, DropReason.AccountRetired);
        if (t.stranded) return (0, DropReason.OutsideBand);
        if (isExpired(uint24(lane >> 60))) return (0, DropReason.Expired);
        taken = Rounding.min(t.lots, open);
        reason = DropReason.Cancelled;
        if (lane >> 84 != 0) {
            int256 reducible = t.buys ? p.size : -p.size;
            if (reducible <= 0) return (0, DropReason.NotReducing);
            taken = Rounding.min(taken, uint256(reducible));
        }
    }

    function drop(
        ClearingState storage s,
        MarketContext memory c,
        AccountId maker,
        Position memory p,
        uint256 open,
        bool bid
    ) private {
        if (p.openOrders == 0) return;
        release(p, bid, open, true);
        Positions.store(s, c.id, maker, p);
        settlePurse(s, c, maker, p, 0);
    }

    /// @dev One fill: maker first, then taker.
    function settle(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId maker,
        Position memory p,
        OrderId id,
        uint256 taken,
        bool whole
    ) private {
        uint256 tick = id.tick();
        int256 fee = fees(c, t, taken * tick);
        p.settleFunding(t.flow, c.risk.funding());
        p.quote -= fee;
        release(p, !t.buys, taken, whole);
        int256 lots = t.buys ? int256(taken) : -int256(taken);
        int256 realised = p.fill(t.flow, -lots, tick);
        Positions.store(s, c.id, maker, p);
        if (realised != 0 || p.size == 0) settlePurse(s, c, maker, p, realised);
        emit IClearingEvents.OrderFilled(maker, id, taken, fee);

        t.position.settleFunding(t.flow, c.risk.funding());
        realised = t.position.fill(t.flow, lots, tick);
        if (realised != 0) {
            realised *= int256(c.tickValue);
            t.purse.cash += realised;
            emit IClearingEvents.Realised(t.account, c.id, realised);
        }
        t.lots -= taken;
        t.filled += taken;
        t.notional += taken * tick;
    }

    /// @dev Charges the taker fee of one fill and books the maker's.
    /// @return makerFee Tick·lots that the maker pays, ceiled; below zero earns, floored and no more than the taker paid.
    function fees(
        MarketContext memory c,
        Taker memory t,
        uint256 notional
    ) private pure returns (int256 makerFee) {
        uint256 takerFee = Rounding.mulDivUp(notional * c.tickValue, t.takerFee, FEE_UNIT);
        t.fee += takerFee;
        int256 rate = c.top.makerFee();
        if (rate >= 0) {
            uint256 paid = Rounding.mulDivUp(notional, uint256(rate), FEE_UNIT);
            t.flow.feesPayable += takerFee + paid * c.tickValue;
            return int256(paid);
        }
        uint256 rebate = Rounding.min((notional * uint256(-rate)) / FEE_UNIT, takerFee / c.tickValue);
        t.flow.feesPayable += takerFee - rebate * c.tickValue;
        return -int256(rebate);
    }

    /// @dev Takes open lots of a resting order out of the position that reserves them.
    function release(Position memory p, bool bid, uint256 lots, bool whole) internal pure {
        if (bid) p.bids -= lots;
        else p.asks -= lots;
        if (whole) p.openOrders -= 1;
    }

    /// @dev Books realised quote of an account that is not the taker, and leaves the market when nothing is left there.
    function settlePurse(
        ClearingState storage s,
        MarketContext memory c,
        AccountId account,
        Position memory p,
        int256 realised
    ) internal {
        bool gone = p.size == 0 && p.openOrders == 0;
        if (realised == 0 && !gone) return;
        Purse memory purse = Accounts.loadPurse(s, account);
        if (realised != 0) {
            realised *= int256(c.tickValue);
            purse.cash += realised;
            emit IClearingEvents.Realised(account, c.id, realised);
        }
        if (gone) {
            Accounts.deactivate(purse, c.id);
            Accounts.payShortfall(s, account, purse, c.id);
        }
        Accounts.storePurse(s, account, purse);
    }

    function isExpired(uint256 expiry) internal view returns (bool) {
        return expiry != 0 && expiry * Words.EXPIRY_UNIT < block.timestamp;
    }
}
