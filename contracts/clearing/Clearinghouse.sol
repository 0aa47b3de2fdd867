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
        // As a number: every comparison of four bytes would clear the others again.
        address module = _moduleOf(uint32(msg.sig));
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

    function _moduleOf(uint256 selector) private view returns (address) {
        if (selector == uint32(IClock.advanced.selector) || selector == uint32(IClock.requireStage.selector))
            return CLOCK;
        if (
            selector == uint32(IIndexReader.onIndexPushed.selector) ||
            selector == uint32(ISettlement.sync.selector)
        ) return SETTLEMENT;
        // What trades ask for themselves comes first.
        if (selector == uint32(IWaterfall.serve.selector) || selector == uint32(IWaterfall.served.selector))
            return WATERFALL;
        if (
            selector == uint32(IOrders.batch.selector) ||
            selector == uint32(IOrders.amend.selector) ||
            selector == uint32(IOrders.placeThrough.selector) ||
            selector == uint32(ILens.previewOrder.selector)
        ) return ORDERS;
        if (
            selector == uint32(IAccounts.deposit.selector) ||
            selector == uint32(IAccounts.depositWithPermit.selector) ||
            selector == uint32(IAccounts.depositFor.selector) ||
            selector == uint32(IAccounts.withdraw.selector) ||
            selector == uint32(IAccounts.transfer.selector) ||
            selector == uint32(IAccounts.redeemClaim.selector) ||
            selector == uint32(IAccounts.setOperator.selector) ||
            selector == uint32(IAccounts.setBuilder.selector) ||
            selector == uint32(IAccounts.cancelAllAfter.selector) ||
            selector == uint32(IAccounts.multicall.selector) ||
            selector == uint32(IAccounts.builderCap.selector) ||
            selector == uint32(IAccounts.switchDeadline.selector) ||
            selector == uint32(IAccounts.accountOf.selector) ||
            selector == uint32(IAccounts.operatorExpiry.selector) ||
            selector == uint32(IAccounts.collateral.selector) ||
            selector == uint32(IAccounts.tracked.selector)
        ) return ACCOUNTS;
        if (
            selector == uint32(IMargin.calendarCredit.selector) ||
            selector == uint32(IMargin.raisesInitial.selector) ||
            selector == uint32(IMargin.hedgedLots.selector) ||
            selector == uint32(IMargin.enforceableMaintenance.selector) ||
            selector == uint32(IMargin.scheduleMargins.selector) ||
            selector == uint32(IMargin.cancelMargins.selector) ||
            selector == uint32(IMargin.applyMargins.selector) ||
            selector == uint32(IMargin.pendingMargins.selector)
        ) return MARGIN;
        if (
            selector == uint32(ILiquidation.liquidate.selector) ||
            selector == uint32(ILiquidation.unwind.selector)
        ) return LIQUIDATION;
        if (
            selector == uint32(IWaterfall.absorb.selector) ||
            selector == uint32(IWaterfall.deleverage.selector) ||
            selector == uint32(IWaterfall.applyRounds.selector) ||
            selector == uint32(IWaterfall.settleFunds.selector) ||
            selector == uint32(IWaterfall.payShortfall.selector) ||
            selector == uint32(IWaterfall.topUpFund.selector) ||
            selector == uint32(IWaterfall.drainFund.selector)
        ) return WATERFALL;
        if (
            selector == uint32(IUpkeep.cancelRiskRaising.selector) ||
            selector == uint32(IUpkeep.sweep.selector) ||
            selector == uint32(IUpkeep.sweepOrders.selector) ||
            selector == uint32(IUpkeep.cancelFired.selector)
        ) return UPKEEP;
        if (
            selector == uint32(ISettlement.follow.selector) ||
            selector == uint32(ISettlement.settle.selector) ||
            selector == uint32(ISettlement.settleAccounts.selector) ||
            selector == uint32(ISettlement.convertSettled.selector)
        ) return SETTLEMENT;
        if (
            selector == uint32(IAdministration.setFees.selector) ||
            selector == uint32(IAdministration.setLimits.selector) ||
            selector == uint32(IAdministration.setFundTerms.selector) ||
            selector == uint32(IAdministration.stopNewRisk.selector) ||
            selector == uint32(IAdministration.resumeNewRisk.selector) ||
            selector == uint32(IAdministration.collectFees.selector) ||
            selector == uint32(IAdministration.skim.selector)
        ) return ADMINISTRATION;
        if (selector == uint32(IListing.addFeed.selector) || selector == uint32(IListing.listMarket.selector))
            return LISTING;
        return LENS;
    }
}
