// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FeedListing,
    MarketListing,
    MarketPhase,
    MarketView,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// A perpetual near the last tick ends, and a successor with another divisor is listed beside it.
contract MarketsSuccessorTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;
    /// 80 % of the tick range.
    uint256 private constant LAST = 13_421_771;

    MarketId private near;
    uint32 private sequence;

    function setUp() public override {
        super.setUp();
        // One tick is so little of the index that 5,000 points are 13 million of them.
        MarketListing memory l = _perpetual();
        l.indexPerTick = uint128(uint256(5_000e18) / 13_000_000);
        l.tickValue = 1;
        vm.prank(LISTER);
        near = house.listMarket(l);
    }

    function test_push_beyondFourFifthsOfTheRangeSetsTheEnd() public {
        _trade(alice, bob, near, 1000, 13_000_000);
        // A mean of 5,150 points is tick 13,390,000: still below.
        _nextPrint(5_000e18 + 7 * 150e18);
        vm.assertTrue(house.market(near).anchorX16 < LAST * X16, "scene");
        vm.assertTrue(house.market(near).phase == MarketPhase.Open);
        vm.assertEq(house.market(near).expiry, 0);
        uint256 end = (_due(day + 1) / 1 days + 30) * 1 days;
        vm.warp(_due(day + 1));
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.EndSet(near, end);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.PhaseChanged(near, MarketPhase.ReduceOnly);
        _nextPrint(5_000e18 + 7 * 50e18);
        MarketView memory m = house.market(near);
        vm.assertTrue(m.anchorX16 > LAST * X16, "scene");
        vm.assertTrue(m.phase == MarketPhase.ReduceOnly);
        vm.assertEq(m.expiry, end);
        // The others of the feed go on.
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open);
        _refusedOrder(
            carol,
            _order(near, 100, m.lowestFill, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, near, MarketPhase.ReduceOnly)
        );
        // It is for good, also when the index comes back.
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.resumeNewRisk, (near)),
            abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, near, MarketPhase.ReduceOnly)
        );
        _nextPrint(4_000e18);
        vm.assertEq(house.market(near).expiry, end);
    }

    function test_push_beyondFourFifthsOfAMarketThatOnlyReducesAlready() public {
        vm.prank(GUARD);
        house.stopNewRisk(near);
        _end();
        MarketView memory m = house.market(near);
        vm.assertTrue(m.phase == MarketPhase.ReduceOnly);
        vm.assertEq(m.expiry, (block.timestamp / 1 days + 30) * 1 days);
    }

    function test_settle_afterThirtyDaysAtItsLastMark() public {
        _trade(alice, bob, near, 1000, 13_000_000);
        _end();
        MarketView memory m = house.market(near);
        uint256 end = m.expiry;
        while ((uint256(day) + 2) * 1 days + 6 hours < end) _nextPrint(5_200e18);
        // Both may leave till then.
        vm.warp(end - 1);
        _trade(bob, alice, near, 400, house.market(near).markX16 / X16);
        OrderId resting = _place(bob, near, 100, house.market(near).lowestFill);
        _refused(
            alice,
            abi.encodeCall(house.settle, (near)),
            abi.encodeWithSelector(IClearingErrors.NotExpired.selector, near, end - 1, end)
        );
        uint256 snapshot = vm.snapshotState();
        vm.warp(end);
        house.sync(near);
        m = house.market(near);
        vm.assertTrue(m.phase == MarketPhase.Expired);
        uint256 mark = m.markX16;
        int256 funding = m.cumulativeFunding;
        _refusedOrder(
            alice,
            _order(near, -100, m.lowestFill, OrderKind.ImmediateOrCancel),
            abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, near, MarketPhase.Expired)
        );
        // Pushes no longer reach it.
        _nextPrint(5_300e18);
        _nextPrint(5_300e18);
        vm.assertEq(house.market(near).markX16, mark);
        vm.assertEq(house.market(near).cumulativeFunding, funding);
        uint256 tick = house.settle(near);
        vm.assertEq(tick, (mark + X16 / 2) / X16);
        vm.prank(bob);
        vm.assertEq(house.cancel(resting), 100);
        _convertAll();
        // Nobody touched it at its end: the same.
        vm.revertToState(snapshot);
        vm.warp(end + 2 days);
        vm.assertApproxEqAbs(house.settle(near), tick, 1);
        _convertAll();
    }

    function test_listMarket_aSuccessorAndItsSuccessor() public {
        // The feed has two perpetuals: a third has to wait until the first has settled.
        MarketListing memory l = _perpetual();
        (bool success, ) = _list(l);
        vm.assertTrue(!success);
        _end();
        while ((uint256(day) + 2) * 1 days < house.market(near).expiry) _nextPrint(5_200e18);
        vm.warp(house.market(near).expiry + 7 hours);
        _nextPrint(5_200e18);
        (success, ) = _list(l);
        vm.assertTrue(!success, "before it is settled");
        house.settle(near);
        MarketId next;
        (success, next) = _list(l);
        vm.assertTrue(success);
        // It follows, and so does the other one.
        _nextPrint(5_210e18);
        vm.assertEq(house.market(next).anchorX16, house.market(perp).anchorX16);
        vm.assertTrue(house.market(next).anchorX16 != TICK * X16, "scene");
    }

    /// The one that was listed first ends first: the other of its feed goes on, and has a successor beside it.
    function test_settle_theFirstOfAFeedLeavesTheSecond() public {
        MarketListing memory l = _perpetual();
        vm.prank(LISTER);
        l.feed = house.addFeed(FeedListing("GPX", 800, 30 hours, 54 hours, 7 days));
        _push(5_000e18);
        l.indexPerTick = uint128(uint256(5_000e18) / 13_000_000);
        l.tickValue = 1;
        vm.prank(LISTER);
        MarketId first = house.listMarket(l);
        (l.indexPerTick, l.tickValue) = (0.5e18, 500);
        vm.prank(LISTER);
        MarketId second = house.listMarket(l);
        _push(5_200e18);
        uint256 end = house.market(first).expiry;
        vm.assertTrue(end != 0 && house.market(second).expiry == 0, "scene");
        while (block.timestamp < end) _push(5_200e18);
        house.settle(first);
        _push(5_300e18);
        vm.assertEq(house.market(second).anchorX16, 10_600 * X16);
        (bool success, MarketId third) = _list(l);
        vm.assertTrue(success);
        (success, ) = _list(l);
        vm.assertTrue(!success, "two at most");
        _push(5_250e18);
        vm.assertEq(house.market(second).anchorX16, 10_500 * X16);
        vm.assertEq(house.market(third).anchorX16, 10_500 * X16);
    }

    function test_listMarket_revertsWith_ParameterOutOfRange_nearTheEndOfTheRange() public {
        MarketListing memory l = _perpetual();
        l.indexPerTick = uint128(uint256(5_000e18) / 14_000_000);
        vm.prank(LISTER);
        (bool success, bytes memory answer) = address(house).call(abi.encodeCall(house.listMarket, (l)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.ParameterOutOfRange.selector);
        l.indexPerTick = uint128(10_000e18);
        vm.prank(LISTER);
        (success, answer) = address(house).call(abi.encodeCall(house.listMarket, (l)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.ParameterOutOfRange.selector);
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// A day later the index of another feed is pushed.
    function _push(uint256 value) private {
        _skip(1 days);
        vm.prank(address(usage));
        house.onIndexPushed("GPX", value, ++sequence, uint32(block.timestamp / 1 days - 1));
    }

    function _end() private {
        _nextPrint(5_000e18 + 7 * 150e18);
        _nextPrint(5_000e18 + 7 * 50e18);
        vm.assertTrue(house.market(near).expiry != 0, "scene");
    }

    function _list(MarketListing memory l) private returns (bool success, MarketId id) {
        bytes memory answer;
        vm.prank(LISTER);
        (success, answer) = address(house).call(abi.encodeCall(house.listMarket, (l)));
        if (success) id = abi.decode(answer, (MarketId));
    }

    function _convertAll() private {
        for (uint256 i = 0; i < TRADERS; ++i) {
            house.convertSettled(AccountId.wrap(uint32(2048 + i)));
            _assertConserved();
        }
        vm.assertEq(house.market(near).openInterest, 0);
        vm.assertEq(house.account(AccountId.wrap(1024 + uint32(MarketId.unwrap(near)))).cash, int256(0));
    }
}
