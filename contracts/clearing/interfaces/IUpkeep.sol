// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, OrderId} from "../../types/Identifiers.sol";

/// @notice Keeping the book clean: orders that may no longer stand. Anyone may call.
interface IUpkeep {
    /// @notice Cancels resting orders of an account below IM: those on a side that could do more than close the position,
    ///         and below MM those that would close it at a price worse than mark. Stops as soon as the account is back at IM. Orders that are no longer in the book are
    ///         passed over.
    /// @dev Errors: AccountHealthy (equity ≥ IM), WrongAccount.
    /// @return lots Lots cancelled in all.
    function cancelRiskRaising(AccountId account, OrderId[] calldata ids) external returns (uint256 lots);
}
