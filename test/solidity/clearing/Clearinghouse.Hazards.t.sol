// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// What has broken other exchanges, tried here.
contract ClearinghouseHazardsTest is RiskFixture {
    // ------------------------------------------------------------------------------------------------------- rounding

    /// Balancer, 2025: many small operations against one large.
    function test_hazard_dustOperationsNeverBeatOne() public {
        uint256 snapshot = vm.snapshotState();
        _place(bob, perp, -6500, TICK + 1);
        _take(alice, perp, 6500);
        _place(bob, perp, 6500, TICK - 1);
        _take(alice, perp, -6500);
        int256 once = _cash(ALICE) + _cash(BOB);
        int256 takerOnce = _cash(ALICE);
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 65; ++i) {
            _place(bob, perp, -100, TICK + 1);
            _take(alice, perp, 100);
        }
        for (uint256 i = 0; i < 65; ++i) {
            _place(bob, perp, 100, TICK - 1);
            _take(alice, perp, -100);
        }
        vm.assertTrue(_cash(ALICE) <= takerOnce);
        vm.assertTrue(_cash(ALICE) + _cash(BOB) <= once);
        _assertConserved();
    }

    /// Touches that anyone may cause cost nobody more than a unit of rounding.
    function test_hazard_pokesDoNotEatAPosition() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 0, 0);
        _trade(alice, bob, perp, 1000, TICK);
        _place(traders[4], perp, 1000, TICK + 99);
        _place(traders[5], perp, -1000, TICK + 101);
        uint256 start = block.timestamp;
        uint256 snapshot = vm.snapshotState();
        vm.warp(start + 2 hours);
        house.sync(perp);
        int256 quiet = _equity(ALICE);
        vm.revertToState(snapshot);
        for (uint256 i = 1; i <= 120; ++i) {
            vm.warp(start + i * 60);
            house.sync(perp);
        }
        int256 off = quiet - _equity(ALICE);
        // 1,000 lots × 500 units × (31 / 2^16 of mark, and 2^-20 of funding a minute).
        vm.assertTrue(off < 1000 && off > -1000);
    }

    // ---------------------------------------------------------------------------------------------------- manipulation

    /// Mango: two colluding accounts pump a thin mark and withdraw the paper profit.
    function test_hazard_aPumpedMarkIsNotWithdrawn() public {
        int256 together = _cash(ALICE) + _cash(BOB);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 20_000 * USD, alice);
        vm.prank(bob);
        house.withdraw(BOB, FUNDS - 20_000 * USD, bob);
        together -= 2 * int256(FUNDS - 20_000 * USD);
        _trade(alice, bob, perp, 15_000, TICK);
        // Friends of theirs, alone in the book, pull mark as far as it goes, all day.
        for (uint256 i = 0; i < 4; ++i) {
            MarketView memory m = house.market(perp);
            OrderId ask = _place(traders[5], perp, -1000, m.highestFill);
            _place(traders[4], perp, 1000, m.highestFill - 1);
            _skip(3 hours);
            house.sync(perp);
            vm.prank(traders[5]);
            house.cancel(ask);
        }
        uint256 out = house.account(ALICE).withdrawable;
        if (out != 0) {
            vm.prank(alice);
            house.withdraw(ALICE, out, alice);
        }
        // Whatever she takes along, what both have left covers: the other side owes no more than it has.
        int256 left = _equity(ALICE) + _equity(BOB);
        vm.assertTrue(_equity(BOB) > 0);
        vm.assertTrue(left + int256(out) <= together);
        _assertConserved();
    }

    /// Perp v1, Hyperliquid: leaving through one's own liquidation pays no one but the keeper.
    function test_hazard_liquidatingOneselfNeverPays() public {
        _lever();
        _fallTo(8700);
        // Dave is alice's friend: he bids as low as a liquidation goes and keeps the fee.
        uint256 limit = (_mark(perp) - (_mark(perp) * 300) / 10_000 + 65_535) >> 16;
        _place(dave, perp, 1000, limit);
        int256 before = _equity(ALICE) + _equity(DAVE);
        vm.prank(dave);
        house.liquidate(ALICE, perp, 100, DAVE, 0);
        vm.assertTrue(_equity(ALICE) + _equity(DAVE) <= before);
        _assertConserved();
    }

    /// A liquidation does not move the mark that it is judged by.
    function test_hazard_aLiquidationDoesNotMoveItsMark() public {
        _lever();
        _fallTo(8800);
        uint256 tick = _markTick();
        for (uint256 i = 0; i < 4; ++i) _place(dave, perp, 150, tick - 50 * i);
        uint256 mark = _mark(perp);
        vm.prank(bob);
        house.liquidate(ALICE, perp, 100, KEEPER, 0);
        vm.assertEq(_mark(perp), mark);
    }

    function test_hazard_newRiskEntersAtTheMarkAfterThePrint() public {
        _place(bob, perp, -1000, TICK + 10);
        _nextPrint(POINTS * 2);
        // Who buys what the print has made cheap is margined at the index of now, clamp and all.
        uint256 anchor = house.market(perp).anchorX16;
        vm.assertTrue(anchor > (10_700 << 16));
        _take(alice, perp, 1000);
        vm.assertEq(house.account(BOB).maintenanceMargin, _ceil(1000 * 1200 * _mark(perp) * 500));
    }

    // ------------------------------------------------------------------------------------------------------------ book

    /// Thousands of orders that die at once do not close a price for good.
    function test_hazard_instantlyExpiringOrdersBrickNothing() public {
        OrderParameters memory dying = _order(perp, -100, TICK + 10, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        for (uint256 i = 0; i < 150; ++i) _send(bob, dying);
        _skip(600);
        _place(carol, perp, -500, TICK + 10);
        OrderParameters memory order = _order(perp, 500, TICK + 10, OrderKind.ImmediateOrCancel);
        order.maxFills = 40;
        uint256 calls = 0;
        for (uint256 filled = 0; filled == 0; ++calls) (, filled) = _send(alice, order);
        vm.assertEq(calls, 4);
        vm.assertEq(_size(ALICE, perp), int256(500));
    }

    /// A quote out of the band at the top of the book blocks nobody.
    function test_hazard_aStrandedTopDoesNotBlockTheBook() public {
        OrderId low = _place(alice, perp, -1000, 9_410);
        _nextPrint(POINTS * 2);
        _nextPrint(POINTS * 2);
        house.sync(perp);
        MarketView memory m = house.market(perp);
        vm.assertTrue(m.lowestFill > 9_410, "scene");
        OrderId ask = _place(bob, perp, -500, m.lowestFill + 10);
        (, uint256 filled) = _send(carol, _order(perp, 500, m.lowestFill + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 500);
        vm.assertEq(_position(ALICE, perp).askLots, 0);
        vm.assertTrue(low.tick() < ask.tick());
    }

    function test_hazard_washTradingCosts() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 50, -50);
        int256 before = _equity(ALICE) + _equity(BOB);
        for (uint256 i = 0; i < 5; ++i) {
            _trade(alice, bob, perp, 333, TICK + i);
            _trade(bob, alice, perp, 333, TICK + i);
        }
        vm.assertTrue(_equity(ALICE) + _equity(BOB) <= before);
        _assertConserved();
    }

    // ---------------------------------------------------------------------------------------------------- bankruptcy

    /// Two bankrupts: whoever is absorbed first, everybody ends with the same.
    function test_hazard_theOrderOfAbsorptionsDoesNotMatter() public {
        _feedFund(perp, 10_000 * USD);
        vm.prank(carol);
        house.withdraw(CAROL, FUNDS - 2_005 * USD, carol);
        _trade(carol, bob, perp, 2000, TICK);
        _crash();
        _fallUntilBankrupt(CAROL);
        uint256 snapshot = vm.snapshotState();
        house.absorb(ALICE);
        house.absorb(CAROL);
        AccountView memory first = house.account(_fund(perp));
        vm.revertToState(snapshot);
        house.absorb(CAROL);
        house.absorb(ALICE);
        AccountView memory second = house.account(_fund(perp));
        vm.assertTrue(first.cash == second.cash && first.equity == second.equity);
        vm.assertTrue(first.positions[0].size == second.positions[0].size);
        vm.assertTrue(first.positions[0].quote == second.positions[0].quote);
    }

    /// An account in sixteen markets, all of them untouched for days, fits in half a block of 30 million gas.
    function test_hazard_theWorstAccountFitsInHalfABlock() public {
        for (uint256 m = 3; m <= 16; ++m) {
            vm.prank(LISTER);
            house.listMarket(_dated());
        }
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 7_150 * USD, alice);
        for (uint16 m = 2; m <= 16; ++m) _trade(alice, bob, MarketId.wrap(m), 100, TICK);
        _trade(alice, bob, perp, 5000, TICK);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        _fallUntilBankrupt(ALICE);
        uint256 snapshot = vm.snapshotState();
        uint256 gas = gasleft();
        house.absorb(ALICE);
        vm.assertTrue(gas - gasleft() < 15_000_000, "absorb");
        _assertConserved();
        vm.revertToState(snapshot);
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm / 2);
        _place(dave, perp, 5000, _markTick());
        gas = gasleft();
        house.liquidate(ALICE, perp, 100, KEEPER, 0);
        vm.assertTrue(gas - gasleft() < 15_000_000, "liquidate");
        _assertConserved();
    }

    /// A deposit of one unit does not stop what is due, and neither does an order.
    function test_hazard_aOneUnitDepositDoesNotBlockALiquidation() public {
        _lever();
        _fallTo(8700);
        _place(alice, perp, -100, TICK + 900);
        token.mint(alice, 1);
        vm.prank(alice);
        house.depositFor(ALICE, 1);
        _place(dave, perp, 2000, _markTick());
        vm.prank(bob);
        (uint256 closed, ) = house.liquidate(ALICE, perp, 10, KEEPER, 0);
        vm.assertTrue(closed > 0);
    }

    /// Bounds of a liquidation, wherever mark and bids are.
    /// hardhat-config: fuzz.runs = 40
    function test_fuzz_liquidate_staysWithinItsBounds(uint256 tick, uint256 bids, uint256 discount) public {
        _feedFund(perp, 1_000 * USD);
        _lever();
        _fallTo(bound(tick, 8_400, 8_800));
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        uint256 mark = _mark(perp);
        _place(dave, perp, int256(bound(bids, 100, 2000)), (mark >> 16) - bound(discount, 0, 400));
        int256 keeper = _cash(KEEPER);
        int256 fund = house.market(perp).fundCash;
        vm.prank(bob);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.liquidate, (ALICE, perp, 100, KEEPER, 0))
        );
        if (!success) {
            vm.assertTrue(bytes4(answer) == IClearingErrors.NothingToFill.selector);
            return;
        }
        (uint256 closed, uint256 fee) = abi.decode(answer, (uint256, uint256));
        if (closed == 0) {
            // The first call that finds her below MM starts the time of takeovers: it stands where it fills nothing, once.
            vm.assertTrue(fee == 0 && _size(ALICE, perp) == 1000);
            vm.expectRevert(
                abi.encodeWithSelector(IClearingErrors.NothingToFill.selector, _worst(equity, mm))
            );
            house.liquidate(ALICE, perp, 100, KEEPER, 0);
            return;
        }
        (int256 after_, int256 im, ) = _health(ALICE);
        vm.assertTrue(closed != 0 && closed <= 1000 && after_ >= 0);
        // No further than back to IM: with one lot less it would still be below it.
        uint256 lot = (mark * 500 * 2000) / (10_000 << 16) + 1;
        vm.assertTrue(after_ < im + int256(2 * lot), "closed beyond IM");
        vm.assertTrue(_size(ALICE, perp) == 0 || _size(ALICE, perp) >= 100 || closed < 1000);
        int256 earned = _cash(KEEPER) - keeper;
        int256 kept = house.market(perp).fundCash - fund;
        vm.assertTrue(earned == int256(fee) && kept - earned <= 1 && kept >= earned);
        _assertConserved();
    }

    /// Lowest tick at which alice's long may be closed.
    function _worst(int256 equity, int256 mm) private view returns (uint256) {
        uint256 mark = _mark(perp);
        uint256 share = (uint256(equity) * mark * 1200) / (10_000 * uint256(mm));
        uint256 most = (mark * 300) / 10_000;
        return (mark - (share < most ? share : most) + 65_535) >> 16;
    }

    function _ceil(uint256 scaled) private pure returns (uint256) {
        return (scaled + (10_000 << 16) - 1) / (10_000 << 16);
    }
}
