// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {IClock} from "../interfaces/IClock.sol";
import {ClearingStorage} from "../libraries/ClearingStorage.sol";
import {BookTop, MarketRisk} from "../libraries/Words.sol";

/// @title ClockModule
/// @notice Markets at the current minute, for touches that come late, behind the clearing house's fallback.
contract ClockModule is ClearingBase, IClock {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IClock
    function advanced(MarketId market) external view returns (uint256 top, uint256 risk) {
        MarketContext memory c = Markets.load(ClearingStorage.load(), market, UNIT);
        Markets.catchUp(ClearingStorage.load(), c);
        return (BookTop.unwrap(c.top), MarketRisk.unwrap(c.risk));
    }
}
