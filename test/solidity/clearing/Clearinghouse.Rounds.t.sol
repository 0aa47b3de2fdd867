// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    FundView,
    MarketPhase,
    MarketView,
    OrderKind,
    OrderParameters,
    PositionView,
    RoundView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// Deleveraging: a spent fund's position is shared out over the winning side, exactly.
contract ClearinghouseRoundsTest is WaterfallFixture {
    // ------------------------------------------------------------------------------------------------------- shares, price

    function test_rounds_closeExactlyTheirLotsProRata() public {
        _round();
        MarketView memory m = house.market(perp);
        RoundView memory r = house.round(perp, 1);
        vm.assertTrue(r.lots == 1000 && r.side == 3000 && !r.longs);
        // The fund is free of it at once, and open interest is what will be left.
        vm.assertEq(_size(_fund(perp), perp), int256(0));
        vm.assertEq(m.openInterest, 2000);
        vm.assertEq(house.fund(perp).pendingShorts, 1000);
        _assertConserved();
        _apply(BOB);
        vm.assertEq(_size(BOB, perp), -int256(700 - 233));
        _assertConserved();
        _apply(CAROL);
        vm.assertEq(_size(CAROL, perp), -int256(1100 - 367));
        vm.assertEq(house.fund(perp).pendingShorts, 400);
        _assertConserved();
        vm.assertEq(_apply(DAVE), 0);
        vm.assertEq(_size(DAVE, perp), -int256(1200 - 400));
        vm.assertEq(_size(FRANK, perp), int256(2000));
        _assertClosedExactly(perp);
        _assertConserved();
    }

    function test_rounds_inAnotherOrderNobodyIsALotOff() public {
        _round();
        uint256 snapshot = vm.snapshotState();
        AccountId[3][3] memory orders = [[DAVE, BOB, CAROL], [CAROL, DAVE, BOB], [BOB, DAVE, CAROL]];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 3; ++j) _apply(orders[i][j]);
            _assertShare(BOB, 700);
            _assertShare(CAROL, 1100);
            _assertShare(DAVE, 1200);
            _assertClosedExactly(perp);
            vm.revertToState(snapshot);
            snapshot = vm.snapshotState();
        }
    }

    function test_rounds_priceIsWhereTheFundIsAtZeroInItsFavour() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        // A fund that covers a third of what she is short of.
        _feedFund(perp, uint256(-_equity(ALICE)) / 3);
        house.absorb(ALICE);
        RoundView memory r = house.round(perp, 1);
        int256 kept = house.fund(perp).equity;
        // It has less than a tick of every lot left; one tick lower and it would be short.
        vm.assertTrue(kept >= 0 && kept < int256(r.lots) * TICK_VALUE);
        vm.assertTrue(r.tick << 16 > _mark(perp));
        vm.assertTrue(r.tick <= (_mark(perp) * 11_200) / (10_000 << 16));
        vm.assertEq(house.fund(perp).deficit, 0);
        _assertConserved();
    }

    function test_rounds_priceIsNoFurtherThanMaintenanceFromMark() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        _days(4, false);
        int256 short = -_equity(ALICE);
        uint256 highest = (_mark(perp) * 11_200) / (10_000 << 16);
        house.absorb(ALICE);
        RoundView memory r = house.round(perp, 1);
        vm.assertEq(r.tick, highest);
        // What that does not cover is owed, to the unit: the fund has nothing left.
        FundView memory f = house.fund(perp);
        int256 covered = ((int256(highest << 16) - int256(_mark(perp))) * 1000 * TICK_VALUE) >> 16;
        vm.assertTrue(f.cash == 0 && f.equity == 0);
        int256 off = short - covered - int256(f.deficit);
        // Funding that is settled on the way floors to a tick of one lot.
        vm.assertTrue(off <= 1 && off >= -TICK_VALUE - 1, "deficit");
        // Winners at or above MM stay there.
        (int256 equity, , int256 mm) = _health(BOB);
        vm.assertTrue(equity >= mm);
        _assertConserved();
    }

    /// The mirror of all that: a short goes bankrupt, longs win, and the price is rounded down.
    function test_rounds_ofAShort() public {
        AccountId grace = _levered(6, 1000, false, bob);
        _trade(carol, dave, perp, 3000, TICK);
        _riseUntilBankrupt(grace);
        house.absorb(grace);
        RoundView memory r = house.round(perp, 1);
        vm.assertTrue(r.longs && r.lots == 1000 && r.side == 4000);
        vm.assertTrue(r.tick << 16 < _mark(perp));
        vm.assertTrue(r.tick << 16 >= (_mark(perp) * 8_800) / 10_000);
        int256 kept = house.fund(perp).equity;
        vm.assertTrue(kept >= 0 && kept < 1000 * TICK_VALUE);
        vm.assertEq(house.fund(perp).pendingLongs, 1000);
        _assertConserved();
        _apply(CAROL);
        _apply(BOB);
        vm.assertEq(_size(CAROL, perp), int256(2250));
        vm.assertEq(_size(BOB, perp), int256(750));
        _assertClosedExactly(perp);
        _assertConserved();
    }

    function test_rounds_sixtyWinnersOfMixedSizes() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 15_000 * USD, alice);
        uint256 side = 0;
        uint256[] memory sizes = new uint256[](60);
        AccountId[] memory winners = new AccountId[](60);
        for (uint256 i = 0; i < 60; ++i) {
            address who = vm.addr(_key(100 + i));
            winners[i] = _open(who, 100_000 * USD);
            sizes[i] = 100 + ((i * i * 37) % 211);
            side += sizes[i];
            _trade(alice, who, perp, sizes[i], TICK);
        }
        _trade(dave, vm.addr(_key(100)), perp, 100, TICK);
        sizes[0] += 100;
        side += 100;
        _fallUntilBankrupt(ALICE);
        uint256 lots = uint256(_size(ALICE, perp));
        house.absorb(ALICE);
        house.applyRounds(perp, winners);
        uint256 closed = 0;
        for (uint256 i = 0; i < 60; ++i) {
            uint256 share = sizes[i] - uint256(-_size(winners[i], perp));
            vm.assertTrue(share >= (sizes[i] * lots) / side && share <= (sizes[i] * lots + side - 1) / side);
            closed += share;
        }
        vm.assertEq(closed, lots);
        _assertClosedExactly(perp);
        _assertConserved();
    }

    function test_rounds_emitWhatTheyDo() public {
        _round();
        RoundView memory r = house.round(perp, 1);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.Deleveraged(BOB, perp, 1, 233, Tick.wrap(uint24(r.tick)));
        _apply(BOB);
    }

    // ------------------------------------------------------------------------------------------- views before the first touch

    function test_rounds_viewsApplyThemAtOnce() public {
        _round();
        AccountView memory before = house.account(BOB);
        PositionView memory p = _position(BOB, perp);
        vm.assertTrue(p.size == -467 && p.pendingLots == 233);
        _apply(BOB);
        AccountView memory after_ = house.account(BOB);
        vm.assertEq(_position(BOB, perp).pendingLots, int256(0));
        vm.assertEq(_position(BOB, perp).quote, p.quote);
        vm.assertEq(before.equity, after_.equity);
        vm.assertEq(before.initialMargin, after_.initialMargin);
        vm.assertEq(before.maintenanceMargin, after_.maintenanceMargin);
        vm.assertEq(before.withdrawable, after_.withdrawable);
    }

    /// Margin counts them in every market of an account, also where only another one is touched.
    function test_rounds_countInMarginOfOtherMarkets() public {
        _round();
        (int256 equity, int256 im, ) = _health(BOB);
        // What equity carries of the other market's lots is allowed, a little more is not.
        uint256 perLot = (house.market(dated).initialMarginBps * _mark(dated) * 500) / (10_000 << 16);
        uint256 most = uint256(equity - im) / perLot;
        OrderParameters memory order = _order(dated, int256(most + 2), 9_500, OrderKind.Limit);
        vm.prank(bob);
        (bool success, bytes memory answer) = address(house).call(abi.encodeCall(house.place, (BOB, order)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        order.lots = int40(int256(most) - 1);
        _send(bob, order);
        // His part is still to be taken: only the other market was touched.
        vm.assertEq(_served(1), 0);
    }

    // ------------------------------------------------------------------------------------------------------- not involved

    function test_rounds_aPositionOpenedAfterwardsIsNotTheirBusiness() public {
        _round();
        AccountId grace = _leveredAt(7, 500, false, frank, _markTick(), 2200);
        vm.assertEq(_size(grace, perp), -int256(500));
        vm.assertEq(_position(grace, perp).pendingLots, int256(0));
        // Frank sold nothing: he is long, and the round is the shorts'.
        vm.assertEq(_served(1), 0);
        _apply(grace);
        vm.assertEq(_size(grace, perp), -int256(500));
        _finish();
        vm.assertEq(_size(grace, perp), -int256(500));
    }

    /// Flat accounts never pay, and neither does who only has orders.
    function test_rounds_flatAccountsAreUntouched() public {
        _round();
        AccountId erin = AccountId.wrap(2052);
        int256 cash = _cash(erin);
        _place(traders[4], perp, -500, _markTick() + 20);
        _apply(erin);
        _apply(AccountId.wrap(9999));
        vm.assertTrue(_cash(erin) == cash && _size(erin, perp) == 0);
        vm.assertEq(_served(1), 0);
        // Her order is as good as before.
        vm.assertEq(_take(frank, perp, 100), 100);
        vm.assertEq(_size(erin, perp), -int256(100));
        _finish();
        vm.assertEq(_size(erin, perp), -int256(100));
    }

    // -------------------------------------------------------------------------------------------------------- several rounds

    /// Two rounds of the shorts, one of the longs between them, on positions that nobody touches until the end.
    function test_rounds_severalPendingOnOnePositionAndOnBothSides() public {
        AccountId grace = _levered(7, 500, false, frankOpened());
        _sidesWithFrank();
        AccountId heidi = _levered(8, 600, true, bob);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        _assertConserved();
        // Down further: heidi, whose 600 lots bob is short of.
        _fallUntilBankrupt(heidi);
        house.absorb(heidi);
        RoundView memory second = house.round(perp, 2);
        // The side is net of what the first round still takes from it.
        vm.assertEq(second.side, house.round(perp, 1).side - 1000);
        _assertConserved();
        // Up again until grace, a short who has two rounds pending, is bankrupt.
        for (uint256 i = 0; i < 25 && _equity(grace) > 0; ++i) _days(1, true);
        vm.assertEq(_served(1), 0);
        house.absorb(grace);
        vm.assertTrue(_served(1) == 500 && _served(2) > 0);
        _assertConserved();
        _assertSums();
        AccountId[] memory all = new AccountId[](5);
        (all[0], all[1], all[2], all[3], all[4]) = (DAVE, BOB, FRANK, CAROL, heidi);
        for (uint256 i = 0; i < 5; ++i) {
            _apply(all[i]);
            _assertConserved();
            _assertSums();
        }
        _assertClosedExactly(perp);
    }

    /// Who has taken the first round before the second comes takes the second alone, although the first is not finished.
    function test_rounds_nobodyTakesOneTwice() public {
        _sides();
        AccountId heidi = _levered(7, 600, true, bob);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        _apply(DAVE);
        vm.assertTrue(_served(1) == 1200 && house.fund(perp).unfinished == 1, "scene");
        int256 size = _size(DAVE, perp);
        _fallUntilBankrupt(heidi);
        house.absorb(heidi);
        vm.assertTrue(house.fund(perp).unfinished == 2 && _size(BOB, perp) < 0, "scene");
        // The view tells what the touch will do.
        PositionView memory told = _position(DAVE, perp);
        vm.assertEq(told.size - told.pendingLots, size);
        _apply(DAVE);
        vm.assertEq(_served(1), 1200);
        vm.assertEq(_served(2), uint256(-size));
        PositionView memory p = _position(DAVE, perp);
        vm.assertTrue(p.size == told.size && p.quote == told.quote && p.pendingLots == 0);
        RoundView memory second = house.round(perp, 2);
        vm.assertEq(uint256(p.size - size), (uint256(-size) * second.lots) / second.side);
        _apply(BOB);
        _apply(CAROL);
        _assertClosedExactly(perp);
        _assertSums();
        _assertConserved();
    }

    function test_rounds_atMostSixteenAreUnfinished() public {
        AccountId[] memory poor = new AccountId[](18);
        for (uint256 i = 0; i < 18; ++i) poor[i] = _levered(20 + i, 100, true, bob);
        _trade(frankOpened(), carol, perp, 2000, TICK);
        _fallUntilBankrupt(poor[0]);
        for (uint256 i = 0; i < 16; ++i) house.absorb(poor[i]);
        vm.assertEq(house.fund(perp).unfinished, 16);
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open);
        // No room: the fund keeps the position, and the market takes no new risk meanwhile.
        house.absorb(poor[16]);
        vm.assertEq(house.fund(perp).size, int256(100));
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly);
        _refused(
            alice,
            abi.encodeCall(house.deleverage, (perp)),
            abi.encodeWithSelector(IClearingErrors.TooManyRounds.selector, 16, 16)
        );
        house.absorb(poor[17]);
        vm.assertEq(house.fund(perp).size, int256(200));
        _assertConserved();
        // The worst touch there is: sixteen rounds of one position.
        uint256 gas = gasleft();
        _apply(BOB);
        vm.assertTrue(gas - gasleft() < 1_000_000, "gas");
        vm.assertEq(_apply(CAROL), 0);
        _assertClosedExactly(perp);
        // Keepers have served them, so what waited is shared out too: both positions in one round.
        vm.assertEq(house.deleverage(perp), 17);
        vm.assertEq(house.round(perp, 17).lots, 200);
        _apply(BOB);
        _apply(CAROL);
        _assertClosedExactly(perp);
        _assertConserved();
    }

    // -------------------------------------------------------------------------------------------------------------- funding

    /// What a round closes pays funding up to the round and no further, whenever its holder is touched.
    function test_rounds_closedLotsPayFundingUpToTheRound() public {
        _round();
        RoundView memory r = house.round(perp, 1);
        vm.assertTrue(r.cumulativeFunding == house.market(perp).cumulativeFunding);
        uint256 snapshot = vm.snapshotState();
        _apply(BOB);
        _apply(CAROL);
        _apply(DAVE);
        _later();
        int256 early = _equity(BOB);
        int256 pool = _settledPool();
        vm.revertToState(snapshot);
        _later();
        vm.assertTrue(house.market(perp).cumulativeFunding != r.cumulativeFunding, "scene");
        _apply(BOB);
        _apply(CAROL);
        _apply(DAVE);
        // Touched before or after those hours: the same but for the floor of one more settlement.
        int256 off = early - _equity(BOB);
        vm.assertTrue(off >= 0 ? off <= TICK_VALUE : -off <= TICK_VALUE);
        vm.assertTrue(pool >= 0);
        pool = _settledPool();
        // Everybody has settled: the pool holds roundings alone.
        vm.assertTrue(pool >= 0 && pool < 60, "paid and received differ");
        _assertConserved();
    }

    // -------------------------------------------------------------------------------------------------------- expiry, settled

    /// A round that is pending when a dated future expires and settles.
    function test_rounds_pendingWhenTheMarketSettles() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        frank = vm.addr(_key(6));
        _open(frank, FUNDS);
        _trade(alice, bob, dated, 1000, TICK);
        _trade(frank, carol, dated, 500, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(day + 1 < WINDOW_FIRST ? POINTS : (POINTS * 65) / 100);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired);
        _nextPrint((POINTS * 65) / 100);
        vm.assertTrue(_equity(ALICE) < 0, "scene");
        house.absorb(ALICE);
        vm.assertEq(house.fund(dated).unfinished, 1);
        vm.assertEq(house.fund(dated).pendingShorts, 1000);
        _assertConserved();
        _skip(4 days);
        house.settle(dated);
        AccountId[] memory all = new AccountId[](4);
        (all[0], all[1], all[2], all[3]) = (BOB, FRANK, CAROL, _fund(dated));
        int256 equity = _equity(BOB);
        vm.assertEq(house.settleAccounts(dated, all), 3);
        vm.assertEq(_cash(BOB), equity);
        _assertNothingPending(dated);
        vm.assertEq(house.market(dated).openInterest, 0);
        vm.assertEq(house.account(AccountId.wrap(1024 + MarketId.unwrap(dated))).cash, int256(0));
        _assertConserved();
    }

    /// What a round has closed whole waits for no settlement price: before and after it is booked it backs the same.
    function test_rounds_gainOfAnEndedMonthThatOneClosedWholeBacksNewRisk() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        vm.prank(bob);
        house.withdraw(BOB, FUNDS - 1_410 * USD, bob);
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(day + 1 < WINDOW_FIRST ? POINTS : (POINTS * 65) / 100);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        _nextPrint((POINTS * 65) / 100);
        house.sync(perp);
        uint256 lots = (2_000 * USD * 5) / ((_mark(perp) * uint256(TICK_VALUE)) >> 16);
        // As long as the month is held its gain may still be taken back.
        (bool success, bytes memory answer) = _tryRest(lots);
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector, "scene");
        house.absorb(ALICE);
        vm.assertTrue(_cash(BOB) < int256(1_500 * USD), "scene");
        vm.assertTrue(_position(BOB, dated).pendingLots != 0, "scene");
        uint256 snapshot = vm.snapshotState();
        (success, ) = _tryRest(lots);
        vm.assertTrue(success, "before it is booked");
        _assertConserved();
        vm.revertToState(snapshot);
        AccountId[] memory one = new AccountId[](1);
        one[0] = BOB;
        house.applyRounds(dated, one);
        vm.assertTrue(_cash(BOB) > int256(2_500 * USD), "scene");
        (success, ) = _tryRest(lots);
        vm.assertTrue(success, "after it is booked");
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- private

    /// bob rests a bid for the perpetual at the edge of its band.
    function _tryRest(uint256 lots) private returns (bool success, bytes memory answer) {
        uint256 tick = house.market(perp).lowestFill;
        vm.prank(bob);
        return
            address(house).call(
                abi.encodeCall(house.place, (BOB, _order(perp, int256(lots), tick, OrderKind.Limit)))
            );
    }

    function frankOpened() private returns (address) {
        frank = vm.addr(_key(6));
        _open(frank, FUNDS);
        return frank;
    }

    /// `_sides` where frank is there already.
    function _sidesWithFrank() private {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, bob, perp, 250, TICK);
        _trade(alice, carol, perp, 350, TICK);
        _trade(alice, dave, perp, 400, TICK);
        _trade(frank, bob, perp, 450, TICK);
        _trade(frank, carol, perp, 750, TICK);
        _trade(frank, dave, perp, 800, TICK);
    }

    function _assertShare(AccountId account, uint256 size) private view {
        uint256 closed = size - uint256(-_size(account, perp));
        vm.assertTrue(closed >= (size * 1000) / 3000 && closed <= (size * 1000 + 2999) / 3000);
    }

    /// Σ size = 0 and open interest is each side's sum, what the rounds still owe taken off.
    function _assertSums() private view {
        int256 longs = 0;
        int256 shorts = 0;
        for (uint256 i = 0; i <= traders.length; ++i) {
            AccountId account = i == traders.length ? _fund(perp) : _id(traders[i]);
            PositionView memory p = _position(account, perp);
            int256 size = p.size - p.pendingLots;
            if (size > 0) longs += size;
            else shorts -= size;
        }
        FundView memory f = house.fund(perp);
        vm.assertEq(longs - int256(f.pendingLongs), shorts - int256(f.pendingShorts));
        vm.assertEq(longs - int256(f.pendingLongs), int256(house.market(perp).openInterest));
    }

    /// Two hours in which mark stands above the index.
    function _later() private {
        uint256 tick = _markTick() + 150;
        OrderId bid = _place(traders[4], perp, 1000, tick - 1);
        OrderId ask = _place(traders[5], perp, -1000, tick + 1);
        _skip(2 hours);
        house.sync(perp);
        vm.prank(traders[4]);
        house.cancel(bid);
        vm.prank(traders[5]);
        house.cancel(ask);
    }

    /// The pool once every position has settled its funding: by a trade of a hundred lots each.
    function _settledPool() private returns (int256) {
        uint256 tick = _markTick();
        _trade(bob, frank, perp, 100, tick);
        _trade(carol, frank, perp, 100, tick);
        _trade(dave, frank, perp, 100, tick);
        return house.market(perp).fundingPool;
    }
}
