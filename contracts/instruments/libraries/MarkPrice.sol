// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {Rounding} from "../../clearing/libraries/Rounding.sol";

/// @dev A mean on its way to a mid, and the limits that it may cross.
struct Path {
    uint256 mean;
    uint256 mid;
    uint256 tau;
    int256 low;
    int256 high;
}

/// @notice The moving average of the standing mid on the minute grid, in closed form, and its sums for funding.
/// @dev Prices are ticks × 2^16. One minute moves the mean by 1/τ of its distance to that minute's mid, so n minutes of a
///      standing mid m give E_n = m + (E_0 − m) dⁿ with d = 1 − 1/τ, and
///      Σ_{k=1..n} E_k = n m + (E_0 − m)(τ − 1)(1 − dⁿ): the geometric sum, since d / (1 − d) = τ − 1.
library MarkPrice {
    using Rounding for int256;

    uint256 private constant ONE = 1e27;

    /// @dev dⁿ × 1e27, each multiplication rounded to nearest; 0 once it is below one unit.
    function decay(uint256 tau, uint256 minutes_) internal pure returns (uint256) {
        if (minutes_ == 0) return ONE;
        if (tau == 1) return 0;
        // e^(−64) is below 2^−92: nothing of a price survives, and the power stays cheap.
        if (minutes_ > tau * 64) return 0;
        return FixedPointMathLib.rpow(ONE - ONE / tau, minutes_, ONE);
    }

    /// @dev E_n for a standing mid, floored.
    function advance(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 minutes_
    ) internal pure returns (uint256) {
        return mean == mid ? mean : advanceBy(mean, mid, decay(tau, minutes_));
    }

    /// @dev E_n for a standing mid, floored, with dⁿ known.
    function advanceBy(uint256 mean, uint256 mid, uint256 kept) internal pure returns (uint256) {
        unchecked {
            // Prices of 40 bits times at most 1e27.
            int256 distance = int256(mean) - int256(mid);
            return uint256(int256(mid) + (distance * int256(kept)).floorDiv(int256(ONE)));
        }
    }

    /// @dev E_1 for a standing mid, floored: `advance` over one minute.
    function step(uint256 mean, uint256 mid, uint256 tau) internal pure returns (uint256) {
        return advanceBy(mean, mid, tau == 1 ? 0 : ONE - ONE / tau);
    }

    /// @dev One minute of which only `depthSeconds` had a two-sided book, with Σ (bid + ask) × seconds over them; floored.
    function advanceObserved(
        uint256 mean,
        uint256 midSeconds,
        uint256 depthSeconds,
        uint256 tau
    ) internal pure returns (uint256) {
        unchecked {
            // (bid + ask) / 2 × 2^16 = (bid + ask) × 2^15; prices are below 2^40, seconds and τ below 2^12.
            int256 pull = int256(midSeconds * 32_768) - int256(mean * depthSeconds);
            return uint256(int256(mean) + pull.floorDiv(int256(60 * tau)));
        }
    }

    /// @dev Σ_{k=1..n} of E_k limited to [low, high]. E moves one way only, so the sum falls into at most three runs:
    ///      beyond one limit, between them, beyond the other.
    function limitedSum(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 minutes_,
        int256 low,
        int256 high
    ) internal pure returns (int256 sum) {
        return limitedSumBy(Path(mean, mid, tau, low, high), minutes_, decay(tau, minutes_));
    }

    /// @dev The same with dⁿ known. A mean that stays in one run, as most do, needs no other power.
    function limitedSumBy(Path memory p, uint256 minutes_, uint256 kept) internal pure returns (int256 sum) {
        uint256 end = advanceBy(p.mean, p.mid, kept);
        if (minutes_ == 1) return int256(end).clamp(p.low, p.high);
        if (side(p, end) == side(p, step(p.mean, p.mid, p.tau))) return runSum(p, end, minutes_, kept);
        while (minutes_ != 0) {
            int256 where = side(p, step(p.mean, p.mid, p.tau));
            uint256 run = sideAt(p, minutes_) == where ? minutes_ : runLength(p, minutes_, where);
            kept = decay(p.tau, run);
            end = advanceBy(p.mean, p.mid, kept);
            sum += runSum(p, end, run, kept);
            p.mean = end;
            minutes_ -= run;
        }
    }

    /// @dev Σ of a run that ends at `end`, all of it on that side of the limits.
    function runSum(
        Path memory p,
        uint256 end,
        uint256 minutes_,
        uint256 kept
    ) private pure returns (int256) {
        int256 where = side(p, end);
        if (where == 0) return plainSumBy(p.mean, p.mid, p.tau, minutes_, kept);
        return int256(minutes_) * (where < 0 ? p.low : p.high);
    }

    /// @dev Σ_{k=1..n} E_k, floored.
    function plainSum(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 minutes_
    ) internal pure returns (int256) {
        return plainSumBy(mean, mid, tau, minutes_, decay(tau, minutes_));
    }

    /// @dev The same with dⁿ known.
    function plainSumBy(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 minutes_,
        uint256 kept
    ) private pure returns (int256) {
        int256 distance = int256(mean) - int256(mid);
        int256 weight = int256((tau - 1) * (ONE - kept));
        return int256(minutes_ * mid) + (distance * weight).floorDiv(int256(ONE));
    }

    /// @dev −1 if a mean is below low, 1 if above high, 0 between.
    function side(Path memory p, uint256 mean) private pure returns (int256) {
        int256 price = int256(mean);
        return price < p.low ? int256(-1) : (price > p.high ? int256(1) : int256(0));
    }

    /// @dev The same of E_k.
    function sideAt(Path memory p, uint256 k) private pure returns (int256) {
        return side(p, advance(p.mean, p.mid, p.tau, k));
    }

    /// @dev Largest k for which E_1 … E_k lie on the side `where`; E_1 does and E_n does not. The limit that is crossed,
    ///      B, is met where dᵏ = (B − m) / (E_0 − m); the logarithm gives k but for the rounding of the grid, and
    ///      bisection does the rest.
    function runLength(Path memory p, uint256 minutes_, int256 where) private pure returns (uint256 inside) {
        uint256 guess = crossing(p, where > 0 || (where == 0 && p.mid > p.mean) ? p.high : p.low);
        // E_1 … E_inside are known to lie there and E_outside not to; the guess brings the two next to each other.
        inside = 1;
        uint256 outside = minutes_;
        for (uint256 i = 0; outside - inside > 1; ++i) {
            uint256 probe = i < 2 ? guess + i : (inside + outside) / 2;
            if (probe <= inside || probe >= outside) probe = (inside + outside) / 2;
            if (sideAt(p, probe) == where) inside = probe;
            else outside = probe;
        }
    }

    /// @dev ⌊ln(|E_0 − m| / |B − m|) / −ln d⌋.
    function crossing(Path memory p, int256 limit) private pure returns (uint256) {
        uint256 distance = (int256(p.mean) - int256(p.mid)).abs();
        uint256 rest = (limit - int256(p.mid)).abs();
        // At the mid itself the mean no longer moves by whole units: any start will do.
        if (rest == 0 || p.tau == 1) return 1;
        int256 ratio = FixedPointMathLib.lnWad(int256((distance * 1e18) / rest));
        int256 rate = -FixedPointMathLib.lnWad(int256(1e18 - 1e18 / p.tau));
        return ratio <= 0 ? 0 : uint256(ratio / rate);
    }
}
