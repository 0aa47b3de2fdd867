// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {Book, Found} from "../../book/libraries/Book.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {Builder, OrderKind, OrderParameters, OrderPreview} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ILens} from "../interfaces/ILens.sol";
import {IOrders} from "../interfaces/IOrders.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ITrading} from "../interfaces/ITrading.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Orders} from "../libraries/Orders.sol";
import {Positions} from "../libraries/Positions.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {MarketRisk} from "../libraries/Words.sol";

/// @title OrdersModule
/// @notice Several orders at once, changed ones, brought ones, and what an order would do, behind the clearing house's fallback.
/// @dev Each step is a call of the clearing house's own `place` or `cancel` for the same sender (a delegatecall to this
///      address, as in `multicall`), so that there is one code that matches. Where the steps form one order of business their
///      margin is deferred (see ClearingBase) and checked here over everything that they left behind.
contract OrdersModule is ClearingBase, IOrders, IClearingEvents, IClearingErrors {
    using Rounding for int256;

    /// @dev Tenths of a basis point in one.
    uint256 private constant FEE_UNIT = 100_000;

    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IOrders
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
            // Orders of a position that was converted are void without a trace.
            if (Positions.load(s, cancels[i].market(), account).openOrders() != 0) _cancel(cancels[i]);
        }
        ids = new OrderId[](orders.length);
        if (orders.length == 0) return ids;
        // What rounds and settlements still make of the account is realised before anything is put off: in the middle a loss
        // would meet cash that an earlier step has spent, and a fund would pay it.
        Rounds.serveAll(s, account);
        ISettlement(address(this)).convertSettled(account);
        deferredAccount = account;
        for (uint256 i = 0; i < orders.length; ++i) (ids[i], ) = _place(account, orders[i]);
        _settleMargin(s, account, false);
    }

    /// @inheritdoc IOrders
    function amend(
        OrderId id,
        OrderParameters calldata order
    ) external returns (OrderId newId, uint256 filledLots) {
        ClearingState storage s = ClearingStorage.load();
        Found memory found = Book.find(s, id);
        if (found.order.lots == 0) revert OrderNotFound(id);
        AccountId account = AccountId.wrap(uint32(found.order.account));
        Accounts.requirePlacer(s, account, false);
        if (order.market.unwrap() != id.market().unwrap()) revert WrongMarket(id, order.market);
        if (order.kind > OrderKind.PostOnly) revert NeverRests(order.kind);
        if (Orders.shorten(s, found, order, UNIT)) return (id, 0);
        _cancel(id);
        // The last step checks margin itself.
        return _place(account, order);
    }

    /// @inheritdoc IOrders
    function placeThrough(
        AccountId account,
        OrderParameters calldata order,
        Builder calldata builder
    ) external returns (OrderId id, uint256 filledLots) {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requirePlacer(s, account, false);
        Accounts.requireNumber(builder.account);
        uint256 cap = s.builderCaps[Accounts.builderKey(account, builder.account)];
        if (builder.fee > cap) revert BuilderFeeTooHigh(builder.fee, cap);
        deferredAccount = account;
        (id, filledLots) = _place(account, order);
        if (builder.fee != 0 && filledLots != 0) {
            if (Accounts.isRetired(s, builder.account)) revert AccountIsRetired(builder.account);
            uint256 tickValue = MarketRisk.wrap(s.markets[order.market.unwrap()].risk).tickValue() * UNIT;
            uint256 fee = Rounding.mulDivUp(deferredNotional * tickValue, builder.fee, FEE_UNIT);
            // The taker's cash first: its margin is judged after the fee.
            Accounts.credit(s, account, -int256(fee));
            Accounts.credit(s, builder.account, int256(fee));
            emit BuilderPaid(account, builder.account, fee);
        }
        _settleMargin(s, account, false);
    }

    /// @notice See ILens.previewOrder. Reverts always, and with it whatever the order did.
    function previewOrder(AccountId account, OrderParameters calldata parameters) external {
        deferredAccount = account;
        deferredPreview = true;
        (OrderId id, uint256 filled) = _place(account, parameters);
        (uint256 notional, uint256 fee) = (deferredNotional, deferredFee);
        Health memory h = _settleMargin(ClearingStorage.load(), account, true);
        int256 side = parameters.lots > 0 ? int256(1) : int256(-1);
        uint256 resting = OrderId.unwrap(id) == 0 ? 0 : int256(parameters.lots).abs() - filled;
        revert ILens.Previewed(
            OrderPreview({
                id: id,
                filledLots: side * int256(filled),
                quote: -side * int256(notional),
                fee: fee,
                restingLots: side * int256(resting),
                equity: h.equity,
                initialMargin: h.initial
            })
        );
    }

    function _place(AccountId account, OrderParameters calldata order) private returns (OrderId, uint256) {
        bytes memory result = Address.functionDelegateCall(
            address(this),
            abi.encodeCall(ITrading.place, (account, order))
        );
        return abi.decode(result, (OrderId, uint256));
    }

    function _cancel(OrderId id) private {
        Address.functionDelegateCall(address(this), abi.encodeCall(ITrading.cancel, (id)));
    }

    /// @dev Ends a deferral and checks what its steps left to it: once, over everything, so that none hides behind a later one.
    /// @param always Whether health is wanted also where nothing needs a check.
    function _settleMargin(
        ClearingState storage s,
        AccountId account,
        bool always
    ) private returns (Health memory h) {
        (bool check, bool raised, uint256 reserve) = (deferredCheck, deferredRaised, deferredReserve);
        deferredAccount = AccountId.wrap(0);
        (deferredPreview, deferredCheck, deferredRaised) = (false, false, false);
        (deferredReserve, deferredNotional, deferredFee) = (0, 0, 0);
        if (check || always) h = Margin.health(s, account, UNIT);
        if (check) Margin.require_(h, raised, reserve);
    }
}
