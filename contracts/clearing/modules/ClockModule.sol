// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Window} from "../../instruments/libraries/DeliveryWindow.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketClock} from "../../instruments/libraries/MarketClock.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClock} from "../interfaces/IClock.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {BookTop, MarketRisk} from "../libraries/Words.sol";

/// @title ClockModule
/// @notice Markets at the current minute, whatever lies between it and the last touch, behind the clearing house's fallback.
contract ClockModule is ClearingBase, IClock, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IClock
    function advanced(MarketId market) external view returns (uint256 top, uint256 risk, uint256 window) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, market, UNIT);
        window = Window.unwrap(MarketClock.advance(s, c));
        return (BookTop.unwrap(c.top), MarketRisk.unwrap(c.risk), window);
    }

    /// @inheritdoc IClock
    function requireStage(
        MarketId market,
        uint256 stage,
        bool raises,
        bool postOnly,
        bool crosses
    ) external view {
        Ladder.requireOrder(ClearingStorage.load(), market, stage, raises, postOnly, crosses);
    }
}
