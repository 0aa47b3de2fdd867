// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FeedListing,
    LadderStage,
    MarketListing,
    MarketView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IndexConfig} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {FeedId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "../clearing/RiskFixture.sol";

/// Two indices, of which one falls silent. What an account holds there must not shield what it holds where marks are valid, and a
/// mark that nobody knows must not cost it what it holds there.
contract AttacksHaltsTest is RiskFixture {
    bytes32 private constant GPX = "GPX";
    FeedId private silent;
    /// A perpetual on the index that will fall silent.
    MarketId private other;

    function setUp() public override {
        super.setUp();
        usage.listIndex(GPX, IndexConfig(5, 100, 7, 4, FIRST_DAY, 9_000_000e18, 6, 65_535, 65_535));
        usage.addReader(GPX, house);
        vm.prank(LISTER);
        silent = house.addFeed(FeedListing(GPX, 800, 30 hours, 54 hours, 7 days));
        for (uint32 period = FIRST_DAY; period <= day; ++period) _printOf(GPX, period, 0, POINTS);
        _skip(31 minutes);
        MarketListing memory l = _perpetual();
        l.feed = silent;
        vm.prank(LISTER);
        other = house.listMarket(l);
        vm.assertTrue(house.market(other).stage == LadderStage.Fresh, "scene");
    }

    // ----------------------------------------------------------------------------------------------------- the shield

    /// A few lots in the silent market do not keep anybody from being closed where marks are valid.
    function test_attack_lotsOnASilentIndexShieldNothing() public {
        _account(1000, 100, 1_100 * USD);
        _silence();
        _fall(8_800);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity > 0 && equity < mm, "scene");
        _place(dave, perp, 1000, _markTick());
        vm.prank(carol);
        (uint256 closed, uint256 fee) = house.liquidate(ALICE, perp, 10, CAROL, 0);
        vm.assertTrue(closed != 0 && fee != 0, "shielded");
        vm.assertEq(_size(ALICE, other), int256(100));
        vm.assertTrue(_equity(ALICE) > 0);
        _assertConserved();
        // The lots that wait do.
        _refused(carol, abi.encodeCall(house.liquidate, (ALICE, other, 10, CAROL, 0)), _stale());
    }

    /// Nor does an order alone, and that is as if it were not there: the account is absorbed too.
    function test_attack_ordersAloneOnASilentIndexShieldNothing() public {
        _account(1000, 0, 1_120 * USD);
        _place(alice, other, 100, TICK - 400);
        _silence();
        _fall(8_700);
        _place(dave, perp, 300, _markTick());
        uint256 snapshot = vm.snapshotState();
        vm.prank(carol);
        (uint256 closed, ) = house.liquidate(ALICE, perp, 10, CAROL, 0);
        vm.assertEq(closed, 300);
        vm.revertToState(snapshot);
        _fallUntilBankrupt(ALICE);
        vm.assertTrue(house.market(other).stage == LadderStage.Halted, "scene");
        vm.prank(carol);
        house.absorb(ALICE);
        vm.assertTrue(house.account(ALICE).retired);
        _assertConserved();
    }

    /// Orders where marks are valid can be cancelled below IM whatever waits elsewhere; it costs nobody anything.
    function test_attack_restingOrdersOfWhoHoldsLotsOnASilentIndexAreCancelled() public {
        _account(1000, 100, 1_150 * USD);
        OrderId[] memory ids = new OrderId[](1);
        ids[0] = _place(alice, perp, -1200, TICK + 500);
        OrderId[] memory waiting = new OrderId[](1);
        waiting[0] = _place(alice, other, -150, TICK + 500);
        _silence();
        _fall(9_700);
        _refused(carol, abi.encodeCall(house.cancelRiskRaising, (ALICE, waiting)), _stale());
        vm.prank(carol);
        vm.assertEq(house.cancelRiskRaising(ALICE, ids), 1200);
    }

    // ------------------------------------------------------------------------- the other way: a mark that nobody knows

    /// What waits needs no margin while it waits: its mark would have to be wrong by more than its whole MM before anybody is
    /// closed who is healthy in truth. Equality with what the others need is healthy.
    function test_attack_aMarkThatStandsStillLiquidatesNobody() public {
        _account(1000, 1000, 2_000 * USD);
        _silence();
        _fall(8_000);
        uint256 required = (1000 * _mark(perp) * 500 * 1200 + (10_000 << 16) - 1) / (10_000 << 16);
        vm.assertEq(house.enforceableMaintenance(ALICE), required);
        // With what she cannot close she would be below MM.
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity > int256(required) && equity < mm, "scene");
        _refused(
            carol,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0)),
            abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, equity, required)
        );
    }

    /// The whole of both is asked again as soon as the time of grace is over.
    function test_attack_graceEndsWithTheWholeMargin() public {
        test_attack_aMarkThatStandsStillLiquidatesNobody();
        _place(dave, perp, 1000, _markTick());
        _speak(POINTS);
        vm.assertTrue(house.market(other).stage == LadderStage.Grace, "scene");
        bytes memory call = abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0));
        vm.prank(carol);
        (bool success, bytes memory answer) = address(house).call(call);
        vm.assertTrue(
            !success && bytes4(answer) == IClearingErrors.AccountHealthy.selector,
            "forced in grace"
        );
        _skip(31 minutes);
        vm.prank(carol);
        (success, ) = address(house).call(call);
        vm.assertTrue(success, "not closed after it");
    }

    /// The push that ends a halt may move mark by as much as an index moves in a day; in the half hour after it that alone closes
    /// nobody out of the other markets either.
    function test_attack_thePushThatEndsAHaltForcesNobodyOutElsewhere() public {
        _account(1000, 1000, 2_000 * USD);
        _silence();
        _fall(8_000);
        // Just healthy by the marks as they are.
        _topUp(ALICE, int256(house.account(ALICE).maintenanceMargin));
        _speak(POINTS / 4);
        MarketView memory m = house.market(other);
        vm.assertTrue(m.stage == LadderStage.Grace && m.markX16 < (TICK << 16), "scene");
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm, "the push cost nothing");
        _refused(
            carol,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0)),
            abi.encodeWithSelector(
                IClearingErrors.AccountHealthy.selector,
                equity,
                house.enforceableMaintenance(ALICE)
            )
        );
        _refused(
            carol,
            abi.encodeCall(house.liquidate, (ALICE, other, 10, CAROL, 0)),
            abi.encodeWithSelector(
                IClearingErrors.InGracePeriod.selector,
                other,
                block.timestamp,
                (block.timestamp / 60 + 30) * 60
            )
        );
    }

    /// Where nothing is left by the marks as they stand, the funds get it only when all of them are valid: she may be solvent in
    /// truth. Until then what can be closed is, at mark or better and for no fee.
    function test_attack_aBankruptByAStandingMarkIsClosedAtMarkAndAbsorbedLater() public {
        _account(1000, 200, 1_300 * USD);
        _silence();
        _fallUntilBankrupt(ALICE);
        _refused(carol, abi.encodeCall(house.absorb, (ALICE)), _stale());
        int256 equity = _equity(ALICE);
        // A bid below mark is not for her, one at mark is.
        _place(dave, perp, 500, _markTick() - 20);
        vm.prank(carol);
        (uint256 closed, uint256 fee) = house.liquidate(ALICE, perp, 10, CAROL, 0);
        vm.assertTrue(closed == 0 && fee == 0, "closed below mark");
        uint256 mark = _mark(perp);
        _place(dave, perp, 500, (mark >> 16) + 1);
        vm.prank(carol);
        (closed, fee) = house.liquidate(ALICE, perp, 10, CAROL, 0);
        vm.assertTrue(closed == 500 && fee == 0, "not closed at mark");
        vm.assertTrue(_equity(ALICE) >= equity, "it cost her something");
        // What the book does not take a keeper may, at mark too.
        _skip(9 minutes);
        vm.prank(carol);
        (closed, fee) = house.liquidate(ALICE, perp, 10, CAROL, 500);
        vm.assertTrue(closed == 500 && fee == 0 && _size(ALICE, perp) == 0, "not taken over");
        vm.assertEq(_size(ALICE, other), int256(200));
        _assertConserved();
        _speak(POINTS);
        _skip(31 minutes);
        house.absorb(ALICE);
        vm.assertTrue(house.account(ALICE).retired);
        _assertConserved();
    }

    /// Money does not leave on the word of the market that comes first on the list.
    function test_attack_aMarketThatSpeaksHidesNoSilentOneBehindIt() public {
        _account(1000, 100, 5_000 * USD);
        _silence();
        _refused(alice, abi.encodeCall(house.withdraw, (ALICE, 1, alice)), _stale());
        // Whoever holds nothing there is free to go.
        _trade(carol, dave, perp, 1000, _markTick());
        vm.prank(carol);
        house.withdraw(CAROL, 1, carol);
    }

    /// Months of the index that speaks keep the credit of their hedge meanwhile.
    function test_attack_aHedgeThatCanBeClosedKeepsItsCredit() public {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (WINDOW_FIRST + 30, WINDOW_LAST + 30, WINDOW_LAST);
        vm.prank(LISTER);
        MarketId near = house.listMarket(l);
        (l.firstPeriod, l.lastPeriod) = (WINDOW_LAST + 31, WINDOW_LAST + 60);
        l.nextFromPeriod = WINDOW_LAST + 20;
        vm.prank(LISTER);
        MarketId far = house.listMarket(l);
        _trade(alice, bob, near, 1000, TICK);
        _trade(bob, alice, far, 1000, TICK);
        uint256 hedge = house.account(ALICE).maintenanceMargin;
        _trade(alice, bob, other, 100, TICK);
        vm.assertTrue(house.account(ALICE).maintenanceMargin > hedge);
        _silence();
        house.sync(other);
        house.sync(near);
        house.sync(far);
        vm.assertEq(house.enforceableMaintenance(ALICE), hedge);
    }

    // ------------------------------------------------------------------------------------------------------------ helpers

    /// Alice long in both, with so much money.
    function _account(uint256 lots, uint256 waiting, uint256 money) private {
        _trade(alice, bob, perp, lots, TICK);
        if (waiting != 0) _trade(alice, bob, other, waiting, TICK);
        uint256 spare = uint256(_equity(ALICE)) - money;
        vm.prank(alice);
        house.withdraw(ALICE, spare, alice);
    }

    /// The index of `other` falls silent beyond its second limit; the other one goes on.
    function _silence() private {
        for (uint256 i = 0; i < 4; ++i) _nextPrint(POINTS);
        house.sync(other);
        vm.assertTrue(house.market(other).stage == LadderStage.Halted, "scene");
    }

    /// The silent index has prints again.
    function _speak(uint256 value) private {
        for (uint32 period = day - 3; period <= day; ++period) _printOf(GPX, period, 0, value);
    }

    /// Days on which the speaking index halves, until mark is at a tick.
    function _fall(uint256 tick) private {
        for (uint256 i = 0; i < 7 && _markTick() > tick; ++i) {
            _nextPrint(POINTS / 2);
            uint256 anchor = house.market(perp).anchorX16 >> 16;
            _moveMark(perp, anchor > tick ? anchor : tick);
        }
        vm.assertTrue(_markTick() <= tick + 1, "not fallen");
    }

    function _stale() private view returns (bytes memory) {
        uint256 due = house.feed(silent).haltedAt - 54 hours;
        return
            abi.encodeWithSelector(
                IClearingErrors.IndexStale.selector,
                silent,
                block.timestamp - due,
                54 hours
            );
    }
}
