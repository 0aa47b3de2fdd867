// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, Following} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {Feed, Words} from "../../clearing/libraries/Words.sol";
import {FeedId, MarketId} from "../../types/Identifiers.sol";
import {Ladder} from "./Ladder.sol";
import {MarketClock} from "./MarketClock.sol";
import {MarketContext, Markets} from "./Markets.sol";

/// @notice How markets follow an index: every push at once, but within any 24 hours no further than `maxMove`.
/// @dev The ring keeps the last moves of the followed value with the time from which each stood. The next value must lie
///      within `maxMove` of the highest and of the lowest value that stood at any moment of the last 24 hours. A ring whose
///      every place is younger than that holds the value still: more moves than places are no way around the bound.
///      Perpetuals of the feed are brought to the current minute at the old value first, so funding of the minutes before
///      a push is due at what was known then, however seldom they are touched.
library Feeds {
    uint256 internal constant RING = 8;
    uint256 private constant DAY = 1 days;
    /// @dev 80 % of the tick range: beyond it a perpetual ends.
    uint256 internal constant RUN_OFF_TICK = (Words.MAX_TICK * 4) / 5;
    uint256 internal constant RUN_OFF_DAYS = 30;

    /// @dev Takes a push; numbers that are not above the last one are repeats and change nothing but catch up.
    function take(
        ClearingState storage s,
        Following memory terms,
        uint256 value,
        uint256 sequence,
        uint256 newestPeriod
    ) internal {
        uint256 id = terms.feed;
        uint256 before = s.feeds[id];
        Feed memory feed = Words.toFeed(before);
        if (sequence <= feed.sequence) {
            catchUp(s, terms, feed);
            return;
        }
        MarketContext[] memory perpetuals = touchPerpetuals(s, terms);
        bool first = feed.sequence == 0;
        feed.target = value;
        feed.sequence = sequence;
        feed.newestPeriod = newestPeriod;
        if (first) {
            feed.followed = value;
            setStep(s, id, 0, value);
        } else {
            Ladder.endHalt(s, id, before, feed);
            move(s, terms, feed);
        }
        write(s, id, feed, perpetuals);
    }

    /// @dev Moves the followed value on where the bound has room again.
    function catchUp(ClearingState storage s, Following memory terms, Feed memory feed) internal {
        if (feed.followed == feed.target) return;
        uint256 before = feed.followed;
        MarketContext[] memory perpetuals = touchPerpetuals(s, terms);
        move(s, terms, feed);
        if (feed.followed != before) {
            write(s, terms.feed, feed, perpetuals);
            return;
        }
        for (uint256 i = 0; i < perpetuals.length; ++i) Markets.store(s, perpetuals[i]);
    }

    /// @dev The value that markets followed right before a moment: exactly, if the feed has moved at most seven times since;
    ///      otherwise the oldest that the ring still has. 0 before the first.
    function followedBefore(
        ClearingState storage s,
        uint256 id,
        uint256 time
    ) internal view returns (uint256 value) {
        uint256 newest = Words.toFeed(s.feeds[id]).newestStep;
        for (uint256 k = 0; k < RING; ++k) {
            uint256 step = stepAt(s, id, newest + RING - k);
            // Nothing stood before the first.
            if (step == 0) return 0;
            value = step & ((1 << 84) - 1);
            if (step >> 84 < time) return value;
        }
    }

    /// @dev Sets `followed` as near to `target` as the last 24 hours allow and records the move.
    function move(ClearingState storage s, Following memory terms, Feed memory feed) private {
        if (feed.target == feed.followed) return;
        uint256 id = terms.feed;
        (uint256 low, uint256 high, bool full) = range(s, id, feed.newestStep);
        if (full) return;
        uint256 maxMoveBps = terms.maxMoveBps;
        // Towards the old values: the lowest allowed is rounded up, the highest down.
        uint256 floor = Rounding.mulDivUp(high, 10_000 - maxMoveBps, 10_000);
        uint256 ceiling = (low * (10_000 + maxMoveBps)) / 10_000;
        uint256 next = feed.target < floor ? floor : (feed.target > ceiling ? ceiling : feed.target);
        // Values that already span the bound leave no room on either side.
        if (floor > ceiling || next == feed.followed) return;
        feed.followed = next;
        feed.newestStep = (feed.newestStep + 1) % RING;
        setStep(s, id, feed.newestStep, next);
    }

    /// @dev A move of the ring; 0 where there was none yet.
    /// @param place Place of the ring, from 0 to twice its length.
    function stepAt(ClearingState storage s, uint256 id, uint256 place) internal view returns (uint256) {
        unchecked {
            place %= RING;
            return (s.steps[(id << 8) | (place / 2)] >> (128 * (place % 2))) & type(uint128).max;
        }
    }

    /// @dev Notes that a value of 84 bits is followed from now on.
    function setStep(ClearingState storage s, uint256 id, uint256 place, uint256 value) private {
        uint256 shift = 128 * (place % 2);
        uint256 key = (id << 8) | (place / 2);
        uint256 other = s.steps[key] & ~(uint256(type(uint128).max) << shift);
        s.steps[key] = other | ((value | (block.timestamp << 84)) << shift);
    }

    /// @dev Lowest and highest value that stood in the last 24 hours, and whether even the oldest place of the ring,
    ///      which the next move would take, still stood in them.
    function range(
        ClearingState storage s,
        uint256 id,
        uint256 newest
    ) private view returns (uint256 low, uint256 high, bool full) {
        uint256 horizon = block.timestamp - DAY;
        low = type(uint256).max;
        for (uint256 k = 0; k < RING; ++k) {
            uint256 step = stepAt(s, id, newest + RING - k);
            if (step == 0) return (low, high, false);
            uint256 value = step & ((1 << 84) - 1);
            if (value < low) low = value;
            if (value > high) high = value;
            // It stood since before the horizon, so nothing older stood in these 24 hours.
            if (step >> 84 <= horizon) return (low, high, false);
        }
        full = true;
    }

    function announce(uint256 id, Feed memory feed) private {
        emit IClearingEvents.FeedFollowed(
            FeedId.wrap(uint8(id)),
            feed.target,
            feed.followed,
            feed.sequence,
            feed.newestPeriod
        );
    }

    /// @dev Perpetuals at the current minute, with what stood so far in it counted before their index changes; in memory.
    function touchPerpetuals(
        ClearingState storage s,
        Following memory terms
    ) private returns (MarketContext[] memory list) {
        list = new MarketContext[](terms.perpetual == 0 ? 0 : (terms.successor == 0 ? 1 : 2));
        for (uint256 i = 0; i < list.length; ++i) {
            MarketContext memory c = list[i];
            Markets.read(s, c, MarketId.wrap(i == 0 ? terms.perpetual : terms.successor), 1);
            MarketClock.touchPerpetual(s, c);
            Markets.observe(c, block.timestamp % 60);
        }
    }

    /// @dev Writes a feed that has changed, and its perpetuals with it: nothing is traded between the two.
    function write(
        ClearingState storage s,
        uint256 id,
        Feed memory feed,
        MarketContext[] memory perpetuals
    ) private {
        uint256 word = Words.pack(feed);
        s.feeds[id] = word;
        announce(id, feed);
        for (uint256 i = 0; i < perpetuals.length; ++i) {
            MarketContext memory c = perpetuals[i];
            if (c.risk.phase() < uint256(MarketPhase.Expired)) {
                uint256 perTick = s.markets[c.id.unwrap()].funding.indexPerTick;
                uint256 anchor = Markets.toTicksX16(feed.followed, perTick);
                c.risk = c.risk.withAnchor(anchor);
                c.top = c.top.withStage(Ladder.stageAt(s, id, word, block.timestamp / 60));
                if (anchor > RUN_OFF_TICK << 16 && c.top.expiryPeriod() == 0) runOff(c);
            }
            Markets.store(s, c);
        }
    }

    /// @dev A perpetual near the end of the tick range takes no new risk any more and ends 30 days later; a successor with
    ///      another divisor is listed beside it.
    function runOff(MarketContext memory c) private {
        uint256 end = block.timestamp / DAY + RUN_OFF_DAYS;
        c.top = c.top.withExpiryPeriod(end);
        emit IClearingEvents.EndSet(c.id, end * DAY);
        if (c.risk.phase() != uint256(MarketPhase.Open)) return;
        c.risk = c.risk.withPhase(uint256(MarketPhase.ReduceOnly));
        emit IClearingEvents.PhaseChanged(c.id, MarketPhase.ReduceOnly);
    }
}
