// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {FeedSlot} from "../types/FeedSlot.sol";

/// @title Following
/// @notice How the value that is pushed follows the trailing mean: between any two moments at most 24 hours apart it moves
/// by no more than `maxMoveBps`, whatever moves the mean: prints, revisions or releases.
/// @dev The trail is one range of values and the time at which the last of them stopped: the last move. A move adds the value
/// that it leaves to the range; a range that ended 24 hours ago is forgotten, all at once. The next value lies within the
/// bound of both ends of the range. So the bound holds for every value that stood in the last 24 hours: it was in the range
/// when it stopped, and a range is forgotten only 24 hours after its youngest. The range may be older than that, never
/// younger.
/// Nobody can hold the value still: a move needs a mean beyond the value and room in the range. Once the room is used up there
/// is no move that could prolong the range, which is forgotten 24 hours after the last one, and then there is room for
/// `maxMoveBps` at once. What a move while there is room prolongs is paid for by having moved.
/// Both ends are kept as distances in 2^-16, rounded away from the value: the bound may be tighter by 0.002 %, never wider.
library Following {
    uint256 internal constant WINDOW = 24 hours;
    uint256 private constant BPS = 10_000;
    uint256 private constant UNIT = 1 << 16;

    /// @notice The range of a feed.
    /// @return low Lowest value that may have stood in the last 24 hours.
    /// @return high Highest one.
    /// @return age Seconds since the last move; zero once the range is forgotten.
    function range(FeedSlot feed) internal view returns (uint256 low, uint256 high, uint256 age) {
        uint256 value = feed.value();
        // Unchecked: values of 83 bits, times of 40 bits in order, distances below the unit.
        unchecked {
            age = feed.age() + block.timestamp - feed.pushedAt();
            if (age >= WINDOW) return (value, value, 0);
            (low, high) = (value, value);
            uint256 distance = feed.lower();
            if (distance != 0) low = value - (value * distance + UNIT - 1) / UNIT;
            distance = feed.higher();
            if (distance != 0) high = (value * UNIT + UNIT - distance - 1) / (UNIT - distance);
        }
    }

    /// @notice Limits of the next value: the lower one rounded up, the upper one down.
    function limits(
        uint256 low,
        uint256 high,
        uint256 maxMoveBps
    ) internal pure returns (uint256 least, uint256 most) {
        unchecked {
            if (maxMoveBps < BPS) least = (high * (BPS - maxMoveBps) + BPS - 1) / BPS;
            most = (low * (BPS + maxMoveBps)) / BPS;
        }
    }

    /// @notice The feed with its value as near to `mean` as the bound allows; the first value is the mean itself.
    /// @dev Its time is not set: the caller pushes it now, or drops it.
    function follow(FeedSlot feed, uint256 mean, uint256 maxMoveBps) internal view returns (FeedSlot) {
        uint256 value = feed.value();
        if (value == 0) return feed.withValue(mean, 0, 0, 0);
        (uint256 low, uint256 high, uint256 age) = range(feed);
        uint256 next = _towards(value, mean, low, high, maxMoveBps);
        if (next != value) return _moved(feed, next, low, high);
        if (low == high) return feed.withValue(value, 0, 0, 0);
        return feed.withValue(value, uint16(feed.lower()), uint16(feed.higher()), age);
    }

    /// @notice Limits of the next value of a feed, and when they are measured from its value alone.
    function room(
        FeedSlot feed,
        uint256 maxMoveBps
    ) internal view returns (uint256 least, uint256 most, uint64 widensAt) {
        (uint256 low, uint256 high, uint256 age) = range(feed);
        (least, most) = limits(low, high, maxMoveBps);
        // A limit that the rounding of the range puts beyond the value leaves no room on that side.
        (least, most) = (Math.min(least, feed.value()), Math.max(most, feed.value()));
        if (low != high) widensAt = uint64(block.timestamp - age + WINDOW);
    }

    /// @dev Only towards the mean: after the rounding of the range the value itself may lie just beyond a limit.
    function _towards(
        uint256 value,
        uint256 mean,
        uint256 low,
        uint256 high,
        uint256 maxMoveBps
    ) private pure returns (uint256) {
        (uint256 least, uint256 most) = limits(low, high, maxMoveBps);
        if (mean > value && most > value) return Math.min(mean, most);
        if (mean < value && least < value) return Math.max(mean, least);
        return value;
    }

    /// @dev The feed with another value, and the range that it leaves.
    function _moved(FeedSlot feed, uint256 next, uint256 low, uint256 high) private pure returns (FeedSlot) {
        unchecked {
            uint256 lower = low < next ? ((next - low) * UNIT + next - 1) / next : 0;
            uint256 higher = high > next ? ((high - next) * UNIT + high - 1) / high : 0;
            return feed.withValue(next, _fit(lower), _fit(higher), 0);
        }
    }

    /// @dev An end that is 65,536 times as far leaves no room on its side at any bound, or is beside the point at 100 %.
    function _fit(uint256 distance) private pure returns (uint16) {
        return uint16(Math.min(distance, UNIT - 1));
    }
}
