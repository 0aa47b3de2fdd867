// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Orders that may only bring a position nearer to zero, while they rest too.
contract ClearinghouseReduceOnlyTest is OrdersFixture {
    /// Alice is long 500 lots, bob is short.
    function setUp() public override {
        super.setUp();
        _trade(alice, bob, perp, 500, TICK);
    }

    function test_reduceOnly_restsAndFills() public {
        OrderId id = _rest(-500, ASK);
        vm.assertTrue(house.order(id).reduceOnly);
        // It reserves what it may sell and nothing that needs margin.
        vm.assertTrue(_position(ALICE, perp).askLots == 500);
        vm.assertEq(house.account(ALICE).initialMargin, 500 * USD);
        vm.assertEq(_take(carol, perp, 200), 200);
        _assertOpen(id, -300);
        vm.assertEq(_take(carol, perp, 400), 300);
        vm.assertEq(_size(ALICE, perp), int256(0));
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    /// It fills what the position still has; the rest is dropped in the same walk.
    function test_reduceOnly_fillsNoMoreThanThePosition() public {
        OrderId id = _rest(-500, ASK);
        _sells(350);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(ALICE, id, 350, DropReason.NotReducing);
        vm.assertEq(_take(carol, perp, 400), 150);
        vm.assertTrue(_size(ALICE, perp) == 0 && house.market(perp).bestAsk == 0);
        _assertGone(id);
        _assertConserved();
    }

    /// And the taker goes on behind it.
    function test_reduceOnly_aTakerGoesOnBehindIt() public {
        _rest(-500, ASK);
        _place(dave, perp, -500, ASK);
        _sells(350);
        (, uint256 filled) = _send(carol, _order(perp, 400, ASK, OrderKind.FillOrKill));
        vm.assertEq(filled, 400);
        // He had bought the 350 that alice sold, and sells 250 behind her.
        vm.assertEq(_size(DAVE, perp), int256(350 - 250));
        _assertConserved();
    }

    function test_reduceOnly_severalMayRestForOnePosition() public {
        OrderId first = _rest(-500, ASK);
        OrderId second = _rest(-500, ASK + 1);
        vm.assertEq(_take(carol, perp, 500), 500);
        _assertGone(first);
        _assertOpen(second, -500);
        vm.assertEq(_take(carol, perp, 500), 0);
        _assertGone(second);
        vm.assertEq(_size(ALICE, perp), int256(0));
    }

    function test_reduceOnly_diesWithAFlip() public {
        OrderId id = _rest(-500, ASK);
        _sells(700);
        vm.assertEq(_size(ALICE, perp), -int256(200));
        vm.assertEq(_take(carol, perp, 500), 0);
        _assertGone(id);
        vm.assertEq(_size(ALICE, perp), -int256(200));
    }

    /// A position that has grown again revives what was not met meanwhile.
    function test_reduceOnly_followsThePosition() public {
        OrderId id = _rest(-500, ASK);
        _sells(500);
        _place(bob, perp, -300, TICK);
        _send(alice, _order(perp, 300, TICK, OrderKind.FillOrKill));
        vm.assertEq(_take(carol, perp, 500), 300);
        _assertGone(id);
    }

    function test_reduceOnly_revertsWith_WouldNotReduce() public {
        bytes4 selector = IClearingErrors.WouldNotReduce.selector;
        _refusedReducing(alice, -501, abi.encodeWithSelector(selector, -501, 500));
        _refusedReducing(alice, 100, abi.encodeWithSelector(selector, 100, 500));
        _refusedReducing(bob, -100, abi.encodeWithSelector(selector, -100, -500));
        _refusedReducing(carol, -100, abi.encodeWithSelector(selector, -100, 0));
        _refusedReducing(carol, 100, abi.encodeWithSelector(selector, 100, 0));
    }

    function test_reduceOnly_asATaker() public {
        _place(carol, perp, 300, BID);
        OrderParameters memory order = _reducing(perp, -500, BID);
        order.kind = OrderKind.ImmediateOrCancel;
        (OrderId id, uint256 filled) = _send(alice, order);
        vm.assertTrue(filled == 300 && OrderId.unwrap(id) == 0);
        vm.assertEq(_size(ALICE, perp), int256(200));
        _place(carol, perp, 200, BID);
        order = _reducing(perp, -200, BID);
        order.kind = OrderKind.FillOrKill;
        (, filled) = _send(alice, order);
        vm.assertEq(filled, 200);
        vm.assertEq(_size(ALICE, perp), int256(0));
        _assertConserved();
    }

    /// The remainder of one that traded rests with its flag, and is all that the position has left.
    function test_reduceOnly_theRemainderRestsReducing() public {
        _place(carol, perp, 300, BID);
        (OrderId id, uint256 filled) = _send(alice, _reducing(perp, -500, BID));
        vm.assertEq(filled, 300);
        vm.assertTrue(house.order(id).reduceOnly && house.order(id).lots == -200);
    }

    /// Where only reducing is allowed, resting orders that reduce are filled by takers that reduce.
    function test_reduceOnly_inAMarketThatOnlyReduces() public {
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        OrderId id = _rest(-500, TICK);
        _refusedOrder(
            carol,
            _order(perp, 100, TICK, OrderKind.ImmediateOrCancel),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, perp, 1)
        );
        (, uint256 filled) = _send(bob, _order(perp, 500, TICK, OrderKind.FillOrKill));
        vm.assertEq(filled, 500);
        _assertGone(id);
        vm.assertEq(house.market(perp).openInterest, 0);
        _assertConserved();
    }

    /// Ordinary orders that together could do more than close are refused there as well.
    function test_reduceOnly_restingLotsCountWhereOnlyReducingIsAllowed() public {
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        _place(alice, perp, -300, ASK);
        _refusedOrder(
            alice,
            _order(perp, -201, ASK, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, perp, 1)
        );
        _place(alice, perp, -200, ASK);
    }

    function test_reduceOnly_whileTheIndexIsStale() public {
        OrderId id = _rest(-300, TICK);
        vm.warp((uint256(day) + 2) * 1 days + 30 hours + 60);
        (bool success, bytes memory answer) = _tries(100);
        vm.assertTrue(
            !success && bytes4(answer) == IClearingErrors.IndexStale.selector,
            "a taker raised risk"
        );
        (, uint256 filled) = _send(bob, _order(perp, 300, TICK, OrderKind.FillOrKill));
        vm.assertEq(filled, 300);
        _assertGone(id);
    }

    /// Whatever is traded around it, a resting reduce-only order never takes its owner through zero or further out.
    function test_fuzz_reduceOnly_onlyReduces(uint256 seed) public {
        _rest(-int256(100 + (seed % 401)), ASK);
        _rest(-int256(100 + ((seed >> 16) % 401)), ASK + 1);
        for (uint256 i = 0; i < 4; ++i) {
            uint256 step = (seed >> (32 + 16 * i)) % 3;
            uint256 lots = 100 + ((seed >> (36 + 16 * i)) % 300);
            if (step == 0) _sells(lots);
            else if (step == 1) {
                _place(bob, perp, -int256(lots), TICK);
                _send(alice, _order(perp, int256(lots), TICK, OrderKind.ImmediateOrCancel));
            } else {
                int256 before = _size(ALICE, perp);
                _take(carol, perp, int256(lots));
                int256 after_ = _size(ALICE, perp);
                vm.assertTrue(before > 0 ? (after_ >= 0 && after_ <= before) : after_ == before);
            }
        }
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _rest(int256 lots, uint256 tick) private returns (OrderId id) {
        (id, ) = _send(alice, _reducing(perp, lots, tick));
    }

    /// Alice sells into a bid of dave's.
    function _sells(uint256 lots) private {
        _place(dave, perp, int256(lots), BID);
        (, uint256 filled) = _send(alice, _order(perp, -int256(lots), BID, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, lots);
    }

    function _tries(int256 lots) private returns (bool, bytes memory) {
        vm.prank(carol);
        return
            address(house).call(
                abi.encodeCall(house.place, (CAROL, _order(perp, lots, TICK, OrderKind.ImmediateOrCancel)))
            );
    }

    function _refusedReducing(address who, int256 lots, bytes memory expected) private {
        _refusedOrder(who, _reducing(perp, lots, TICK), expected);
    }
}
