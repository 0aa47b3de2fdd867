// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Rounding} from "./Rounding.sol";

/// @notice Money of a market's insurance fund, and what the market owes when it has none: the booked deficit.
/// @dev A deficit is cash that somebody is owed and nobody has paid in. It stands in the identity with a minus until fees
///      or top-ups have repaid it.
library Funds {
    /// @dev Adds to a fund's cash; the market's deficit is repaid first. Either way the sum of the identity grows by
    ///      `amount`, which the caller has taken from somewhere.
    function credit(ClearingState storage s, MarketId market, uint256 amount) internal {
        uint256 deficit = s.deficits[market.unwrap()];
        if (deficit != 0 && amount != 0) {
            uint256 repaid = Rounding.min(deficit, amount);
            amount -= repaid;
            deficit -= repaid;
            s.deficits[market.unwrap()] = deficit;
            s.totalDeficit -= uint128(repaid);
            emit IClearingEvents.DeficitRepaid(market, repaid, deficit);
        }
        if (amount != 0) Accounts.credit(s, Accounts.fundOf(market), int256(amount));
    }

    /// @dev Books what a fund without a position is short of; the caller sets its cash to zero.
    function book(ClearingState storage s, MarketId market, uint256 amount) internal {
        uint256 deficit = s.deficits[market.unwrap()] + amount;
        s.deficits[market.unwrap()] = deficit;
        // Both are below 2^96 × markets.
        s.totalDeficit += uint128(amount);
        emit IClearingEvents.DeficitBooked(market, amount, deficit);
    }
}
