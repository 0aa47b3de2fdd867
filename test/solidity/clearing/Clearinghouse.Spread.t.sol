// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Two markets in one call: both legs trade whole or neither does.
contract ClearinghouseSpreadTest is OrdersFixture {
    MarketId private later;

    function setUp() public override {
        super.setUp();
        vm.prank(LISTER);
        later = house.listMarket(_dated());
    }

    function test_batch_aSpreadTradesBothLegs() public {
        _place(bob, dated, -500, ASK);
        _place(carol, later, 500, BID);
        OrderId[] memory ids = _legs(500, ASK, -500, BID);
        vm.assertTrue(OrderId.unwrap(ids[0]) == 0 && OrderId.unwrap(ids[1]) == 0);
        vm.assertEq(_size(ALICE, dated), int256(500));
        vm.assertEq(_size(ALICE, later), -int256(500));
        vm.assertEq(_size(BOB, dated), -int256(500));
        vm.assertEq(_size(CAROL, later), int256(500));
        _assertConserved();
    }

    function test_batch_revertsWith_NotFilled_whereTheSecondLegIsShort() public {
        _place(bob, dated, -500, ASK);
        _place(carol, later, 499, BID);
        _refusedLegs(
            500,
            ASK,
            -500,
            BID,
            abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 499, 500)
        );
    }

    function test_batch_revertsWith_NotFilled_whereTheFirstLegIsShort() public {
        _place(bob, dated, -499, ASK);
        _place(carol, later, 500, BID);
        _refusedLegs(
            500,
            ASK,
            -500,
            BID,
            abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 499, 500)
        );
    }

    function test_batch_revertsWith_NotFilled_beyondTheLimit() public {
        _place(bob, dated, -500, ASK);
        _place(carol, later, 500, BID);
        _refusedLegs(
            500,
            ASK,
            -500,
            BID + 1,
            abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 0, 500)
        );
    }

    /// A roll closes one month and opens the next in one call, also where there is no money for both at once.
    function test_batch_aRollNeedsNoMarginForBothMonths() public {
        _trade(alice, bob, dated, 1000, TICK);
        // 28 % of 5,000 USD, and what the fees of both legs take.
        _withdrawTo(alice, 1_410 * USD);
        _place(carol, dated, 1000, TICK);
        _place(carol, later, -1000, TICK);
        _refusedOrder(
            alice,
            _order(later, 1000, TICK, OrderKind.FillOrKill),
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                int256(1_407_500_000),
                2_800 * USD
            )
        );
        _legs(-1000, TICK, 1000, TICK);
        vm.assertEq(_size(ALICE, dated), int256(0));
        vm.assertEq(_size(ALICE, later), int256(1000));
        _assertConserved();
    }

    /// The order of the legs does not matter to margin.
    function test_batch_aRollMayOpenFirst() public {
        _trade(alice, bob, dated, 1000, TICK);
        _withdrawTo(alice, 1_410 * USD);
        _place(carol, dated, 1000, TICK);
        _place(carol, later, -1000, TICK);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(later, 1000, TICK, OrderKind.FillOrKill);
        orders[1] = _order(dated, -1000, TICK, OrderKind.FillOrKill);
        vm.prank(alice);
        house.batch(ALICE, _none(), orders);
        vm.assertEq(_size(ALICE, later), int256(1000));
        _assertConserved();
    }

    /// What stays at the end needs its margin, whatever the legs did in between.
    function test_batch_revertsWith_InsufficientMargin_atTheEnd() public {
        _trade(alice, bob, dated, 1000, TICK);
        _withdrawTo(alice, 1_410 * USD);
        _place(carol, dated, 1000, TICK);
        _place(carol, later, -1010, TICK);
        // 1,410 less 2.5 USD for 5,000 of the first leg and 2.525 for 5,050 of the second; 28 % of 5,050 are needed.
        _refusedLegs(
            -1000,
            TICK,
            1010,
            TICK,
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                int256(1_404_975_000),
                1_414 * USD
            )
        );
    }

    function test_batch_quotesOfTwoMarketsAreReplacedAsOne() public {
        OrderId[] memory cancels = new OrderId[](2);
        cancels[0] = _place(alice, dated, 500, BID);
        cancels[1] = _place(alice, later, -500, ASK);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(dated, 400, BID - 1, OrderKind.PostOnly);
        orders[1] = _order(later, -400, ASK + 1, OrderKind.PostOnly);
        _place(bob, later, 100, ASK + 1 - 500);
        vm.prank(alice);
        OrderId[] memory ids = house.batch(ALICE, cancels, orders);
        _assertOpen(ids[0], 400);
        _assertOpen(ids[1], -400);
        _assertGone(cancels[0]);
        _assertGone(cancels[1]);
        // One that would cross puts everything back.
        _place(bob, later, 100, ASK);
        orders[0].lots = 300;
        orders[1] = _order(later, -300, ASK, OrderKind.PostOnly);
        _refused(
            alice,
            abi.encodeCall(house.batch, (ALICE, ids, orders)),
            abi.encodeWithSelector(IClearingErrors.WouldCross.selector, ASK, ASK)
        );
        _assertOpen(ids[0], 400);
    }

    /// Both legs or none, at any depth of both books.
    function test_fuzz_batch_bothLegsOrNone(uint256 first, uint256 second, uint256 lots) public {
        lots = bound(lots, 100, 600);
        _place(bob, dated, -int256(bound(first, 100, 900)), ASK);
        _place(carol, later, int256(bound(second, 100, 900)), BID);
        vm.prank(alice);
        (bool success, ) = address(house).call(
            abi.encodeCall(house.batch, (ALICE, _none(), _both(int256(lots), ASK, -int256(lots), BID)))
        );
        vm.assertTrue(success == (bound(first, 100, 900) >= lots && bound(second, 100, 900) >= lots));
        vm.assertEq(_size(ALICE, dated), success ? int256(lots) : int256(0));
        vm.assertEq(_size(ALICE, later), success ? -int256(lots) : int256(0));
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _both(
        int256 first,
        uint256 firstTick,
        int256 second,
        uint256 secondTick
    ) private view returns (OrderParameters[] memory orders) {
        orders = new OrderParameters[](2);
        orders[0] = _order(dated, first, firstTick, OrderKind.FillOrKill);
        orders[1] = _order(later, second, secondTick, OrderKind.FillOrKill);
    }

    function _legs(
        int256 first,
        uint256 firstTick,
        int256 second,
        uint256 secondTick
    ) private returns (OrderId[] memory ids) {
        vm.prank(alice);
        return house.batch(ALICE, _none(), _both(first, firstTick, second, secondTick));
    }

    function _refusedLegs(
        int256 first,
        uint256 firstTick,
        int256 second,
        uint256 secondTick,
        bytes memory expected
    ) private {
        OrderParameters[] memory orders = _both(first, firstTick, second, secondTick);
        _refused(alice, abi.encodeCall(house.batch, (ALICE, _none(), orders)), expected);
    }
}
