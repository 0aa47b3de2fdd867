// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketPhase,
    MarketView,
    OrderKind,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {AccountId, MarketId, Tick} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// What the book does not take of an account below MM, a keeper may: at mark first, later at a growing discount.
contract ClearinghouseTakeOverTest is WaterfallFixture {
    // --------------------------------------------------------------------------------------------------------- the price

    function test_takeOver_atMarkInTheFirstCall() public {
        _scene();
        uint256 tick = (_mark(perp) + 65_535) >> 16;
        uint256 openInterest = house.market(perp).openInterest;
        vm.expectEmit(true, true, true, false, address(house));
        emit IClearingEvents.TakenOver(ALICE, perp, CAROL, 0, Tick.wrap(0));
        (uint256 closed, ) = _takeOver(carol, CAROL, 100_000);
        vm.assertTrue(closed > 100 && closed < 1000, "partly");
        vm.assertEq(_size(CAROL, perp), int256(closed));
        vm.assertEq(_size(ALICE, perp), 1000 - int256(closed));
        vm.assertEq(_position(CAROL, perp).quote, -int256(closed * tick));
        // What one gives the other takes: open interest stands, nobody pays a trading fee.
        vm.assertEq(house.market(perp).openInterest, openInterest);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity >= im && equity < im + 2 * int256(USD), "no further than back to IM");
        _assertConserved();
    }

    function test_takeOver_discountGrowsOverTenMinutes() public {
        _scene();
        _start();
        uint256 start = block.timestamp;
        uint256[5] memory elapsed = [uint256(1), 299, 300, 600, 1200];
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp(start + elapsed[i]);
            uint256 snapshot = vm.snapshotState();
            uint256 tick = _expected(elapsed[i] > 600 ? 600 : elapsed[i]);
            (uint256 closed, ) = _takeOver(carol, CAROL, 100);
            vm.assertEq(closed, 100);
            vm.assertEq(_position(CAROL, perp).quote, -int256(100 * tick));
            vm.revertToState(snapshot);
        }
        // At the end it is the furthest that a liquidation trades from mark: 3 %.
        vm.warp(start + 600);
        vm.assertEq(_expected(600), (_mark(perp) - (_mark(perp) * 300) / 10_000 + 65_535) >> 16);
    }

    function test_takeOver_discountBeginsAnewAfterTwentyMinutes() public {
        _scene();
        _start();
        vm.warp(block.timestamp + 1201);
        uint256 tick = _expected(0);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.AuctionStarted(ALICE, block.timestamp);
        _takeOver(carol, CAROL, 100);
        vm.assertEq(_position(CAROL, perp).quote, -int256(100 * tick));
    }

    /// A discount that a first emergency has earned does not meet the next one.
    function test_takeOver_discountBeginsAnewAfterARecovery() public {
        _scene();
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm - 1);
        _start();
        uint256 start = block.timestamp;
        _place(dave, perp, 100, _markTick());
        house.liquidate(ALICE, perp, 10, KEEPER, 0);
        (int256 equity, , int256 after_) = _health(ALICE);
        vm.assertTrue(equity >= after_, "scene: healthy again");
        uint256 low = house.market(perp).lowestFill;
        _place(traders[4], perp, 1000, low);
        _place(traders[5], perp, -1000, low + 2);
        for (uint256 i = 0; i < 12 && equity >= after_; ++i) {
            _skip(60);
            (equity, , after_) = _health(ALICE);
        }
        vm.assertTrue(equity < after_ && block.timestamp < start + 1200, "scene: below MM again");
        // The bid in the book is beyond the distance, so the keeper gets what there is, at mark.
        uint256 tick = _expected(0);
        _takeOver(carol, CAROL, 100);
        vm.assertEq(_position(CAROL, perp).quote, -int256(100 * tick));
    }

    /// Back at MM exactly is healthy: the next time begins anew.
    function test_takeOver_equalityWithMaintenanceEndsTheTenMinutes() public {
        _scene();
        _start();
        vm.warp(block.timestamp + 300);
        uint256 snapshot = vm.snapshotState();
        _takeOver(carol, CAROL, 10);
        (int256 equity, , int256 mm) = _health(ALICE);
        int256 missing = mm - equity;
        vm.assertTrue(missing > 0 && _auction() != 0, "scene");
        vm.revertToState(snapshot);
        snapshot = vm.snapshotState();
        _topUp(ALICE, _equity(ALICE) + missing - 1);
        _takeOver(carol, CAROL, 10);
        vm.assertTrue(_auction() != 0, "a unit below");
        vm.revertToState(snapshot);
        _topUp(ALICE, _equity(ALICE) + missing);
        _takeOver(carol, CAROL, 10);
        (equity, , mm) = _health(ALICE);
        vm.assertEq(equity, mm);
        vm.assertEq(_auction(), 0);
    }

    function test_takeOver_atMostTheLotsShareOfEquity() public {
        _crash();
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm / 16);
        _start();
        vm.warp(block.timestamp + 600);
        vm.assertTrue(_equity(ALICE) > 0, "scene");
        uint256 tick = _expected(600);
        vm.assertTrue(
            tick > (_mark(perp) - (_mark(perp) * 300) / 10_000) >> 16,
            "scene: the share is nearer"
        );
        (uint256 closed, ) = _takeOver(carol, CAROL, 100_000);
        vm.assertEq(closed, 1000);
        vm.assertEq(_position(CAROL, perp).quote, -int256(1000 * tick));
        // Nothing is left, and nothing is missing.
        vm.assertTrue(_cash(ALICE) >= 0);
        vm.assertTrue(house.fund(perp).cash >= 0);
        _assertConserved();
    }

    function test_takeOver_ofAShort() public {
        AccountId grace = _leveredAt(7, 1000, false, bob, TICK, 2100);
        for (uint256 i = 0; i < 9 && !_isBelowMaintenance(grace); ++i) _days(1, true);
        vm.assertTrue(_equity(grace) > 0, "scene");
        house.liquidate(grace, perp, 10, KEEPER, 0);
        vm.warp(block.timestamp + 600);
        uint256 mark = _mark(perp);
        (int256 equity, , int256 mm) = _health(grace);
        uint256 most = (mark * 300) / 10_000;
        uint256 share = (uint256(equity) * mark * 1200) / (10_000 * uint256(mm));
        vm.prank(carol);
        (uint256 closed, ) = house.liquidate(grace, perp, 10, CAROL, 400);
        vm.assertEq(closed, 400);
        vm.assertEq(_size(CAROL, perp), -int256(400));
        vm.assertEq(
            _position(CAROL, perp).quote,
            int256(400 * ((mark + (share < most ? share : most)) >> 16))
        );
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------- next to the book

    /// The book comes first, a dust order in it blocks nothing, and the rest goes to the keeper in the same call.
    function test_takeOver_nextToAOneLotOrder() public {
        _scene();
        uint256 tick = _markTick();
        _place(dave, perp, 101, tick);
        _send(bob, _order(perp, -100, tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(house.levels(perp, true, 1)[0].lots, 1);
        (uint256 closed, ) = _takeOver(carol, CAROL, 100_000);
        vm.assertEq(_size(CAROL, perp), int256(closed) - 1);
        vm.assertEq(_position(DAVE, perp).openOrders, 0);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity >= im - 2 * int256(USD), "back to IM");
        _assertConserved();
    }

    function test_takeOver_bidsOutOfReachDoNotBlock() public {
        _scene();
        _place(dave, perp, 5000, (_markTick() * 95) / 100);
        (uint256 closed, ) = _takeOver(carol, CAROL, 100_000);
        vm.assertEq(_size(CAROL, perp), int256(closed));
        vm.assertEq(_position(DAVE, perp).bidLots, 5000);
    }

    function test_takeOver_waitsWhereTheWalkEndedInTheBook() public {
        _scene();
        uint256 tick = _markTick();
        _place(dave, perp, 100, tick);
        _place(dave, perp, 100, tick - 1);
        vm.prank(carol);
        (uint256 closed, ) = house.liquidate(ALICE, perp, 1, CAROL, 100_000);
        vm.assertEq(closed, 100);
        vm.assertEq(_size(CAROL, perp), int256(0));
    }

    function test_takeOver_takesNoMoreThanTheKeeperWants() public {
        _scene();
        (uint256 closed, ) = _takeOver(carol, CAROL, 7);
        vm.assertEq(closed, 7);
        vm.assertEq(_size(CAROL, perp), int256(7));
        _assertConserved();
    }

    function test_takeOver_againstTheKeepersOwnPosition() public {
        _scene();
        // Bob is short of the very lots: what he takes over closes them.
        uint256 openInterest = house.market(perp).openInterest;
        (uint256 closed, ) = _takeOver(bob, BOB, 100_000);
        vm.assertEq(_size(BOB, perp), int256(closed) - 1000);
        vm.assertEq(house.market(perp).openInterest, openInterest - closed);
        _assertConserved();
    }

    function test_takeOver_servesTheKeepersRoundsFirst() public {
        _sides();
        AccountId heidi = _leveredAt(8, 600, true, dave, TICK, 2900);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        vm.assertTrue(_isBelowMaintenance(heidi) && _equity(heidi) > 0, "scene");
        uint256 side = house.round(perp, 1).side;
        vm.prank(bob);
        (uint256 closed, ) = house.liquidate(heidi, perp, 10, BOB, 100);
        vm.assertEq(closed, 100);
        vm.assertEq(_served(1), 700);
        vm.assertEq(_size(BOB, perp), -int256(700 - (700 * 1000) / side) + 100);
        _assertConserved();
    }

    // ---------------------------------------------------------------------------------------------------- phases

    /// Nobody's pause stops a liquidation: open interest does not rise by it.
    function test_takeOver_whereNewRiskIsStopped() public {
        _scene();
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        (uint256 closed, ) = _takeOver(carol, CAROL, 100_000);
        vm.assertEq(_size(CAROL, perp), int256(closed));
    }

    /// From the end of trading to settlement it is the only way to close.
    function test_takeOver_afterTheEndOfTrading() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(day + 1 < WINDOW_FIRST ? POINTS : (POINTS * 7_285) / 10_000);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity > 0 && equity < mm, "scene");
        vm.prank(carol);
        (uint256 closed, ) = house.liquidate(ALICE, dated, 10, CAROL, 0);
        vm.assertEq(closed, 0);
        vm.warp(block.timestamp + 300);
        uint256 mark = _mark(dated);
        vm.prank(carol);
        (closed, ) = house.liquidate(ALICE, dated, 10, CAROL, 100_000);
        vm.assertTrue(closed != 0 && _size(CAROL, dated) == int256(closed));
        uint256 tick = uint256(-_position(CAROL, dated).quote) / closed;
        vm.assertTrue(tick << 16 < mark && tick << 16 >= (mark * 97) / 100);
        vm.assertTrue(_equity(ALICE) >= 0);
        _assertConserved();
    }

    // -------------------------------------------------------------------------------------------------- nobody's profit

    function test_takeOver_splitsTheFee() public {
        _scene();
        int256 keeper = _cash(CAROL);
        (uint256 closed, uint256 keeperFee) = _takeOver(carol, CAROL, 100_000);
        uint256 fee = (closed * ((_mark(perp) + 65_535) >> 16) * 500 * 100) / 10_000;
        vm.assertEq(keeperFee, fee / 2);
        vm.assertEq(_cash(CAROL) - keeper, int256(keeperFee));
        vm.assertEq(house.market(perp).fundCash, int256(fee - fee / 2));
    }

    /// Two accounts of two addresses of one person: what one loses the other gains, less the fund's half of the fee.
    function test_takeOver_liquidatingOneselfNeverPays() public {
        _scene();
        _start();
        vm.warp(block.timestamp + 600);
        int256 before = _equity(ALICE) + _equity(DAVE);
        _takeOver(dave, DAVE, 100_000);
        int256 fundHalf = house.market(perp).fundCash;
        vm.assertTrue(fundHalf > 0, "a fee");
        int256 lost = before - _equity(ALICE) - _equity(DAVE);
        // Her funding is settled on the way and floors to a tick of one lot.
        vm.assertTrue(lost >= fundHalf && lost <= fundHalf + TICK_VALUE);
    }

    /// A keeper who bids at the edge of the liquidation bound and liquidates into his own bid gets that bound, once, on no
    /// more lots than bring her back to IM at mark.
    function test_takeOver_aKeepersOwnBidAtTheEdge() public {
        _scene();
        int256 equity = _equity(ALICE);
        uint256 edge = _expected(600);
        _place(dave, perp, 5000, edge);
        int256 before = _equity(DAVE);
        vm.prank(dave);
        (uint256 closed, uint256 keeperFee) = house.liquidate(ALICE, perp, 10, DAVE, 0);
        uint256 short = (_mark(perp) >> 16) + 1 - edge;
        vm.assertTrue(_equity(DAVE) - before <= int256(closed * short * 500 + keeperFee));
        vm.assertTrue(equity - _equity(ALICE) <= int256(closed * short * 500 + 2 * keeperFee + 1));
        vm.assertTrue(closed < 1000 && _equity(ALICE) > 0);
        // A second helping needs her to be below MM again.
        (int256 left, , int256 mm) = _health(ALICE);
        vm.assertTrue(left >= mm);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- refused

    function test_takeOver_revertsWith_NotAuthorised() public {
        _scene();
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 1)),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, CAROL)
        );
        // An operator may.
        vm.prank(carol);
        house.setOperator(CAROL, bob, uint40(block.timestamp));
        _takeOver(bob, CAROL, 1);
        vm.assertEq(_size(CAROL, perp), int256(1));
    }

    function test_takeOver_revertsWith_InsufficientMargin() public {
        _scene();
        address poor = vm.addr(_key(9));
        AccountId account = _open(poor, 10 * USD);
        vm.prank(poor);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, account, 100))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        // Ten lots he can carry.
        _takeOver(poor, account, 10);
        vm.assertEq(_size(account, perp), int256(10));
    }

    /// A keeper that is short closes by it: what it gains is cash at once.
    function test_takeOver_closesTheKeepersOwnPosition() public {
        _trade(traders[4], carol, perp, 100, TICK);
        _scene();
        int256 cash = _cash(CAROL);
        uint256 tick = (_mark(perp) + 65_535) >> 16;
        PositionView memory p = _position(CAROL, perp);
        vm.assertEq(p.size, -int256(100));
        uint256 openInterest = house.market(perp).openInterest;
        (uint256 closed, uint256 fee) = _takeOver(carol, CAROL, 100);
        vm.assertEq(closed, 100);
        vm.assertEq(house.account(CAROL).positions.length, 0);
        // Both sides of these lots are gone.
        vm.assertEq(house.market(perp).openInterest, openInterest - 100);
        int256 gain = (p.quote + p.pendingFunding - int256(100 * tick)) * TICK_VALUE;
        vm.assertTrue(gain > 0, "scene");
        vm.assertEq(_cash(CAROL), cash + gain + int256(fee));
        _assertConserved();
    }

    /// A keeper whose list is full of settled markets takes over all the same.
    function test_takeOver_makesPlaceInTheKeepersList() public {
        MarketListing memory l = _dated();
        for (uint256 m = 3; m <= 17; ++m) {
            vm.prank(LISTER);
            house.listMarket(l);
        }
        for (uint16 m = 2; m <= 17; ++m) _trade(carol, dave, MarketId.wrap(m), 100, TICK);
        vm.assertEq(house.account(CAROL).positions.length, 16);
        // The months end, and their last prints become final.
        while (day < WINDOW_LAST + 4) _nextPrint(POINTS);
        _scene();
        uint256 snapshot = vm.snapshotState();
        // None of the months is settled: no place.
        _refused(
            carol,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 100)),
            abi.encodeWithSelector(IClearingErrors.TooManyMarkets.selector, 17, 16)
        );
        vm.revertToState(snapshot);
        house.settle(MarketId.wrap(9));
        _takeOver(carol, CAROL, 100);
        vm.assertEq(_size(CAROL, perp), int256(100));
        vm.assertEq(_size(CAROL, MarketId.wrap(9)), int256(0));
        vm.assertEq(house.account(CAROL).positions.length, 16);
        _assertConserved();
    }

    function test_takeOver_revertsWith_PositionLimit() public {
        _trade(carol, dave, perp, 16_380, TICK);
        _scene();
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 16_384, 100_000_000);
        _refused(
            carol,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 5)),
            abi.encodeWithSelector(IClearingErrors.PositionLimit.selector, 16_385, 16_384)
        );
        _takeOver(carol, CAROL, 4);
    }

    function test_takeOver_revertsWith_SelfLiquidation() public {
        _scene();
        _refused(
            alice,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, ALICE, 5)),
            abi.encodeWithSelector(IClearingErrors.SelfLiquidation.selector, ALICE, ALICE)
        );
    }

    // --------------------------------------------------------------------------------------------------------- private

    /// Alice is below MM, and nobody bids.
    function _scene() private {
        _lever();
        _fallTo(8700);
        vm.assertTrue(_isBelowMaintenance(ALICE) && _equity(ALICE) > 0, "scene");
    }

    /// The call that finds her below MM first.
    function _start() private {
        vm.prank(bob);
        house.liquidate(ALICE, perp, 10, KEEPER, 0);
    }

    function _takeOver(
        address sender,
        AccountId keeper,
        uint40 lots
    ) private returns (uint256 closed, uint256 fee) {
        vm.prank(sender);
        return house.liquidate(ALICE, perp, 10, keeper, lots);
    }

    /// Since when alice is known to be below MM, as her head word keeps it; 0 if she is not.
    function _auction() private view returns (uint256) {
        mapping(uint256 => uint256) storage heads = ClearingStorage.load().heads;
        bytes32 slot;
        assembly ("memory-safe") {
            slot := heads.slot
        }
        slot = keccak256(abi.encode(AccountId.unwrap(ALICE), slot));
        return uint256(vm.load(address(house), slot)) >> 217;
    }

    /// Tick of a takeover of alice's long: mark less a share of 3 %, or of her equity a lot where that is less.
    function _expected(uint256 elapsed) private view returns (uint256) {
        uint256 mark = _mark(perp);
        (int256 equity, , int256 mm) = _health(ALICE);
        uint256 share = (uint256(equity) * mark * 1200) / (10_000 * uint256(mm));
        uint256 most = (mark * 300) / 10_000;
        most = ((share < most ? share : most) * elapsed) / 600;
        return (mark - most + 65_535) >> 16;
    }
}
