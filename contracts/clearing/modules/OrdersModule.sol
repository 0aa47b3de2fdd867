// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {Book, Found} from "../../book/libraries/Book.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {Builder, DropReason, OrderKind, OrderParameters, OrderPreview} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ILens} from "../interfaces/ILens.sol";
import {IOrders} from "../interfaces/IOrders.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Taker} from "../libraries/Matching.sol";
import {Orders} from "../libraries/Orders.sol";
import {Rounding} from "../libraries/Rounding.sol";

/// @title OrdersModule
/// @notice Several orders at once, changed ones, brought ones, and what an order would do: computed by the code that would
///         do it and then undone. Behind the clearing house's fallback, because that code is most of a contract's size.
contract OrdersModule is ClearingBase, IOrders, IClearingEvents, IClearingErrors {
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
            Orders.remove(s, found, DropReason.Cancelled, UNIT);
        }
        if (orders.length != 0) ids = _placeAll(s, account, orders);
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
        MarketContext memory c;
        Taker memory t;
        t.guarded = Accounts.requirePlacer(s, account);
        if (order.market.unwrap() != id.market().unwrap()) revert WrongMarket(id, order.market);
        if (order.kind > OrderKind.PostOnly) revert NeverRests(order.kind);
        if (Orders.shorten(s, found, order, UNIT, c)) return (id, 0);
        if (!Orders.remove(s, found, DropReason.Cancelled, UNIT)) revert OrderNotFound(id);
        bool raised;
        (newId, raised) = Orders.place(s, account, order, UNIT, c, t);
        _requireMargin(s, c, t, raised);
        return (newId, t.filled);
    }

    /// @inheritdoc IOrders
    function placeThrough(
        AccountId account,
        OrderParameters calldata order,
        Builder calldata builder
    ) external returns (OrderId id, uint256 filledLots) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c;
        Taker memory t;
        t.guarded = Accounts.requirePlacer(s, account);
        uint256 cap = s.builderCaps[Accounts.builderKey(account, builder.account)];
        if (builder.fee > cap) revert BuilderFeeTooHigh(builder.fee, cap);
        bool raised;
        (id, raised) = Orders.place(s, account, order, UNIT, c, t);
        // The taker's cash first: its margin is judged after the fee.
        if (builder.fee != 0 && t.filled != 0) {
            if (Accounts.isRetired(s, builder.account)) revert AccountIsRetired(builder.account);
            uint256 fee = Rounding.mulDivUp(t.notional * c.tickValue, builder.fee, FEE_UNIT);
            t.purse.cash -= int256(fee);
            Accounts.storePurse(s, account, t.purse);
            Accounts.credit(s, builder.account, int256(fee));
            emit BuilderPaid(account, builder.account, fee);
        }
        _requireMargin(s, c, t, raised);
        return (id, t.filled);
    }

    /// @notice See ILens.previewOrder. Reverts always.
    function previewOrder(AccountId account, OrderParameters calldata parameters) external {
        MarketContext memory c;
        Taker memory t;
        uint256 deadline = Accounts.deadlineOf(ClearingStorage.load(), account);
        if (deadline != 0 && deadline < block.timestamp) revert SwitchFired(account, deadline);
        t.guarded = deadline != 0;
        (OrderId id, bool raised) = Orders.place(ClearingStorage.load(), account, parameters, UNIT, c, t);
        Health memory h = Orders.health(ClearingStorage.load(), c, t, UNIT);
        if (raised || t.filled != 0 || t.reserve != 0) Margin.require_(h, raised, t.reserve);
        int256 side = t.buys ? int256(1) : int256(-1);
        revert ILens.Previewed(
            OrderPreview({
                id: id,
                filledLots: side * int256(t.filled),
                quote: -side * int256(t.notional),
                fee: t.fee,
                restingLots: side * int256(t.lots),
                equity: h.equity,
                initialMargin: h.initial
            })
        );
    }

    /// @dev Places orders one after the other. Margin is checked once, over everything that they left behind: no step can
    ///      hide behind a later one.
    function _placeAll(
        ClearingState storage s,
        AccountId account,
        OrderParameters[] calldata orders
    ) private returns (OrderId[] memory ids) {
        ids = new OrderId[](orders.length);
        Taker memory all;
        all.guarded = Accounts.requirePlacer(s, account);
        for (uint256 i = 0; i < orders.length; ++i) {
            MarketContext memory c;
            Taker memory t;
            t.guarded = all.guarded;
            bool raised;
            (ids[i], raised) = Orders.place(s, account, orders[i], UNIT, c, t);
            all.raises = all.raises || raised;
            all.filled += t.filled;
            all.reserve += t.reserve;
        }
        if (all.raises || all.filled != 0 || all.reserve != 0)
            Margin.require_(Margin.health(s, account, UNIT), all.raises, all.reserve);
    }

    /// @dev What `place` checks after an order.
    function _requireMargin(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        bool raised
    ) private view {
        if (raised || t.filled != 0 || t.reserve != 0)
            Margin.require_(Orders.health(s, c, t, UNIT), raised, t.reserve);
    }
}
