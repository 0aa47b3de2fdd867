// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {MonthsFixture} from "../clearing/MonthsFixture.sol";

/// The account that costs most: the perpetual and fifteen adjacent months, long and short in turn, so that every pair of
/// them is a calendar hedge; as many resting orders as each market allows; and months that nobody has touched for days.
contract AttacksWorstTest is MonthsFixture {
    uint256 private constant HALF_A_BLOCK = 15_000_000;
    uint256 private constant ORDERS = 200;
    MarketId[] private _months;

    function setUp() public override {
        super.setUp();
        _months = [front, next, third];
        for (uint32 k = 3; k < 15; ++k)
            _months.push(_month(feedId, TODAY + 5 * k, TODAY + 5 * (k - 1), TICK));
        for (uint256 i = 0; i < _months.length; ++i)
            _hold(alice, _months[i], i % 2 == 0 ? int256(20_000) : -20_000);
        _hold(alice, perp, 300_000);
        for (uint256 i = 0; i < _months.length; ++i)
            _rest(_months[i], i % 2 == 0 ? int256(-100) : int256(100));
        _rest(perp, -100);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        _leave(alice, _initial(ALICE));
    }

    function test_attack_theWorstAccountIsAbsorbedInHalfABlock() public {
        _fallUntilBankrupt(ALICE);
        uint256 gas = gasleft();
        house.absorb(ALICE);
        vm.assertTrue(gas - gasleft() < HALF_A_BLOCK, "absorb");
        vm.assertTrue(house.account(ALICE).retired);
        _assertConserved();
    }

    function test_attack_theWorstAccountIsLiquidatedInHalfABlock() public {
        _fallUntilBankrupt(ALICE);
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm / 2);
        _place(dave, perp, 300_000, _markTick());
        uint256 gas = gasleft();
        (uint256 closed, ) = house.liquidate(ALICE, perp, 100, KEEPER, 0);
        vm.assertTrue(gas - gasleft() < HALF_A_BLOCK, "liquidate");
        vm.assertTrue(closed != 0);
        _assertConserved();
    }

    /// Closing, cancelling and adding money cost its owner no more than they cost others' keepers.
    function test_attack_theWorstAccountCanLeaveInHalfABlock() public {
        _nextPrint(POINTS);
        _place(dave, perp, 300_000, _markTick());
        uint256 gas = gasleft();
        vm.assertEq(_take(alice, perp, -300_000), 300_000);
        vm.assertTrue(gas - gasleft() < HALF_A_BLOCK, "close");
        gas = gasleft();
        vm.prank(alice);
        house.withdraw(ALICE, 1, alice);
        vm.assertTrue(gas - gasleft() < HALF_A_BLOCK, "withdraw");
        _assertConserved();
    }

    /// As many orders as a market allows, on one level where they close part of the position.
    function _rest(MarketId market, int256 lots) private {
        uint256 tick = lots > 0 ? house.market(market).lowestFill : house.market(market).highestFill;
        OrderId last;
        for (uint256 i = 0; i < ORDERS; ++i) last = _place(alice, market, lots, tick);
        vm.assertTrue(OrderId.unwrap(last) != 0);
    }
}
