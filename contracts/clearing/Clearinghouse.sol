// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "../index/interfaces/IIndexReader.sol";
import {MarketContext} from "../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../types/Identifiers.sol";
import {ClearingBase, Configuration} from "./ClearingBase.sol";
import {IAccounts} from "./interfaces/IAccounts.sol";
import {IAdministration} from "./interfaces/IAdministration.sol";
import {IClearingErrors} from "./interfaces/IClearingErrors.sol";
import {IClearingEvents} from "./interfaces/IClearingEvents.sol";
import {DropReason, OrderParameters} from "./interfaces/ClearingTypes.sol";
import {ILens} from "./interfaces/ILens.sol";
import {ILiquidation} from "./interfaces/ILiquidation.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {ITrading} from "./interfaces/ITrading.sol";
import {Accounts} from "./libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "./libraries/ClearingStorage.sol";
import {Health, Margin} from "./libraries/Margin.sol";
import {Taker} from "./libraries/Matching.sol";
import {Orders} from "./libraries/Orders.sol";
import {Book, Found} from "../book/libraries/Book.sol";

/// @dev Code behind the fallback, fixed at construction.
struct Modules {
    address accounts;
    address settlement;
    address liquidation;
    address administration;
    address preview;
    address lens;
}

/// @title Clearinghouse
/// @notice Collateral, accounts, positions and books in one place. Trading stands here; what happens more rarely is in
///         immutable modules reached through the fallback under the same address. See IClearinghouse for the whole.
contract Clearinghouse is ClearingBase, ITrading, IClearingEvents, IClearingErrors {
    address private immutable ACCOUNTS;
    address private immutable SETTLEMENT;
    address private immutable LIQUIDATION;
    address private immutable ADMINISTRATION;
    address private immutable PREVIEW;
    address private immutable LENS;

    constructor(Configuration memory configuration, Modules memory modules) ClearingBase(configuration) {
        ClearingStorage.load().index = INDEX;
        ACCOUNTS = modules.accounts;
        SETTLEMENT = modules.settlement;
        LIQUIDATION = modules.liquidation;
        ADMINISTRATION = modules.administration;
        PREVIEW = modules.preview;
        LENS = modules.lens;
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
        (id, raised) = Orders.place(s, account, order, UNIT, c, t);
        filledLots = t.filled;
        if (raised || filledLots != 0 || t.reserve != 0)
            _require(Orders.health(s, c, t, UNIT), raised, t.reserve);
    }

    /// @inheritdoc ITrading
    function cancel(OrderId id) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        Found memory found = Book.find(s, id);
        lots = found.order.lots;
        if (lots == 0) revert OrderNotFound(id);
        Accounts.requireTrader(s, AccountId.wrap(uint32(found.order.account)));
        if (!Orders.remove(s, found, DropReason.Cancelled, UNIT)) revert OrderNotFound(id);
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
            Found memory found = Book.find(s, cancels[i]);
            if (found.order.lots == 0) continue;
            if (found.order.account != account.unwrap()) revert WrongAccount(cancels[i], account);
            Orders.remove(s, found, DropReason.Cancelled, UNIT);
        }
        ids = new OrderId[](orders.length);
        bool raised = false;
        bool filled = false;
        uint256 reserve = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            MarketContext memory c;
            Taker memory t;
            bool raises;
            (ids[i], raises) = Orders.place(s, account, orders[i], UNIT, c, t);
            raised = raised || raises;
            filled = filled || t.filled != 0;
            reserve += t.reserve;
        }
        // Once, over everything that the batch left behind: no step can hide behind a later one.
        if (raised || filled || reserve != 0) _require(Margin.health(s, account, UNIT), raised, reserve);
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
            selector == IAccounts.deposit.selector ||
            selector == IAccounts.depositWithPermit.selector ||
            selector == IAccounts.depositFor.selector ||
            selector == IAccounts.withdraw.selector ||
            selector == IAccounts.setOperator.selector ||
            selector == IAccounts.accountOf.selector ||
            selector == IAccounts.operatorExpiry.selector ||
            selector == IAccounts.collateral.selector ||
            selector == IAccounts.tracked.selector
        ) return ACCOUNTS;
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
        if (selector == ILens.previewOrder.selector) return PREVIEW;
        return LENS;
    }

    // -------------------------------------------------------------------------------------------------------- private

    /// @dev New risk needs IM. Reducing does not, but no taker may pay a maker with what is the fund's, so equity stays at or
    ///      above zero, and at or above what its closing orders may still lose.
    function _require(Health memory h, bool raised, uint256 reserve) private pure {
        uint256 required = raised ? h.initial : reserve;
        if (h.equity < int256(required)) revert InsufficientMargin(h.equity, required);
    }
}
