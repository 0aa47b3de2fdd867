// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FundView,
    MarginChange,
    MarginTier,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IndexConfig} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {Action, Assignment, Job} from "../../../contracts/periphery/interfaces/IKeeperAutomation.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {AutomationFixture} from "./AutomationFixture.sol";

/// Every job: found by a check when there is something to do, and done by what the check returned.
contract KeeperAutomationJobsTest is AutomationFixture {
    function _indexTerms() internal view override returns (IndexConfig memory terms) {
        terms = super._indexTerms();
        (terms.breakerBps, terms.breakerFourBps) = (800, 2_000);
    }

    // ----------------------------------------------------------------------------------------------------------- clock

    function test_clock_syncsMarketsByItsInterval() public {
        (, bytes memory data) = _check(Job.Clock);
        Action[] memory actions = _actions(data);
        vm.assertTrue(actions.length == 2 && actions[0] == Action.Sync && actions[1] == Action.Sync);
        _perform(data);
        vm.assertEq(automation.syncedAt(MarketId.unwrap(perp)), block.timestamp);
        _skip(299);
        _assertIdle(Job.Clock);
        _skip(1);
        vm.assertEq(_work(Job.Clock), 1);
    }

    function test_clock_ofARangeOfMarkets() public {
        Assignment memory a = _assign(Job.Clock);
        (a.firstMarket, a.lastMarket) = (2, 2);
        (, bytes memory data) = _check(a);
        _assertOnly(data, Action.Sync);
        _perform(data);
        vm.assertTrue(automation.syncedAt(1) == 0 && automation.syncedAt(2) != 0);
    }

    function test_clock_repeatsAPushThatWasMissed() public {
        _work(Job.Clock);
        usage.removeReader(TU1D, house);
        _nextPrint((POINTS * 103) / 100);
        usage.addReader(TU1D, house);
        uint256 sequence = house.feed(feedId).sequence;
        (, bytes memory data) = _check(Job.Clock);
        vm.assertTrue(_actions(data)[0] == Action.Repush);
        _perform(data);
        vm.assertEq(house.feed(feedId).sequence, sequence + 1);
        _assertIdle(Job.Clock);
    }

    function test_clock_letsAFeedCatchUp() public {
        // Twice 10 % of the mean: the feed follows 8 % a day.
        _nextPrint((POINTS * 17) / 10);
        _work(Job.Clock);
        vm.assertTrue(house.feed(feedId).followed < house.feed(feedId).target, "scene");
        _skip(301);
        // Nothing has room yet, and a step that changes nothing is none.
        vm.assertTrue(_actions(_data(Job.Clock))[0] == Action.Sync);
        _skip(1 days);
        vm.assertTrue(_actions(_data(Job.Clock))[0] == Action.Follow);
        _work(Job.Clock);
        vm.assertEq(house.feed(feedId).followed, house.feed(feedId).target);
    }

    function test_clock_releasesAHeldPrint() public {
        uint32 period = day + 1;
        vm.warp(_due(period));
        vm.assertTrue(usage.post(TU1D, period, 0, _signed(TU1D, period, 0, POINTS * 2, 5)), "not held");
        uint256 releasableAt = usage.heldPrint(TU1D, period).releasableAt;
        vm.warp(releasableAt - 1);
        _work(Job.Clock);
        vm.assertEq(usage.print(TU1D, period).value, 0);
        vm.warp(releasableAt);
        vm.assertTrue(_actions(_data(Job.Clock))[0] == Action.ReleasePrint);
        _work(Job.Clock);
        vm.assertEq(usage.print(TU1D, period).value, POINTS * 2);
    }

    function test_clock_appliesAnnouncedMargins() public {
        MarginChange memory c;
        c.tiers[0] = c.tiers[1] = c.tiers[2] = MarginTier(2800, 2100, 600);
        (c.clampBps, c.fundingCapBps) = (800, 200);
        uint32 from = uint32(block.timestamp / 1 days) + 8;
        vm.prank(RISK_OFFICER);
        house.scheduleMargins(perp, c, from);
        while (day + 2 < from) {
            _nextPrint(POINTS);
            _work(Job.Clock);
        }
        vm.assertEq(house.market(perp).initialMarginBps, 2000);
        _nextPrint(POINTS);
        vm.assertTrue(_actions(_data(Job.Clock))[0] == Action.ApplyMargins);
        _work(Job.Clock);
        vm.assertEq(house.market(perp).initialMarginBps, 2800);
    }

    // ------------------------------------------------------------------------------------------------------ liquidation

    function test_liquidation_cancelsAndClosesAndPaysTheEarner() public {
        AccountId earner = _openEarner();
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_102_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        _place(alice, perp, 100, 7_000);
        _assertIdle(Job.Liquidation);
        _fallTo(8_700);
        _fallTo(8_000);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        _place(carol, perp, 5_000, _markTick());
        (, bytes memory data) = _check(Job.Liquidation);
        Action[] memory actions = _actions(data);
        vm.assertTrue(actions.length == 2, "steps");
        vm.assertTrue(actions[0] == Action.CancelRiskRaising && actions[1] == Action.Liquidate);
        int256 before = _cash(earner);
        _perform(data);
        vm.assertTrue(_cash(earner) > before, "the earner has its share");
        vm.assertEq(_position(ALICE, perp).openOrders, 0);
        (equity, , mm) = _health(ALICE);
        vm.assertTrue(equity >= mm);
        _assertIdle(Job.Liquidation);
        _assertConserved();
    }

    /// With an empty book a call starts the takeover's clock, and then there is nothing to do.
    function test_liquidation_startsTheAuctionOnce() public {
        _openEarner();
        _lever();
        _fallTo(8_700);
        _assertOnly(_data(Job.Liquidation), Action.Liquidate);
        _work(Job.Liquidation);
        vm.assertEq(_size(ALICE, perp), 1000);
        _skip(10 minutes);
        _assertIdle(Job.Liquidation);
    }

    function test_liquidation_waitsForTheEarnersAccount() public {
        _lever();
        _fallTo(8_700);
        _place(carol, perp, 5_000, _markTick());
        _assertIdle(Job.Liquidation);
        _openEarner();
        vm.assertEq(_work(Job.Liquidation), 1);
    }

    function test_liquidation_absorbs() public {
        _feedFund(perp, 100_000 * USD);
        _crash();
        _assertOnly(_data(Job.Liquidation), Action.Absorb);
        vm.assertEq(_work(Job.Liquidation), 1);
        vm.assertTrue(house.account(ALICE).retired);
        vm.assertEq(house.fund(perp).size, 1000);
        _assertConserved();
    }

    function test_liquidation_ofARangeOfAccounts() public {
        _crash();
        Assignment memory a = _assign(Job.Liquidation);
        a.firstAccount = 2049;
        (bool needed, ) = _check(a);
        vm.assertTrue(!needed);
        (a.firstAccount, a.lastAccount) = (0, 2048);
        (needed, ) = _check(a);
        vm.assertTrue(needed);
    }

    // -------------------------------------------------------------------------------------------------------- waterfall

    function test_waterfall_servesPositions() public {
        _round();
        _assertOnly(_data(Job.Waterfall), Action.ApplyRounds);
        vm.assertEq(_work(Job.Waterfall), 1);
        _assertClosedExactly(perp);
        _assertConserved();
    }

    /// 100 of 20,000 lots close; what is left are two positions whose shares are half a lot each, and one lot to close.
    function test_waterfall_endsARoundWhoseRestTakesNoLot() public {
        address rich = _rich(50, 19_900);
        address whale = _rich(51, 19_800);
        address small = _rich(52, 100);
        address other = _rich(53, 100);
        _trade(rich, whale, perp, 19_700, TICK);
        AccountId loser = _levered(54, 100, true, whale);
        _fallUntilBankrupt(loser);
        // Last, so that no funding is due to them and nothing but the round is left to do.
        _trade(rich, small, perp, 100, _markTick());
        _trade(rich, other, perp, 100, _markTick());
        house.absorb(loser);
        vm.assertEq(house.fund(perp).pendingShorts, 100);
        AccountId[] memory accounts = new AccountId[](1);
        accounts[0] = _id(whale);
        house.applyRounds(perp, accounts);
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.unfinished == 1 && f.pendingShorts == 1, "scene");
        vm.assertEq(house.served(perp, _id(small)), house.positionWord(perp, _id(small)));
        _assertOnly(_data(Job.Waterfall), Action.ApplyRounds);
        vm.assertEq(_work(Job.Waterfall), 1);
        f = house.fund(perp);
        vm.assertTrue(f.unfinished == 0 && f.pendingShorts == 0);
        _assertConserved();
    }

    function test_waterfall_unwindsAFund() public {
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + 10_000 * USD);
        house.absorb(ALICE);
        _assertIdle(Job.Waterfall);
        _place(dave, perp, 5_000, _markTick());
        _assertOnly(_data(Job.Waterfall), Action.Unwind);
        vm.assertEq(_work(Job.Waterfall), 1);
        vm.assertEq(house.fund(perp).size, 0);
    }

    function test_waterfall_deleveragesASpentFund() public {
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + 10 * USD);
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).size, 1000);
        _days(2, false);
        vm.assertTrue(house.fund(perp).equity < 0, "scene");
        vm.assertTrue(_actions(_data(Job.Waterfall))[0] == Action.Deleverage);
        _work(Job.Waterfall);
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.size == 0 && f.rounds == 1 && f.equity >= 0);
        _assertClosedExactly(perp);
    }

    // ------------------------------------------------------------------------------------------------------- settlement

    function test_settlement_settlesAndConverts() public {
        for (uint256 i = 0; i < TRADERS; i += 2) _trade(traders[i], traders[i + 1], dated, 500, TICK);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        _assertIdle(Job.Settlement);
        vm.warp((uint256(WINDOW_LAST) + 4) * 1 days + 6 hours);
        Action[] memory actions = _actions(_data(Job.Settlement));
        vm.assertTrue(actions.length == 2, "steps");
        vm.assertTrue(actions[0] == Action.Settle && actions[1] == Action.SettleAccounts);
        vm.assertEq(_work(Job.Settlement), 1);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Settled);
        for (uint256 i = 0; i < TRADERS; ++i) vm.assertEq(house.account(_id(traders[i])).positions.length, 0);
        _assertConserved();
    }

    /// The index falls silent while the fund holds what it took over: it converts like anybody, and then nothing is left to do there.
    function test_settlement_convertsAFund() public {
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + 10_000 * USD);
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).size, 1000);
        vm.warp(house.feed(house.market(perp).feed).settledAt);
        Assignment memory clock = _assign(Job.Clock);
        (clock.firstMarket, clock.lastMarket) = (MarketId.unwrap(perp), MarketId.unwrap(perp));
        (, bytes memory data) = _check(clock);
        vm.assertTrue(_has(data, Action.Sync), "due before");
        _work(Job.Settlement);
        vm.assertTrue(house.market(perp).phase == MarketPhase.Settled);
        vm.assertEq(house.fund(perp).size, 0);
        _assertConserved();
        // Nothing is synced, swept or unwound in a market that has settled.
        (, data) = _check(clock);
        vm.assertTrue(!_has(data, Action.Sync), "clock");
        _assertIdle(Job.Purge);
        _assertIdle(Job.Waterfall);
    }

    // ------------------------------------------------------------------------------------------------------------ purge

    function test_purge_takesDeadOrdersOut() public {
        OrderParameters memory dying = _order(perp, 200, TICK - 5, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        (OrderId top, ) = _send(alice, dying);
        OrderId live = _place(bob, perp, 300, TICK - 6);
        dying.tick = _tick(TICK - 7);
        (OrderId behind, ) = _send(alice, dying);
        _assertIdle(Job.Purge);
        vm.warp(uint256(dying.expiry) + 1);
        Action[] memory actions = _actions(_data(Job.Purge));
        vm.assertTrue(actions.length == 2 && actions[0] == Action.Sweep && actions[1] == Action.SweepOrders);
        _work(Job.Purge);
        vm.assertEq(_position(ALICE, perp).openOrders, 0);
        vm.assertEq(house.order(live).lots, 300);
        vm.assertTrue(OrderId.unwrap(top) != OrderId.unwrap(behind));
    }

    /// Orders of a dead-man switch that has fired are dead wherever they stand.
    function test_purge_takesOrdersOfAFiredSwitchOut() public {
        vm.prank(alice);
        house.cancelAllAfter(ALICE, 60);
        _place(bob, perp, 300, TICK - 5);
        for (uint256 i = 0; i < 3; ++i) _place(alice, perp, 100, TICK - 6);
        _skip(61);
        _work(Job.Purge);
        vm.assertEq(_position(ALICE, perp).openOrders, 0);
        vm.assertEq(_position(BOB, perp).openOrders, 1);
    }

    // ----------------------------------------------------------------------------------------------------------- helper

    function _data(Job job) private returns (bytes memory data) {
        (, data) = _check(job);
    }

    function _has(bytes memory data, Action action) private pure returns (bool found) {
        Action[] memory actions = _actions(data);
        for (uint256 i = 0; i < actions.length; ++i) found = found || actions[i] == action;
    }

    /// Somebody with all that a position is worth.
    function _rich(uint256 number, uint256 lots) private returns (address who) {
        who = vm.addr(_key(number));
        _open(who, lots * TICK * 500);
    }

    function _tick(uint256 tick) private pure returns (Tick) {
        return Tick.wrap(uint24(tick));
    }
}
