// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier, MarketListing} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ParameterChecks} from "../../../contracts/clearing/libraries/ParameterChecks.sol";
import {DeliveryMargins} from "../../../contracts/instruments/libraries/DeliveryMargins.sol";
import {Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Both ends of every range, and every inequality where it just holds and where it just fails.
contract ParameterChecksTest is ClearingFixture {
    uint256 private constant UNIT = 16_384;
    int256 private constant LAST_PERIOD = (1 << 20) - 3;
    uint256 private maxMove = 800;

    /// Nothing is deployed: the checks are pure.
    function setUp() public override {}

    // ---------------------------------------------------------------------------------------------------------- ranges

    function test_check_theReferenceParametersPass() public view {
        _passes(_perpetual());
        _passes(_dated());
        _passes(_wide());
    }

    function test_check_rangesOfEveryMarket() public {
        MarketListing memory l = _perpetual();
        l.indexPerTick = uint128(type(int128).max);
        _passes(l);
        l.indexPerTick += 1;
        _outside(l, "indexPerTick", int256(type(int128).max) + 1, 1, type(int128).max);
        (l.indexPerTick, l.tickValue, l.markMinutes, l.minLots, l.impactLots) = (1, 1, 1, 1, 1);
        _passes(l);
        (l.tickValue, l.markMinutes, l.minLots) = (65_535, 4095, 65_535);
        l.impactLots = 16_777_215;
        _passes(l);
        l.markMinutes = 4096;
        _outside(l, "markMinutes", 4096, 1, 4095);
        l = _wide();
        l.clampBps = 5000;
        _passes(l);
        l.clampBps = 5001;
        _outside(l, "clampBps", 5001, 1, 5000);
        l.clampBps = 1;
        _passes(l);
    }

    function test_check_rangesOfFees() public {
        MarketListing memory l = _wide();
        (l.takerFee, l.makerFee) = (2000, 2000);
        _passes(l);
        l.makerFee = -2000;
        _passes(l);
        l.makerFee = -2001;
        _outside(l, "makerFee", -2001, -2000, 2000);
        l.makerFee = 2001;
        _outside(l, "makerFee", 2001, -2000, 2000);
        (l.takerFee, l.makerFee) = (2001, 0);
        _outside(l, "takerFee", 2001, 0, 2000);
        l.takerFee = 0;
        _passes(l);
        l.liquidationFeeBps = 500;
        _passes(l);
        l.liquidationFeeBps = 501;
        _outside(l, "liquidationFeeBps", 501, 0, 500);
        (l.liquidationFeeBps, l.insuranceShareBps) = (0, 0);
        _passes(l);
        l.insuranceShareBps = 10_000;
        _passes(l);
        l.insuranceShareBps = 10_001;
        _outside(l, "insuranceShareBps", 10_001, 0, 10_000);
        (l.insuranceShareBps, l.fundCoverBps) = (1, 10_000);
        _passes(l);
        l.fundCoverBps = 10_001;
        _outside(l, "fundCoverBps", 10_001, 1, 10_000);
        l.fundCoverBps = 0;
        _outside(l, "fundCoverBps", 0, 1, 10_000);
        l.fundCoverBps = 1;
        _passes(l);
    }

    function test_check_rangesOfLots() public {
        MarketListing memory l = _perpetual();
        uint256 most = 4095 * UNIT;
        l.maxPositionLots = uint40(UNIT);
        _passes(l);
        l.maxPositionLots = uint40(most);
        _passes(l);
        l.maxPositionLots = uint40(most + 1);
        _outside(l, "maxPositionLots", int256(most + 1), int256(UNIT), int256(most));
        l.maxPositionLots = uint40(most - 1);
        _outside(l, "maxPositionLots", int256(most - 1), int256(most - UNIT), int256(most));
        (l.maxPositionLots, l.concentrationLots) = (uint40(UNIT), uint40(most));
        _passes(l);
        l.concentrationLots = uint40(most + UNIT);
        _outside(l, "concentrationLots", int256(most + UNIT), 0, int256(most));
        l.concentrationLots = uint40(UNIT + 1);
        _outside(l, "concentrationLots", int256(UNIT + 1), int256(UNIT), int256(2 * UNIT));
        (l.concentrationLots, l.maxOpenInterestLots, l.openInterestBaseLots) = (0, 1, 0);
        _passes(l);
        (l.maxOpenInterestLots, l.openInterestBaseLots) = (1 << 35, 1 << 35);
        _passes(l);
        l.maxOpenInterestLots += 1;
        _outside(l, "maxOpenInterestLots", (1 << 35) + 1, 1, 1 << 35);
        (l.maxOpenInterestLots, l.openInterestBaseLots) = (1, (1 << 35) + 1);
        _outside(l, "openInterestBaseLots", (1 << 35) + 1, 0, 1 << 35);
    }

    function test_check_rangesOfPerpetuals() public {
        MarketListing memory l = _perpetual();
        (l.fundingPeriod, l.fundingCapBps) = (1 hours, 125);
        _passes(l);
        l.fundingPeriod = 30 days;
        _passes(l);
        l.fundingPeriod = 30 days + 1;
        _outside(l, "fundingPeriod", 30 days + 1, 1 hours, 30 days);
        (l.fundingPeriod, l.fundingCapBps) = (30 days, 2000);
        _passes(l);
        l.fundingCapBps = 2001;
        _outside(l, "fundingCapBps", 2001, 1, 2000);
        (l.fundingCapBps, l.fundingInterestBps) = (1, 1);
        _passes(l);
        l.fundingInterestBps = -1;
        _passes(l);
        l.fundingInterestBps = -2;
        _outside(l, "fundingInterestBps", -2, -1, 1);
        l.fundingInterestBps = 2;
        _outside(l, "fundingInterestBps", 2, -1, 1);
        l.fundingInterestBps = 0;
        l.spreadInitialBps = 1;
        _outside(l, "spreadInitialBps", 1, 0, 0);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 1);
        _outside(l, "spreadMaintenanceBps", 1, 0, 0);
    }

    function test_check_rangesOfDatedFutures() public {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.nextFromPeriod) = (WINDOW_LAST, 0);
        _passes(l);
        l.firstPeriod = l.nextFromPeriod = WINDOW_LAST - 365;
        _passes(l);
        l.firstPeriod = l.nextFromPeriod = WINDOW_LAST - 366;
        _outside(l, "windowDays", 367, 1, 366);
        l = _dated();
        l.firstPeriod = l.lastPeriod = uint32(uint256(LAST_PERIOD));
        _passes(l);
        l.lastPeriod += 1;
        _outside(l, "lastPeriod", LAST_PERIOD + 1, LAST_PERIOD, LAST_PERIOD);
        l = _dated();
        l.firstMarkTick = Tick.wrap(1);
        _passes(l);
        l.firstMarkTick = Tick.wrap(type(uint24).max - 1);
        _passes(l);
        l.firstMarkTick = Tick.wrap(type(uint24).max);
        _outside(l, "firstMarkTick", 16_777_215, 1, 16_777_214);
    }

    function test_check_rangesOfTiers() public {
        MarketListing memory l = _perpetual();
        l.tiers[0].initialMarginBps = 10_000;
        _passes(l);
        l.tiers[0].initialMarginBps = 10_001;
        _outside(l, "initialMarginBps", 10_001, 1, 10_000);
        l.tiers[0].initialMarginBps = 0;
        _outside(l, "initialMarginBps", 0, 1, 10_000);
        l.tiers[0] = MarginTier(10_000, 10_001, 1);
        _outside(l, "maintenanceMarginBps", 10_001, 1, 10_000);
        l.tiers[0] = MarginTier(10_000, 0, 1);
        _outside(l, "maintenanceMarginBps", 0, 1, 10_000);
        l.tiers[0] = MarginTier(10_000, 5000, 0);
        _outside(l, "fillBandBps", 0, 1, 5000);
        l.tiers[0] = MarginTier(10_000, 5000, 1);
        _passes(l);
        l.tiers[0] = MarginTier(10_000, 5000, 5001);
        _outside(l, "fillBandBps", 5001, 1, 5000);
    }

    // ---------------------------------------------------------------------------------------------------- inequalities

    function test_check_fundingIsNoMarginCall() public {
        MarketListing memory l = _perpetual();
        l.fundingCapBps = 1000;
        _passes(l);
        l.fundingCapBps = 1001;
        _unsafe(l, "funding cap <= 10 % in 8 hours", 1001 * 8 hours, 1000 * 8 hours);
        (l.fundingCapBps, l.fundingPeriod) = (126, 1 hours);
        _unsafe(l, "funding cap <= 10 % in 8 hours", 126 * 8 hours, 1000 * 1 hours);
    }

    function test_check_theClampIsBelowMaintenance() public {
        MarketListing memory l = _perpetual();
        l.clampBps = 1199;
        _passes(l);
        l.clampBps = 1200;
        _unsafe(l, "clamp < maintenance", 1200, 1200);
    }

    function test_check_maintenanceIsBelowInitial() public {
        MarketListing memory l = _perpetual();
        l.tiers[0] = MarginTier(3000, 3000, 600);
        _unsafe(l, "maintenance < initial", 3000, 3000);
    }

    function test_check_aFillAtTheEdgeKeepsAMakerAboveMaintenance() public {
        MarketListing memory l = _perpetual();
        // A basis point of a price 5.99 % above mark, in whole basis points: two.
        l.tiers[0] = MarginTier(1801, 1200, 599);
        _passes(l);
        l.tiers[0] = MarginTier(1800, 1200, 599);
        _unsafe(l, "band + maker fee <= initial - maintenance", 601, 600);
        l.makerFee = 0;
        _passes(l);
        l.makerFee = -50;
        _passes(l);
    }

    function test_check_aFillAtTheEdgeLeavesATakerSomething() public {
        MarketListing memory l = _perpetual();
        // Five basis points of a price a tenth above mark.
        l.tiers[0] = MarginTier(3000, 1006, 1000);
        _passes(l);
        l.tiers[0] = MarginTier(3000, 1005, 1000);
        _unsafe(l, "band + taker fee <= maintenance", 1006, 1005);
        l.makerFee = 60;
        l.tiers[0] = MarginTier(3000, 1007, 1000);
        _passes(l);
        l.tiers[0] = MarginTier(3000, 1006, 1000);
        _unsafe(l, "band + maker fee <= maintenance", 1007, 1006);
    }

    function test_check_theLiquidationFeeIsBelowMaintenance() public {
        MarketListing memory l = _perpetual();
        (l.liquidationFeeBps, l.clampBps) = (500, 400);
        l.tiers[0] = MarginTier(2000, 501, 400);
        _passes(l);
        l.tiers[0] = MarginTier(2000, 500, 400);
        _unsafe(l, "liquidation fee < maintenance", 500, 500);
    }

    function test_check_theLargestMoveAfterAFillAtTheEdge() public {
        MarketListing memory l = _perpetual();
        l.clampBps = 700;
        l.tiers[0] = MarginTier(1400, 790, 600);
        _passes(l);
        maxMove = 801;
        _unsafe(l, "band + maxMove <= initial", 1401, 1400);
    }

    function test_check_tiersOnlyFallOnTheWay() public {
        MarketListing memory l = _dated();
        l.tiers[0] = l.tiers[1] = l.tiers[2] = MarginTier(1600, 1200, 250);
        _passes(l);
        l.tiers[0] = MarginTier(1600, 1201, 250);
        _unsafe(l, "tier maintenance falls", 1201, 1200);
        l = _dated();
        l.tiers[2] = MarginTier(1999, 1500, 400);
        _unsafe(l, "tier initial falls", 2000, 1999);
    }

    /// Margins and band shrink together, but margins have floors: on some day the three may not fit any more.
    function test_check_everyDayOfTheWindow() public {
        MarketListing memory l = _dated();
        maxMove = 100;
        l.clampBps = 200;
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 0);
        l.tiers[0] = MarginTier(800, 400, 300);
        l.firstPeriod = l.lastPeriod;
        _passes(l);
        // On the second of two days: 4 % and 3 %, and still half of the band.
        l.firstPeriod = l.lastPeriod - 1;
        _unsafe(l, "band + maker fee <= initial - maintenance", 152, 100);
        l.tiers[0] = MarginTier(400, 300, 90);
        _passes(l);
        l.tiers[0] = MarginTier(399, 300, 90);
        _outside(l, "initialMarginBps", 399, 400, 10_000);
        l.tiers[0] = MarginTier(400, 299, 90);
        _outside(l, "maintenanceMarginBps", 299, 300, 10_000);
    }

    /// A month of 29 days in which every day just fits; of a thirtieth, on which margins would be higher and the fee at the edge of
    /// a wider band a whole basis point more, nothing is asked.
    function test_check_noDayBeyondTheWindow() public {
        MarketListing memory l = _dated();
        maxMove = 100;
        (l.clampBps, l.makerFee) = (200, 109);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 0);
        l.tiers[0] = MarginTier(400, 300, 89);
        l.firstPeriod = l.nextFromPeriod = l.lastPeriod - 28;
        _passes(l);
        l.tiers[0].fillBandBps = 90;
        _unsafe(l, "band + maker fee <= initial - maintenance", 101, 100);
        MarginTier memory beyond = DeliveryMargins.scaled(MarginTier(400, 300, 89), 30, 29);
        uint256 needed = beyond.fillBandBps + ParameterChecks.makerFeeBps(109, beyond.fillBandBps);
        vm.assertTrue(needed > beyond.initialMarginBps - beyond.maintenanceMarginBps, "scene");
    }

    function test_check_aHedgeKeepsWhatBothLegsMayMove() public {
        MarketListing memory l = _dated();
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (2502, 2100);
        // Of next month's band and not of the third's: 4 % and two basis points.
        _passes(l);
        l.spreadInitialBps = 2501;
        _unsafe(l, "spread maintenance + band + maker fee <= spread initial", 2502, 2501);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (2600, 2099);
        _unsafe(l, "maintenance <= spread maintenance", 2100, 2099);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (2600, 2000);
        _unsafe(l, "2 x clamp < spread maintenance", 2000, 2000);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (20_000, 2100);
        _passes(l);
        l.spreadInitialBps = 20_001;
        _outside(l, "spreadInitialBps", 20_001, 1, 20_000);
        // One of the two alone is no way around.
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 2100);
        _outside(l, "spreadInitialBps", 0, 1, 20_000);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (2600, 0);
        _unsafe(l, "2 x clamp < spread maintenance", 2000, 0);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 0);
        _passes(l);
    }

    // ------------------------------------------------------------------------------------------------------------ fees

    function test_feeBps_atTheEdgeOfTheBand() public pure {
        vm.assertEq(ParameterChecks.feeBps(0, 600), 0);
        vm.assertEq(ParameterChecks.feeBps(10, 0), 1);
        vm.assertEq(ParameterChecks.feeBps(11, 0), 2);
        vm.assertEq(ParameterChecks.feeBps(50, 600), 6);
        vm.assertEq(ParameterChecks.feeBps(2000, 5000), 300);
        vm.assertEq(ParameterChecks.makerFeeBps(10, 600), 2);
        vm.assertEq(ParameterChecks.makerFeeBps(0, 600), 0);
        vm.assertEq(ParameterChecks.makerFeeBps(-2000, 600), 0);
    }

    function test_scaled_marginsRoundUpAndTheBandDown() public pure {
        MarginTier memory tier = DeliveryMargins.scaled(MarginTier(1601, 1201, 250), 2, 3);
        vm.assertTrue(tier.initialMarginBps == 1068 && tier.maintenanceMarginBps == 801);
        vm.assertEq(tier.fillBandBps, 166);
        tier = DeliveryMargins.scaled(MarginTier(1601, 1201, 250), 1, 31);
        vm.assertTrue(tier.initialMarginBps == 400 && tier.maintenanceMarginBps == 300);
        vm.assertEq(tier.fillBandBps, 8);
        vm.assertEq(DeliveryMargins.scaled(MarginTier(1601, 1201, 30), 1, 31).fillBandBps, 1);
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// A perpetual with room for the largest clamp and fees.
    function _wide() private view returns (MarketListing memory l) {
        l = _perpetual();
        l.tiers[0] = MarginTier(10_000, 5001, 1000);
    }

    function check(MarketListing memory l) external view {
        ParameterChecks.check(l, maxMove);
    }

    function _passes(MarketListing memory l) private view {
        this.check(l);
    }

    function _outside(
        MarketListing memory l,
        string memory what,
        int256 value,
        int256 min,
        int256 max
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, what, value, min, max)
        );
        this.check(l);
    }

    function _unsafe(MarketListing memory l, string memory rule, uint256 left, uint256 right) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.UnsafeParameters.selector, rule, left, right));
        this.check(l);
    }
}
