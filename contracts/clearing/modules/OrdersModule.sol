// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {Book, Found} from "../../book/libraries/Book.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {DropReason, OrderParameters, OrderPreview} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ILens} from "../interfaces/ILens.sol";
import {IOrders} from "../interfaces/IOrders.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Taker} from "../libraries/Matching.sol";
import {Orders} from "../libraries/Orders.sol";

/// @title OrdersModule
/// @notice Several orders at once, and what an order would do: computed by the code that would do it and then undone. Behind
///         the clearing house's fallback, because that code is most of a contract's size.
contract OrdersModule is ClearingBase, IOrders, IClearingEvents, IClearingErrors {
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
        if (raised || filled || reserve != 0)
            Margin.require_(Margin.health(s, account, UNIT), raised, reserve);
    }

    /// @notice See ILens.previewOrder. Reverts always.
    function previewOrder(AccountId account, OrderParameters calldata parameters) external {
        MarketContext memory c;
        Taker memory t;
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
}
