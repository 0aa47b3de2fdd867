// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {OrderParameters, OrderPreview} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {ILens} from "../interfaces/ILens.sol";
import {ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health} from "../libraries/Margin.sol";
import {Taker} from "../libraries/Matching.sol";
import {Orders} from "../libraries/Orders.sol";

/// @title PreviewModule
/// @notice What an order would do, computed by the code that would do it and then undone, behind the clearing house's
///         fallback. It is a module of its own because that code is most of a contract's size.
contract PreviewModule is ClearingBase, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @notice See ILens.previewOrder. Reverts always.
    function previewOrder(AccountId account, OrderParameters calldata parameters) external {
        MarketContext memory c;
        Taker memory t;
        (OrderId id, bool raised) = Orders.place(ClearingStorage.load(), account, parameters, UNIT, c, t);
        Health memory h = Orders.health(ClearingStorage.load(), c, t, UNIT);
        uint256 required = raised ? h.initial : t.reserve;
        if ((raised || t.filled != 0 || t.reserve != 0) && h.equity < int256(required)) {
            revert InsufficientMargin(h.equity, required);
        }
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
