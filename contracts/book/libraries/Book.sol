// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {ClearingState, ClearingStorage, Word} from "../../clearing/libraries/ClearingStorage.sol";
import {Level, RestingOrder, Words} from "../../clearing/libraries/Words.sol";
import {Identifiers, MarketId, OrderId} from "../../types/Identifiers.sol";
import {TickBitmap} from "./TickBitmap.sol";

/// @dev An order that was looked up, with its level as it stands.
struct Found {
    OrderId id;
    RestingOrder order;
    Level level;
}

/// @notice Price levels as queues of packed orders, and the best prices that follow from them.
/// @dev A level that empties keeps its words: it bumps its epoch and starts again at index 0, so that steady placing
///      rewrites dirty slots. An order id names the epoch, so it is never valid twice.
///      Invariants: `lots` of a level is the sum of what its live orders still have open; a tick is marked in the bitmap
///      if and only if its level's lots are above zero; best bid < best ask.
library Book {
    using ClearingStorage for mapping(uint256 => uint256);
    using TickBitmap for mapping(uint256 => uint256);

    /// @dev Orders that a level may hold at once; order words form a ring, three orders each.
    uint256 internal constant CAPACITY = 3 << 14;
    /// @dev Order words that one order passes over where a full level begins with cancelled ones.
    uint256 internal constant MOST_PASSED = 64;
    /// @dev Bits of one order in its word.
    uint256 internal constant LANE = (1 << 85) - 1;

    function levelKey(MarketId market, uint256 tick) internal pure returns (uint256) {
        return (market.unwrap() << 24) | tick;
    }

    function wordKey(MarketId market, uint256 tick, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (market.unwrap() << 64) | (tick << 40) | ((index % CAPACITY) / 3);
        }
    }

    /// @dev Puts an order at the end of its level and marks the level if it was empty.
    /// @param order Its 85 bits.
    /// @param lots Its lots.
    /// @return id Its id.
    /// @return total Lots of the level afterwards.
    function push(
        ClearingState storage s,
        MarketId market,
        uint256 tick,
        uint256 order,
        uint256 lots
    ) internal returns (OrderId id, uint256 total) {
        Word storage queue = s.levels.at(levelKey(market, tick));
        Level level = Level.wrap(queue.bits);
        uint256 index = level.tail();
        unchecked {
            // The first order of a word overwrites all three lanes, so none of them may still be in the queue.
            if (index - level.head() + 3 > CAPACITY) {
                level = passCancelled(s, market, tick, level);
                uint256 waiting = index - level.head();
                if (waiting + 3 > CAPACITY) revert IClearingErrors.LevelFull(waiting, CAPACITY - 3);
            }
            if (level.lots() == 0) s.ticks.set(market.unwrap(), tick);
            Word storage word = s.orders.at(wordKey(market, tick, index));
            uint256 lane = (index % 3) * 85;
            word.bits = lane == 0 ? order : (word.bits & ~(LANE << lane)) | (order << lane);
        }
        level = level.append(lots);
        queue.bits = Level.unwrap(level);
        return (Identifiers.toOrderId(market, tick, level.epoch(), index), level.lots());
    }

    /// @dev Moves the head of a level with open orders on over places that were cancelled, a bounded number of words. Only a
    ///      full level asks for it: whoever fills a level with orders and cancels them does not close its price, even where
    ///      nobody trades there.
    function passCancelled(
        ClearingState storage s,
        MarketId market,
        uint256 tick,
        Level level
    ) private view returns (Level) {
        for (uint256 i = 0; i < MOST_PASSED; ++i) {
            uint256 head = level.head();
            uint256 rest = s.orders[wordKey(market, tick, head)] >> ((head % 3) * 85);
            if (rest & LANE != 0) break;
            level = level.pass(rest == 0 ? 3 - (head % 3) : 1);
        }
        return level;
    }

    /// @dev The order behind an id, with what is still open of it. `order.lots` is 0 when it is no longer in the queue.
    function find(ClearingState storage s, OrderId id) internal view returns (Found memory f) {
        MarketId market = id.market();
        uint256 tick = id.tick();
        uint256 index = id.index();
        f.id = id;
        // An id has 120 bits; with anything above them it would be another name of the same order.
        if (OrderId.unwrap(id) >> 120 != 0) return f;
        Level level = Level.wrap(s.levels[levelKey(market, tick)]);
        f.level = level;
        if (level.epoch() != id.epoch() || index < level.head() || index >= level.tail()) return f;
        f.order = Words.toRestingOrder(s.orders[wordKey(market, tick, index)], index);
        if (index == level.head() && f.order.lots != 0) f.order.lots -= level.headFilled();
    }

    /// @dev Takes a found order with open lots out of its level. The head of a queue leaves by the head pointer, any
    ///      other order by an empty lane.
    /// @return lots Lots of the level afterwards.
    function remove(ClearingState storage s, Found memory f) internal returns (uint256 lots) {
        MarketId market = f.id.market();
        uint256 tick = f.id.tick();
        uint256 index = f.id.index();
        Level level = f.level.less(f.order.lots);
        lots = level.lots();
        if (lots == 0) {
            level = level.emptied();
            s.ticks.clear(market.unwrap(), tick);
        } else if (index == level.head()) {
            level = level.pass(1);
        } else {
            s.orders[wordKey(market, tick, index)] &= ~(LANE << ((index % 3) * 85));
        }
        s.levels[levelKey(market, tick)] = Level.unwrap(level);
    }

    /// @dev Leaves a found order fewer open lots, above zero, in its place. The head's word keeps what has traded of it too.
    /// @return total Lots of the level afterwards.
    function shorten(ClearingState storage s, Found memory f, uint256 lots) internal returns (uint256 total) {
        MarketId market = f.id.market();
        uint256 tick = f.id.tick();
        uint256 index = f.id.index();
        Level level = f.level.less(f.order.lots - lots);
        if (index == level.head()) lots += level.headFilled();
        uint256 slot = wordKey(market, tick, index);
        uint256 shift = (index % 3) * 85 + 28;
        s.orders[slot] = (s.orders[slot] & ~(uint256(type(uint32).max) << shift)) | (lots << shift);
        s.levels[levelKey(market, tick)] = Level.unwrap(level);
        return level.lots();
    }

    /// @dev Next level away from the best price behind `tick`; "no bid" or "no ask" if there is none.
    function next(
        ClearingState storage s,
        MarketId market,
        uint256 tick,
        bool bids
    ) internal view returns (uint256) {
        return bids ? s.ticks.below(market.unwrap(), tick) : s.ticks.above(market.unwrap(), tick);
    }

    /// @dev The marginal tick of `impactLots` on one side over at most two levels, 0 if they are thinner.
    /// @param best Best price of the side.
    function impactTick(
        ClearingState storage s,
        MarketId market,
        uint256 best,
        uint256 impactLots,
        bool bids
    ) internal view returns (uint256) {
        if (bids ? best == 0 : best == Words.NO_ASK) return 0;
        uint256 lots = uint40(s.levels[levelKey(market, best)]);
        if (lots >= impactLots) return best;
        uint256 second = next(s, market, best, bids);
        if (bids ? second == 0 : second == Words.NO_ASK) return 0;
        lots += uint40(s.levels[levelKey(market, second)]);
        return lots >= impactLots ? second : 0;
    }
}
