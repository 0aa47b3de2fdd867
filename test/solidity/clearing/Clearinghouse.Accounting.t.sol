// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, PositionView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Cash, quote and fees to the last unit.
contract ClearinghouseAccountingTest is ClearingFixture {
    function test_fees_takerInCashMakerInQuote() public {
        _place(bob, perp, -333, TICK + 7);
        _take(alice, perp, 333);
        uint256 notional = 333 * (TICK + 7);
        uint256 takerFee = _up(notional * 500 * 50);
        uint256 makerFee = _up(notional * 10);
        vm.assertEq(_cash(ALICE), int256(FUNDS - takerFee));
        vm.assertEq(_cash(BOB), int256(FUNDS));
        vm.assertEq(_position(ALICE, perp).quote, -int256(notional));
        vm.assertEq(_position(BOB, perp).quote, int256(notional - makerFee));
        vm.assertEq(house.market(perp).feesPayable, takerFee + makerFee * 500);
        _assertConserved();
    }

    function test_fees_roundUpForEachFill() public {
        _place(bob, perp, -101, TICK + 1);
        _place(carol, perp, -103, TICK + 1);
        _take(alice, perp, 204);
        uint256 fee = _up(101 * (TICK + 1) * 500 * 50) + _up(103 * (TICK + 1) * 500 * 50);
        vm.assertEq(_cash(ALICE), int256(FUNDS - fee));
        vm.assertEq(_position(BOB, perp).quote, 101 * int256(TICK + 1) - int256(_up(101 * (TICK + 1) * 10)));
    }

    function test_fees_rebateIsAtMostTheTakerFee() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 50, -50);
        _place(bob, perp, -333, TICK + 7);
        _take(alice, perp, 333);
        uint256 notional = 333 * (TICK + 7);
        uint256 takerFee = _up(notional * 500 * 50);
        uint256 rebate = (notional * 50) / 100_000;
        vm.assertTrue(rebate * 500 <= takerFee);
        vm.assertEq(_position(BOB, perp).quote, int256(notional + rebate));
        vm.assertEq(house.market(perp).feesPayable, takerFee - rebate * 500);
        _assertConserved();
    }

    function test_fees_rebateBelowTheTakerFee() public {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 50, -20);
        _place(bob, perp, -333, TICK + 7);
        _take(alice, perp, 333);
        uint256 notional = 333 * (TICK + 7);
        uint256 rebate = (notional * 20) / 100_000;
        vm.assertEq(_position(BOB, perp).quote, int256(notional + rebate));
        vm.assertEq(house.market(perp).feesPayable, _up(notional * 500 * 50) - rebate * 500);
        _assertConserved();
    }

    function test_fuzz_fees_rebateNeverExceedsWhatTheTakerPaid(
        uint256 lots,
        uint256 tick,
        uint256 rate
    ) public {
        rate = bound(rate, 0, 60);
        vm.prank(RISK_OFFICER);
        house.setFees(perp, uint16(rate), -int16(uint16(rate)));
        tick = bound(tick, 9400, 10_600);
        lots = bound(lots, 100, 50_000);
        _trade(alice, bob, perp, lots, tick);
        int256 rebate = _position(BOB, perp).quote - int256(lots * tick);
        int256 paid = int256(FUNDS) - _cash(ALICE);
        vm.assertTrue(rebate >= 0 && rebate * TICK_VALUE <= paid);
        vm.assertEq(int256(house.market(perp).feesPayable), paid - rebate * TICK_VALUE);
        _assertConserved();
    }

    function test_place_closingRealisesExactly() public {
        _free();
        _trade(alice, bob, perp, 500, TICK - 3);
        _trade(alice, bob, perp, 200, TICK + 5);
        // Quote stays whole on a partial close.
        _trade(carol, alice, perp, 300, TICK + 9);
        vm.assertEq(_cash(ALICE), int256(FUNDS));
        int256 quote = -500 * int256(TICK - 3) - 200 * int256(TICK + 5) + 300 * int256(TICK + 9);
        vm.assertEq(_position(ALICE, perp).quote, quote);
        _trade(carol, alice, perp, 400, TICK + 11);
        vm.assertEq(_cash(ALICE), int256(FUNDS) + (quote + 400 * int256(TICK + 11)) * TICK_VALUE);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    function test_place_flipRealisesTheOldSideAndStartsTheNew() public {
        _free();
        _trade(alice, bob, perp, 500, TICK);
        _trade(carol, alice, perp, 800, TICK + 40);
        // 500 lots gained 40 ticks each; the new short of 300 starts with its own fills.
        vm.assertEq(_cash(ALICE), int256(FUNDS) + 500 * 40 * TICK_VALUE);
        PositionView memory p = _position(ALICE, perp);
        vm.assertEq(p.size, -int256(300));
        vm.assertEq(p.quote, 300 * int256(TICK + 40));
        vm.assertEq(house.market(perp).openInterest, 800);
        _assertConserved();
    }

    function test_place_flipOverSeveralMakersAtSeveralPrices() public {
        _free();
        _trade(alice, bob, perp, 500, TICK);
        _place(bob, perp, 200, TICK - 1);
        _place(carol, perp, 400, TICK - 5);
        _place(dave, perp, 300, TICK - 9);
        _send(alice, _order(perp, -800, TICK - 9, OrderKind.ImmediateOrCancel));
        // 200 and 300 lots close; 100 at five ticks below and 200 at nine below open the short.
        vm.assertEq(_cash(ALICE), int256(FUNDS) - (200 * 1 + 300 * 5) * TICK_VALUE);
        PositionView memory p = _position(ALICE, perp);
        vm.assertEq(p.size, -int256(300));
        vm.assertEq(p.quote, 100 * int256(TICK - 5) + 200 * int256(TICK - 9));
        _assertConserved();
    }

    function test_place_makerFlips() public {
        _free();
        _trade(bob, alice, perp, 500, TICK);
        _place(alice, perp, 700, TICK - 10);
        _take(carol, perp, -700);
        vm.assertEq(_cash(ALICE), int256(FUNDS) + 500 * 10 * TICK_VALUE);
        vm.assertEq(_position(ALICE, perp).size, int256(200));
        vm.assertEq(_position(ALICE, perp).quote, -200 * int256(TICK - 10));
    }

    /// One trader against the rest of the world: whatever is bought and sold, cash plus quote at the end is the sum of
    /// the fills, and nothing is made or lost in between.
    function test_fuzz_place_fillsSumExactly(uint256 seed) public {
        _free();
        int256 sum = 0;
        int256 size = 0;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 lots = 100 + ((seed >> (i * 24)) & 0xfff);
            uint256 tick = TICK - 500 + ((seed >> (i * 24 + 12)) & 0x3ff) - 12;
            if ((seed >> (i * 24 + 23)) & 1 == 0) {
                _trade(alice, bob, perp, lots, tick);
                sum -= int256(lots * tick);
                size += int256(lots);
            } else {
                _trade(carol, alice, perp, lots, tick);
                sum += int256(lots * tick);
                size -= int256(lots);
            }
            PositionView memory p = _position(ALICE, perp);
            vm.assertEq(p.size, size);
            vm.assertEq(_cash(ALICE) - int256(FUNDS) + p.quote * TICK_VALUE, sum * TICK_VALUE);
            _assertConserved();
        }
    }

    function test_collectFees_splitsAndPays() public {
        _trade(alice, bob, perp, 333, TICK);
        uint256 fees = house.market(perp).feesPayable;
        address treasury = address(0xFEE5);
        uint256 tracked = house.tracked();
        vm.prank(TREASURER);
        (uint256 toFund, uint256 toTreasury) = house.collectFees(perp, treasury);
        vm.assertEq(toTreasury, fees / 2);
        vm.assertEq(toFund, fees - fees / 2);
        vm.assertEq(token.balanceOf(treasury), toTreasury);
        vm.assertEq(house.market(perp).fundCash, int256(toFund));
        vm.assertEq(house.market(perp).feesPayable, 0);
        vm.assertEq(house.tracked(), tracked - toTreasury);
        _assertConserved();
        // A second time there is nothing.
        vm.prank(TREASURER);
        (toFund, toTreasury) = house.collectFees(perp, treasury);
        vm.assertTrue(toFund == 0 && toTreasury == 0);
    }

    function test_skim_sendsOnlyWhatCameInWithoutACall() public {
        token.mint(address(house), 12_345);
        vm.assertEq(_cash(ALICE), int256(FUNDS));
        uint256 tracked = house.tracked();
        vm.prank(TREASURER);
        vm.assertEq(house.skim(address(0xFEE5)), 12_345);
        vm.assertEq(token.balanceOf(address(house)), tracked);
        vm.assertEq(house.tracked(), tracked);
        vm.prank(TREASURER);
        vm.assertEq(house.skim(address(0xFEE5)), 0);
    }

    function test_skim_revertsWith_ZeroAddress() public {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.ZeroAddress.selector);
        _refused(TREASURER, abi.encodeCall(house.skim, (address(0))), refused);
        _refused(TREASURER, abi.encodeCall(house.collectFees, (perp, address(0))), refused);
    }

    /// Without fees figures are plain.
    function _free() private {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 0, 0);
    }

    function _up(uint256 times) private pure returns (uint256) {
        return (times + 99_999) / 100_000;
    }
}
