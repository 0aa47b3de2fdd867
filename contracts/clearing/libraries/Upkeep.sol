// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {ClearingState, Market} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {BookTop, MarketRisk, Position} from "./Words.sol";

/// @notice Which resting orders may no longer stand.
library Upkeep {
    using Positions for Position;

    /// @dev Whether an order is on a side whose resting lots could do more than close the position.
    function raisesRisk(ClearingState storage s, OrderId id, AccountId account) internal view returns (bool) {
        Position p = Positions.load(s, id.market(), account);
        bool bid = id.tick() <= BookTop.wrap(s.markets[id.market().unwrap()].top).bestBid();
        return p.openOrders() != 0 && p.opens(bid);
    }

    /// @dev Whether a resting order buys above or sells below mark.
    function isWorseThanMark(ClearingState storage s, OrderId id) internal view returns (bool) {
        Market storage m = s.markets[id.market().unwrap()];
        uint256 price = id.tick() << 16;
        uint256 mark = Markets.markOf(MarketRisk.wrap(m.risk));
        return id.tick() <= BookTop.wrap(m.top).bestBid() ? price > mark : price < mark;
    }
}
