// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Builder, OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, OrderId, Identifiers} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Orders that somebody else brought: paid on what they take, up to what the account's owner allows.
contract ClearinghouseBuilderTest is OrdersFixture {
    AccountId private constant BUILDER = DAVE;

    function test_setBuilder_allowsUpToACap() public {
        vm.assertEq(house.builderCap(ALICE, BUILDER), 0);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.BuilderSet(ALICE, BUILDER, 30);
        _allow(30);
        vm.assertEq(house.builderCap(ALICE, BUILDER), 30);
        // Of this account and this builder alone.
        vm.assertTrue(house.builderCap(BUILDER, ALICE) == 0 && house.builderCap(BOB, BUILDER) == 0);
        _allow(0);
        vm.assertEq(house.builderCap(ALICE, BUILDER), 0);
    }

    function test_setBuilder_revertsWith() public {
        bytes4 selector = IClearingErrors.UnknownAccount.selector;
        _refused(
            bob,
            abi.encodeCall(house.setBuilder, (ALICE, BUILDER, 10)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
        _refused(
            alice,
            abi.encodeCall(house.setBuilder, (ALICE, ALICE, 10)),
            abi.encodeWithSelector(IClearingErrors.SameAccount.selector, ALICE)
        );
        _refused(
            alice,
            abi.encodeCall(house.setBuilder, (ALICE, AccountId.wrap(9_999), 10)),
            abi.encodeWithSelector(selector, 9_999)
        );
        _refused(
            alice,
            abi.encodeCall(house.setBuilder, (ALICE, _fund(perp), 10)),
            abi.encodeWithSelector(selector, _fund(perp))
        );
        _refused(
            alice,
            abi.encodeCall(house.setBuilder, (ALICE, BUILDER, 101)),
            abi.encodeWithSelector(IClearingErrors.BuilderFeeTooHigh.selector, 101, 100)
        );
        _allow(100);
    }

    function test_setBuilder_anOperatorMayNot() public {
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        _refused(
            bob,
            abi.encodeCall(house.setBuilder, (ALICE, BUILDER, 10)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
    }

    function test_placeThrough_paysTheBuilderForWhatItTakes() public {
        _allow(100);
        _place(bob, perp, -300, ASK);
        int256 alices = _cash(ALICE);
        int256 builders = _cash(BUILDER);
        // 300 lots at 10,010 ticks of 500 units: 1,501.5 USD; 10 basis points of them, and 5 for the taker fee.
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.BuilderPaid(ALICE, BUILDER, 1_501_500);
        (OrderId id, uint256 filled) = _through(_order(perp, 500, ASK, OrderKind.Limit), 100);
        vm.assertEq(filled, 300);
        _assertOpen(id, 200);
        vm.assertEq(_cash(BUILDER), builders + 1_501_500);
        vm.assertEq(_cash(ALICE), alices - 1_501_500 - 750_750);
        // What rests is taken by somebody else later, who pays nobody for it.
        _take(carol, perp, -200);
        vm.assertEq(_cash(BUILDER), builders + 1_501_500);
        _assertConserved();
    }

    function test_placeThrough_chargesOnceAndRoundsUp() public {
        _allow(100);
        _place(bob, perp, -100, ASK);
        _place(carol, perp, -101, ASK + 1);
        int256 builders = _cash(BUILDER);
        _through(_order(perp, 201, ASK + 1, OrderKind.ImmediateOrCancel), 7);
        // (100 × 10,010 + 101 × 10,011) × 500 × 7 / 100,000 = 70,423.885
        vm.assertEq(_cash(BUILDER), builders + 70_424);
        _assertConserved();
    }

    function test_placeThrough_whatRestsCostsNothing() public {
        _allow(100);
        int256 before = _cash(ALICE);
        (OrderId id, uint256 filled) = _through(_order(perp, 500, BID, OrderKind.PostOnly), 100);
        _assertOpen(id, 500);
        vm.assertTrue(filled == 0 && _cash(ALICE) == before);
    }

    function test_placeThrough_withoutAFeeIsPlace() public {
        _place(bob, perp, -300, ASK);
        uint256 snapshot = vm.snapshotState();
        _send(alice, _order(perp, 500, ASK, OrderKind.Limit));
        bytes32 expected = _fingerprint();
        vm.revertToState(snapshot);
        _through(_order(perp, 500, ASK, OrderKind.Limit), 0);
        vm.assertTrue(_fingerprint() == expected);
    }

    function test_placeThrough_revertsWith_BuilderFeeTooHigh() public {
        _place(bob, perp, -300, ASK);
        OrderParameters memory order = _order(perp, 300, ASK, OrderKind.Limit);
        bytes4 selector = IClearingErrors.BuilderFeeTooHigh.selector;
        _refusedThrough(alice, order, 1, abi.encodeWithSelector(selector, 1, 0));
        _allow(30);
        _refusedThrough(alice, order, 31, abi.encodeWithSelector(selector, 31, 30));
        _refusedThrough(
            alice,
            order,
            type(uint16).max,
            abi.encodeWithSelector(selector, type(uint16).max, 30)
        );
        _through(order, 30);
        // A cap that was taken back holds at once.
        _allow(0);
        _refusedThrough(alice, order, 1, abi.encodeWithSelector(selector, 1, 0));
    }

    function test_placeThrough_revertsWith_NotAuthorised() public {
        _allow(100);
        OrderParameters memory order = _order(perp, 300, ASK, OrderKind.Limit);
        // The builder is nobody's operator.
        _refusedThrough(
            dave,
            order,
            10,
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, dave, ALICE)
        );
        vm.prank(alice);
        house.setOperator(ALICE, dave, uint40(block.timestamp));
        vm.prank(dave);
        house.placeThrough(ALICE, order, Builder(BUILDER, 10));
        _assertConserved();
    }

    /// Margin is judged after the builder's fee.
    function test_placeThrough_revertsWith_InsufficientMargin() public {
        _allow(100);
        _place(bob, perp, -1000, TICK);
        // IM of 1,000 lots and the taker fee of 2.5 USD, but not the builder's 5.
        _withdrawTo(alice, 1_002_500_000);
        _refusedThrough(
            alice,
            _order(perp, 1000, TICK, OrderKind.FillOrKill),
            100,
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 995 * USD, 1_000 * USD)
        );
        token.mint(alice, 5 * USD);
        vm.prank(alice);
        house.deposit(0, 5 * USD);
        _through(_order(perp, 1000, TICK, OrderKind.FillOrKill), 100);
        vm.assertEq(_equity(ALICE), int256(1_000 * USD));
    }

    /// A closing order pays its builder out of what the account has left.
    function test_placeThrough_ofAClosingOrder() public {
        _lever();
        _allow(100);
        _place(dave, perp, 1000, 9_400);
        // She sells 600 ticks below: 300 USD.
        vm.assertEq(_equity(ALICE), int256(1_000 * USD));
        OrderParameters memory order = _order(perp, -1000, 9_400, OrderKind.FillOrKill);
        vm.prank(alice);
        house.placeThrough(ALICE, order, Builder(BUILDER, 100));
        // 1,000 − 300 − 2.35 − 4.7
        vm.assertEq(_cash(ALICE), int256(692_950_000));
        _assertConserved();
    }

    /// The maker that is met may be the builder himself.
    function test_placeThrough_theBuilderMakesTheMarket() public {
        _allow(100);
        _trade(carol, dave, perp, 500, TICK);
        int256 builders = _equity(BUILDER);
        int256 alices = _equity(ALICE);
        _place(dave, perp, -1000, TICK);
        _through(_order(perp, 1000, TICK, OrderKind.FillOrKill), 100);
        // 5 USD of fee, less 0.5 USD that a maker pays.
        vm.assertEq(_equity(BUILDER), builders + 4_500_000);
        vm.assertEq(_equity(ALICE), alices - 7_500_000);
        _assertConserved();
    }

    function test_placeThrough_revertsWith_AccountIsRetired_ofTheBuilder() public {
        // Alice is the one who goes under; bob's orders named her.
        vm.prank(bob);
        house.setBuilder(BOB, ALICE, 50);
        _feedFund(perp, 10_000 * USD);
        _crash();
        house.absorb(ALICE);
        _place(carol, perp, -100, _markTick());
        OrderParameters memory order = _order(perp, 100, _markTick(), OrderKind.FillOrKill);
        _refused(
            bob,
            abi.encodeCall(house.placeThrough, (BOB, order, Builder(ALICE, 50))),
            abi.encodeWithSelector(IClearingErrors.AccountIsRetired.selector, ALICE)
        );
    }

    function test_placeThrough_repeatsTheClientOrderId() public {
        OrderParameters memory order = _order(perp, 500, BID, OrderKind.Limit);
        order.clientOrderId = type(uint64).max;
        vm.expectEmit(true, true, true, true, address(house));
        uint256 terms = 500 | (uint256(type(uint64).max) << 64);
        emit IClearingEvents.OrderPlaced(ALICE, Identifiers.toOrderId(perp, BID, 0, 0), terms);
        _through(order, 0);
    }

    function test_fuzz_placeThrough_theFeeIsCeiledAndNeverAboveTheCap(
        uint256 lots,
        uint16 cap,
        uint16 fee
    ) public {
        cap = uint16(bound(cap, 0, 100));
        lots = bound(lots, 100, 50_000);
        _allow(cap);
        _place(bob, perp, -int256(lots), ASK);
        int256 before = _cash(BUILDER);
        vm.prank(alice);
        (bool success, ) = address(house).call(
            abi.encodeCall(
                house.placeThrough,
                (ALICE, _order(perp, int256(lots), ASK, OrderKind.FillOrKill), Builder(BUILDER, fee))
            )
        );
        vm.assertTrue(success == (fee <= cap));
        uint256 due = success ? (lots * ASK * 500 * fee + 99_999) / 100_000 : 0;
        vm.assertEq(_cash(BUILDER), before + int256(due));
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _allow(uint16 cap) private {
        vm.prank(alice);
        house.setBuilder(ALICE, BUILDER, cap);
    }

    function _through(OrderParameters memory order, uint16 fee) private returns (OrderId id, uint256 filled) {
        vm.prank(alice);
        return house.placeThrough(ALICE, order, Builder(BUILDER, fee));
    }

    function _refusedThrough(
        address who,
        OrderParameters memory order,
        uint16 fee,
        bytes memory expected
    ) private {
        _refused(who, abi.encodeCall(house.placeThrough, (ALICE, order, Builder(BUILDER, fee))), expected);
    }
}
