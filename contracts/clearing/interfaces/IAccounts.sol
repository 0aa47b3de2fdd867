// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../../types/Identifiers.sol";

/// @notice Accounts: an owner, a subaccount number, and cash in units of the collateral token.
interface IAccounts {
    /// @notice Deposits from the sender into the sender's subaccount, opening it at the first deposit.
    /// @param subaccount Number under the sender, any.
    /// @param amount Collateral units, above zero; must arrive whole.
    /// @return account Number of the account.
    /// @dev Errors: ZeroAmount, DepositCredited (a token that takes a fee), CashOutOfRange, TooManyAccounts.
    function deposit(uint16 subaccount, uint256 amount) external returns (AccountId account);

    /// @notice `deposit` after an ERC-2612 permit of the sender for this contract. A permit that somebody has already
    ///         submitted does no harm: the allowance counts.
    /// @dev Errors: as `deposit`, and the token's own when the allowance does not suffice.
    function depositWithPermit(
        uint16 subaccount,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (AccountId account);

    /// @notice Deposits from the sender into any existing account (also a market's fund), to its owner's benefit.
    /// @dev Errors: ZeroAmount, UnknownAccount, AccountIsRetired, DepositCredited, CashOutOfRange.
    function depositFor(AccountId account, uint256 amount) external;

    /// @notice Withdraws to any address. Only the owner, never an operator.
    /// @param amount Collateral units; afterwards equity, without gains in expired markets, must cover IM, and cash
    ///        must not be below zero.
    /// @dev Errors: NotOwner, ZeroAmount, InsufficientMargin, InsufficientCash.
    function withdraw(AccountId account, uint256 amount, address to) external;

    /// @notice Lets `operator` trade for the account until `expiry` (Unix time; 0 revokes). Operators never withdraw.
    /// @dev Only the owner. Errors: NotOwner.
    function setOperator(AccountId account, address operator, uint40 expiry) external;

    /// @notice Number of an owner's subaccount; 0 when it has not been opened.
    function accountOf(address owner, uint16 subaccount) external view returns (AccountId account);

    /// @notice Last second at which `operator` may trade for the account.
    function operatorExpiry(AccountId account, address operator) external view returns (uint40 expiry);

    /// @notice Collateral token of this clearing house.
    function collateral() external view returns (address token);

    /// @notice Collateral units that came in minus those that went out through calls of this contract.
    function tracked() external view returns (uint256 amount);
}
