// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FundView,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// A fund trades what it took over back into the book: towards zero only, near mark, and losing a tenth of itself a day at
/// most.
contract ClearinghouseUnwindTest is WaterfallFixture {
    function test_unwind_closesIntoTheBook() public {
        _scene(10_000 * USD);
        uint256 tick = _markTick();
        _place(dave, perp, 5000, tick);
        uint256 fees = house.market(perp).feesPayable;
        vm.prank(carol);
        (uint256 lots, uint256 lost) = house.unwind(perp, 100);
        vm.assertEq(lots, 1000);
        vm.assertEq(lost, _ceil16(1000 * (_mark(perp) - (tick << 16)) * 500));
        vm.assertEq(house.fund(perp).size, int256(0));
        vm.assertEq(house.account(_fund(perp)).positions.length, 0);
        // It pays no fee; dave does.
        vm.assertEq(house.market(perp).feesPayable - fees, ((1000 * tick * 10 + 99_999) / 100_000) * 500);
        _assertConserved();
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 100)),
            abi.encodeWithSelector(IClearingErrors.NothingToUnwind.selector, perp, house.fund(perp).equity)
        );
    }

    /// Without lots of a bankrupt's the fund covers more or less than with them, at once.
    function test_unwind_coversOpenInterestByWhatItLeft() public {
        _scene(10_000 * USD);
        vm.prank(RISK_OFFICER);
        house.setFundTerms(perp, 1000, 200, 5000, 100);
        uint256 before = house.market(perp).openInterestLimit;
        _place(dave, perp, 5000, _markTick() - 100);
        house.unwind(perp, 100);
        uint256 after_ = house.market(perp).openInterestLimit;
        vm.assertTrue(after_ != before, "as before");
        house.sync(perp);
        vm.assertEq(house.market(perp).openInterestLimit, after_);
    }

    function test_unwind_losesATenthADayAtMost() public {
        _scene(200 * USD);
        int256 equity = house.fund(perp).equity;
        uint256 budget = uint256(equity) / 10;
        uint256 mark = _mark(perp);
        uint256 edge = (mark - (mark * 300) / 10_000 + 65_535) >> 16;
        OrderId bid = _place(dave, perp, 5000, edge);
        (uint256 lots, uint256 lost) = house.unwind(perp, 100);
        vm.assertEq(lots, (budget << 16) / (((mark * 300) / 10_000) * 500));
        vm.assertTrue(lots < 1000 && lost <= budget);
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.unwindBudget == budget && f.unwindSpent == lost);
        vm.assertTrue(f.equity >= equity - int256(budget) - 1);
        // What is left of the budget may allow a last few lots, and then no more until tomorrow.
        for (uint256 i = 0; i < 3; ++i) {
            (bool success, bytes memory answer) = address(house).call(
                abi.encodeCall(house.unwind, (perp, 100))
            );
            if (!success) vm.assertTrue(bytes4(answer) == IClearingErrors.UnwindingSpent.selector);
        }
        f = house.fund(perp);
        vm.assertTrue(f.unwindSpent <= budget);
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 100)),
            abi.encodeWithSelector(IClearingErrors.UnwindingSpent.selector, f.unwindSpent, budget)
        );
        vm.prank(dave);
        house.cancel(bid);
        _nextPrint(POINTS / 2);
        _moveMark(perp, house.market(perp).anchorX16 >> 16);
        f = house.fund(perp);
        vm.assertTrue(f.unwindSpent == 0);
        if (f.equity > 0) vm.assertEq(f.unwindBudget, uint256(f.equity) / 10);
        _assertConserved();
    }

    /// What trades at mark costs nothing, however often.
    function test_unwind_atMarkSpendsNothing() public {
        _scene(100 * USD);
        uint256 tick = _markTick() + 1;
        _place(dave, perp, 5000, tick);
        for (uint256 i = 0; i < 20 && house.fund(perp).size != 0; ++i) {
            (, uint256 lost) = house.unwind(perp, 100);
            vm.assertEq(lost, 0);
        }
        vm.assertEq(house.fund(perp).size, int256(0));
        _assertConserved();
    }

    function test_unwind_aFundWithoutEquityHasNoBudget() public {
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.equity == 0 && f.unwindBudget == 0 && f.unwindSpent == 0);
        _feedFund(perp, 9);
        vm.assertEq(house.fund(perp).unwindBudget, 0);
        _feedFund(perp, 1);
        vm.assertEq(house.fund(perp).unwindBudget, 1);
    }

    function test_unwind_aShort() public {
        AccountId grace = _levered(7, 500, false, bob);
        _riseUntilBankrupt(grace);
        _feedFund(perp, 5_000 * USD);
        house.absorb(grace);
        vm.assertEq(house.fund(perp).size, -int256(500));
        _place(dave, perp, -5000, _markTick() + 1);
        (uint256 lots, ) = house.unwind(perp, 100);
        vm.assertEq(lots, 500);
        _assertConserved();
    }

    function test_unwind_aShortBelowMarkSpendsNothing() public {
        AccountId grace = _levered(7, 500, false, bob);
        _riseUntilBankrupt(grace);
        _feedFund(perp, 5_000 * USD);
        house.absorb(grace);
        _place(dave, perp, -5000, _markTick() - 5);
        (uint256 lots, uint256 lost) = house.unwind(perp, 100);
        vm.assertTrue(lots == 500 && lost == 0);
        vm.assertEq(house.fund(perp).unwindSpent, 0);
        _assertConserved();
    }

    function test_unwind_revertsWith_NothingToFill() public {
        _scene(10_000 * USD);
        uint256 mark = _mark(perp);
        uint256 edge = (mark - (mark * 300) / 10_000 + 65_535) >> 16;
        _place(dave, perp, 5000, edge - 1);
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 100)),
            abi.encodeWithSelector(IClearingErrors.NothingToFill.selector, edge)
        );
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 1)),
            abi.encodeWithSelector(IClearingErrors.NothingToFill.selector, edge)
        );
    }

    /// A walk that ends among dead orders has cleared them, and the next call goes on from there.
    function test_unwind_keepsWhatItClearedAmongDeadOrders() public {
        _scene(10_000 * USD);
        uint256 tick = _markTick();
        OrderParameters memory order = _order(perp, 200, tick, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300);
        (OrderId dead, ) = _send(dave, order);
        _place(dave, perp, 300, tick);
        _skip(10 minutes);
        (uint256 lots, uint256 lost) = house.unwind(perp, 1);
        vm.assertTrue(lots == 0 && lost == 0);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, dead));
        house.order(dead);
        (lots, ) = house.unwind(perp, 1);
        vm.assertEq(lots, 300);
        _assertConserved();
    }

    /// What the fund pays for a maker that it closes itself is not forgotten.
    function test_unwind_aMakersDebtMetOnTheWay() public {
        _scene(10_000 * USD);
        AccountId grace = _leveredAt(7, 500, false, frank = dave, _markTick(), 2000);
        _riseUntilBankrupt(grace);
        _place(traders[6], perp, 500, _markTick());
        int256 debt = -_equity(grace);
        int256 equity = house.fund(perp).equity;
        (uint256 lots, ) = house.unwind(perp, 100);
        vm.assertEq(lots, 500);
        vm.assertEq(_cash(grace), int256(0));
        _assertConserved();
        // Less the debt, the maker's fee and what a tick and funding round.
        int256 paid = equity - house.fund(perp).equity;
        vm.assertTrue(paid >= debt && paid <= debt + 2 * int256(USD), "the debt is the fund's");
    }

    function test_unwind_revertsWith_others() public {
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 0)),
            abi.encodeWithSelector(IClearingErrors.ZeroMaxFills.selector)
        );
        MarketId unknown = MarketId.wrap(9);
        _refused(
            carol,
            abi.encodeCall(house.unwind, (unknown, 1)),
            abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, unknown)
        );
        _refused(
            carol,
            abi.encodeCall(house.unwind, (perp, 1)),
            abi.encodeWithSelector(IClearingErrors.NothingToUnwind.selector, perp, 0)
        );
    }

    function test_unwind_revertsWith_MarketNotOpen() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(day + 1 < WINDOW_FIRST ? POINTS : (POINTS * 65) / 100);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        _nextPrint((POINTS * 65) / 100);
        vm.assertTrue(_equity(ALICE) < 0, "scene");
        _feedFund(dated, uint256(-_equity(ALICE)) + 100 * USD);
        house.absorb(ALICE);
        vm.assertTrue(house.fund(dated).size == 1000 && house.fund(dated).equity > 0, "scene");
        _refused(
            carol,
            abi.encodeCall(house.unwind, (dated, 100)),
            abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, dated, MarketPhase.Expired)
        );
    }

    /// Alice's 1,000 lots are the fund's, which has about `left` of equity.
    function _scene(uint256 left) private {
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + left);
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).size, int256(1000));
    }

    function _ceil16(uint256 scaled) private pure returns (uint256) {
        return (scaled + 65_535) >> 16;
    }
}
