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
import {IClock} from "./interfaces/IClock.sol";
import {ILiquidation} from "./interfaces/ILiquidation.sol";
import {IListing} from "./interfaces/IListing.sol";
import {IMargin} from "./interfaces/IMargin.sol";
import {IOrders} from "./interfaces/IOrders.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {ITrading} from "./interfaces/ITrading.sol";
import {IUpkeep} from "./interfaces/IUpkeep.sol";
import {IWaterfall} from "./interfaces/IWaterfall.sol";
import {Accounts} from "./libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "./libraries/ClearingStorage.sol";
import {Margin} from "./libraries/Margin.sol";
import {Taker} from "./libraries/Matching.sol";
import {Orders} from "./libraries/Orders.sol";
import {Book, Found} from "../book/libraries/Book.sol";

/// @dev Code behind the fallback, fixed at construction.
struct Modules {
    address accounts;
    address orders;
    address settlement;
    address clock;
    address margin;
    address liquidation;
    address waterfall;
    address upkeep;
    address administration;
    address listing;
    address lens;
}

/// @title Clearinghouse
/// @notice Collateral, accounts, positions and books in one place. Trading stands here; what happens more rarely is in
///         immutable modules reached through the fallback under the same address. See IClearinghouse for the whole.
contract Clearinghouse is ClearingBase, ITrading, IClearingEvents, IClearingErrors {
    address private immutable ACCOUNTS;
    address private immutable ORDERS;
    address private immutable SETTLEMENT;
    address private immutable CLOCK;
    address private immutable MARGIN;
    address private immutable LIQUIDATION;
    address private immutable WATERFALL;
    address private immutable UPKEEP;
    address private immutable ADMINISTRATION;
    address private immutable LISTING;
    address private immutable LENS;

    constructor(Configuration memory configuration, Modules memory modules) ClearingBase(configuration) {
        ClearingStorage.load().index = INDEX;
        ACCOUNTS = modules.accounts;
        ORDERS = modules.orders;
        SETTLEMENT = modules.settlement;
        CLOCK = modules.clock;
        MARGIN = modules.margin;
        LIQUIDATION = modules.liquidation;
        WATERFALL = modules.waterfall;
        UPKEEP = modules.upkeep;
        ADMINISTRATION = modules.administration;
        LISTING = modules.listing;
        LENS = modules.lens;
    }

    // -------------------------------------------------------------------------------------------------------- trading

    /// @inheritdoc ITrading
    function place(
        AccountId account,
        OrderParameters calldata order
    ) external returns (OrderId id, uint256 filledLots) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c;
        Taker memory t;
        bool deferred = deferredAccount.unwrap() != 0 && deferredAccount.unwrap() == account.unwrap();
        t.guarded = Accounts.requirePlacer(s, account, deferred && deferredPreview);
        bool raised;
        (id, raised) = Orders.place(s, account, order, UNIT, c, t);
        filledLots = t.filled;
        if (!raised && filledLots == 0 && t.reserve == 0) return (id, filledLots);
        if (deferred) {
            _defer(t, raised);
            // A debt is nothing for a later step, in which a fund might pay it.
            if (t.purse.cash >= 0) return (id, filledLots);
            (raised, t.reserve) = (false, 0);
        }
        Margin.require_(Orders.health(s, c, t, UNIT), raised, t.reserve);
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

    /// @dev Leaves the check of a step to the end of the call that it is part of.
    function _defer(Taker memory t, bool raised) private {
        deferredCheck = true;
        if (raised) deferredRaised = true;
        deferredReserve += t.reserve;
        deferredNotional += t.notional;
        deferredFee += t.fee;
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
        if (selector == IClock.advanced.selector || selector == IClock.requireStage.selector) return CLOCK;
        // What trades ask for themselves comes first.
        if (selector == IWaterfall.serve.selector || selector == IWaterfall.served.selector) return WATERFALL;
        if (
            selector == IOrders.batch.selector ||
            selector == IOrders.amend.selector ||
            selector == IOrders.placeThrough.selector ||
            selector == ILens.previewOrder.selector
        ) return ORDERS;
        if (
            selector == IAccounts.deposit.selector ||
            selector == IAccounts.depositWithPermit.selector ||
            selector == IAccounts.depositFor.selector ||
            selector == IAccounts.withdraw.selector ||
            selector == IAccounts.transfer.selector ||
            selector == IAccounts.redeemClaim.selector ||
            selector == IAccounts.setOperator.selector ||
            selector == IAccounts.setBuilder.selector ||
            selector == IAccounts.cancelAllAfter.selector ||
            selector == IAccounts.multicall.selector ||
            selector == IAccounts.builderCap.selector ||
            selector == IAccounts.switchDeadline.selector ||
            selector == IAccounts.accountOf.selector ||
            selector == IAccounts.operatorExpiry.selector ||
            selector == IAccounts.collateral.selector ||
            selector == IAccounts.tracked.selector
        ) return ACCOUNTS;
        if (
            selector == IMargin.calendarCredit.selector ||
            selector == IMargin.raisesInitial.selector ||
            selector == IMargin.hedgedLots.selector ||
            selector == IMargin.enforceableMaintenance.selector ||
            selector == IMargin.scheduleMargins.selector ||
            selector == IMargin.cancelMargins.selector ||
            selector == IMargin.applyMargins.selector ||
            selector == IMargin.pendingMargins.selector
        ) return MARGIN;
        if (selector == ILiquidation.liquidate.selector || selector == ILiquidation.unwind.selector)
            return LIQUIDATION;
        if (
            selector == IWaterfall.absorb.selector ||
            selector == IWaterfall.deleverage.selector ||
            selector == IWaterfall.applyRounds.selector ||
            selector == IWaterfall.settleFunds.selector ||
            selector == IWaterfall.payShortfall.selector ||
            selector == IWaterfall.topUpFund.selector ||
            selector == IWaterfall.drainFund.selector
        ) return WATERFALL;
        if (
            selector == IUpkeep.cancelRiskRaising.selector ||
            selector == IUpkeep.sweep.selector ||
            selector == IUpkeep.sweepOrders.selector ||
            selector == IUpkeep.cancelFired.selector
        ) return UPKEEP;
        if (
            selector == ISettlement.sync.selector ||
            selector == ISettlement.follow.selector ||
            selector == ISettlement.settle.selector ||
            selector == ISettlement.settleAccounts.selector ||
            selector == ISettlement.convertSettled.selector ||
            selector == IIndexReader.onIndexPushed.selector
        ) return SETTLEMENT;
        if (
            selector == IAdministration.setFees.selector ||
            selector == IAdministration.setLimits.selector ||
            selector == IAdministration.setFundTerms.selector ||
            selector == IAdministration.stopNewRisk.selector ||
            selector == IAdministration.resumeNewRisk.selector ||
            selector == IAdministration.collectFees.selector ||
            selector == IAdministration.skim.selector
        ) return ADMINISTRATION;
        if (selector == IListing.addFeed.selector || selector == IListing.listMarket.selector) return LISTING;
        return LENS;
    }
}
