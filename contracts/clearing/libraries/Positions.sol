// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, Position, Words} from "./Words.sol";

/// @notice What a fill does to a position. Everything here is integers of tick·lots; nothing rounds but funding, which
///         floors against the position.
library Positions {
    using Rounding for int256;
    using Words for Position;

    function key(MarketId market, AccountId account) internal pure returns (uint256) {
        return (market.unwrap() << 28) | account.unwrap();
    }

    function load(
        ClearingState storage s,
        MarketId market,
        AccountId account
    ) internal view returns (Position memory) {
        return Words.toPosition(s.positions[key(market, account)]);
    }

    function store(ClearingState storage s, MarketId market, AccountId account, Position memory p) internal {
        s.positions[key(market, account)] = p.pack();
    }

    /// @dev Largest size that fills of resting orders could bring about.
    function exposure(Position memory p) internal pure returns (uint256) {
        return Rounding.max((p.size + int256(p.bids)).abs(), (p.size - int256(p.asks)).abs());
    }

    /// @dev Resting lots of one side that could do more than close the position.
    function opens(Position memory p, bool bids) internal pure returns (bool) {
        return
            bids
                ? int256(p.bids) > (p.size < 0 ? -p.size : int256(0))
                : int256(p.asks) > (p.size > 0 ? p.size : int256(0));
    }

    /// @dev Funding since the last settlement, tick·lots, floored: what the position receives (below zero: pays).
    function pendingFunding(Position memory p, int256 cumulative) internal pure returns (int256) {
        return (-p.size * (cumulative - p.snapshot)).floorShift(20);
    }

    /// @dev Moves pending funding into quote, out of the market's pool.
    function settleFunding(Position memory p, MarketFlow memory flow, int256 cumulative) internal pure {
        if (p.snapshot == cumulative) return;
        if (p.size != 0) {
            int256 amount = pendingFunding(p, cumulative);
            p.quote += amount;
            flow.fundingPool -= amount;
        }
        p.snapshot = cumulative;
    }

    /// @dev Applies a fill of signed `lots` at `tick` to a position whose funding is settled.
    /// @return realised Quote that became final because size reached zero or flipped, tick·lots.
    function fill(
        Position memory p,
        MarketFlow memory flow,
        int256 lots,
        uint256 tick
    ) internal pure returns (int256 realised) {
        int256 before = p.size;
        int256 size = before + lots;
        p.size = size;
        unchecked {
            // Sizes are bounded by 36 bits, open interest by 40: their sums cannot leave 256.
            if (before > 0) flow.openInterest -= uint256(before);
            if (size > 0) flow.openInterest += uint256(size);
        }
        if (before != 0 && (size == 0 || (before > 0) != (size > 0))) {
            // The closing part sells (buys back) all of `before`; the new side starts with its own lots.
            realised = p.quote + before * int256(tick);
            p.quote = -size * int256(tick);
        } else {
            p.quote -= lots * int256(tick);
        }
    }
}
