// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    LadderStage,
    MarketListing,
    MarketPhase,
    MarketView,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// From the second limit to the push that ends the halt: nobody is forced out at a mark that nobody knows, and no minute of it
/// counts, whoever touches what and when.
contract ClearinghouseHaltTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;
    OrderId private ask;

    // ---------------------------------------------------------------------------------------------- what stands still

    function test_halt_meanMarkAndFundingStandStill() public {
        _quote(perp, TICK + 200);
        _quote(dated, TICK + 200);
        vm.warp(_halt());
        bytes32 before = _still();
        for (uint256 i = 0; i < 5; ++i) {
            _skip(11 hours + 7);
            house.sync(perp);
            house.sync(dated);
            vm.assertTrue(_still() == before, "moved in a halt");
        }
        // Nor does a change of the book count.
        _clear(perp);
        _clear(dated);
        _skip(5 hours);
        vm.assertTrue(_still() == before, "moved by a cancelled order");
    }

    function test_halt_oneTouchAfterwardsEqualsMany() public {
        _quote(perp, TICK + 200);
        _quote(dated, TICK + 150);
        uint256 start = _halt() - 5 hours;
        // Five hours before a halt of nearly four days over four midnights, and seven hours after it.
        uint256 push = _halt() + 92 hours + 33;
        vm.warp(start);
        uint256 snapshot = vm.snapshotState();
        _until(push, 47 minutes);
        _print(day + 5, 0, POINTS);
        _until(push + 7 hours, 1 minutes);
        MarketView memory often = house.market(dated);
        MarketView memory often2 = house.market(perp);
        vm.revertToState(snapshot);
        vm.warp(push);
        _print(day + 5, 0, POINTS);
        vm.warp(push + 7 hours);
        house.sync(dated);
        house.sync(perp);
        MarketView memory once = house.market(dated);
        vm.assertApproxEqAbs(once.meanX16, often.meanX16, 31);
        vm.assertApproxEqAbs(once.anchorX16, often.anchorX16, 31);
        vm.assertEq(once.initialMarginBps, often.initialMarginBps);
        vm.assertApproxEqAbs(house.market(perp).meanX16, often2.meanX16, 31);
        vm.assertTrue(once.anchorX16 != TICK * X16, "scene");
    }

    function test_halt_aMonthThatNobodyTouchedOverTwoOfThem() public {
        uint256 first = _halt();
        // Five minutes count before the first halt, some ten between the two, ten after the second.
        vm.warp(first - 5 minutes);
        _quote(dated, TICK + 300);
        uint256 snapshot = vm.snapshotState();
        uint256[2] memory means;
        for (uint256 often = 0; often < 2; ++often) {
            uint256 step = often == 1 ? 7 minutes : 30 days;
            _pass(first + 24 hours - 10 minutes, step);
            // It leaves the index ten minutes younger than the second limit.
            _print(day + 1, 0, POINTS);
            _pass(first + 30 hours, step);
            _print(day + 3, 0, POINTS);
            _pass(first + 30 hours + 10 minutes, step);
            house.sync(dated);
            means[often] = house.market(dated).meanX16;
            if (often == 0) vm.revertToState(snapshot);
        }
        vm.assertApproxEqAbs(means[0], means[1], 31);
        // Of 25 minutes, one in thirty of the distance each: about four sevenths of it.
        uint256 moved = means[0] - TICK * X16;
        vm.assertTrue(moved > 130 * X16 && moved < 190 * X16, "minutes of a halt counted");
    }

    function _pass(uint256 end, uint256 step) private {
        for (uint256 t = block.timestamp + step; t < end; t += step) {
            vm.warp(t);
            house.sync(dated);
        }
        vm.warp(end);
    }

    /// A print that comes while its index is still too old moves the halt's first minute, not what was already in it.
    function test_halt_aPrintThatDoesNotEndItOpensNothing() public {
        _quote(dated, TICK + 300);
        uint256 push = _halt() + 80 hours;
        uint256 snapshot = vm.snapshotState();
        uint256[2] memory means;
        uint256[2] memory anchors;
        for (uint256 often = 0; often < 2; ++often) {
            if (often == 1) _until(push, 3 hours);
            vm.warp(push);
            _print(day + 1, 0, POINTS);
            vm.assertTrue(house.market(dated).stage == LadderStage.Halted, "scene");
            _skip(1 hours);
            _print(day + 5, 0, POINTS);
            _skip(5 hours);
            house.sync(dated);
            MarketView memory m = house.market(dated);
            (means[often], anchors[often]) = (m.meanX16, m.anchorX16);
            if (often == 0) vm.revertToState(snapshot);
        }
        vm.assertApproxEqAbs(means[0], means[1], 31);
        vm.assertApproxEqAbs(anchors[0], anchors[1], 31);
    }

    function test_halt_theMidnightAfterItBringsTheMonthsMargins() public {
        // The second month begins within the halt.
        vm.warp(uint256(NEXT_FROM) * 1 days + 54 hours);
        house.sync(dated);
        vm.assertTrue(house.market(dated).stage == LadderStage.Halted, "scene");
        uint256 im = house.market(dated).initialMarginBps;
        _print(day + 3, 0, POINTS);
        _skip(60);
        vm.assertEq(house.market(dated).initialMarginBps, im);
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        vm.assertEq(
            house.market(dated).initialMarginBps,
            block.timestamp / 1 days >= WINDOW_FIRST ? 1600 : 2000
        );
    }

    /// A month that goes from one fresh minute to the next costs what it did before its index had ever been silent.
    function test_halt_aMinuteAfterItCostsWhatItCostBefore() public {
        house.sync(dated);
        uint256 before = _minute();
        vm.warp(_halt());
        house.sync(dated);
        _print(day + 2, 0, POINTS);
        _skip(31 minutes);
        house.sync(dated);
        vm.assertTrue(house.market(dated).stage == LadderStage.Fresh, "scene");
        uint256 after_ = _minute();
        vm.assertTrue(after_ < before + 1_000, "dearer than before");
    }

    /// Gas of a month's next minute.
    function _minute() private returns (uint256 gas) {
        _skip(60);
        gas = gasleft();
        house.sync(dated);
        gas -= gasleft();
    }

    // ---------------------------------------------------------------------------------------------------- who waits

    function test_halt_nobodyIsForcedOut() public {
        _poor();
        vm.warp(_halt());
        _everythingForced(_stale());
    }

    function test_grace_nobodyIsForcedOut() public {
        _poor();
        vm.warp(_halt());
        _print(day + 2, 0, POINTS);
        uint256 until = block.timestamp + 30 minutes;
        vm.warp(until - 1);
        _everythingForced(
            abi.encodeWithSelector(IClearingErrors.InGracePeriod.selector, perp, until - 1, until)
        );
        vm.warp(until);
        // Then it is as any day.
        _place(dave, perp, 1000, TICK - 10);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0))
        );
        vm.assertTrue(!success);
        vm.assertTrue(bytes4(answer) == IClearingErrors.AccountHealthy.selector);
    }

    function test_halt_cancellingAndDepositsGoOn() public {
        OrderId id = _place(alice, perp, 500, TICK - 10);
        vm.warp(_halt());
        vm.prank(alice);
        vm.assertEq(house.cancel(id), 500);
        token.mint(alice, 5 * USD);
        vm.prank(alice);
        house.deposit(0, 5 * USD);
        _assertConserved();
    }

    function test_halt_withdrawalsOfWhoHoldsNothing() public {
        _trade(alice, bob, perp, 1000, TICK);
        _place(carol, perp, 100, TICK - 10);
        vm.warp(_halt());
        _refused(alice, abi.encodeCall(house.withdraw, (ALICE, 1, alice)), _stale());
        // Orders cannot be filled meanwhile: they only need their margin.
        vm.prank(carol);
        house.withdraw(CAROL, FUNDS - 200 * USD, carol);
        vm.prank(dave);
        house.withdraw(DAVE, FUNDS, dave);
        // Grace: as margin allows.
        _print(day + 2, 0, POINTS);
        vm.prank(alice);
        house.withdraw(ALICE, 1, alice);
        _assertConserved();
    }

    function test_halt_transfersOfWhoHoldsLotsWait() public {
        _trade(alice, bob, perp, 1000, TICK);
        token.mint(alice, USD);
        vm.prank(alice);
        AccountId second = house.deposit(1, USD);
        vm.warp(_halt());
        _refused(alice, abi.encodeCall(house.transfer, (ALICE, second, 1)), _stale());
        vm.prank(alice);
        house.transfer(second, ALICE, USD);
    }

    function test_halt_concernsNoMarketWhoseTradingHasEnded() public {
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days + 7 days);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired, "scene");
        vm.prank(alice);
        house.withdraw(ALICE, 1_000 * USD, alice);
        house.settle(dated);
        vm.prank(alice);
        house.withdraw(ALICE, 1_000 * USD, alice);
        _assertConserved();
    }

    function test_halt_trappedBehindNoPersonsPause() public {
        _trade(alice, bob, perp, 1000, TICK);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        vm.warp(_halt());
        _print(day + 2, 0, POINTS);
        // In grace already: the way out is open.
        _trade(bob, alice, perp, 1000, TICK);
        vm.prank(alice);
        house.withdraw(ALICE, 1_000 * USD, alice);
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// Alice holds what she can just hold, with an order beside it.
    function _poor() private {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_200 * USD, alice);
        _trade(alice, bob, perp, 1000, TICK);
        ask = _place(alice, perp, -100, TICK + 500);
        _feedFund(perp, 1_000 * USD);
    }

    function _everythingForced(bytes memory refused) private {
        OrderId[] memory orders = new OrderId[](1);
        orders[0] = ask;
        _refused(bob, abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0)), refused);
        _refused(carol, abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 500)), refused);
        _refused(bob, abi.encodeCall(house.absorb, (ALICE)), refused);
        _refused(bob, abi.encodeCall(house.cancelRiskRaising, (ALICE, orders)), refused);
        if (bytes4(refused) != IClearingErrors.IndexStale.selector) return;
        _refused(bob, abi.encodeCall(house.unwind, (perp, 10)), refused);
        _refused(bob, abi.encodeCall(house.deleverage, (perp)), refused);
    }

    function _until(uint256 end, uint256 step) private {
        for (uint256 t = block.timestamp + step; t < end; t += step) {
            vm.warp(t);
            house.sync(dated);
            house.sync(perp);
        }
        vm.warp(end);
        house.sync(dated);
        house.sync(perp);
    }

    function _halt() private view returns (uint256) {
        return (uint256(day) + 2) * 1 days + 54 hours;
    }

    function _stale() private view returns (bytes memory) {
        uint256 age = block.timestamp - (uint256(day) + 2) * 1 days;
        return abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, age, 54 hours);
    }

    function _still() private view returns (bytes32) {
        MarketView memory p = house.market(perp);
        MarketView memory d = house.market(dated);
        return
            keccak256(
                abi.encode(p.meanX16, p.markX16, p.cumulativeFunding, d.meanX16, d.markX16, d.anchorX16)
            );
    }

    function _quote(MarketId market, uint256 tick) private {
        _place(traders[4], market, 1000, tick - 1);
        _place(traders[5], market, -1000, tick + 1);
    }

    function _clear(MarketId market) private {
        MarketView memory m = house.market(market);
        OrderId id = house.ordersAt(market, uint24(m.bestBid), 1)[0].id;
        vm.prank(traders[4]);
        house.cancel(id);
        id = house.ordersAt(market, uint24(m.bestAsk), 1)[0].id;
        vm.prank(traders[5]);
        house.cancel(id);
    }
}
