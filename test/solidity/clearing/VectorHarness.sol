// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {CalendarCredit} from "../../../contracts/clearing/libraries/CalendarCredit.sol";
import {DeleveragingShares} from "../../../contracts/clearing/libraries/DeleveragingShares.sol";
import {DeliveryMargins} from "../../../contracts/instruments/libraries/DeliveryMargins.sol";

/// Pure rules of the contracts, called with the vectors that the independent model writes.
contract VectorHarness {
    /// Lots that positions close in a round when they are touched in this order.
    function shares(
        uint256 lots,
        uint256 side,
        uint256[] calldata sizes
    ) external pure returns (uint256[] memory closed) {
        closed = new uint256[](sizes.length);
        uint256 total = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 before = DeleveragingShares.closed(total, lots, side);
            total += sizes[i];
            closed[i] = DeleveragingShares.closed(total, lots, side) - before;
        }
    }

    /// Largest Σ gain × lots over the pairs of neighbours of a row of months.
    function credit(uint256[] calldata lots, uint256[] calldata gains) external pure returns (uint256 sum) {
        uint256[] memory hedged = CalendarCredit.pair(lots, gains);
        for (uint256 i = 0; i < gains.length; ++i) sum += hedged[i] * gains[i];
    }

    /// Margins and band of a day of the delivery window.
    function scaled(
        MarginTier calldata front,
        uint256 unlocked,
        uint256 days_
    ) external pure returns (MarginTier memory) {
        return DeliveryMargins.scaled(front, unlocked, days_);
    }
}
