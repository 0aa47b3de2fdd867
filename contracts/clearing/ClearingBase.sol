// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IUsageIndex} from "../index/interfaces/IUsageIndex.sol";
import {AccountId} from "../types/Identifiers.sol";
import {IClearingErrors} from "./interfaces/IClearingErrors.sol";
import {ClearingStorage} from "./libraries/ClearingStorage.sol";

/// @dev What the clearing house and each of its modules are built with; the same for all of them.
/// @param authority AccessManager that governs it.
/// @param collateral ERC-20 of 6 to 18 decimals.
/// @param index Index contract whose pushes it takes.
struct Configuration {
    address authority;
    address collateral;
    address index;
}

/// @notice Immutables shared by the clearing house and its modules. Modules run by delegatecall, so that storage,
///         balance and sender are the clearing house's; what they read from code must be equal in all of them.
abstract contract ClearingBase is AccessManaged, ReentrancyGuardTransient {
    address internal immutable COLLATERAL;
    IUsageIndex internal immutable INDEX;
    /// @dev Collateral units in a millionth of a token: tick values are told in millionths.
    uint256 internal immutable UNIT;

    /// @dev A call of several steps whose margin is checked once, at its end. OrdersModule opens it for one account, lets the
    ///      clearing house place that account's orders, adds up what each step would have checked, and ends it, all in one
    ///      call in which nobody else's code runs; a revert ends it as well. Account 0: none is open.
    AccountId internal transient deferredAccount;
    /// @dev Whether the steps are a preview that is reverted whatever happens, so that anyone may send it.
    bool internal transient deferredPreview;
    /// @dev Whether a step may have raised risk, and whether any step needs a check at all.
    bool internal transient deferredRaised;
    bool internal transient deferredCheck;
    /// @dev Sums over the steps: equity that closing orders need, tick·lots traded, taker fees.
    uint256 internal transient deferredReserve;
    uint256 internal transient deferredNotional;
    uint256 internal transient deferredFee;

    constructor(Configuration memory configuration) AccessManaged(configuration.authority) {
        uint256 decimals = IERC20Metadata(configuration.collateral).decimals();
        if (decimals < 6 || decimals > 18) {
            revert IClearingErrors.ParameterOutOfRange("decimals", int256(decimals), 6, 18);
        }
        if (configuration.index == address(0)) revert IClearingErrors.ZeroAddress();
        COLLATERAL = configuration.collateral;
        INDEX = IUsageIndex(configuration.index);
        UNIT = 10 ** (decimals - 6);
    }

    /// @dev Takes tokens from the sender: what was asked for, and only if exactly that arrives. The caller counts them.
    function _pull(uint256 amount) internal {
        if (amount == 0) revert IClearingErrors.ZeroAmount();
        if (amount > uint256(uint96(type(int96).max))) revert IClearingErrors.CashOutOfRange(type(int96).max);
        uint256 before = IERC20(COLLATERAL).balanceOf(address(this));
        // A token that takes balances away: who comes now would pay for those who were here.
        uint256 owed = ClearingStorage.load().tracked;
        if (before < owed) revert IClearingErrors.CollateralShort(before, owed);
        SafeERC20.safeTransferFrom(IERC20(COLLATERAL), msg.sender, address(this), amount);
        uint256 credited = IERC20(COLLATERAL).balanceOf(address(this)) - before;
        if (credited != amount) revert IClearingErrors.DepositCredited(credited, amount);
    }
}
