// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier} from "../../clearing/interfaces/ClearingTypes.sol";
import {ClearingState, MarketTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {Words} from "../../clearing/libraries/Words.sol";
import {DeliveryMargins} from "./DeliveryMargins.sol";
import {Feeds} from "./Feeds.sol";
import {MarketContext, Markets} from "./Markets.sol";

/// @dev How much of a dated future's delivery window was locked at the last midnight that it has seen, and the margins of the
///      front month from which those of the day were made.
///
///      | 255..176 – | 175..160 MM | 159..144 IM | 143..128 days | 127..112 locked | 111..0 sum |
///
///      sum is Σ of the locked prints, converted to ticks × 2^16 at once and floored. Zero before the window's second day.
type Window is uint256;

using WindowWords for Window global;

/// @notice Fields of `Window`.
library WindowWords {
    using Rounding for uint256;

    function pack(uint256 days_, uint256 locked_, uint256 sum_) internal pure returns (Window) {
        return Window.wrap((days_.fit(16) << 128) | (locked_.fit(16) << 112) | sum_.fit(112));
    }

    /// @dev A window's first word of a day, with the margins of its month before they shrink.
    function withMargins(Window w, MarginTier memory front) internal pure returns (Window) {
        uint256 rates = front.initialMarginBps | (uint256(front.maintenanceMarginBps) << 16);
        return Window.wrap(Window.unwrap(w) | (rates << 144));
    }

    function initialBps(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 144) & 0xffff;
    }

    function maintenanceBps(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 160) & 0xffff;
    }

    function windowDays(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 128) & 0xffff;
    }

    function locked(Window w) internal pure returns (uint256) {
        return (Window.unwrap(w) >> 112) & 0xffff;
    }

    function sum(Window w) internal pure returns (uint256) {
        return Window.unwrap(w) & ((1 << 112) - 1);
    }
}

/// @notice What is still open of a delivery window, and what that makes of mark and margins. Only final prints lock.
///
///         At 00:00 UTC of each further day of the window, with L locked prints of d days, S their sum and u = d − L: what the
///         book implied for the rest is p0 = (A × d − S) / u, A being mark at that moment. The day's p lies within p0 ± the
///         listing's clamp and within 0.75 … 1.25 × the followed mean; if p0 lies outside of those, it is the nearer limit.
///         Mark is then limited to (S + u × p) / d.
library DeliveryWindow {
    using Rounding for int256;

    uint256 private constant BPS = 10_000;
    /// @dev A print of day t − 4 is final at 00:00 of day t, unless it was revised late.
    uint256 private constant FINAL_AFTER = 4;
    uint256 private constant HIGHEST = Words.MAX_TICK << 16;

    /// @dev Margins, band and limits of a day of the window that is not its first.
    /// @param period The day that begins.
    /// @param mark At its beginning.
    /// @return window The window's word from then on.
    function newDay(
        ClearingState storage s,
        MarketContext memory c,
        uint256 period,
        uint256 mark
    ) internal view returns (Window window) {
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        window = lock(s, c, terms, period).withMargins(terms.tiers[0]);
        (uint256 unlocked, uint256 days_) = shareOf(window);
        MarginTier memory tier = DeliveryMargins.scaled(terms.tiers[0], unlocked, days_);
        c.top = c.top.withFillBandBps(tier.fillBandBps);
        c.risk = c.risk.withInitialBps(tier.initialMarginBps).withMaintenanceBps(tier.maintenanceMarginBps);
        int256 implied = (int256(mark * days_) - int256(window.sum())).floorDiv(int256(unlocked));
        (uint256 low, uint256 high) = limits(implied, terms.baseClampBps, followedMean(s, c, period));
        setLimits(c, (window.sum() + unlocked * low) / days_, (window.sum() + unlocked * high) / days_);
    }

    /// @dev The prints that were final when the day began, at most eleven slots of a month.
    function lock(
        ClearingState storage s,
        MarketContext memory c,
        MarketTerms storage terms,
        uint256 period
    ) private view returns (Window) {
        uint256 first = terms.firstPeriod;
        uint256 days_ = terms.lastPeriod - first + 1;
        if (period < first + FINAL_AFTER) return WindowWords.pack(days_, 0, 0);
        (uint256 sum, uint256 locked) = s.index.lockedSumAt(
            s.feedTerms[c.risk.feed()].index,
            uint32(first),
            uint32(period - FINAL_AFTER),
            uint64(period * 1 days)
        );
        return WindowWords.pack(days_, locked, (sum << 16) / s.markets[c.id.unwrap()].funding.indexPerTick);
    }

    /// @dev The followed mean before the day began, ticks × 2^16; 0 if there was none.
    function followedMean(
        ClearingState storage s,
        MarketContext memory c,
        uint256 period
    ) private view returns (uint256) {
        uint256 followed = Feeds.followedBefore(s, c.risk.feed(), period * 1 days);
        return Markets.toTicksX16(followed, s.markets[c.id.unwrap()].funding.indexPerTick);
    }

    /// @dev Lowest and highest that the day's p may be.
    function limits(
        int256 implied,
        uint256 clampBps,
        uint256 mean
    ) internal pure returns (uint256 low, uint256 high) {
        uint256 floor = (mean * 3) / 4;
        // An index that nobody has heard of limits nothing.
        uint256 ceiling = mean == 0 ? HIGHEST : (mean * 5) / 4;
        if (implied < int256(floor)) return (floor, floor);
        if (implied > int256(ceiling)) return (ceiling, ceiling);
        uint256 price = uint256(implied);
        low = Rounding.max((price * (BPS - clampBps)) / BPS, floor);
        high = Rounding.min((price * (BPS + clampBps)) / BPS, ceiling);
    }

    /// @dev Anchor and clamp between two marks: the middle, and half their distance in basis points of it, both floored; at
    ///      least 1 and always below MM.
    function setLimits(MarketContext memory c, uint256 lowest, uint256 highest) private pure {
        lowest = Rounding.min(lowest, HIGHEST);
        highest = Rounding.min(highest, HIGHEST);
        uint256 anchor = Rounding.max((lowest + highest) / 2, 1);
        uint256 half = ((highest - lowest) * BPS) / (2 * anchor);
        half = Rounding.max(Rounding.min(half, c.risk.maintenanceBps() - 1), 1);
        c.risk = c.risk.withAnchor(anchor).withClampBps(half);
    }

    /// @dev Days of a market's window whose print was not locked at its last midnight, and all of them. 1 of 1 before the
    ///      window's second day, and for a perpetual.
    function shareOf(Window w) internal pure returns (uint256 unlocked, uint256 days_) {
        if (Window.unwrap(w) == 0) return (1, 1);
        days_ = w.windowDays();
        unlocked = days_ - w.locked();
    }
}
