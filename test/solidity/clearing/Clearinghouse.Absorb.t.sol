// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    MarketPhase,
    OrderKind,
    PositionView,
    RoundView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// The funds take over what bankrupt accounts leave.
contract ClearinghouseAbsorbTest is RiskFixture {
    function test_absorb_theFundTakesPositionAndCash() public {
        _feedFund(perp, 10_000 * USD);
        _crash();
        int256 equity = _equity(ALICE);
        int256 cash = _cash(ALICE);
        int256 fund = _equity(_fund(perp));
        _absorb(ALICE);

        AccountView memory a = house.account(ALICE);
        vm.assertTrue(a.retired && a.cash == 0 && a.positions.length == 0);
        vm.assertEq(_size(_fund(perp), perp), int256(1000));
        vm.assertEq(house.market(perp).fundCash, int256(10_000 * USD) + cash);
        // The fund is worse off by what the account was short, but for the funding that is settled on the way: it
        // floors to a tick of one lot.
        int256 loss = fund - _equity(_fund(perp));
        vm.assertTrue(loss + equity >= -1 && loss + equity <= TICK_VALUE);
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open);
        _assertConserved();
    }

    function test_absorb_atZeroEquity() public {
        _crash();
        uint256 below = vm.snapshotState();
        _topUp(ALICE, 1);
        _refusedAbsorb(abi.encodeWithSelector(IClearingErrors.AccountNotBankrupt.selector, 1));
        vm.revertToState(below);
        _topUp(ALICE, 0);
        _absorb(ALICE);
        vm.assertTrue(house.account(ALICE).retired);
        _assertConserved();
    }

    function test_absorb_ordersOfTheRetiredAreDroppedWhenMet() public {
        _feedFund(perp, 10_000 * USD);
        _lever();
        OrderId ask = _place(alice, perp, -500, TICK + 500);
        _fallUntilBankrupt(ALICE);
        _absorb(ALICE);
        // It is still in the queue, and nobody may touch it there.
        vm.assertEq(house.levels(perp, false, 5)[0].lots, 500);
        _refused(
            alice,
            abi.encodeCall(house.cancel, (ask)),
            abi.encodeWithSelector(IClearingErrors.AccountIsRetired.selector, ALICE)
        );
        while (house.market(perp).anchorX16 >> 16 < (TICK * 97) / 100) {
            _nextPrint(POINTS * 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        _moveMark(perp, TICK);
        vm.assertEq(house.levels(perp, false, 5)[0].lots, 500);
        _place(carol, perp, -300, TICK + 500);
        (, uint256 filled) = _send(dave, _order(perp, 400, TICK + 500, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 300);
        vm.assertEq(house.market(perp).bestAsk, 0);
        vm.assertEq(_size(ALICE, perp), int256(0));
        _assertConserved();
    }

    function test_absorb_opposingPositionsOfTwoBankruptsClose() public {
        _feedFund(perp, 10_000 * USD);
        // Bob is short on as thin a margin as alice is long.
        _crash();
        _absorb(ALICE);
        uint256 spare = house.account(BOB).withdrawable;
        vm.prank(bob);
        house.withdraw(BOB, spare, bob);
        for (uint256 i = 0; i < 6; ++i) {
            _nextPrint(POINTS * 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        vm.assertTrue(_equity(BOB) < 0, "scene");
        vm.assertEq(house.market(perp).openInterest, 1000);
        _absorb(BOB);
        vm.assertEq(house.market(perp).openInterest, 0);
        vm.assertEq(house.account(_fund(perp)).positions.length, 0);
        _assertConserved();
    }

    function test_absorb_severalMarketsShareByMaintenance() public {
        _feedFund(perp, 10_000 * USD);
        _feedFund(dated, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_800 * USD, alice);
        _trade(alice, bob, perp, 1000, TICK);
        _trade(alice, bob, dated, 500, TICK + 3);
        _moveMark(dated, 9500);
        _fallUntilBankrupt(ALICE);
        int256 equity = _equity(ALICE);
        int256 cash = _cash(ALICE);
        int256 first = _equity(_fund(perp));
        int256 second = _equity(_fund(dated));
        uint256 perpWeight = 1000 * 1200 * _mark(perp);
        uint256 datedWeight = 500 * house.market(dated).maintenanceMarginBps * _mark(dated);
        int256 given = house.market(perp).fundCash + house.market(dated).fundCash;
        _absorb(ALICE);
        given = house.market(perp).fundCash + house.market(dated).fundCash - given;
        vm.assertEq(given, cash);
        first -= _equity(_fund(perp));
        second -= _equity(_fund(dated));
        int256 share = (-equity * int256(perpWeight)) / int256(perpWeight + datedWeight);
        vm.assertTrue(first - share >= -2 && first - share <= 2, "perp's share");
        // Roundings, of which funding's to a tick of one lot is the largest, are the last fund's.
        share = -equity - share;
        vm.assertTrue(second - share >= -2 && second - share <= TICK_VALUE + 2, "dated's share");
        _assertConserved();
    }

    function test_absorb_anEmptyFundSharesThePositionOutAtOnce() public {
        _crash();
        int256 short = -_equity(ALICE);
        uint256 mark = _mark(perp);
        int256 bobs = _equity(BOB);
        _absorb(ALICE);
        // Bob is the winning side: he closes all of it, a tick in the fund's favour from where the fund is at zero.
        RoundView memory r = house.round(perp, 1);
        vm.assertTrue(r.lots == 1000 && r.side == 1000 && r.served == 0 && !r.longs);
        vm.assertEq(_size(_fund(perp), perp), int256(0));
        vm.assertEq(house.market(perp).openInterest, 0);
        vm.assertTrue(r.tick << 16 > mark, "in the fund's favour");
        int256 kept = house.fund(perp).equity;
        vm.assertTrue(kept >= 0 && kept < 1000 * TICK_VALUE, "less than a tick is left");
        // What he pays is what she was short of, less than a tick of each lot more, and the funding that floors on the way.
        PositionView memory p = _position(BOB, perp);
        vm.assertTrue(p.size == 0 && p.pendingLots == 1000);
        int256 paid = bobs - _equity(BOB);
        vm.assertTrue(paid >= short && paid <= short + 1002 * TICK_VALUE, "what the winner pays");
        // Nothing is owed, so the market goes on.
        vm.assertEq(house.fund(perp).deficit, 0);
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open);
        _assertConserved();
    }

    function test_absorb_aDeficitStopsNewRisk() public {
        _crash();
        // Nobody absorbs her for days: she is short of more than a round may take from the winners.
        for (uint256 i = 0; i < 4; ++i) {
            _nextPrint(POINTS / 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        _absorb(ALICE);
        uint256 deficit = house.fund(perp).deficit;
        vm.assertTrue(deficit != 0 && house.fund(perp).equity == 0);
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly);
        uint256 tick = _markTick();
        _refusedOrder(
            carol,
            _order(perp, 100, tick, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, perp, MarketPhase.ReduceOnly)
        );
        _feedFund(perp, deficit - 1);
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.resumeNewRisk, (perp)),
            abi.encodeWithSelector(IClearingErrors.FundInDeficit.selector, perp, int256(-1))
        );
        // A top-up ends it.
        _feedFund(perp, 1);
        vm.prank(RISK_OFFICER);
        house.resumeNewRisk(perp);
        _place(carol, perp, 100, tick);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- refused

    function test_absorb_revertsWith_AccountNotBankrupt() public {
        _lever();
        _refusedAbsorb(abi.encodeWithSelector(IClearingErrors.AccountNotBankrupt.selector, _equity(ALICE)));
    }

    function test_absorb_revertsWith_AccountIsRetired() public {
        _crash();
        _absorb(ALICE);
        _refusedAbsorb(abi.encodeWithSelector(IClearingErrors.AccountIsRetired.selector, ALICE));
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.AccountIsRetired.selector, ALICE);
        _refused(alice, abi.encodeCall(house.deposit, (0, USD)), refused);
        _refused(bob, abi.encodeCall(house.depositFor, (ALICE, USD)), refused);
        _refusedOrder(alice, _order(perp, 100, 7000, OrderKind.Limit), refused);
        _refused(bob, abi.encodeCall(house.liquidate, (BOB, perp, 1, ALICE, 0)), refused);
    }

    function test_absorb_revertsWith_UnknownAccount() public {
        AccountId nobody = AccountId.wrap(9999);
        _refused(
            bob,
            abi.encodeCall(house.absorb, (nobody)),
            abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, nobody)
        );
        _refused(
            bob,
            abi.encodeCall(house.absorb, (_fund(perp))),
            abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, _fund(perp))
        );
    }

    function test_absorb_revertsWith_NoPosition() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS, alice);
        _refusedAbsorb(abi.encodeWithSelector(IClearingErrors.NoPosition.selector, ALICE, MarketId.wrap(0)));
    }

    function test_absorb_revertsWith_IndexStale() public {
        _crash();
        uint256 due = (uint256(day) + 2) * 1 days;
        vm.warp(due + 54 hours);
        _refusedAbsorb(
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 54 hours, 54 hours)
        );
    }

    function _absorb(AccountId account) private {
        vm.prank(carol);
        house.absorb(account);
    }

    function _refusedAbsorb(bytes memory expected) private {
        _refused(carol, abi.encodeCall(house.absorb, (ALICE)), expected);
    }
}
