// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IIndexReader} from "../index/interfaces/IIndexReader.sol";
import {DatedFutures} from "../instruments/libraries/DatedFutures.sol";
import {MarketContext} from "../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../types/Identifiers.sol";
import {ClearingBase, Configuration} from "./ClearingBase.sol";
import {IAccounts} from "./interfaces/IAccounts.sol";
import {IAdministration} from "./interfaces/IAdministration.sol";
import {IClearingErrors} from "./interfaces/IClearingErrors.sol";
import {IClearingEvents} from "./interfaces/IClearingEvents.sol";
import {DropReason, OrderParameters} from "./interfaces/ClearingTypes.sol";
import {ILiquidation} from "./interfaces/ILiquidation.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {ITrading} from "./interfaces/ITrading.sol";
import {Accounts} from "./libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "./libraries/ClearingStorage.sol";
import {Health, Margin} from "./libraries/Margin.sol";
import {Taker} from "./libraries/Matching.sol";
import {Orders} from "./libraries/Orders.sol";
import {Book} from "../book/libraries/Book.sol";
import {Level, Purse, RestingOrder} from "./libraries/Words.sol";

/// @dev Code behind the fallback, fixed at construction.
struct Modules {
    address settlement;
    address liquidation;
    address administration;
    address lens;
}

