// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Reduce-only orders, stopped and stale markets, and the limits of sizes and numbers.
contract ClearinghouseLimitsTest is ClearingFixture {
    // ---------------------------------------------------------------------------------------------------- reduce-only

    function test_place_reduceOnlyReduces() public {
        _trade(alice, bob, perp, 1000, TICK);
        _place(carol, perp, 2000, TICK - 10);
        OrderParameters memory order = _order(perp, -1000, TICK - 10, OrderKind.ImmediateOrCancel);
        order.reduceOnly = true;
        _send(alice, order);
        vm.assertEq(_size(ALICE, perp), int256(0));
    }

    function test_place_revertsWith_WouldNotReduce() public {
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        order.reduceOnly = true;
        _refusedOrder(alice, order, _wouldNotReduce(100, 0));
        _trade(alice, bob, perp, 1000, TICK);
        _refusedOrder(alice, order, _wouldNotReduce(100, 1000));
        order.lots = -1001;
        _refusedOrder(alice, order, _wouldNotReduce(-1001, 1000));
        order.lots = -100;
        _refusedOrder(bob, order, _wouldNotReduce(-100, -1000));
    }

    function test_place_restingReduceOnlyFillsWhatIsLeftToReduce() public {
        _trade(alice, bob, perp, 1000, TICK);
        OrderParameters memory order = _order(perp, -1000, TICK + 50, OrderKind.Limit);
        order.reduceOnly = true;
        (OrderId id, ) = _send(alice, order);
        // The position shrinks to 400 meanwhile.
        _trade(carol, alice, perp, 600, TICK + 20);
        (, uint256 filled) = _send(dave, _order(perp, 1000, TICK + 50, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 400);
        vm.assertEq(_size(ALICE, perp), int256(0));
        _gone(id);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    function test_place_restingReduceOnlyIsDroppedOnceThereIsNothingToReduce() public {
        _trade(alice, bob, perp, 1000, TICK);
        OrderParameters memory order = _order(perp, -1000, TICK + 50, OrderKind.Limit);
        order.reduceOnly = true;
        (OrderId id, ) = _send(alice, order);
        _trade(carol, alice, perp, 1000, TICK + 20);
        _place(bob, perp, -100, TICK + 50);
        (, uint256 filled) = _send(dave, _order(perp, 100, TICK + 50, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 100);
        _gone(id);
        vm.assertEq(_size(ALICE, perp), int256(0));
    }

    // ------------------------------------------------------------------------------------------------ stopped markets

    function test_place_revertsWith_OnlyReducing() public {
        _trade(alice, bob, perp, 1000, TICK);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        bytes memory refused = abi.encodeWithSelector(
            IClearingErrors.OnlyReducing.selector,
            perp,
            MarketPhase.ReduceOnly
        );
        _refusedOrder(carol, _order(perp, 100, TICK - 10, OrderKind.Limit), refused);
        _refusedOrder(carol, _order(perp, 100, TICK - 10, OrderKind.PostOnly), refused);
        _refusedOrder(alice, _order(perp, -1001, TICK, OrderKind.Limit), refused);
        _refusedOrder(alice, _order(perp, 100, TICK, OrderKind.Limit), refused);
        // Reducing goes on: both sides can leave.
        _trade(bob, alice, perp, 1000, TICK);
        vm.assertEq(house.market(perp).openInterest, 0);
    }

    function test_place_revertsWith_IndexStale() public {
        _trade(alice, bob, perp, 1000, TICK);
        OrderId resting = _place(carol, perp, 500, TICK - 10);
        _place(carol, perp, -500, TICK + 10);
        vm.warp(_staleAt() - 1);
        _place(alice, perp, 100, TICK - 20);
        vm.warp(_staleAt());
        bytes memory refused = abi.encodeWithSelector(
            IClearingErrors.IndexStale.selector,
            feedId,
            30 hours,
            30 hours
        );
        _refusedOrder(alice, _order(perp, 100, TICK + 10, OrderKind.Limit), refused);
        _refusedOrder(alice, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel), refused);
        _refusedOrder(alice, _order(perp, -1001, TICK - 10, OrderKind.Limit), refused);
        // Takers may reduce, resting orders fill, and whoever does not take may still quote.
        _place(alice, perp, 100, TICK - 40);
        _send(alice, _order(perp, -500, TICK - 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(CAROL, perp), int256(500));
        _gone(resting);
        (OrderId quote, ) = _send(bob, _order(perp, 100, TICK - 30, OrderKind.PostOnly));
        vm.assertEq(house.order(quote).lots, int256(100));
    }

    function test_place_aPrintEndsStaleness() public {
        vm.warp(_staleAt() + 1 hours);
        _print(++day, 0, POINTS);
        _place(alice, perp, 100, TICK);
    }

    // ---------------------------------------------------------------------------------------------------------- limits

    function test_place_revertsWith_PositionLimit() public {
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 16_384, 100_000_000);
        _place(alice, perp, 16_384, TICK - 10);
        _refusedOrder(
            alice,
            _order(perp, 100, TICK - 20, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.PositionLimit.selector, 16_484, 16_384)
        );
        // The other side is another worst case.
        _place(alice, perp, -16_384, TICK + 10);
    }

    function test_place_mayReduceBeyondThePositionLimit() public {
        _trade(alice, bob, perp, 10_000, TICK);
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 16_384, 100_000_000);
        _trade(carol, alice, perp, 1000, TICK);
        vm.assertEq(_size(ALICE, perp), int256(9000));
    }

    function test_place_revertsWith_OpenInterestLimit() public {
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 8_192_000, 1000);
        _trade(alice, bob, perp, 1000, TICK);
        _place(carol, perp, -100, TICK + 10);
        _refusedOrder(
            dave,
            _order(perp, 100, TICK + 10, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OpenInterestLimit.selector, 1100, 1000)
        );
        // A position that only changes hands is no new interest.
        _send(bob, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(house.market(perp).openInterest, 1000);
    }

    function test_place_mayLowerOpenInterestBeyondItsLimit() public {
        _trade(alice, bob, perp, 1000, TICK);
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 8_192_000, 100);
        _trade(bob, alice, perp, 300, TICK);
        vm.assertEq(house.market(perp).openInterest, 700);
    }

    function test_place_revertsWith_TooManyOrders() public {
        for (uint256 i = 0; i < 200; ++i) _place(alice, perp, 100, TICK - 1 - (i % 40));
        vm.assertEq(_position(ALICE, perp).openOrders, 200);
        _refusedOrder(
            alice,
            _order(perp, 100, TICK - 50, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TooManyOrders.selector, 201, 200)
        );
        // Taking needs no room.
        _place(bob, perp, -100, TICK + 10);
        _take(alice, perp, 100);
        vm.assertEq(_size(ALICE, perp), int256(100));
    }

    function test_place_revertsWith_TooManyMarkets() public {
        MarketListing memory listing = _dated();
        for (uint256 m = 3; m <= 17; ++m) {
            vm.prank(LISTER);
            house.listMarket(listing);
        }
        for (uint16 m = 1; m <= 16; ++m) _place(alice, MarketId.wrap(m), 100, TICK - 10);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        _refusedOrder(
            alice,
            _order(MarketId.wrap(17), 100, TICK - 10, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TooManyMarkets.selector, 17, 16)
        );
        // Leaving one, whichever, makes room for another.
        OrderId id = house.ordersAt(MarketId.wrap(5), uint24(TICK - 10), 1)[0].id;
        vm.prank(alice);
        house.cancel(id);
        _place(alice, MarketId.wrap(17), 100, TICK - 10);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        vm.assertEq(_position(ALICE, MarketId.wrap(16)).openOrders, 1);
    }

    /// With market 1 in the sixteenth place, which is the smallest number there is.
    function test_place_aSettledMonthMakesPlaceInAFullList() public {
        MarketListing memory listing = _dated();
        for (uint256 m = 3; m <= 16; ++m) {
            vm.prank(LISTER);
            house.listMarket(listing);
        }
        for (uint16 m = 2; m <= 16; ++m) _trade(alice, bob, MarketId.wrap(m), 100, TICK);
        _trade(alice, bob, perp, 100, TICK);
        while (day < WINDOW_LAST + 4) _nextPrint(POINTS);
        vm.prank(LISTER);
        MarketId seventeenth = house.listMarket(_perpetual());
        _refusedOrder(
            alice,
            _order(seventeenth, 100, TICK - 10, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TooManyMarkets.selector, 17, 16)
        );
        house.settle(MarketId.wrap(9));
        _place(alice, seventeenth, 100, TICK - 10);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        vm.assertEq(_size(ALICE, MarketId.wrap(9)), int256(0));
        vm.assertEq(_size(ALICE, perp), int256(100));
        _assertConserved();
    }

    function test_place_revertsWith_InsufficientMargin() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_000 * USD, alice);
        _place(alice, perp, 1000, TICK - 10);
        _refusedOrder(
            alice,
            _order(perp, 100, TICK - 10, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD, 1_100 * USD)
        );
    }

    function test_place_theFeeOfAFillCounts() public {
        // IM of 1,000 lots at mark, the loss to mark of ten ticks, and the fee: one unit more is needed than there is.
        uint256 fee = (1000 * (TICK + 10) * 500 * 50 + 99_999) / 100_000;
        uint256 needed = 1_000 * USD + 1000 * 10 * 500 + fee;
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - needed + 1, alice);
        _place(bob, perp, -1000, TICK + 10);
        OrderParameters memory order = _order(perp, 1000, TICK + 10, OrderKind.ImmediateOrCancel);
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD - 1, 1_000 * USD)
        );
        token.mint(alice, 1);
        vm.prank(alice);
        house.depositFor(ALICE, 1);
        _send(alice, order);
        vm.assertEq(_equity(ALICE), int256(1_000 * USD));
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _staleAt() private view returns (uint256) {
        return house.feed(feedId).staleAt;
    }

    function _wouldNotReduce(int256 lots, int256 size) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.WouldNotReduce.selector, lots, size);
    }

    function _gone(OrderId id) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id));
        house.order(id);
    }
}
