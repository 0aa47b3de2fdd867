// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// Money of an insurance fund: who may bring it, who may take it, and how much of it.
contract ClearinghouseFundsTest is WaterfallFixture {
    /// What a liquidation pays into the fund covers open interest at once.
    function test_liquidate_itsFeeCoversOpenInterestAtOnce() public {
        _lever();
        _fallTo(8800);
        vm.prank(RISK_OFFICER);
        house.setFundTerms(perp, 1000, 200, 5000, 100);
        _place(dave, perp, 2000, _markTick());
        vm.assertEq(house.market(perp).openInterestLimit, 1000);
        vm.prank(traders[5]);
        house.liquidate(ALICE, perp, 100, KEEPER, 0);
        uint256 limit = house.market(perp).openInterestLimit;
        vm.assertTrue(limit > 1000, "not covered");
        house.sync(perp);
        vm.assertEq(house.market(perp).openInterestLimit, limit);
    }

    address private constant TO = address(0xD0);

    function test_topUpFund_bringsMoneyIn() public {
        uint256 tracked = house.tracked();
        _feedFund(dated, 777);
        vm.assertEq(house.market(dated).fundCash, int256(777));
        vm.assertEq(house.tracked(), tracked + 777);
        _assertConserved();
    }

    function test_topUpFund_raisesTheOpenInterestLimit() public {
        _terms(1000);
        vm.assertEq(house.market(perp).openInterestLimit, 1000);
        // 2 % of 5 USD a lot.
        _feedFund(perp, 10 * USD);
        vm.assertEq(house.market(perp).openInterestLimit, 1000 + 100);
    }

    function test_topUpFund_revertsWith_others() public {
        _refused(
            bob,
            abi.encodeCall(house.topUpFund, (perp, 1)),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bob)
        );
        _refused(
            TREASURER,
            abi.encodeCall(house.topUpFund, (perp, 0)),
            abi.encodeWithSelector(IClearingErrors.ZeroAmount.selector)
        );
        MarketId unknown = MarketId.wrap(9);
        _refused(
            TREASURER,
            abi.encodeCall(house.topUpFund, (unknown, 1)),
            abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, unknown)
        );
    }

    /// A maker that closes in debt: its other orders in the same market are no reason to wait.
    function test_shortfall_isPaidAlsoWhereOtherOrdersRest() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_102_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        OrderId far = _place(alice, perp, 100, 5000);
        _fallUntilBankrupt(ALICE);
        _feedFund(perp, uint256(-_equity(ALICE)) + 100 * USD);
        int256 fund = house.market(perp).fundCash;
        uint256 tick = _markTick() + 1;
        _place(alice, perp, -1000, tick);
        int256 quote = _position(ALICE, perp).quote + _position(ALICE, perp).pendingFunding;
        int256 fee = int256((1000 * tick * 10 + 99_999) / 100_000);
        int256 cash = _cash(ALICE) + (quote + int256(1000 * tick) - fee) * TICK_VALUE;
        vm.assertTrue(cash < 0, "scene");
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.ShortfallPaid(ALICE, perp, uint256(-cash));
        _send(carol, _order(perp, 1000, tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertEq(house.market(perp).fundCash, fund + cash);
        vm.assertTrue(_position(ALICE, perp).size == 0 && house.order(far).lots == 100);
        _assertConserved();
    }

    /// Debts have emptied the funds of two markets: the next one who takes money out books what both are short of.
    function test_withdraw_booksTheDebtsOfTwoMarkets() public {
        vm.prank(LISTER);
        MarketId second = house.listMarket(_perpetual());
        AccountId grace = _levered(6, 500, true, bob);
        address heidi = vm.addr(_key(7));
        AccountId other = _open(heidi, (700 * TICK * 500 * 2005) / 10_000);
        _trade(heidi, bob, second, 700, TICK);
        _fallUntilBankrupt(grace);
        _days(2, false);
        vm.assertTrue(_equity(other) < 0, "scene");
        // Both close as makers, at mark.
        _closeInto(traders[6], perp, 500);
        _closeInto(heidi, second, 700);
        (int256 first, int256 next) = (house.fund(perp).cash, house.fund(second).cash);
        vm.assertTrue(first < 0 && next < 0 && first != next, "scene");
        vm.prank(traders[4]);
        house.withdraw(AccountId.wrap(2052), USD, traders[4]);
        vm.assertTrue(house.fund(perp).cash == 0 && house.fund(second).cash == 0);
        vm.assertEq(house.fund(perp).deficit, uint256(-first));
        vm.assertEq(house.fund(second).deficit, uint256(-next));
        _assertConserved();
    }

    /// A long closes by an ask at mark that carol takes.
    function _closeInto(address who, MarketId market, uint256 lots) private {
        uint256 tick = (_mark(market) >> 16) + 1;
        _place(who, market, -int256(lots), tick);
        (, uint256 filled) = _send(carol, _order(market, int256(lots), tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, lots);
    }

    /// What a winner is owed by somebody whose debt nobody has booked yet is not there to be paid out.
    function test_withdraw_revertsWith_InsufficientCash_beyondAllThereIs() public {
        _crash();
        _days(4, false);
        // Bob buys his shorts back from erin, who needs little for what is left of their worth.
        uint256 tick = _markTick();
        _trade(bob, traders[4], perp, 1000, tick);
        for (uint256 i = 2; i < TRADERS; ++i) {
            AccountId account = _id(traders[i]);
            uint256 most = house.account(account).withdrawable;
            vm.prank(traders[i]);
            house.withdraw(account, most, traders[i]);
        }
        uint256 cash = uint256(_cash(BOB));
        uint256 tracked = house.tracked();
        vm.assertTrue(cash > tracked, "scene");
        _refused(
            bob,
            abi.encodeCall(house.withdraw, (BOB, tracked + 1, bob)),
            abi.encodeWithSelector(IClearingErrors.InsufficientCash.selector, tracked, tracked + 1)
        );
        vm.prank(bob);
        house.withdraw(BOB, tracked, bob);
        vm.assertEq(house.tracked(), 0);
        _assertConserved();
    }

    function test_drainFund_takesATenthADay() public {
        _feedFund(perp, 100_000);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.FundDrained(perp, TO, 4_000);
        _drain(4_000);
        _bounded(6_001, 6_000);
        _drain(6_000);
        _bounded(1, 0);
        vm.assertEq(token.balanceOf(TO), 10_000);
        vm.assertEq(house.market(perp).fundCash, int256(90_000));
        _assertConserved();
        // What comes in later the same day changes nothing of that.
        _feedFund(perp, 910_000);
        _bounded(1, 0);
        vm.warp((block.timestamp / 1 days + 1) * 1 days - 1);
        _bounded(1, 0);
        _skip(1);
        _bounded(100_001, 100_000);
        _drain(100_000);
        _assertConserved();
    }

    function test_drainFund_neverWhatOpenInterestNeeds() public {
        _terms(500);
        _feedFund(perp, 52 * USD);
        _trade(alice, bob, perp, 1000, TICK);
        // 500 lots beyond the base need 2 % of 5 USD each, at mark, rounded up.
        uint256 least = (500 * 200 * _mark(perp) * 500 + (10_000 << 16) - 1) / (10_000 << 16);
        vm.assertEq(least, 50 * USD);
        _bounded(2 * USD + 1, 2 * USD);
        _drain(2 * USD);
        vm.assertEq(house.market(perp).openInterestLimit, 1000);
        _bounded(1, 0);
    }

    function test_drainFund_revertsWith_FundHoldsPosition() public {
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + 100 * USD);
        house.absorb(ALICE);
        _refusedDrain(abi.encodeWithSelector(IClearingErrors.FundHoldsPosition.selector, perp, int256(1000)));
    }

    function test_drainFund_revertsWith_RoundsUnfinished() public {
        _round();
        _feedFund(perp, 100 * USD);
        _refusedDrain(abi.encodeWithSelector(IClearingErrors.RoundsUnfinished.selector, perp, 1));
        _apply(BOB);
        _apply(CAROL);
        _apply(DAVE);
        _drain(1);
    }

    /// Nor from the fund of another market.
    function test_drainFund_revertsWith_DeficitStands() public {
        _feedFund(dated, 100 * USD);
        _crash();
        _days(4, false);
        house.absorb(ALICE);
        uint256 deficit = house.fund(perp).deficit;
        vm.assertTrue(deficit != 0, "scene");
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.DeficitStands.selector, deficit);
        _refusedDrain(refused);
        _refused(TREASURER, abi.encodeCall(house.drainFund, (dated, 1, TO)), refused);
    }

    function test_drainFund_revertsWith_others() public {
        _feedFund(perp, 100 * USD);
        _refused(
            bob,
            abi.encodeCall(house.drainFund, (perp, 1, TO)),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bob)
        );
        _refused(
            TREASURER,
            abi.encodeCall(house.drainFund, (perp, 0, TO)),
            abi.encodeWithSelector(IClearingErrors.ZeroAmount.selector)
        );
        _refused(
            TREASURER,
            abi.encodeCall(house.drainFund, (perp, 1, address(0))),
            abi.encodeWithSelector(IClearingErrors.ZeroAddress.selector)
        );
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        vm.prank(TREASURER);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.drainFund, (perp, 1, TO))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.IndexStale.selector);
    }

    /// What a fund holds of a bankrupt's position must not look like money: open interest is tied to the least of cash and
    /// equity.
    function test_openInterest_aBankruptsCashIsNoCover() public {
        _trade(frank = dave, carol, perp, 1000, TICK);
        _crash();
        _feedFund(perp, uint256(-_equity(ALICE)) + 10 * USD);
        _terms(1000);
        house.absorb(ALICE);
        vm.assertTrue(house.fund(perp).cash > house.fund(perp).equity, "scene");
        uint256 cover = (200 * _mark(perp) * 500) / (10_000 << 16);
        uint256 limit = house.market(perp).openInterestLimit;
        vm.assertTrue(limit <= 1000 + uint256(house.fund(perp).equity) / cover);
    }

    /// Open interest that needs no fund: `base` lots; beyond it 2 %.
    function _terms(uint40 base) private {
        vm.prank(RISK_OFFICER);
        house.setFundTerms(perp, base, 200, 5000, 100);
    }

    function _drain(uint256 amount) private {
        vm.prank(TREASURER);
        house.drainFund(perp, amount, TO);
    }

    function _bounded(uint256 amount, uint256 most) private {
        _refused(
            TREASURER,
            abi.encodeCall(house.drainFund, (perp, amount, TO)),
            abi.encodeWithSelector(IClearingErrors.FundBounded.selector, amount, most)
        );
    }

    function _refusedDrain(bytes memory expected) private {
        _refused(TREASURER, abi.encodeCall(house.drainFund, (perp, 1, TO)), expected);
    }
}
