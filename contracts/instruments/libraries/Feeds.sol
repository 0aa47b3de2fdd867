// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, FeedTerms} from "../../clearing/libraries/ClearingStorage.sol";
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
        uint256 id,
        uint256 value,
        uint256 sequence,
        uint256 newestPeriod
    ) internal {
        uint256 before = s.feeds[id];
        Feed memory feed = Words.toFeed(before);
        if (sequence > feed.sequence) {
            bool first = feed.sequence == 0;
            if (!first) touchPerpetuals(s, id);
            feed.target = value;
            feed.sequence = sequence;
            feed.newestPeriod = newestPeriod;
            if (!first) Ladder.endHalt(s, id, before, feed);
            if (first) {
                feed.followed = value;
                s.steps[id << 8] = value | (block.timestamp << 84);
            } else if (value != feed.followed) {
                move(s, id, feed);
            }
            s.feeds[id] = Words.pack(feed);
            announce(id, feed);
            anchorPerpetuals(s, id, feed);
        } else {
            catchUp(s, id, feed);
        }
    }

    /// @dev Moves the followed value on where the bound has room again.
    function catchUp(ClearingState storage s, uint256 id, Feed memory feed) internal {
        if (feed.followed == feed.target) return;
        uint256 before = feed.followed;
        touchPerpetuals(s, id);
        move(s, id, feed);
        if (feed.followed == before) return;
        s.feeds[id] = Words.pack(feed);
        announce(id, feed);
        anchorPerpetuals(s, id, feed);
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
            uint256 step = s.steps[(id << 8) | ((newest + RING - k) % RING)];
            // Nothing stood before the first.
            if (step == 0) return 0;
            value = step & ((1 << 84) - 1);
            if (step >> 84 < time) return value;
        }
    }

    /// @dev Sets `followed` as near to `target` as the last 24 hours allow and records the move.
    function move(ClearingState storage s, uint256 id, Feed memory feed) private {
        (uint256 low, uint256 high, bool full) = range(s, id, feed.newestStep);
        if (full) return;
        uint256 maxMoveBps = s.feedTerms[id].maxMoveBps;
        // Towards the old values: the lowest allowed is rounded up, the highest down.
        uint256 floor = Rounding.mulDivUp(high, 10_000 - maxMoveBps, 10_000);
        uint256 ceiling = (low * (10_000 + maxMoveBps)) / 10_000;
        uint256 next = feed.target < floor ? floor : (feed.target > ceiling ? ceiling : feed.target);
        // Values that already span the bound leave no room on either side.
        if (floor > ceiling || next == feed.followed) return;
        feed.followed = next;
        feed.newestStep = (feed.newestStep + 1) % RING;
        s.steps[(id << 8) | feed.newestStep] = next | (block.timestamp << 84);
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
            uint256 step = s.steps[(id << 8) | ((newest + RING - k) % RING)];
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

    /// @dev Perpetuals at the current minute, with what stood so far in it counted before their index changes.
    function touchPerpetuals(ClearingState storage s, uint256 id) private {
        FeedTerms storage terms = s.feedTerms[id];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 market = terms.perpetuals[i];
            if (market == 0) break;
            MarketContext memory c = Markets.load(s, MarketId.wrap(uint16(market)), 1);
            MarketClock.touchPerpetual(s, c);
            Markets.observe(c, block.timestamp % 60);
            Markets.store(s, c);
        }
    }

    function anchorPerpetuals(ClearingState storage s, uint256 id, Feed memory feed) private {
        FeedTerms storage terms = s.feedTerms[id];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 market = terms.perpetuals[i];
            if (market == 0) break;
            MarketContext memory c = Markets.load(s, MarketId.wrap(uint16(market)), 1);
            if (c.risk.phase() >= uint256(MarketPhase.Expired)) continue;
            uint256 anchor = Markets.toTicksX16(feed.followed, s.markets[market].funding.indexPerTick);
            c.risk = c.risk.withAnchor(anchor);
            c.top = c.top.withStage(Ladder.stageAt(s, id, s.feeds[id], block.timestamp / 60));
            if (anchor > RUN_OFF_TICK << 16 && c.top.expiryPeriod() == 0) runOff(c);
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
