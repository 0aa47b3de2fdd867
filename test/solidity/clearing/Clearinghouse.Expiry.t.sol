// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase, OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// What goes wrong around the end of a month: the last second of trading, prints that are disputed, gains that are not final.
contract ClearinghouseExpiryTest is ClearingFixture {
    uint256 private constant EXPIRY = (uint256(WINDOW_LAST) + 1) * 1 days;

    function test_hazard_tradesInTheExpiryBlock() public {
        _trade(alice, bob, dated, 1000, TICK);
        _toLastDay(POINTS);
        vm.warp(EXPIRY - 1);
        _trade(bob, alice, dated, 400, TICK);
        OrderId resting = _place(bob, dated, 200, TICK - 10);
        vm.warp(EXPIRY);
        bytes memory ended = abi.encodeWithSelector(
            IClearingErrors.MarketNotOpen.selector,
            dated,
            MarketPhase.Expired
        );
        _refusedOrder(alice, _order(dated, -200, TICK - 10, OrderKind.ImmediateOrCancel), ended);
        // In a batch, or amended, neither: the first second of the new day is too late, whoever touches it first.
        _refused(
            bob,
            abi.encodeCall(house.amend, (resting, _order(dated, 100, TICK - 10, OrderKind.Limit))),
            ended
        );
        vm.assertEq(_size(ALICE, dated), int256(600));
        _assertConserved();
    }

    function test_hazard_liquidationInTheExpiryBlockIsATakeover() public {
        _feedFund(dated, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        // Four prints 17 % down: at 00:00 mark goes to their mean, and below MM.
        while (day < WINDOW_FIRST - 1) _nextPrint(POINTS);
        while (day < WINDOW_LAST - 1) _nextPrint((POINTS * 77) / 100);
        vm.warp(EXPIRY);
        house.sync(dated);
        vm.assertTrue(_equity(ALICE) < int256(house.account(ALICE).maintenanceMargin), "scene");
        vm.assertTrue(_equity(ALICE) > 0, "scene");
        int256 before = _size(CAROL, dated);
        vm.prank(carol);
        house.liquidate(ALICE, dated, 10, CAROL, 1000);
        vm.assertTrue(_size(CAROL, dated) > before, "taken over");
        _assertConserved();
    }

    function test_hazard_aDisputedPrintMovesTheSettlementToItsFinality() public {
        _toLastDay(POINTS);
        _nextPrint(POINTS);
        // Ten minutes before the last print is final it is revised: a day more.
        vm.warp(EXPIRY + 3 days - 10 minutes);
        _print(WINDOW_LAST, 1, POINTS + 50e18);
        uint256 final_ = EXPIRY + 4 days - 10 minutes;
        vm.warp(final_ - 1);
        _refused(
            alice,
            abi.encodeCall(house.settle, (dated)),
            abi.encodeWithSelector(IUsageIndex.WindowNotFinal.selector, WINDOW_LAST, final_)
        );
        vm.warp(final_);
        vm.assertEq(house.settle(dated), TICK + 20);
    }

    /// Quotes that nobody can hit any more move nothing after the last minute of trading.
    function test_hazard_theBookAfterTheEndOfTradingMovesNoMean() public {
        _toLastDay(POINTS);
        vm.warp(EXPIRY - 10 minutes);
        _place(traders[4], dated, 1000, TICK + 50);
        _place(traders[5], dated, -1000, TICK + 52);
        vm.warp(EXPIRY);
        house.sync(dated);
        uint256 mean = house.market(dated).meanX16;
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired && mean > TICK << 16, "scene");
        for (uint256 i = 0; i < 3; ++i) {
            _skip(1 minutes);
            house.sync(dated);
            vm.assertEq(house.market(dated).meanX16, mean);
        }
    }

    /// Two accounts share an owner: a gain that later prints may take back does not leave through a trade between them.
    function test_hazard_gainsOfAnExpiredMonthBringNoNewRisk() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_500 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_FIRST - 1) _nextPrint(POINTS);
        while (day < WINDOW_LAST - 1) _nextPrint((POINTS * 120) / 100);
        vm.warp(EXPIRY);
        house.sync(dated);
        int256 equity = _equity(ALICE);
        uint256 initial = house.account(ALICE).initialMargin;
        vm.assertTrue(equity > int256(initial) + 1_200 * int256(USD), "scene");
        // 1,200 lots of the perpetual need more than 1,200 USD, which she has on paper alone.
        int256 firm = equity - _gain(ALICE);
        (bool success, bytes memory answer) = _tryPlace();
        vm.assertTrue(!success, "placed on a gain that is not final");
        vm.assertTrue(bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        vm.assertTrue(firm < int256(initial) + 1_200 * int256(USD), "scene");
        // Once it is settled the gain is hers.
        vm.warp(_due(WINDOW_LAST));
        _print(WINDOW_LAST, 0, (POINTS * 120) / 100);
        for (uint32 i = 1; i <= 3; ++i) {
            vm.warp(_due(WINDOW_LAST + i));
            _print(WINDOW_LAST + i, 0, (POINTS * 120) / 100);
        }
        house.settle(dated);
        (success, ) = _tryPlace();
        vm.assertTrue(success);
        _assertConserved();
    }

    function _tryPlace() private returns (bool success, bytes memory answer) {
        uint256 tick = house.market(perp).lowestFill;
        vm.prank(alice);
        return
            address(house).call(
                abi.encodeCall(house.place, (ALICE, _order(perp, 1200, tick, OrderKind.Limit)))
            );
    }

    /// What the month has gained alice since she bought it, at mark.
    function _gain(AccountId account) private view returns (int256) {
        int256 quote = _position(account, dated).quote;
        return (((quote << 16) + _size(account, dated) * int256(_mark(dated))) * TICK_VALUE) >> 16;
    }

    function _toLastDay(uint256 value) private {
        while (day < WINDOW_LAST - 1) _nextPrint(value);
    }
}
