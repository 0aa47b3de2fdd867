// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier} from "../../clearing/interfaces/ClearingTypes.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";

/// @notice Margins and fill band of a dated future inside its delivery window: what is locked can no longer move, so they
///         shrink with the share of days that is not, down to floors that carry what mark alone does not show.
library DeliveryMargins {
    uint256 internal constant MIN_INITIAL_BPS = 400;
    uint256 internal constant MIN_MAINTENANCE_BPS = 300;

    /// @dev IM = max(400, ⌈IM × u / d⌉), MM = max(300, ⌈MM × u / d⌉), band = max(1, ⌊band × u / d⌋) basis points.
    /// @param front The tier of the front month.
    /// @param unlocked Days whose prints are not locked.
    /// @param days_ Days of the window, not zero.
    function scaled(
        MarginTier memory front,
        uint256 unlocked,
        uint256 days_
    ) internal pure returns (MarginTier memory tier) {
        uint256 initial = Rounding.mulDivUp(front.initialMarginBps, unlocked, days_);
        uint256 maintenance = Rounding.mulDivUp(front.maintenanceMarginBps, unlocked, days_);
        uint256 band = (front.fillBandBps * unlocked) / days_;
        tier.initialMarginBps = uint16(Rounding.max(initial, MIN_INITIAL_BPS));
        tier.maintenanceMarginBps = uint16(Rounding.max(maintenance, MIN_MAINTENANCE_BPS));
        tier.fillBandBps = uint16(Rounding.max(band, 1));
    }
}
