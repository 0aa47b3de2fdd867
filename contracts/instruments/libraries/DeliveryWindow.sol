// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClearingState} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {MarketId} from "../../types/Identifiers.sol";

/// @dev How much of a dated future's delivery window was locked at the last midnight that it has seen.
///
///      | 255..144 – | 143..128 days | 127..112 locked | 111..0 sum |
///
///      sum is Σ of the locked prints, converted to ticks × 2^16 at once and floored. Zero before the window's second day.
type Window is uint256;

using WindowWords for Window global;

/// @notice Fields of `Window`.
library WindowWords {
    using Rounding for uint256;

    function pack(uint256 days_, uint256 locked_, uint256 sum_) internal pure returns (Window) {
        return Window.wrap((days_.fit(16) << 128) | (locked_.fit(16) << 112) | sum_.fit(112));
    }

    function windowDays(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 128) & 0xffff;
    }

    function locked(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 112) & 0xffff;
    }

    function sum(Window w) internal pure returns (uint256) {
        return Window.unwrap(w) & ((1 << 112) - 1);
    }
}

/// @notice What is still open of a delivery window. Only final prints lock.
library DeliveryWindow {
    /// @dev Days of a market's window whose print was not locked at its last midnight, and all of them. 1 of 1 before the
    ///      window's second day, and for a perpetual. The market must have been touched in this minute.
    function unlockedShare(
        ClearingState storage s,
        MarketId market
    ) internal view returns (uint256 unlocked, uint256 days_) {
        return shareOf(Window.wrap(s.windows[market.unwrap()]));
    }

    function shareOf(Window w) internal pure returns (uint256 unlocked, uint256 days_) {
        if (Window.unwrap(w) == 0) return (1, 1);
        days_ = w.windowDays();
        unlocked = days_ - w.locked();
    }
}
