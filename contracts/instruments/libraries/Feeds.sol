// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, FeedTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {Feed, Words} from "../../clearing/libraries/Words.sol";
import {FeedId, MarketId} from "../../types/Identifiers.sol";
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

    /// @dev Takes a push; numbers that are not above the last one are repeats and change nothing but catch up.
    function take(
        ClearingState storage s,
        uint256 id,
        uint256 value,
        uint256 sequence,
        uint256 newestPeriod
    ) internal {
        Feed memory feed = Words.toFeed(s.feeds[id]);
        if (sequence > feed.sequence) {
            bool first = feed.sequence == 0;
            if (!first) touchPerpetuals(s, id);
            feed.target = value;
            feed.sequence = sequence;
            feed.newestPeriod = newestPeriod;
            if (first) {
                feed.followed = value;
                s.steps[id << 8] = value | (block.timestamp << 84);
            } else if (value != feed.followed) {
                move(s, id, feed);
            }
            s.feeds[id] = Words.pack(feed);
            announce(id, feed);
            anchorPerpetuals(s, id, feed.followed);
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
        anchorPerpetuals(s, id, feed.followed);
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

    function touchPerpetuals(ClearingState storage s, uint256 id) private {
        FeedTerms storage terms = s.feedTerms[id];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 market = terms.perpetuals[i];
            if (market == 0) break;
            MarketContext memory c = Markets.load(s, MarketId.wrap(uint16(market)), 1);
            // A push has a bounded stipend: no call to another module in it.
            Markets.touchLate(s, c);
            Markets.store(s, c);
        }
    }

    function anchorPerpetuals(ClearingState storage s, uint256 id, uint256 followed) private {
        FeedTerms storage terms = s.feedTerms[id];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 market = terms.perpetuals[i];
            if (market == 0) break;
            Markets.setAnchor(s, market, followed);
        }
    }
}
