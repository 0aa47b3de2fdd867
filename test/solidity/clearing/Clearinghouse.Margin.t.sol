// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketPhase,
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Ways in which an account short of margin could hand somebody else's money to a friend, and what stops each.
contract ClearinghouseMarginTest is RiskFixture {
    /// Nothing has traded and nothing rests that did not rest before: there is nothing to check.
    function test_place_whatFillsNothingNeedsNothing() public {
        _crash();
        _topUp(ALICE, 100 * int256(USD));
        uint256 tick = _markTick();
        _place(alice, perp, -1000, tick + 1);
        // At the edge of the band what rests could lose more than she has.
        vm.assertTrue((1000 * _mark(perp) * 500 * 6) / (100 << 16) > 100 * USD, "scene");
        OrderParameters memory order = _order(perp, -100, tick - 1, OrderKind.ImmediateOrCancel);
        (OrderId id, uint256 filled) = _send(alice, order);
        vm.assertTrue(OrderId.unwrap(id) == 0 && filled == 0);
        // To rest there it does.
        order.kind = OrderKind.Limit;
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, order))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
    }

    function test_place_aFlipNeedsInitialMargin() public {
        _lever();
        _place(bob, perp, 2000, 9400);
        // The exposure stays at 1,000 lots, but 2,000 are sold 6 % below mark: 600 USD and the fee are gone.
        uint256 fee = (2000 * 9400 * 500 * 50) / 100_000;
        _refusedOrder(
            alice,
            _order(perp, -2000, 9400, OrderKind.ImmediateOrCancel),
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                1_000 * USD - 2000 * 600 * 500 - fee,
                1_000 * USD
            )
        );
        // What only closes is allowed.
        _send(alice, _order(perp, -1000, 9400, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, perp), int256(0));
        _assertConserved();
    }

    /// What is held in another market counts at the mark of this minute, also where nobody has touched it for hours.
    function test_place_countsOtherMarketsAsTheyStandNow() public {
        _trade(alice, bob, dated, 1000, TICK);
        _place(traders[4], dated, 1000, TICK - 401);
        _place(traders[5], dated, -1000, TICK - 399);
        int256 before = _equity(ALICE);
        _skip(3 hours);
        house.sync(perp);
        int256 equity = _equity(ALICE);
        vm.assertTrue(equity < before - 150 * int256(USD), "scene");
        _expectShort(equity);
    }

    function test_place_countsExpiredMarketsAtTheirPrints() public {
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(POINTS);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        int256 before = _equity(ALICE);
        _nextPrint((POINTS * 3) / 4);
        house.sync(perp);
        int256 equity = _equity(ALICE);
        vm.assertTrue(equity < before - 100 * int256(USD), "scene");
        _expectShort(equity);
    }

    /// Alice tries to hold far more than she can carry, and the refusal says what she has.
    function _expectShort(int256 equity) private {
        MarketView memory m = house.market(perp);
        OrderParameters memory order = _order(perp, 8_000_000, m.lowestFill, OrderKind.PostOnly);
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, order))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        int256 told;
        assembly ("memory-safe") {
            told := mload(add(answer, 36))
        }
        vm.assertEq(told, equity);
    }

    function test_place_restingOrdersThatCouldFlipNeedInitialMargin() public {
        _lever();
        _fallTo(9300);
        (int256 equity, , ) = _health(ALICE);
        // Asks of 1,000 lots only close; a hundred more could open a short.
        _place(alice, perp, -1000, TICK);
        uint256 im = house.account(ALICE).initialMargin;
        vm.assertTrue(equity < int256(im), "scene");
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, _order(perp, -100, TICK, OrderKind.Limit)))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
    }

    function test_cancelRiskRaising_cancelsOrdersThatCouldFlip() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        // 20 % of the lots that would be left, and 8 % of those closed on the way.
        _topUp(ALICE, 1_410 * int256(USD));
        OrderId[] memory ids = new OrderId[](2);
        ids[0] = _place(alice, perp, -1000, TICK + 500);
        ids[1] = _place(alice, perp, -1000, TICK + 500);
        _fallTo(8900);
        vm.prank(carol);
        vm.assertEq(house.cancelRiskRaising(ALICE, ids), 1000);
        // The other one can only close: it stays.
        vm.assertEq(_position(ALICE, perp).askLots, 1000);
        vm.prank(carol);
        vm.assertEq(house.cancelRiskRaising(ALICE, ids), 0);
    }

    function test_place_aMakerWhoseOrderFlipsItKeepsMaintenanceMargin() public {
        _lever();
        // 20 % of the short that would be left, and 8 % of the long that is sold on the way.
        _topUp(ALICE, int256(1_400 * USD) - 1);
        _refusedOrder(
            alice,
            _order(perp, -2000, 9400, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_400 * USD - 1, 1_400 * USD)
        );
        _topUp(ALICE, int256(1_400 * USD));
        _place(alice, perp, -2000, 9400);
        _take(carol, perp, 2000);
        vm.assertEq(_size(ALICE, perp), -int256(1000));
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity >= mm, "liquidatable by its own order");
    }

    function test_place_manyFlipsDoNotDrainTheFund() public {
        _lever();
        _feedFund(perp, 10_000 * USD);
        for (uint256 i = 0; i < 4; ++i) {
            int256 lots = i % 2 == 0 ? -int256(2000) : int256(2000);
            uint256 tick = i % 2 == 0 ? house.market(perp).lowestFill : house.market(perp).highestFill;
            _place(bob, perp, -lots, tick);
            vm.prank(alice);
            (bool success, ) = address(house).call(
                abi.encodeCall(house.place, (ALICE, _order(perp, lots, tick, OrderKind.ImmediateOrCancel)))
            );
            vm.assertTrue(!success);
        }
        vm.assertEq(house.market(perp).fundCash, int256(10_000 * USD));
    }

    // ----------------------------------------------------------------------------------------------------------- debts

    function test_place_aTakerUnderWaterDoesNotCloseAtAnotherFundsCost() public {
        _crash();
        uint256 tick = _markTick();
        _place(dave, perp, 1000, tick);
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, _order(perp, -1000, tick, OrderKind.ImmediateOrCancel)))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        // From zero on she may.
        uint256 fee = (1000 * tick * 500 * 50) / 100_000;
        _topUp(ALICE, int256(fee) + 1000 * TICK_VALUE);
        _send(alice, _order(perp, -1000, tick, OrderKind.ImmediateOrCancel));
        vm.assertTrue(_cash(ALICE) >= 0);
        _assertConserved();
    }

    function test_place_theFundPaysTheDebtOfAMakerWhoIsClosed() public {
        _feedFund(perp, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        for (uint256 i = 0; i < 7 && _equity(ALICE) >= 0; ++i) {
            _nextPrint(POINTS / 2);
            // An ask that only closes is allowed at any time, and stands when her equity is gone.
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        _place(alice, perp, -1000, _markTick() + 5);
        _take(dave, perp, 1000);
        vm.assertEq(_size(ALICE, perp), int256(0));
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertTrue(house.market(perp).fundCash < int256(10_000 * USD));
        _assertConserved();
    }

    function test_place_aMakerUnderWaterDoesNotGiveTheFundsMoneyAway() public {
        _feedFund(perp, 10_000 * USD);
        _crash();
        _topUp(ALICE, 0);
        uint256 low = house.market(perp).lowestFill;
        vm.prank(alice);
        (bool success, ) = address(house).call(
            abi.encodeCall(house.place, (ALICE, _order(perp, -1000, low, OrderKind.Limit)))
        );
        if (success) _take(dave, perp, 1000);
        vm.assertEq(house.market(perp).fundCash, int256(10_000 * USD));
    }

    function test_place_aFundThatPaysADebtBelowZeroStopsNewRisk() public {
        _crash();
        _place(alice, perp, -1000, _markTick() + 5);
        _take(dave, perp, 1000);
        vm.assertTrue(house.market(perp).fundCash < 0);
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly, "open with a deficit");
    }

    function test_place_aDebtIsTheFundsWhereItWasMade() public {
        _feedFund(perp, 10_000 * USD);
        _feedFund(dated, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_202_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        // Orders in another market, and one more in this: neither makes the debt another fund's.
        OrderId[] memory bids = new OrderId[](1);
        bids[0] = _place(alice, dated, 100, 9000);
        _fallUntilBankrupt(ALICE);
        _place(alice, perp, -1000, _markTick() + 5);
        _take(dave, perp, 1000);
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertTrue(house.market(perp).fundCash < int256(10_000 * USD));
        vm.assertEq(house.market(dated).fundCash, int256(10_000 * USD));
        _assertConserved();
        // She has an order and nothing to back it with: anyone may cancel it, but nobody may retire who owes nothing.
        _refused(
            carol,
            abi.encodeCall(house.absorb, (ALICE)),
            abi.encodeWithSelector(IClearingErrors.NoPosition.selector, ALICE, MarketId.wrap(0))
        );
        vm.prank(carol);
        vm.assertEq(house.cancelRiskRaising(ALICE, bids), 100);
        vm.assertTrue(!house.account(ALICE).retired);
        vm.assertEq(house.market(dated).fundCash, int256(10_000 * USD));
        _assertConserved();
    }

    function test_place_aDebtWithAnotherPositionStays() public {
        _feedFund(perp, 10_000 * USD);
        _feedFund(dated, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_402_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        _trade(alice, bob, dated, 100, TICK);
        _fallUntilBankrupt(ALICE);
        _place(alice, perp, -1000, _markTick() + 5);
        _take(dave, perp, 1000);
        // What she still holds may yet be worth something; whoever calls has its fund take both.
        int256 debt = _cash(ALICE);
        vm.assertTrue(debt < 0);
        vm.assertEq(house.market(perp).fundCash, int256(10_000 * USD));
        vm.prank(carol);
        house.absorb(ALICE);
        vm.assertEq(house.market(dated).fundCash, int256(10_000 * USD) + debt);
        _assertConserved();
    }

    function test_liquidate_aFundIsNot() public {
        _feedFund(perp, 10_000 * USD);
        _crash();
        house.absorb(ALICE);
        AccountId fund = _fund(perp);
        _place(dave, perp, 2000, _markTick());
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (fund, perp, 100, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, fund)
        );
    }

    // ------------------------------------------------------------------------------------------------------- stopped

    function test_place_reducingOrdersTogetherDoNotFlipInAStoppedMarket() public {
        _trade(alice, bob, perp, 1000, TICK);
        _place(alice, perp, -600, TICK + 10);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        _refusedOrder(
            alice,
            _order(perp, -401, TICK + 10, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, perp, MarketPhase.ReduceOnly)
        );
        _place(alice, perp, -400, TICK + 10);
        vm.assertEq(_position(ALICE, perp).askLots, 1000);
    }

    // --------------------------------------------------------------------------------------------- worst-side formula

    function test_fuzz_place_marginIsThatOfTheWorstSide(uint256 size, uint256 bids, uint256 asks) public {
        size = bound(size, 100, 50_000);
        bids = bound(bids, 100, 50_000);
        asks = bound(asks, 100, 150_000);
        _trade(alice, bob, perp, size, TICK);
        _place(alice, perp, int256(bids), TICK - 10);
        _place(alice, perp, -int256(asks), TICK + 10);
        uint256 up = size + bids;
        uint256 down = asks > size ? asks - size : size - asks;
        // 20 % of 10,000 ticks × 500 units.
        uint256 worst = (up > down ? up : down) * 1_000_000;
        // Asks that would flip the long also trade it away: 20 − 12 % for the way to zero.
        uint256 flip = asks > size ? down * 1_000_000 + size * 400_000 : 0;
        vm.assertEq(house.account(ALICE).initialMargin, worst > flip ? worst : flip);
        vm.assertEq(house.account(ALICE).maintenanceMargin, size * 600_000);
    }

    function test_place_marketsAddUp() public {
        _trade(alice, bob, perp, 1000, TICK);
        _trade(bob, alice, dated, 1000, TICK);
        // No credit across instruments: 20 % and 28 %, 12 % and 21 % of 5,000 USD.
        vm.assertEq(house.account(ALICE).initialMargin, 2_400 * USD);
        vm.assertEq(house.account(ALICE).maintenanceMargin, 1_650 * USD);
    }
}
