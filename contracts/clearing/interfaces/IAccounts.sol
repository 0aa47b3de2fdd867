// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../../types/Identifiers.sol";

/// @notice Accounts: an owner, a subaccount number, and cash in units of the collateral token.
interface IAccounts {
    /// @notice Deposits from the sender into the sender's subaccount, opening it at the first deposit.
    /// @param subaccount Number under the sender, any.
    /// @param amount Collateral units, above zero; must arrive whole.
    /// @return account Number of the account.
    /// @dev Errors: ZeroAmount, DepositCredited (a token that takes a fee), CollateralShort (a token that has taken balances
    ///      away: what is left is owed already), CashOutOfRange, TooManyAccounts.
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

    /// @notice Deposits from the sender into any owner's account, to that owner's benefit. Funds are topped up by `topUpFund`.
    /// @dev Errors: ZeroAmount, UnknownAccount, AccountIsRetired, DepositCredited, CollateralShort, CashOutOfRange.
    function depositFor(AccountId account, uint256 amount) external;

    /// @notice Withdraws to any address. Only the owner, never an operator.
    /// @param amount Collateral units; afterwards equity, without gains in expired markets, must cover IM, and cash
    ///        must not be below zero. While a market owes what its fund could not pay, every withdrawal leaves the same
    ///        share behind as a claim (see `redeemClaim`), and only the rest is paid.
    /// @dev Errors: NotOwner, ZeroAmount, InsufficientMargin, InsufficientCash.
    function withdraw(AccountId account, uint256 amount, address to) external;

    /// @notice Turns what an account's withdrawals left behind back into its cash, once every deficit has been repaid.
    /// @dev Anyone. Errors: DeficitStands (what is still owed), NoClaim.
    /// @return amount Collateral units.
    function redeemClaim(AccountId account) external returns (uint256 amount);

    /// @notice Lets `operator` trade for the account until `expiry` (Unix time; 0 revokes). Operators never withdraw.
    /// @dev Only the owner. Errors: NotOwner.
    function setOperator(AccountId account, address operator, uint40 expiry) external;

    /// @notice Moves cash between two accounts of the sender. What may be moved is what could be withdrawn.
    /// @dev Owner of both, never an operator. Errors: NotOwner, SameAccount, AccountIsRetired (the receiver), ZeroAmount,
    ///      InsufficientCash, InsufficientMargin, IndexStale.
    function transfer(AccountId from, AccountId to, uint256 amount) external;

    /// @notice Allows `builder` a fee on what orders that it brings take, up to `cap` tenths of a basis point (at most
    ///         100); 0 allows none.
    /// @dev Only the owner. Errors: NotOwner, SameAccount, UnknownAccount, BuilderFeeTooHigh (cap, highest cap).
    function setBuilder(AccountId account, AccountId builder, uint16 cap) external;

    /// @notice Dead-man switch: unless called again in time, every order of the account is dead after `seconds_` seconds
    ///         (5 to 30 days; 0 takes the switch off). Dead orders are never filled, in any market, and never live again:
    ///         once the switch has fired, the account places nothing until none of its orders is in the book, and only then
    ///         can the switch be set or taken off. Anyone may take the dead ones out (`cancelFired`).
    /// @dev Owner or operator. The last second counts. Errors: NotAuthorised, AccountIsRetired, ParameterOutOfRange, and
    ///      OrdersOpen (market, orders) while orders of a fired switch are left.
    /// @return deadline Last second at which the orders are good, 0 without a switch.
    function cancelAllAfter(AccountId account, uint32 seconds_) external returns (uint40 deadline);

    /// @notice Several calls of the sender in one, each as if sent alone, in order: all or none.
    /// @dev Reverts with the error of the call that fails.
    /// @return results What each call returned, ABI-encoded.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);

    /// @notice Fee that an account's owner allows a builder, tenths of a basis point.
    function builderCap(AccountId account, AccountId builder) external view returns (uint16 cap);

    /// @notice Last second at which an account's orders are good under its dead-man switch; 0 when none is armed.
    function switchDeadline(AccountId account) external view returns (uint40 deadline);

    /// @notice Number of an owner's subaccount; 0 when it has not been opened.
    function accountOf(address owner, uint16 subaccount) external view returns (AccountId account);

    /// @notice Last second at which `operator` may trade for the account.
    function operatorExpiry(AccountId account, address operator) external view returns (uint40 expiry);

    /// @notice Collateral token of this clearing house.
    function collateral() external view returns (address token);

    /// @notice Collateral units that came in minus those that went out through calls of this contract.
    function tracked() external view returns (uint256 amount);
}
