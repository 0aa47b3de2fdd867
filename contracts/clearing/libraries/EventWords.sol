// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {MarketRisk} from "./Words.sol";

/// @notice What the events of orders and of minutes carry, packed: every word of an event costs 256 gas, and every fill needs one.
/// @dev All parts have been bounded where they came from: lots by 36 bits, fees by the cash that pays them.
library EventWords {
    /// @dev One fill, at the tick in the id of the resting order.
    ///
    ///      | 255..180 makerFee (signed) | 179..152 maker | 151..120 lots | 119..0 order id |
    function toFill(
        OrderId id,
        AccountId maker,
        uint256 lots,
        int256 makerFee
    ) internal pure returns (uint256) {
        return OrderId.unwrap(id) | (lots << 120) | (maker.unwrap() << 152) | (uint256(makerFee) << 180);
    }

    /// @dev What an order took in all.
    ///
    ///      | 255..128 fee | 127..64 clientOrderId | 63..0 lots (signed) |
    function toTaken(
        bool buys,
        uint256 lots,
        uint256 fee,
        uint256 clientOrderId
    ) internal pure returns (uint256) {
        return side(buys, lots) | (clientOrderId << 64) | (fee << 128);
    }

    /// @dev What an order rests with.
    ///
    ///      | 255..169 – | 168 reduceOnly | 167..128 expiry | 127..64 clientOrderId | 63..0 lots (signed) |
    function toPlaced(
        bool buys,
        uint256 lots,
        uint256 expiry,
        bool reduceOnly,
        uint256 clientOrderId
    ) internal pure returns (uint256) {
        return side(buys, lots) | (clientOrderId << 64) | (expiry << 128) | (reduceOnly ? 1 << 168 : 0);
    }

    /// @dev What a market has come to in a new minute: the lower part of its risk word.
    ///
    ///      | 255..164 – | 163..124 anchor | 123..96 minute | 95..40 funding (signed) | 39..0 mean |
    function toAdvanced(MarketRisk risk) internal pure returns (uint256) {
        return MarketRisk.unwrap(risk) & ((1 << 164) - 1);
    }

    function side(bool buys, uint256 lots) private pure returns (uint256) {
        unchecked {
            return buys ? lots : uint256(-int256(lots)) & type(uint64).max;
        }
    }
}