/// @title Clearinghouse
/// @notice Collateral, accounts, positions and books in one place. What users do every day stands here; the rarer roles
///         are immutable modules reached through the fallback under the same address. See IClearinghouse for the whole.
contract Clearinghouse is ClearingBase, IAccounts, ITrading, IClearingEvents, IClearingErrors {
    using SafeERC20 for IERC20;

    address private immutable SETTLEMENT;
    address private immutable LIQUIDATION;
    address private immutable ADMINISTRATION;
    address private immutable LENS;

    constructor(Configuration memory configuration, Modules memory modules) ClearingBase(configuration) {
        SETTLEMENT = modules.settlement;
        LIQUIDATION = modules.liquidation;
        ADMINISTRATION = modules.administration;
        LENS = modules.lens;
    }

    // ------------------------------------------------------------------------------------------------------- accounts

    /// @inheritdoc IAccounts
    function deposit(uint16 subaccount, uint256 amount) external nonReentrant returns (AccountId account) {
        return _deposit(subaccount, amount);
    }

    /// @inheritdoc IAccounts
    function depositWithPermit(
        uint16 subaccount,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (AccountId account) {
        // Somebody may have used the permit before us: then the allowance is there and the transfer decides.
        try IERC20Permit(COLLATERAL).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(subaccount, amount);
    }

    /// @inheritdoc IAccounts
    function depositFor(AccountId account, uint256 amount) external nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        if (!Accounts.exists(s, account)) revert UnknownAccount(account);
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        _receive(s, account, amount);
    }

    /// @inheritdoc IAccounts
    function withdraw(AccountId account, uint256 amount, address to) external nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, account);
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroAddress();
        DatedFutures.touchAll(s, account, INDEX, UNIT);
        DatedFutures.convertAll(s, account, UNIT);
        DatedFutures.requireValidMarks(s, account);

        Purse memory purse = Accounts.loadPurse(s, account);
        if (purse.cash < 0 || uint256(purse.cash) < amount) revert InsufficientCash(purse.cash, amount);
        purse.cash -= int256(amount);
        Accounts.storePurse(s, account, purse);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity - h.expiredGain < int256(h.initial)) {
            revert InsufficientMargin(h.equity - h.expiredGain, h.initial);
        }
        s.tracked -= amount;
        emit Withdrawn(account, to, amount);
        IERC20(COLLATERAL).safeTransfer(to, amount);
    }

    /// @inheritdoc IAccounts
    function setOperator(AccountId account, address operator, uint40 expiry) external {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, account);
        s.operators[account.unwrap()][operator] = expiry;
        emit OperatorSet(account, operator, expiry);
    }

    // -------------------------------------------------------------------------------------------------------- trading

    /// @inheritdoc ITrading
    function place(
        AccountId account,
        OrderParameters calldata order
    ) external returns (OrderId id, uint256 filledLots) {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireTrader(s, account);
        MarketContext memory c;
        Taker memory t;
        bool raised;
        (id, c, t, raised) = Orders.place(s, account, order, UNIT);
        filledLots = t.filled;
        if (raised) _requireInitialMargin(Orders.health(s, c, t, UNIT));
    }

    /// @inheritdoc ITrading
    function cancel(OrderId id) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        (RestingOrder memory order, Level memory level) = Book.find(s, id);
        AccountId account = AccountId.wrap(uint32(order.account));
        if (order.lots == 0) revert OrderNotFound(id);
        Accounts.requireTrader(s, account);
        if (!Orders.remove(s, id, account, order, level, DropReason.Cancelled, UNIT))
            revert OrderNotFound(id);
        return order.lots;
    }

    /// @inheritdoc ITrading
    function batch(
        AccountId account,
        OrderId[] calldata cancels,
        OrderParameters[] calldata orders
    ) external returns (OrderId[] memory ids) {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireTrader(s, account);
        for (uint256 i = 0; i < cancels.length; ++i) {
            (RestingOrder memory order, Level memory level) = Book.find(s, cancels[i]);
            if (order.lots == 0) continue;
            if (order.account != account.unwrap()) revert WrongAccount(cancels[i], account);
            Orders.remove(s, cancels[i], account, order, level, DropReason.Cancelled, UNIT);
        }
        ids = new OrderId[](orders.length);
        bool raised = false;
        for (uint256 i = 0; i < orders.length; ++i) {
            bool raises;
            (ids[i], , , raises) = Orders.place(s, account, orders[i], UNIT);
            raised = raised || raises;
        }
        // Once, over everything that the batch left behind: no step can hide behind a later one.
        if (raised) _requireInitialMargin(Margin.health(s, account, UNIT));
    }

    // ---------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IAccounts
    function accountOf(address owner, uint16 subaccount) external view returns (AccountId account) {
        uint256 key = (uint256(uint160(owner)) << 16) | subaccount;
        return AccountId.wrap(uint32(ClearingStorage.load().accounts[key]));
    }

    /// @inheritdoc IAccounts
    function operatorExpiry(AccountId account, address operator) external view returns (uint40 expiry) {
        return ClearingStorage.load().operators[account.unwrap()][operator];
    }

    /// @inheritdoc IAccounts
    function collateral() external view returns (address token) {
        return COLLATERAL;
    }

    /// @inheritdoc IAccounts
    function tracked() external view returns (uint256 amount) {
        return ClearingStorage.load().tracked;
    }

    // -------------------------------------------------------------------------------------------------------- modules

    /// @dev Everything else of IClearinghouse runs in the module that has it, on this contract's storage.
    fallback() external {
        address module = _moduleOf(msg.sig);
        // Returning another contract's data unchanged needs assembly.
        assembly ("memory-safe") {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), module, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch success
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }

    function _moduleOf(bytes4 selector) private view returns (address) {
        if (
            selector == ILiquidation.liquidate.selector ||
            selector == ILiquidation.absorb.selector ||
            selector == ILiquidation.cancelRiskRaising.selector
        ) return LIQUIDATION;
        if (
            selector == ISettlement.sync.selector ||
            selector == ISettlement.follow.selector ||
            selector == ISettlement.settle.selector ||
            selector == ISettlement.settleAccounts.selector ||
            selector == IIndexReader.onIndexPushed.selector
        ) return SETTLEMENT;
        if (
            selector == IAdministration.addFeed.selector ||
            selector == IAdministration.listMarket.selector ||
            selector == IAdministration.setFees.selector ||
            selector == IAdministration.setLimits.selector ||
            selector == IAdministration.stopNewRisk.selector ||
            selector == IAdministration.resumeNewRisk.selector ||
            selector == IAdministration.collectFees.selector ||
            selector == IAdministration.skim.selector
        ) return ADMINISTRATION;
        return LENS;
    }

    // -------------------------------------------------------------------------------------------------------- private

    function _deposit(uint16 subaccount, uint256 amount) private returns (AccountId account) {
        ClearingState storage s = ClearingStorage.load();
        account = Accounts.openFor(s, msg.sender, subaccount);
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        _receive(s, account, amount);
    }

    /// @dev Takes tokens from the sender. What is credited is what was asked for, and only if exactly that arrived.
    function _receive(ClearingState storage s, AccountId account, uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        if (amount > uint256(uint96(type(int96).max))) revert CashOutOfRange(type(int96).max);
        uint256 before = IERC20(COLLATERAL).balanceOf(address(this));
        IERC20(COLLATERAL).safeTransferFrom(msg.sender, address(this), amount);
        uint256 credited = IERC20(COLLATERAL).balanceOf(address(this)) - before;
        if (credited != amount) revert DepositCredited(credited, amount);
        s.tracked += amount;
        Accounts.credit(s, account, int256(amount));
        emit Deposited(account, msg.sender, amount);
    }

    function _requireInitialMargin(Health memory h) private pure {
        if (h.equity < int256(h.initial)) revert InsufficientMargin(h.equity, h.initial);
    }
}
