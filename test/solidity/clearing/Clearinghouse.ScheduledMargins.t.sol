// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {
    MarginChange,
    MarginTier,
    MarketListing,
    MarketPhase,
    MarketView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Margins change a week after they were announced, by whoever calls then, and only as a safe set.
contract ClearinghouseScheduledMarginsTest is RiskFixture {
    /// It is 06:00 UTC of day 20,096: the first midnight a week away is that of 20,104.
    uint32 private constant EARLIEST = 20_104;

    // ---------------------------------------------------------------------------------------------------------- notice

    function test_schedule_changesNothingYet() public {
        MarginChange memory c = _wider();
        bytes32 listing = keccak256(abi.encode(house.listing(perp), house.market(perp)));
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.MarginsScheduled(perp, EARLIEST, c);
        _schedule(perp, c, EARLIEST);
        vm.assertTrue(keccak256(abi.encode(house.listing(perp), house.market(perp))) == listing);
        (MarginChange memory pending, uint256 from) = house.pendingMargins(perp);
        vm.assertEq(from, EARLIEST);
        vm.assertTrue(keccak256(abi.encode(pending)) == keccak256(abi.encode(c)), "pending");
    }

    function test_schedule_revertsWith_NoticeTooShort() public {
        bytes memory early = abi.encodeWithSelector(
            IClearingErrors.NoticeTooShort.selector,
            EARLIEST - 1,
            EARLIEST
        );
        _refused(RISK_OFFICER, abi.encodeCall(house.scheduleMargins, (perp, _wider(), EARLIEST - 1)), early);
        // At midnight itself seven days are seven days.
        vm.warp(20_097 days);
        _schedule(perp, _wider(), EARLIEST);
        vm.warp(20_097 days + 1);
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.scheduleMargins, (perp, _wider(), EARLIEST)),
            abi.encodeWithSelector(IClearingErrors.NoticeTooShort.selector, EARLIEST, EARLIEST + 1)
        );
    }

    function test_schedule_anotherOneStartsTheNoticeAgain() public {
        _schedule(perp, _wider(), EARLIEST);
        _days(4);
        MarginChange memory c = _wider();
        c.tiers[0].maintenanceMarginBps = 2000;
        // The day of the first one is too near for the second.
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.scheduleMargins, (perp, c, EARLIEST)),
            abi.encodeWithSelector(IClearingErrors.NoticeTooShort.selector, EARLIEST, EARLIEST + 4)
        );
        _schedule(perp, c, EARLIEST + 4);
        _days(4);
        vm.assertTrue(block.timestamp >= uint256(EARLIEST) * 1 days, "scene");
        _refused(
            alice,
            abi.encodeCall(house.applyMargins, (perp)),
            abi.encodeWithSelector(
                IClearingErrors.NotYetDue.selector,
                perp,
                block.timestamp,
                uint256(EARLIEST + 4) * 1 days
            )
        );
        _days(4);
        vm.prank(alice);
        house.applyMargins(perp);
        vm.assertEq(house.market(perp).maintenanceMarginBps, 2000);
    }

    function test_schedule_noHealthyAccountBecomesLiquidatableByIt() public {
        _lever();
        // Equity of 20 %, and 21 % will be needed.
        _schedule(perp, _wider(), EARLIEST);
        bytes memory liquidate = abi.encodeCall(house.liquidate, (ALICE, perp, 100, KEEPER, 0));
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertEq(mm, int256(600 * USD));
        bytes memory healthy = abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, equity, mm);
        _refused(traders[5], liquidate, healthy);
        _days(8);
        _refused(traders[5], liquidate, healthy);
        // The week was there to deposit in.
        house.applyMargins(perp);
        (, , mm) = _health(ALICE);
        vm.assertEq(mm, int256(1050 * USD));
        _place(dave, perp, 1000, TICK);
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, perp, 100, KEEPER, 0);
        vm.assertTrue(closed != 0);
    }

    // --------------------------------------------------------------------------------------------------------- applying

    function test_apply_byAnyoneOnceDue() public {
        MarginChange memory c = _wider();
        c.clampBps = 700;
        c.concentrationLots = 32_768;
        c.fundingCapBps = 100;
        c.fundingInterestBps = -3;
        _schedule(perp, c, EARLIEST);
        _days(7);
        vm.warp(uint256(EARLIEST) * 1 days - 1);
        _refused(
            alice,
            abi.encodeCall(house.applyMargins, (perp)),
            abi.encodeWithSelector(
                IClearingErrors.NotYetDue.selector,
                perp,
                block.timestamp,
                uint256(EARLIEST) * 1 days
            )
        );
        vm.warp(uint256(EARLIEST) * 1 days);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.MarginsApplied(perp, c);
        vm.prank(alice);
        house.applyMargins(perp);
        MarketView memory m = house.market(perp);
        vm.assertTrue(m.initialMarginBps == 2800 && m.maintenanceMarginBps == 2100 && m.fillBandBps == 600);
        MarketListing memory l = house.listing(perp);
        vm.assertTrue(l.tiers[0].initialMarginBps == 2800 && l.clampBps == 700);
        vm.assertTrue(l.concentrationLots == 32_768 && l.fundingCapBps == 100 && l.fundingInterestBps == -3);
        (, uint256 from) = house.pendingMargins(perp);
        vm.assertEq(from, 0);
        _refused(alice, abi.encodeCall(house.applyMargins, (perp)), _nothing());
    }

    function test_apply_narrowerClampHoldsAtOnce() public {
        MarginChange memory c = _wider();
        c.clampBps = 200;
        _schedule(perp, c, EARLIEST);
        _days(8);
        _moveMark(perp, 10_700);
        vm.assertTrue(_mark(perp) > 10_600 << 16, "scene");
        house.applyMargins(perp);
        vm.assertEq(_mark(perp), 10_200 << 16);
    }

    function test_apply_ofAMonthBeforeItsWindow() public {
        MarketId far = _listed(EARLIEST + 20, EARLIEST + 30, EARLIEST + 10);
        MarginChange memory c = _months();
        _schedule(far, c, EARLIEST);
        _days(8);
        house.applyMargins(far);
        MarketView memory m = house.market(far);
        vm.assertTrue(m.initialMarginBps == 3000 && m.maintenanceMarginBps == 2200 && m.fillBandBps == 500);
        MarketListing memory l = house.listing(far);
        vm.assertTrue(l.spreadInitialBps == 2800 && l.spreadMaintenanceBps == 2300 && l.clampBps == 900);
        // The tiers that it will come to are the new ones too.
        _days(11);
        house.sync(far);
        m = house.market(far);
        vm.assertTrue(m.initialMarginBps == 2200 && m.maintenanceMarginBps == 1600 && m.fillBandBps == 300);
    }

    function test_apply_insideAWindowFollowsAtMidnight() public {
        MarketId month = _listed(EARLIEST - 1, EARLIEST + 39, EARLIEST - 3);
        _schedule(month, _months(), EARLIEST);
        _days(8);
        house.sync(month);
        uint256 before = house.market(month).initialMarginBps;
        vm.assertEq(before, 1600);
        house.applyMargins(month);
        vm.assertEq(house.market(month).initialMarginBps, before);
        vm.warp(uint256(EARLIEST + 1) * 1 days);
        house.sync(month);
        MarketView memory m = house.market(month);
        vm.assertTrue(m.initialMarginBps == 1800 && m.maintenanceMarginBps == 1300 && m.fillBandBps == 200);
    }

    /// What a hedge needs inside a window neither rises nor falls by a change that the day's margins do not know yet: a cut would
    /// take the credit away before what is asked for it, a rise would give more than is asked.
    function test_apply_insideAWindowTheCreditFollowsAtMidnightToo() public {
        for (uint256 up = 0; up < 2; ++up) {
            uint256 snapshot = vm.snapshotState();
            _creditFollows(up == 1);
            vm.revertToState(snapshot);
        }
    }

    /// A fee that only the announced margins can bear waits for the midnight that puts them in force.
    function test_setFees_insideAWindowFitsTheMarginsOfTheDay() public {
        MarketId month = _listed(EARLIEST - 7, EARLIEST + 22, EARLIEST - 8);
        MarginChange memory c = _months();
        c.tiers[0] = MarginTier(2000, 1200, 250);
        _schedule(month, c, EARLIEST);
        _days(27);
        house.applyMargins(month);
        MarketView memory m = house.market(month);
        // Seven of thirty days are not locked: 16 / 12 % have come down to 4 / 3 %.
        vm.assertTrue(m.initialMarginBps == 400 && m.maintenanceMarginBps == 300 && m.fillBandBps == 58);
        bytes memory call = abi.encodeCall(house.setFees, (month, 450, 450));
        _refused(RISK_OFFICER, call, _unsafe("band + maker fee <= initial - maintenance", 104, 100));
        _nextPrint(POINTS);
        vm.prank(RISK_OFFICER);
        house.setFees(month, 450, 450);
        vm.assertEq(house.listing(month).makerFee, 450);
    }

    function _creditFollows(bool up) private {
        MarketId month = _listed(EARLIEST - 6, EARLIEST + 23, EARLIEST - 7);
        MarketId next = _listed(EARLIEST + 24, EARLIEST + 54, EARLIEST - 7);
        _trade(alice, bob, month, 1000, TICK);
        _trade(bob, alice, next, 1000, TICK);
        MarginChange memory c = _months();
        (c.clampBps, c.spreadInitialBps, c.spreadMaintenanceBps) = (1000, 2600, 2100);
        c.tiers[0] = up ? MarginTier(2000, 1500, 250) : MarginTier(1400, 1050, 250);
        c.tiers[1] = MarginTier(2000, 1500, 400);
        c.tiers[2] = MarginTier(2800, 2100, 600);
        _schedule(month, c, EARLIEST);
        _days(8);
        house.sync(month);
        (, int256 im, int256 mm) = _health(ALICE);
        // Some days are locked, so the hedge is one of the others alone.
        vm.assertTrue(house.market(month).maintenanceMarginBps < 1200, "scene");
        house.applyMargins(month);
        (, int256 im2, int256 mm2) = _health(ALICE);
        vm.assertEq(im2, im);
        vm.assertEq(mm2, mm);
        // At midnight the day's margins and the credit change together, and the hedge goes on as the days go by.
        vm.warp(uint256(EARLIEST + 1) * 1 days);
        house.sync(month);
        uint256 bps = house.market(month).maintenanceMarginBps;
        vm.assertTrue(up ? bps > 1200 : bps < 1000, "the day's margins are not the new ones");
        (, , mm2) = _health(ALICE);
        vm.assertApproxEqAbs(uint256(mm2), uint256(mm), uint256(mm) / 100);
    }

    /// A mark that stands still must not move with its clamp: margins wait for the end of a halt.
    function test_apply_waitsForTheEndOfAHalt() public {
        MarketId far = _listed(EARLIEST + 30, EARLIEST + 40, EARLIEST + 20);
        MarginChange memory c = _months();
        (c.clampBps, c.spreadMaintenanceBps, c.spreadInitialBps) = (200, 2300, 2800);
        _schedule(far, c, EARLIEST);
        _days(8);
        _moveMark(far, 10_500);
        uint256 mark = _mark(far);
        vm.assertTrue(mark > 10_300 << 16, "scene");
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        house.sync(far);
        mark = _mark(far);
        vm.assertTrue(mark > 10_300 << 16, "scene");
        _refused(
            alice,
            abi.encodeCall(house.applyMargins, (far)),
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 54 hours, 54 hours)
        );
        vm.assertEq(_mark(far), mark);
        _print(day + 2, 0, POINTS);
        _skip(60);
        house.applyMargins(far);
    }

    function test_apply_checksTheSetAgain() public {
        MarginChange memory c = _wider();
        c.tiers[0] = MarginTier(2000, 1398, 600);
        _schedule(perp, c, EARLIEST);
        // Twenty basis points of maker fee were not in the set that was announced.
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 200, 200);
        _days(8);
        _refused(
            alice,
            abi.encodeCall(house.applyMargins, (perp)),
            _unsafe("band + maker fee <= initial - maintenance", 622, 602)
        );
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 50, 10);
        house.applyMargins(perp);
        vm.assertEq(house.market(perp).maintenanceMarginBps, 1398);
    }

    function test_apply_revertsWith_MarketNotOpen_afterTheEndOfTrading() public {
        _schedule(dated, _months(), EARLIEST);
        _days(10);
        bytes memory ended = abi.encodeWithSelector(
            IClearingErrors.MarketNotOpen.selector,
            dated,
            MarketPhase.Expired
        );
        _refused(alice, abi.encodeCall(house.applyMargins, (dated)), ended);
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.scheduleMargins, (dated, _months(), EARLIEST + 20)),
            ended
        );
    }

    // ------------------------------------------------------------------------------------------------------ unsafe sets

    function test_schedule_revertsWith_UnsafeParameters() public {
        MarginChange memory c = _wider();
        c.clampBps = 2100;
        _refusedSet(perp, c, _unsafe("clamp < maintenance", 2100, 2100));
        c = _wider();
        c.tiers[0].maintenanceMarginBps = 2800;
        _refusedSet(perp, c, _unsafe("maintenance < initial", 2800, 2800));
        c = _wider();
        c.tiers[0].maintenanceMarginBps = 2199;
        _refusedSet(perp, c, _unsafe("band + maker fee <= initial - maintenance", 602, 601));
        c = _wider();
        c.tiers[0] = MarginTier(1300, 200, 600);
        c.clampBps = 100;
        _refusedSet(perp, c, _unsafe("band + taker fee <= maintenance", 606, 200));
        c = _wider();
        c.tiers[0] = MarginTier(1399, 700, 600);
        c.clampBps = 100;
        _refusedSet(perp, c, _unsafe("band + maxMove <= initial", 1400, 1399));
        c = _months();
        c.spreadMaintenanceBps = 1800;
        _refusedSet(dated, c, _unsafe("2 x clamp < spread maintenance", 1800, 1800));
        c = _months();
        c.spreadMaintenanceBps = 2199;
        _refusedSet(dated, c, _unsafe("maintenance <= spread maintenance", 2200, 2199));
        c = _months();
        c.spreadInitialBps = 2601;
        _refusedSet(dated, c, _unsafe("spread maintenance + band + maker fee <= spread initial", 2602, 2601));
        c = _months();
        c.tiers[0].maintenanceMarginBps = 1601;
        c.tiers[0].initialMarginBps = 2000;
        _refusedSet(dated, c, _unsafe("tier maintenance falls", 1601, 1600));
    }

    /// A maker who pays more than a taker, and a margin of which two bands take more than there is.
    function test_schedule_revertsWith_UnsafeParameters_makerFeeAboveMaintenance() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 0, 100);
        MarginChange memory c = _wider();
        c.tiers[0] = MarginTier(1400, 605, 600);
        c.clampBps = 100;
        _refusedSet(perp, c, _unsafe("band + maker fee <= maintenance", 611, 605));
    }

    function test_schedule_revertsWith_ParameterOutOfRange() public {
        MarginChange memory c = _wider();
        c.concentrationLots = 16_385;
        _refusedSet(
            perp,
            c,
            abi.encodeWithSelector(
                IClearingErrors.ParameterOutOfRange.selector,
                "concentrationLots",
                16_385,
                16_384,
                32_768
            )
        );
        c = _wider();
        c.spreadInitialBps = 1;
        _refusedSet(
            perp,
            c,
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, "spreadInitialBps", 1, 0, 0)
        );
    }

    function test_schedule_revertsWith_UnknownMarket() public {
        MarketId none = MarketId.wrap(9);
        _refusedSet(none, _wider(), abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, none));
    }

    // -------------------------------------------------------------------------------------------------------- cancelling

    function test_cancelMargins_byTheGuardianAndByTheRiskRole() public {
        _schedule(perp, _wider(), EARLIEST);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.MarginsCancelled(perp);
        vm.prank(GUARD);
        house.cancelMargins(perp);
        _schedule(perp, _wider(), EARLIEST);
        vm.prank(RISK_OFFICER);
        house.cancelMargins(perp);
        _refused(GUARD, abi.encodeCall(house.cancelMargins, (perp)), _nothing());
        _days(8);
        _refused(alice, abi.encodeCall(house.applyMargins, (perp)), _nothing());
        vm.assertEq(house.market(perp).maintenanceMarginBps, 1200);
    }

    function test_cancelMargins_byTheRiskRoleWithoutItsDelay() public {
        _schedule(perp, _wider(), EARLIEST);
        manager.grantRole(RISK, RISK_OFFICER, 2 days);
        vm.prank(RISK_OFFICER);
        house.cancelMargins(perp);
        (, uint256 from) = house.pendingMargins(perp);
        vm.assertEq(from, 0);
    }

    function test_cancelMargins_refusedToEveryoneElse() public {
        _schedule(perp, _wider(), EARLIEST);
        address[4] memory others = [alice, LISTER, TREASURER, address(house)];
        for (uint256 i = 0; i < others.length; ++i) {
            _refused(
                others[i],
                abi.encodeCall(house.cancelMargins, (perp)),
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i])
            );
        }
    }

    // ----------------------------------------------------------------------------------------------------------- helpers

    /// 28 / 21 % with the band of 6 % for the perpetual.
    function _wider() private pure returns (MarginChange memory c) {
        c.tiers[0] = c.tiers[1] = c.tiers[2] = MarginTier(2800, 2100, 600);
        c.clampBps = 800;
        c.fundingCapBps = 200;
    }

    function _months() private pure returns (MarginChange memory c) {
        c.tiers[0] = MarginTier(1800, 1300, 200);
        c.tiers[1] = MarginTier(2200, 1600, 300);
        c.tiers[2] = MarginTier(3000, 2200, 500);
        (c.clampBps, c.spreadInitialBps, c.spreadMaintenanceBps) = (900, 2800, 2300);
    }

    function _listed(uint32 first, uint32 last, uint32 nextFrom) private returns (MarketId) {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (first, last, nextFrom);
        vm.prank(LISTER);
        return house.listMarket(l);
    }

    function _schedule(MarketId market, MarginChange memory c, uint32 from) private {
        vm.prank(RISK_OFFICER);
        house.scheduleMargins(market, c, from);
    }

    function _refusedSet(MarketId market, MarginChange memory c, bytes memory expected) private {
        _refused(RISK_OFFICER, abi.encodeCall(house.scheduleMargins, (market, c, EARLIEST)), expected);
    }

    function _unsafe(string memory rule, uint256 left, uint256 right) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.UnsafeParameters.selector, rule, left, right);
    }

    function _nothing() private view returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.NothingScheduled.selector, perp);
    }

    function _days(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) _nextPrint(POINTS);
    }
}
