// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What changes with every post of an index, in one slot. The newest day that has a print is later than the last
/// push's while the trailing mean has too few days. Days have 24 bits: no day has ended yet that needs more before the
/// year 47,000.
///
/// | 0 1 | readers 3 | newest day 24 | Unix time of the push 40 | its day 24 | its sequence 32 | trail 49 | its value 83 |
///
/// The trail is what the value was in the 24 hours before, see Following.sol:
///
/// | age 17 | distance to the highest 16 | distance to the lowest 16 |
type FeedSlot is uint256;

using FeedSlotLib for FeedSlot global;

/// @title FeedSlotLib
/// @notice Fields of a feed slot.
library FeedSlotLib {
    uint256 private constant TRAIL = 83;
    uint256 private constant HIGHER = 99;
    uint256 private constant AGE = 115;
    uint256 private constant SEQUENCE = 132;
    uint256 private constant PERIOD = 164;
    uint256 private constant PUSHED_AT = 188;
    uint256 private constant NEWEST = 228;
    uint256 private constant READERS = 252;
    uint256 private constant VALUE_MASK = (1 << TRAIL) - 1;
    uint256 private constant AGE_MASK = (1 << (SEQUENCE - AGE)) - 1;

    function value(FeedSlot self) internal pure returns (uint256) {
        return FeedSlot.unwrap(self) & VALUE_MASK;
    }

    /// @notice Distance from the value down to the lowest of the trail, in 2^-16 of the value.
    function lower(FeedSlot self) internal pure returns (uint256) {
        return uint16(FeedSlot.unwrap(self) >> TRAIL);
    }

    /// @notice Distance from the highest of the trail down to the value, in 2^-16 of the highest.
    function higher(FeedSlot self) internal pure returns (uint256) {
        return uint16(FeedSlot.unwrap(self) >> HIGHER);
    }

    /// @notice Seconds from the last move of the value to the last push.
    function age(FeedSlot self) internal pure returns (uint256) {
        return (FeedSlot.unwrap(self) >> AGE) & AGE_MASK;
    }

    function sequence(FeedSlot self) internal pure returns (uint32) {
        return uint32(FeedSlot.unwrap(self) >> SEQUENCE);
    }

    function period(FeedSlot self) internal pure returns (uint32) {
        return uint24(FeedSlot.unwrap(self) >> PERIOD);
    }

    function pushedAt(FeedSlot self) internal pure returns (uint64) {
        return uint40(FeedSlot.unwrap(self) >> PUSHED_AT);
    }

    function newest(FeedSlot self) internal pure returns (uint32) {
        return uint24(FeedSlot.unwrap(self) >> NEWEST);
    }

    function readers(FeedSlot self) internal pure returns (uint256) {
        return (FeedSlot.unwrap(self) >> READERS) & 7;
    }

    /// @notice With another value and its trail. `value_` is a mean of values of 83 bits.
    function withValue(
        FeedSlot self,
        uint256 value_,
        uint16 lower_,
        uint16 higher_,
        uint256 age_
    ) internal pure returns (FeedSlot) {
        uint256 rest = (FeedSlot.unwrap(self) >> SEQUENCE) << SEQUENCE;
        uint256 trail = uint256(lower_) | (uint256(higher_) << 16) | ((age_ & AGE_MASK) << 32);
        return FeedSlot.wrap(rest | value_ | (trail << TRAIL));
    }

    /// @notice After a push of the newest day.
    function withPush(
        FeedSlot self,
        uint32 sequence_,
        uint24 newest_,
        uint40 pushedAt_
    ) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ((1 << SEQUENCE) - 1);
        return
            FeedSlot.wrap(
                rest |
                    (uint256(sequence_) << SEQUENCE) |
                    (uint256(newest_) << PERIOD) |
                    (uint256(pushedAt_) << PUSHED_AT) |
                    (uint256(newest_) << NEWEST) |
                    (self.readers() << READERS)
            );
    }

    function withNewest(FeedSlot self, uint24 newest_) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ~(uint256(type(uint24).max) << NEWEST);
        return FeedSlot.wrap(rest | (uint256(newest_) << NEWEST));
    }

    /// @dev At most four readers.
    function withReaders(FeedSlot self, uint256 readers_) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ~(uint256(7) << READERS);
        return FeedSlot.wrap(rest | (readers_ << READERS));
    }
}
