// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier, MarketKind, MarketListing} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {DeliveryMargins} from "../../instruments/libraries/DeliveryMargins.sol";
import {Words} from "./Words.sol";

/// @notice Hard limits of every parameter of a market, and the inequalities that keep makers and funds safe. Listing and
///         every change pass the whole set.
library ParameterChecks {
    /// @dev Position limits and concentration are stored in units of so many lots.
    uint256 internal constant LOT_UNIT = 16_384;
    uint256 private constant MAX_LOTS = 4095 * LOT_UNIT;
    uint256 private constant BPS = 10_000;

    /// @param maxMoveBps Furthest that the market's feed moves within 24 hours.
    function check(MarketListing memory l, uint256 maxMoveBps) internal pure {
        within("indexPerTick", l.indexPerTick, 1, uint256(uint128(type(int128).max)));
        within("tickValue", l.tickValue, 1, 65_535);
        within("markMinutes", l.markMinutes, 1, 4095);
        within("impactLots", l.impactLots, 1, 16_777_215);
        within("minLots", l.minLots, 1, 65_535);
        within("clampBps", l.clampBps, 1, 5000);
        checkFees(l);
        checkLots(l);
        if (l.kind == MarketKind.Perpetual) checkPerpetual(l, maxMoveBps);
        else checkDated(l, maxMoveBps);
    }

    function checkFees(MarketListing memory l) private pure {
        within("takerFee", l.takerFee, 0, 2000);
        // A rebate beyond the taker fee would pay for wash trading.
        within("makerFee", l.makerFee, -int256(uint256(l.takerFee)), 2000);
        within("liquidationFeeBps", l.liquidationFeeBps, 0, 500);
        within("insuranceShareBps", l.insuranceShareBps, 0, BPS);
        within("fundCoverBps", l.fundCoverBps, 1, BPS);
    }

    function checkLots(MarketListing memory l) private pure {
        within("maxPositionLots", l.maxPositionLots, LOT_UNIT, MAX_LOTS);
        multiple("maxPositionLots", l.maxPositionLots, LOT_UNIT);
        within("concentrationLots", l.concentrationLots, 0, MAX_LOTS);
        multiple("concentrationLots", l.concentrationLots, LOT_UNIT);
        within("maxOpenInterestLots", l.maxOpenInterestLots, 1, 1 << 35);
        within("openInterestBaseLots", l.openInterestBaseLots, 0, 1 << 35);
    }

    function checkPerpetual(MarketListing memory l, uint256 maxMoveBps) private pure {
        within("fundingPeriod", l.fundingPeriod, 1 hours, 30 days);
        within("fundingCapBps", l.fundingCapBps, 1, 2000);
        int256 cap = int256(uint256(l.fundingCapBps));
        within("fundingInterestBps", l.fundingInterestBps, -cap, cap);
        // Funding may not be a margin call of its own.
        atMost(
            "funding cap <= 10 % in 8 hours",
            uint256(l.fundingCapBps) * 8 hours,
            1000 * uint256(l.fundingPeriod)
        );
        within("lastPeriod", l.lastPeriod, 0, 0);
        within("spreadInitialBps", l.spreadInitialBps, 0, 0);
        within("spreadMaintenanceBps", l.spreadMaintenanceBps, 0, 0);
        checkTier(l, l.tiers[0], maxMoveBps);
    }

    function checkDated(MarketListing memory l, uint256 maxMoveBps) private pure {
        within("fundingPeriod", l.fundingPeriod, 0, 0);
        within("lastPeriod", l.lastPeriod, l.firstPeriod, (1 << 20) - 3);
        uint256 days_ = uint256(l.lastPeriod) - l.firstPeriod + 1;
        within("windowDays", days_, 1, 366);
        within("nextFromPeriod", l.nextFromPeriod, 0, l.firstPeriod);
        within("firstMarkTick", l.firstMarkTick.unwrap(), 1, Words.MAX_TICK);
        for (uint256 i = 0; i < 3; ++i) {
            checkTier(l, l.tiers[i], maxMoveBps);
            if (i == 0) continue;
            // Time only moves a future towards the front; a margin that rose on the way would liquidate at once.
            atMost(
                "tier maintenance falls",
                l.tiers[i - 1].maintenanceMarginBps,
                l.tiers[i].maintenanceMarginBps
            );
            atMost("tier initial falls", l.tiers[i - 1].initialMarginBps, l.tiers[i].initialMarginBps);
        }
        checkWindow(l, days_);
        if (l.spreadInitialBps != 0 || l.spreadMaintenanceBps != 0) checkSpread(l);
    }

    /// @dev clamp < MM; band + maxMove ≤ IM (whoever was filled at the edge and is then hit by the largest move has not lost
    ///      all); and what `checkDistances` says.
    function checkTier(MarketListing memory l, MarginTier memory tier, uint256 maxMoveBps) private pure {
        within("initialMarginBps", tier.initialMarginBps, 1, BPS);
        within("maintenanceMarginBps", tier.maintenanceMarginBps, 1, BPS);
        within("fillBandBps", tier.fillBandBps, 1, 5000);
        below("clamp < maintenance", l.clampBps, tier.maintenanceMarginBps);
        checkDistances(l, tier);
        atMost("band + maxMove <= initial", tier.fillBandBps + maxMoveBps, tier.initialMarginBps);
    }

    /// @dev MM < IM; band + maker fee ≤ IM − MM and ≤ MM; band + taker fee ≤ MM; liquidation fee < MM.
    function checkDistances(MarketListing memory l, MarginTier memory tier) internal pure {
        below("maintenance < initial", tier.maintenanceMarginBps, tier.initialMarginBps);
        atMost(
            "band + maker fee <= initial - maintenance",
            tier.fillBandBps + makerFeeBps(l.makerFee, tier.fillBandBps),
            tier.initialMarginBps - tier.maintenanceMarginBps
        );
        atMost(
            "band + taker fee <= maintenance",
            tier.fillBandBps + feeBps(l.takerFee, tier.fillBandBps),
            tier.maintenanceMarginBps
        );
        // Whoever is filled on both sides has lost the band twice and holds less than the larger of them.
        atMost(
            "band + maker fee <= maintenance",
            tier.fillBandBps + makerFeeBps(l.makerFee, tier.fillBandBps),
            tier.maintenanceMarginBps
        );
        below("liquidation fee < maintenance", l.liquidationFeeBps, tier.maintenanceMarginBps);
    }

    /// @dev The front month's margins on every day of the window, as they shrink with what is not locked yet.
    function checkWindow(MarketListing memory l, uint256 days_) private pure {
        MarginTier memory front = l.tiers[0];
        within("initialMarginBps", front.initialMarginBps, DeliveryMargins.MIN_INITIAL_BPS, BPS);
        within("maintenanceMarginBps", front.maintenanceMarginBps, DeliveryMargins.MIN_MAINTENANCE_BPS, BPS);
        for (uint256 unlocked = days_ - 1; unlocked != 0; --unlocked) {
            checkDistances(l, DeliveryMargins.scaled(front, unlocked, days_));
        }
    }

    /// @dev A calendar hedge keeps MM above the sum of both legs' daily limits and no lower than either leg's own, and IM
    ///      above MM by a fill at the edge of the band.
    function checkSpread(MarketListing memory l) private pure {
        within("spreadInitialBps", l.spreadInitialBps, 1, 2 * BPS);
        below("2 x clamp < spread maintenance", 2 * uint256(l.clampBps), l.spreadMaintenanceBps);
        for (uint256 i = 0; i < 3; ++i) {
            MarginTier memory tier = l.tiers[i];
            atMost("maintenance <= spread maintenance", tier.maintenanceMarginBps, l.spreadMaintenanceBps);
            // The third month's band is wider than what a hedge of the nearer ones needs; its own hedge takes it on top.
            if (i == 2) continue;
            atMost(
                "spread maintenance + band + maker fee <= spread initial",
                l.spreadMaintenanceBps + tier.fillBandBps + makerFeeBps(l.makerFee, tier.fillBandBps),
                l.spreadInitialBps
            );
        }
    }

    /// @dev Fee at the edge of the band, in basis points of mark, rounded up. Fees are tenths of a basis point of a price
    ///      that may be a band above mark.
    function feeBps(uint256 tenths, uint256 bandBps) internal pure returns (uint256) {
        return (tenths * (BPS + bandBps) + 99_999) / 100_000;
    }

    /// @dev What a maker may pay at the edge of the band; a rebate costs nothing.
    function makerFeeBps(int256 tenths, uint256 bandBps) internal pure returns (uint256) {
        return tenths > 0 ? feeBps(uint256(tenths), bandBps) : 0;
    }

    function within(string memory parameter, uint256 value, uint256 min, uint256 max) internal pure {
        within(parameter, int256(value), int256(min), int256(max));
    }

    function within(string memory parameter, int256 value, int256 min, int256 max) internal pure {
        if (value < min || value > max)
            revert IClearingErrors.ParameterOutOfRange(parameter, value, min, max);
    }

    function multiple(string memory parameter, uint256 value, uint256 unit) internal pure {
        uint256 rest = value % unit;
        if (rest != 0) {
            revert IClearingErrors.ParameterOutOfRange(
                parameter,
                int256(value),
                int256(value - rest),
                int256(value - rest + unit)
            );
        }
    }

    function below(string memory rule, uint256 left, uint256 right) private pure {
        if (left >= right) revert IClearingErrors.UnsafeParameters(rule, left, right);
    }

    function atMost(string memory rule, uint256 left, uint256 right) private pure {
        if (left > right) revert IClearingErrors.UnsafeParameters(rule, left, right);
    }
}
