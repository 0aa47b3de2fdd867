// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../../types/Identifiers.sol";

/// @notice What happens to accounts and funds that have nothing left; every step may be called by anyone.
interface IWaterfall {
    /// @notice Hands an account with equity at or below zero to the funds of its markets: each fund takes the position
    ///         whole, the shortfall is shared by MM, the account is retired and its orders are dropped when met.
    /// @dev Errors: AccountNotBankrupt (equity), UnknownAccount, AccountIsRetired, NoPosition, IndexStale.
    function absorb(AccountId account) external;
}
