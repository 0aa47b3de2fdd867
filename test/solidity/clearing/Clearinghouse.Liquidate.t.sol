// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Closing an account below MM into the book: when, how far, at which price and for which fee.
contract ClearinghouseLiquidateTest is RiskFixture {
    function test_liquidate_equalityWithMaintenanceIsHealthy() public {
        _lever();
        _fallTo(8700);
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm - 1);
        _place(dave, perp, 2000, _markTick());
        uint256 below = vm.snapshotState();
        _topUp(ALICE, mm);
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, mm, mm));
        vm.revertToState(below);
        (uint256 closed, ) = _liquidate(100);
        vm.assertTrue(closed > 0);
    }

    function test_liquidate_closesNoFurtherThanBackToInitialMargin() public {
        _lever();
        _fallTo(8800);
        _place(dave, perp, 2000, _markTick());
        (uint256 closed, uint256 keeperFee) = _liquidate(100);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(closed > 100 && closed < 1000, "partly");
        vm.assertTrue(keeperFee > 0);
        // The bid stands less than a tick below mark, so the account is back at IM but for that tick and one lot.
        vm.assertTrue(equity < im + 5 * int256(USD), "closed too much");
        vm.assertTrue(equity > im - int256(closed) * TICK_VALUE - 5 * int256(USD), "closed too little");
        _assertConserved();
    }

    /// The fewest lots that do it: one unit of collateral decides about one more.
    function test_liquidate_closesTheFewestLots() public {
        _lever();
        _fallTo(8700);
        _place(dave, perp, 2000, _markTick());
        uint256 mark = _mark(perp);
        uint256 im = (1000 * mark * 500 * 2000 + (10_000 << 16) - 1) / (10_000 << 16);
        // What each lot closed at mark brings back: its IM less the fee of 1 %.
        uint256 enough = (500 * mark * 500 * (2000 - 100)) / (10_000 << 16);
        _topUp(ALICE, int256(im - enough - 1));
        uint256 snapshot = vm.snapshotState();
        (uint256 closed, ) = _liquidate(100);
        vm.assertEq(closed, 501);
        vm.revertToState(snapshot);
        _topUp(ALICE, int256(im - enough));
        (closed, ) = _liquidate(100);
        vm.assertEq(closed, 500);
    }

    /// Where mark is a whole tick the lots come out even: exactly so many bring it back to IM, and not one more is closed.
    function test_liquidate_closesNoLotBeyondAnEvenNumber() public {
        _lever();
        _fallTo(8700);
        OrderId bid = _place(traders[4], perp, 1000, 8699);
        OrderId ask = _place(traders[5], perp, -1000, 8701);
        _skip(6 hours);
        house.sync(perp);
        vm.prank(traders[4]);
        house.cancel(bid);
        vm.prank(traders[5]);
        house.cancel(ask);
        vm.assertEq(_mark(perp), 8700 << 16);
        _place(dave, perp, 2000, 8700);
        // IM of 1,000 lots, less that of 430 but for the fee of 1 %.
        _topUp(ALICE, (1000 * 8700 * 500 * 2000 - 430 * 8700 * 500 * 1900) / 10_000);
        (uint256 closed, ) = _liquidate(100);
        vm.assertEq(closed, 430);
    }

    function test_liquidate_splitsTheFee() public {
        _lever();
        _fallTo(8800);
        uint256 tick = _markTick();
        _place(dave, perp, 2000, tick);
        int256 keeper = _cash(KEEPER);
        (uint256 closed, uint256 keeperFee) = _liquidate(100);
        uint256 fee = (closed * tick * 500 * 100) / 10_000;
        vm.assertEq(keeperFee, fee / 2);
        vm.assertEq(_cash(KEEPER) - keeper, int256(keeperFee));
        vm.assertEq(house.market(perp).fundCash, int256(fee - fee / 2));
        _assertConserved();
    }

    function test_liquidate_noTakerFeeAndNoRebate() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 50, -50);
        _lever();
        _fallTo(8800);
        uint256 fees = house.market(perp).feesPayable;
        uint256 tick = _markTick();
        _place(dave, perp, 2000, tick);
        (uint256 closed, ) = _liquidate(100);
        vm.assertEq(_position(DAVE, perp).quote, -int256(closed * tick));
        vm.assertEq(house.market(perp).feesPayable, fees);
    }

    function test_liquidate_tradesNoFurtherThanThreePercentFromMark() public {
        _lever();
        _fallTo(8800);
        (int256 equity, , int256 mm) = _health(ALICE);
        uint256 mark = _mark(perp);
        // The lot's share of equity is the smaller bound here only if equity is below a quarter of MM.
        vm.assertTrue(equity * 4 > mm);
        uint256 limit = (mark - (mark * 300) / 10_000 + 65_535) >> 16;
        _place(dave, perp, 2000, limit - 1);
        _startAuction();
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.NothingToFill.selector, limit));
        _place(carol, perp, 100, limit);
        (uint256 closed, ) = _liquidate(100);
        vm.assertEq(closed, 100);
        vm.assertEq(_position(DAVE, perp).bidLots, 2000);
    }

    function test_liquidate_tradesNoFurtherThanTheLotsShareOfEquity() public {
        _crash();
        (, , int256 mm) = _health(ALICE);
        int256 equity = mm / 8;
        _topUp(ALICE, equity);
        uint256 mark = _mark(perp);
        uint256 share = (uint256(equity) * mark * 1200) / (10_000 * uint256(mm));
        uint256 limit = (mark - share + 65_535) >> 16;
        vm.assertTrue(limit > (mark - (mark * 300) / 10_000) >> 16, "scene");
        _place(dave, perp, 2000, limit - 1);
        _startAuction();
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.NothingToFill.selector, limit));
        _place(carol, perp, 2000, limit);
        _liquidate(100);
        // At the worst tick allowed nothing is left, and nothing is missing; the fee took no more than there was.
        vm.assertTrue(_cash(ALICE) >= 0);
        vm.assertTrue(_equity(ALICE) >= 0);
        _assertConserved();
    }

    function test_liquidate_aShort() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(bob, alice, perp, 1000, TICK);
        _nextPrint((POINTS * 3) / 2);
        _moveMark(perp, 10_900);
        _nextPrint((POINTS * 3) / 2);
        _moveMark(perp, 11_300);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        _place(dave, perp, -2000, _markTick() + 1);
        (uint256 closed, ) = _liquidate(100);
        vm.assertTrue(closed > 0);
        vm.assertEq(_size(ALICE, perp), -1000 + int256(closed));
        _assertConserved();
    }

    function test_liquidate_closesARestBelowTheSmallestOrder() public {
        _lever();
        _fallTo(8700);
        (, , int256 mm) = _health(ALICE);
        _place(dave, perp, 2000, _markTick());
        // So little equity that what would remain is less than 100 lots.
        (int256 equity, , ) = _health(ALICE);
        vm.assertTrue(equity < mm);
        (uint256 closed, ) = _liquidate(100);
        vm.assertTrue(closed == 1000 || _size(ALICE, perp) >= 100);
    }

    function test_liquidate_deadOrdersInFrontDoNotBlock() public {
        _lever();
        _fallTo(8800);
        uint256 tick = _markTick();
        OrderParameters memory dying = _order(perp, 100, tick, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        for (uint256 i = 0; i < 5; ++i) _send(carol, dying);
        _place(dave, perp, 2000, tick);
        _skip(600);
        (uint256 closed, uint256 keeperFee) = _liquidate(3);
        vm.assertTrue(closed == 0 && keeperFee == 0);
        vm.assertEq(_position(CAROL, perp).openOrders, 2);
        (closed, ) = _liquidate(3);
        vm.assertTrue(closed > 0);
        _assertConserved();
    }

    function test_liquidate_ownOrdersAreCancelledOnTheWay() public {
        _lever();
        _place(alice, perp, -100, TICK + 900);
        _fallTo(8800);
        _place(dave, perp, 500, _markTick());
        _liquidate(100);
        vm.assertEq(_position(ALICE, perp).askLots, 100);
        _assertConserved();
    }

    function test_liquidate_repeatsUntilHealthy() public {
        _lever();
        _fallTo(8800);
        _place(dave, perp, 100, _markTick());
        (uint256 closed, ) = _liquidate(100);
        vm.assertEq(closed, 100);
        _place(dave, perp, 2000, _markTick());
        _liquidate(100);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity >= mm);
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, equity, mm));
    }

    // --------------------------------------------------------------------------------------------------------- refused

    function test_liquidate_revertsWith_AccountHealthy() public {
        _lever();
        (int256 equity, , int256 mm) = _health(ALICE);
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, equity, mm));
    }

    function test_liquidate_revertsWith_AccountBankrupt() public {
        _crash();
        int256 equity = _equity(ALICE);
        _refusedLiquidation(abi.encodeWithSelector(IClearingErrors.AccountBankrupt.selector, equity));
    }

    function test_liquidate_revertsWith_NoPosition() public {
        _lever();
        _fallTo(8700);
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, dated, 100, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.NoPosition.selector, ALICE, dated)
        );
    }

    function test_liquidate_revertsWith_UnknownMarket() public {
        _lever();
        _fallTo(8700);
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, MarketId.wrap(9), 100, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, MarketId.wrap(9))
        );
    }

    function test_liquidate_revertsWith_IndexStale() public {
        _lever();
        _fallTo(8700);
        uint256 due = (uint256(day) + 2) * 1 days;
        vm.warp(due + 54 hours);
        _refusedLiquidation(
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 54 hours, 54 hours)
        );
    }

    function test_liquidate_goesOnPastTheFirstLimitOfStaleness() public {
        _crash();
        _place(dave, perp, 2000, _markTick());
        vm.warp((uint256(day) + 2) * 1 days + 53 hours);
        vm.assertTrue(house.market(perp).stale);
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm / 2);
        (uint256 closed, ) = _liquidate(100);
        vm.assertTrue(closed > 0);
    }

    function test_liquidate_revertsWith_SelfLiquidation() public {
        _lever();
        _fallTo(8700);
        token.mint(alice, USD);
        vm.prank(alice);
        AccountId second = house.deposit(1, USD);
        _refused(
            alice,
            abi.encodeCall(house.liquidate, (ALICE, perp, 100, second, 0)),
            abi.encodeWithSelector(IClearingErrors.SelfLiquidation.selector, ALICE, second)
        );
        _refused(
            alice,
            abi.encodeCall(house.liquidate, (ALICE, perp, 100, ALICE, 0)),
            abi.encodeWithSelector(IClearingErrors.SelfLiquidation.selector, ALICE, ALICE)
        );
    }

    function test_liquidate_revertsWith_UnknownAccount() public {
        _lever();
        _fallTo(8700);
        AccountId nobody = AccountId.wrap(9999);
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, perp, 100, nobody, 0)),
            abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, nobody)
        );
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, perp, 100, _fund(perp), 0)),
            abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, _fund(perp))
        );
    }

    function test_liquidate_revertsWith_ZeroMaxFills() public {
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, perp, 0, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.ZeroMaxFills.selector)
        );
    }

    function _liquidate(uint16 maxFills) private returns (uint256 closed, uint256 keeperFee) {
        vm.prank(bob);
        return house.liquidate(ALICE, perp, maxFills, KEEPER, 0);
    }

    /// The first call that finds an account below MM starts the time of takeovers and stands, whatever it fills.
    function _startAuction() private {
        (uint256 closed, uint256 keeperFee) = _liquidate(100);
        vm.assertTrue(closed == 0 && keeperFee == 0);
    }

    function _refusedLiquidation(bytes memory expected) private {
        _refused(bob, abi.encodeCall(house.liquidate, (ALICE, perp, 100, KEEPER, 0)), expected);
    }
}
