// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../../../contracts/book/libraries/Book.sol";
import {
    Builder,
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "../clearing/OrdersFixture.sol";

/// Attacks on the book, on orders and on what is charged for them; each fails if its rule is taken out.
contract AttacksBookTest is OrdersFixture {
    // --------------------------------------------------------------------------------------------------- timing of calls

    /// Strangers who touch a market every minute, place, cancel and sweep far from its top, move its mark nowhere.
    function test_attack_hourlyPokesEqualOne() public {
        _place(alice, perp, 1000, TICK + 99);
        _place(bob, perp, -1000, TICK + 101);
        uint256 start = block.timestamp;
        uint256 snapshot = vm.snapshotState();
        vm.warp(start + 2 hours);
        house.sync(perp);
        uint256 quiet = house.market(perp).meanX16;
        vm.assertTrue(quiet > (TICK + 90) << 16, "mark has moved");
        vm.revertToState(snapshot);
        for (uint256 i = 1; i <= 120; ++i) {
            // Somewhere in the minute, not on its edge.
            vm.warp(start + i * 60 - (i == 120 ? 0 : 7 * (i % 8)));
            if (i % 3 == 0) _cancel(carol, _place(carol, perp, 500, TICK - 400));
            if (i % 3 == 1) house.sweep(perp, i % 2 == 0, 5);
            if (i % 3 == 2) house.sync(perp);
        }
        house.sync(perp);
        uint256 poked = house.market(perp).meanX16;
        uint256 off = poked > quiet ? poked - quiet : quiet - poked;
        // Each minute rounds down by less than one part in 65,536 of a tick.
        vm.assertTrue(off <= 120, "pokes moved the mean");
    }

    // ---------------------------------------------------------------------------------------------------- stranded quotes

    /// A short near MM would have honest bids above the band out of the book, so that mark does not follow them up.
    function test_attack_strandedQuotesAreNotPurged() public {
        OrderId first = _place(bob, perp, 1000, 10_000);
        OrderId second = _place(bob, perp, 1000, 9_990);
        _place(carol, perp, -1000, 10_050);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        house.sync(perp);
        vm.assertTrue(house.market(perp).highestFill < 9_990, "scene");
        OrderId[] memory both = new OrderId[](2);
        (both[0], both[1]) = (first, second);
        vm.startPrank(dave);
        vm.assertEq(house.sweep(perp, true, type(uint16).max), 0);
        vm.assertEq(house.sweepOrders(both), 0);
        vm.stopPrank();
        _assertOpen(first, 1000);
        _assertOpen(second, 1000);
        // They go on pulling the mean up, at the edge of the band.
        uint256 mean = house.market(perp).meanX16;
        _skip(1 hours);
        house.sync(perp);
        vm.assertTrue(house.market(perp).impactBid == 10_000 && house.market(perp).meanX16 <= mean);
        vm.assertTrue(
            house.market(perp).meanX16 > house.market(perp).highestFill << 16,
            "mean fell below the edge"
        );
    }

    // ------------------------------------------------------------------------------------------------ orders in masses

    /// Ten thousand places of a level are cancelled between two live orders. Bounded walks get through, and then a take costs
    /// what it always does.
    function test_attack_tenThousandCancelledOrders() public {
        _place(bob, perp, -100, ASK);
        // Three hundred of them for real, the rest in the words that cancelling leaves.
        for (uint256 i = 0; i < 302; ++i) {
            OrderId id = _place(bob, perp, -100, ASK);
            if (i >= 2) _cancel(bob, id);
            if (i == 1) _takeAway(2);
        }
        _cancelledPlaces(perp, ASK, 9_699);
        OrderId live = _place(carol, perp, -500, ASK);
        vm.assertTrue(live.index() > 10_000, "scene");
        vm.assertEq(_take(alice, perp, 100), 100);
        // A short walk comes to nothing, but it is over, and a sweep goes on where it ended.
        uint256 gas = gasleft();
        OrderParameters memory order = _order(perp, 200, ASK, OrderKind.FillOrKill);
        vm.prank(alice);
        (bool filled, ) = address(house).call(abi.encodeCall(house.place, (ALICE, order)));
        vm.assertTrue(!filled && gas - gasleft() < 2_000_000);
        uint256 calls = 0;
        for (; !filled; ++calls) {
            gas = gasleft();
            vm.prank(dave);
            house.sweep(perp, false, 500);
            vm.assertTrue(gas - gasleft() < 3_000_000, "a sweep of 500 words");
            vm.prank(alice);
            (filled, ) = address(house).call(abi.encodeCall(house.place, (ALICE, order)));
        }
        vm.assertLe(calls, 8);
        gas = gasleft();
        vm.assertEq(_sendWalk(alice, 100, 1), 100);
        vm.assertTrue(gas - gasleft() < 200_000, "a take behind them");
        _assertConserved();
    }

    /// Orders that die in the second after they were placed.
    function test_attack_instantlyExpiringOrders() public {
        // One second before a multiple of 300, so that they are dead two seconds later.
        vm.warp((block.timestamp / 300 + 1) * 300 - 1);
        OrderParameters memory dying = _dying(perp, -100, ASK);
        vm.assertTrue(dying.expiry == block.timestamp + 1);
        for (uint256 i = 0; i < 190; ++i) _send(bob, dying);
        _skip(2);
        _place(carol, perp, -500, ASK);
        // They count in the walk and are gone for good; nothing of them blocks bob or the level.
        vm.assertEq(_sendWalk(alice, 500, 100), 0);
        vm.assertEq(_position(BOB, perp).openOrders, 90);
        vm.assertEq(_sendWalk(alice, 500, 100), 500);
        vm.assertEq(house.account(BOB).positions.length, 0);
        _assertConserved();
    }

    /// All places of a level are taken and cancelled again, with nobody trading there for a day. The next maker goes over them.
    function test_attack_aLevelFilledWithCancelledPlacesIsNotClosed() public {
        OrderId[3] memory first;
        for (uint256 i = 0; i < 3; ++i) first[i] = _place(bob, perp, 100, BID - 50);
        _cancelledPlaces(perp, BID - 50, Book.CAPACITY - 6);
        // One live order at the end keeps the level from emptying; another level stands before it.
        _place(bob, perp, 100, BID - 50);
        _place(carol, perp, 1000, BID);
        for (uint256 i = 3; i > 0; --i) _cancel(bob, first[i - 1]);
        OrderId[5] memory ids;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 gas = gasleft();
            ids[i] = _place(dave, perp, 200, BID - 50);
            vm.assertTrue(gas - gasleft() < 800_000);
        }
        for (uint256 i = 0; i < 5; ++i) _assertOpen(ids[i], 200);
        vm.assertEq(house.levels(perp, true, 2)[1].lots, 1100);
    }

    /// Two levels of dust in front leave a side too thin for an impact price. Mark then has nothing to follow: it stays between
    /// where it was and the index, so nobody can push it away; and one order of impact size at the top ends it.
    function test_attack_dustInFrontPushesMarkNowhere() public {
        _place(alice, perp, 5000, TICK - 40);
        _place(bob, perp, -5000, TICK + 240);
        _skip(1 hours);
        house.sync(perp);
        uint256 before = _mark(perp);
        vm.assertTrue(before > (TICK + 80) << 16, "scene");
        OrderId dust = _place(dave, perp, 100, TICK + 20);
        _place(dave, perp, 100, TICK + 21);
        vm.assertEq(house.market(perp).impactBid, 0);
        _skip(4 hours);
        house.sync(perp);
        uint256 after_ = _mark(perp);
        vm.assertTrue(
            after_ <= before && after_ >= house.market(perp).anchorX16,
            "mark left its way to the index"
        );
        // A day's time constant: a sixth of a day takes a sixth of the distance, not more.
        vm.assertTrue(before - after_ <= (before - (TICK << 16)) / 5, "mark fell fast");
        // Joining the dust with an order of impact size is enough.
        _place(alice, perp, 1000, TICK + 21);
        vm.assertEq(house.market(perp).impactBid, TICK + 21);
        // And whoever sells takes the dust out for what it is worth.
        vm.assertEq(_take(carol, perp, -1200), 1200);
        _assertGone(dust);
        vm.assertEq(house.market(perp).impactBid, TICK - 40);
    }

    // ------------------------------------------------------------------------------------------------------ fees and signs

    /// Taker, maker and builder are one person, at the largest rebate and the largest builder's fee.
    function test_attack_washTradingNeverPays() public {
        for (uint256 round = 0; round < 3; ++round) {
            uint16 taker = round == 0 ? 50 : (round == 1 ? 3 : 555);
            vm.prank(RISK_OFFICER);
            house.setFees(perp, taker, -int16(taker));
            vm.prank(alice);
            house.setBuilder(ALICE, DAVE, 100);
            int256 before = _equity(ALICE) + _equity(BOB) + _equity(DAVE);
            for (uint256 i = 0; i < 6; ++i) {
                int256 lots = i % 2 == 0 ? int256(101 + 97 * i) : -int256(101 + 97 * (i - 1));
                _place(bob, perp, -lots, TICK + i);
                vm.prank(alice);
                house.placeThrough(
                    ALICE,
                    _order(perp, lots, TICK + i, OrderKind.FillOrKill),
                    Builder(DAVE, uint16(i * 20))
                );
            }
            vm.assertTrue(_size(ALICE, perp) == 0 && _size(BOB, perp) == 0, "scene");
            vm.assertTrue(_equity(ALICE) + _equity(BOB) + _equity(DAVE) <= before, "they earned");
        }
        _assertConserved();
    }

    /// hardhat-config: fuzz.runs = 100
    function test_fuzz_attack_washTradingNeverPays(
        uint256 lots,
        uint256 tick,
        uint16 taker,
        uint16 fee
    ) public {
        lots = bound(lots, 100, 20_000);
        tick = bound(tick, 9_500, 10_500);
        taker = uint16(bound(taker, 0, 500));
        vm.prank(RISK_OFFICER);
        house.setFees(perp, taker, -int16(taker));
        vm.prank(alice);
        house.setBuilder(ALICE, DAVE, 100);
        int256 before = _equity(ALICE) + _equity(BOB) + _equity(DAVE);
        _place(bob, perp, -int256(lots), tick);
        vm.prank(alice);
        house.placeThrough(
            ALICE,
            _order(perp, int256(lots), tick, OrderKind.FillOrKill),
            Builder(DAVE, uint16(bound(fee, 0, 100)))
        );
        vm.assertTrue(_equity(ALICE) + _equity(BOB) + _equity(DAVE) <= before + 1);
        _place(bob, perp, int256(lots), tick);
        _send(alice, _order(perp, -int256(lots), tick, OrderKind.FillOrKill));
        vm.assertTrue(_equity(ALICE) + _equity(BOB) + _equity(DAVE) <= before, "they earned");
        _assertConserved();
    }

    /// A rebate above the taker fee, a builder's fee below zero: each would pay out of nothing.
    function test_attack_negativeParametersAreRefused() public {
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.setFees, (perp, 50, -51)),
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, "makerFee", -51, -50, 2000)
        );
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.setFees, (perp, 50, type(int16).min)),
            abi.encodeWithSelector(
                IClearingErrors.ParameterOutOfRange.selector,
                "makerFee",
                type(int16).min,
                -50,
                2000
            )
        );
        vm.prank(alice);
        house.setBuilder(ALICE, DAVE, 100);
        _place(bob, perp, -300, ASK);
        OrderParameters memory order = _order(perp, 300, ASK, OrderKind.FillOrKill);
        // −1 as a word, and as a number of 16 bits.
        _refused(
            alice,
            abi.encodeWithSelector(house.placeThrough.selector, ALICE, order, DAVE, type(uint256).max),
            ""
        );
        _refused(
            alice,
            abi.encodeWithSelector(house.placeThrough.selector, ALICE, order, DAVE, uint256(65_535)),
            abi.encodeWithSelector(IClearingErrors.BuilderFeeTooHigh.selector, 65_535, 100)
        );
        _refused(
            alice,
            abi.encodeWithSelector(house.setBuilder.selector, ALICE, DAVE, type(uint256).max),
            ""
        );
    }

    // -------------------------------------------------------------------------------------------------- steps of one call

    /// Alice, nearly bankrupt, sells to a friend at the bottom of the band, which leaves her in debt. A second step that meets
    /// her own order and so leaves her without any market must not have a fund pay it before anybody looks.
    function test_attack_aBatchHasNoFundPayForItsFirstStep() public {
        _nearlyBankrupt();
        uint256 lowest = house.market(perp).lowestFill;
        _place(dave, perp, 1000, lowest);
        int256 fund = house.market(dated).fundCash + house.market(perp).fundCash;
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, -1000, lowest, OrderKind.FillOrKill);
        orders[1] = _order(dated, 100, TICK + 500, OrderKind.ImmediateOrCancel);
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.batch, (ALICE, _none(), orders))
        );
        vm.assertTrue(
            !success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector,
            "a debt was left"
        );
        vm.assertTrue(house.market(dated).fundCash + house.market(perp).fundCash == fund, "a fund paid");
        // Neither alone nor one after the other in one transaction.
        bytes[] memory calls = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) calls[i] = abi.encodeCall(house.place, (ALICE, orders[i]));
        vm.prank(alice);
        (success, answer) = address(house).call(abi.encodeCall(house.multicall, (calls)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _assertConserved();
    }

    /// Orders of a batch that each would do alone, but not together; in any order of the steps.
    function test_attack_aBatchDoesNotSkipAStepsCheck() public {
        _trade(alice, bob, perp, 1000, TICK);
        _withdrawTo(alice, 1_100 * USD);
        OrderParameters[] memory orders = new OrderParameters[](3);
        orders[0] = _order(perp, 5000, BID, OrderKind.PostOnly);
        orders[1] = _order(perp, -500, ASK, OrderKind.PostOnly);
        orders[2] = _reducing(perp, -100, ASK);
        for (uint256 i = 0; i < 3; ++i) {
            (orders[0], orders[1], orders[2]) = (orders[1], orders[2], orders[0]);
            vm.prank(alice);
            (bool success, bytes memory answer) = address(house).call(
                abi.encodeCall(house.batch, (ALICE, _none(), orders))
            );
            vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        }
        // Without the one that needs margin the rest is allowed.
        orders[0] = orders[1];
        orders[0] = _order(perp, -200, ASK + 1, OrderKind.PostOnly);
        orders[1] = _order(perp, -300, ASK + 2, OrderKind.PostOnly);
        orders[2] = _reducing(perp, -100, ASK + 3);
        vm.prank(alice);
        house.batch(ALICE, _none(), orders);
    }

    /// A thing that stands on both sides is counted once, or not at all.
    function test_attack_nothingIsCountedTwice() public {
        // A trade with oneself is none.
        OrderId own = _place(alice, perp, -300, ASK);
        int256 cash = _cash(ALICE);
        vm.assertEq(_sendWalk(alice, 300, 5), 0);
        _assertGone(own);
        vm.assertTrue(
            _cash(ALICE) == cash && _size(ALICE, perp) == 0 && house.market(perp).openInterest == 0
        );
        // Nor is a transfer to oneself, nor an order that is named twice.
        _refused(
            alice,
            abi.encodeCall(house.transfer, (ALICE, ALICE, 100)),
            abi.encodeWithSelector(IClearingErrors.SameAccount.selector, ALICE)
        );
        OrderId[] memory twice = new OrderId[](2);
        twice[0] = twice[1] = _place(alice, perp, -300, ASK);
        vm.prank(alice);
        house.batch(ALICE, twice, new OrderParameters[](0));
        vm.assertTrue(_position(ALICE, perp).askLots == 0 && house.account(ALICE).positions.length == 0);
        // Two subaccounts of one owner trade for real, and pay for it.
        AccountId second = _second(alice, FUNDS);
        _place(alice, perp, -300, ASK);
        int256 before = _equity(ALICE) + _equity(second);
        vm.prank(alice);
        house.place(second, _order(perp, 300, ASK, OrderKind.FillOrKill));
        vm.assertTrue(_size(ALICE, perp) == -300 && _size(second, perp) == 300);
        vm.assertTrue(_equity(ALICE) + _equity(second) < before);
        _assertConserved();
    }

    /// An order of somebody else cannot be amended, cancelled or replaced through any of the entry points.
    function test_attack_othersOrdersStand() public {
        OrderId id = _place(bob, perp, -300, ASK);
        bytes[5] memory tries = [
            abi.encodeCall(house.cancel, (id)),
            abi.encodeCall(house.amend, (id, _order(perp, -100, ASK, OrderKind.Limit))),
            abi.encodeCall(house.batch, (CAROL, _one(id), new OrderParameters[](0))),
            abi.encodeCall(house.batch, (BOB, _one(id), new OrderParameters[](0))),
            abi.encodeCall(house.cancelAllAfter, (BOB, 5))
        ];
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(carol);
            (bool success, ) = address(house).call(tries[i]);
            vm.assertTrue(!success);
        }
        _assertOpen(id, -300);
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    /// Alice is long 1,000 lots with less equity than a fill at the bottom of the band would cost her, and has one order in
    /// the dated future.
    function _nearlyBankrupt() private {
        _lever();
        token.mint(alice, 200 * USD);
        vm.prank(alice);
        house.deposit(0, 200 * USD);
        _place(alice, dated, -100, TICK + 500);
        for (uint256 i = 0; i < 7 && _equity(ALICE) > int256(200 * USD); ++i) {
            _nextPrint(POINTS / 2);
            uint256 tick = house.market(perp).anchorX16 >> 16;
            // 0.5 USD a tick: not below 60 USD.
            uint256 floor_ = _markTick() - uint256(_equity(ALICE) - int256(60 * USD)) / (USD / 2);
            _moveMark(perp, tick > floor_ ? tick : floor_);
        }
        int256 equity = _equity(ALICE);
        vm.assertTrue(equity > 0 && equity < int256(200 * USD), "scene");
    }

    /// Takes the first orders off the level.
    function _takeAway(uint256 orders) private {
        vm.assertEq(_take(alice, perp, int256(100 * orders)), 100 * orders);
    }

    function _sendWalk(address who, int256 lots, uint16 walk) private returns (uint256 filled) {
        OrderParameters memory order = _order(perp, lots, ASK, OrderKind.ImmediateOrCancel);
        order.maxFills = walk;
        (, filled) = _send(who, order);
    }
}
