// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

/// @notice Which ticks have a level: three floors of 256-bit words over 2^24 ticks, one bitmap for both sides.
/// @dev A leaf is valid only while its bit in the middle word is set; emptying a leaf clears that bit alone and leaves the
///      leaf dirty, so that the next order there pays for two rewritten words and not for a fresh one. Middle words and the
///      root are always exact.
library TickBitmap {
    uint256 private constant MIDDLE = 1 << 28;
    uint256 private constant ROOT = 2 << 28;

    /// @dev Marks `tick`. It must not be marked.
    function set(mapping(uint256 => uint256) storage words, uint256 market, uint256 tick) internal {
        uint256 base = market << 32;
        uint256 leafKey = base | (tick >> 8);
        uint256 middleKey = base | MIDDLE | (tick >> 16);
        uint256 leafBit = 1 << (tick & 255);
        uint256 middleBit = 1 << ((tick >> 8) & 255);
        uint256 middle = words[middleKey];
        if (middle & middleBit != 0) {
            words[leafKey] |= leafBit;
            return;
        }
        words[leafKey] = leafBit;
        words[middleKey] = middle | middleBit;
        if (middle == 0) words[base | ROOT] |= 1 << (tick >> 16);
    }

    /// @dev Unmarks `tick`. It must be marked.
    function clear(mapping(uint256 => uint256) storage words, uint256 market, uint256 tick) internal {
        uint256 base = market << 32;
        uint256 leafKey = base | (tick >> 8);
        uint256 leaf = words[leafKey] & ~(1 << (tick & 255));
        if (leaf != 0) {
            words[leafKey] = leaf;
            return;
        }
        uint256 middleKey = base | MIDDLE | (tick >> 16);
        uint256 middle = words[middleKey] & ~(1 << ((tick >> 8) & 255));
        words[middleKey] = middle;
        if (middle == 0) words[base | ROOT] &= ~(1 << (tick >> 16));
    }

    /// @dev Highest marked tick below `tick`, 0 if there is none.
    function below(
        mapping(uint256 => uint256) storage words,
        uint256 market,
        uint256 tick
    ) internal view returns (uint256) {
        uint256 base = market << 32;
        uint256 high = tick >> 16;
        uint256 middle = words[base | MIDDLE | high];
        uint256 slot = (tick >> 8) & 255;
        if (middle & (1 << slot) != 0) {
            uint256 leaf = words[base | (tick >> 8)] & ((1 << (tick & 255)) - 1);
            if (leaf != 0) return (tick & ~uint256(255)) | LibBit.fls(leaf);
        }
        middle &= (1 << slot) - 1;
        if (middle == 0) {
            uint256 root = words[base | ROOT] & ((1 << high) - 1);
            if (root == 0) return 0;
            high = LibBit.fls(root);
            middle = words[base | MIDDLE | high];
        }
        uint256 index = (high << 8) | LibBit.fls(middle);
        return (index << 8) | LibBit.fls(words[base | index]);
    }

    /// @dev Lowest marked tick above `tick`, 2^24 − 1 if there is none.
    function above(
        mapping(uint256 => uint256) storage words,
        uint256 market,
        uint256 tick
    ) internal view returns (uint256) {
        uint256 base = market << 32;
        uint256 high = tick >> 16;
        uint256 middle = words[base | MIDDLE | high];
        uint256 slot = (tick >> 8) & 255;
        if (middle & (1 << slot) != 0) {
            // ~1 << n keeps the bits above n; for n = 255 it keeps none.
            uint256 leaf = words[base | (tick >> 8)] & (~uint256(1) << (tick & 255));
            if (leaf != 0) return (tick & ~uint256(255)) | LibBit.ffs(leaf);
        }
        middle &= ~uint256(1) << slot;
        if (middle == 0) {
            uint256 root = words[base | ROOT] & (~uint256(1) << high);
            if (root == 0) return type(uint24).max;
            high = LibBit.ffs(root);
            middle = words[base | MIDDLE | high];
        }
        uint256 index = (high << 8) | LibBit.ffs(middle);
        return (index << 8) | LibBit.ffs(words[base | index]);
    }
}
