// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, Position} from "./Words.sol";

/// @notice What a fill does to a position. Everything here is integers of tick·lots; nothing rounds but funding, which
///         floors against the position.
library Positions {
    using Rounding for int256;

    function key(MarketId market, AccountId account) internal pure returns (uint256) {
        return (market.unwrap() << 28) | account.unwrap();
    }

    function load(
        ClearingState storage s,
        MarketId market,
        AccountId account
    ) internal view returns (Position) {
        return Position.wrap(s.positions[key(market, account)]);
    }

    function store(ClearingState storage s, MarketId market, AccountId account, Position p) internal {
        s.positions[key(market, account)] = Position.unwrap(p);
    }

    /// @dev Largest size that fills of resting orders could bring about.
    function exposure(Position p) internal pure returns (uint256) {
        int256 size = p.size();
        unchecked {
            // 36 bits each. The side that counts is the larger of size + bids and asks − size: the other ends of both
            // ranges, −(size + bids) and size − asks, never exceed them while bids and asks are not negative.
            int256 long = size + int256(p.bids());
            int256 short = int256(p.asks()) - size;
            return uint256(long > short ? long : short);
        }
    }

    /// @dev Signed lots of the position that no fill of its resting orders can take away.
    function surviving(Position p) internal pure returns (int256 lots) {
        lots = p.size();
        unchecked {
            if (lots > 0) {
                lots -= int256(p.asks());
                if (lots < 0) lots = 0;
            } else {
                lots += int256(p.bids());
                if (lots > 0) lots = 0;
            }
        }
    }

    /// @dev Whether the resting lots of one side could do more than close the position.
    function opens(Position p, bool bids) internal pure returns (bool) {
        int256 size = p.size();
        return bids ? p.bids() > positive(-size) : p.asks() > positive(size);
    }

    /// @dev Funding since the last settlement, tick·lots, floored: what the position receives (below zero: pays).
    function pendingFunding(Position p, int256 cumulative) internal pure returns (int256) {
        unchecked {
            // 36 bits × 57 bits.
            return (-p.size() * (cumulative - p.snapshot())).floorShift(20);
        }
    }

    /// @dev Moves pending funding into quote, out of the market's pool.
    function settleFunding(
        Position p,
        MarketFlow memory flow,
        int256 cumulative
    ) internal pure returns (Position) {
        if (p.snapshot() == cumulative) return p;
        if (p.size() != 0) {
            int256 amount = pendingFunding(p, cumulative);
            p = p.withTrade(p.size(), p.quote() + amount);
            flow.fundingPool -= amount;
        }
        return p.withSnapshot(cumulative);
    }

    /// @dev Applies a trade to a position whose funding is settled.
    /// @param lots Signed lots: above zero bought.
    /// @param notional Σ |lots| × tick of the trade.
    /// @param closing The part of it that brought the size to zero, where it got there.
    /// @param fee Tick·lots that the trade costs on top (below zero: earns).
    /// @return after_ The position after it.
    /// @return realised Quote that became final because size reached zero or flipped, tick·lots.
    function trade(
        Position p,
        MarketFlow memory flow,
        int256 lots,
        uint256 notional,
        uint256 closing,
        int256 fee
    ) internal pure returns (Position after_, int256 realised) {
        int256 before = p.size();
        unchecked {
            // Sizes are bounded by 36 bits, open interest by 40, notionals by 68: sums cannot leave 256.
            int256 size = before + lots;
            int256 sign = (lots >> 255) | 1;
            int256 quote = p.quote() - fee - sign * int256(notional);
            flow.openInterest += positive(size) - positive(before);
            if (((before ^ size) < 0 || size == 0) && before != 0) {
                // The closing part trades all of `before`; the new side starts with its own lots.
                int256 opening = -sign * int256(notional - closing);
                realised = quote - opening;
                quote = opening;
            }
            after_ = p.withTrade(size, quote);
        }
    }

    /// @dev The larger of a number and zero, without a branch: every fill asks four times.
    function positive(int256 a) internal pure returns (uint256) {
        return uint256(a & ~(a >> 255));
    }
}
