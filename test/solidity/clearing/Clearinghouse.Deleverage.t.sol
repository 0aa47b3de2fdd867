// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FundView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// Keepers that record a round when the market takes the rest of a fund.
contract ClearinghouseDeleverageTest is WaterfallFixture {
    // ------------------------------------------------------------------------------------------------------------- keepers

    function test_deleverage_whenTheMarketTakesTheRestOfTheFund() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        _feedFund(perp, uint256(-_equity(ALICE)) + 20 * USD);
        house.absorb(ALICE);
        int256 equity = house.fund(perp).equity;
        vm.assertTrue(equity > 0 && house.fund(perp).rounds == 0);
        _refused(
            carol,
            abi.encodeCall(house.deleverage, (perp)),
            abi.encodeWithSelector(IClearingErrors.NothingToDeleverage.selector, perp, equity)
        );
        _days(1, false);
        vm.assertTrue(house.fund(perp).equity < 0);
        vm.prank(carol);
        vm.assertEq(house.deleverage(perp), 1);
        _finish();
        _refused(
            carol,
            abi.encodeCall(house.deleverage, (perp)),
            abi.encodeWithSelector(
                IClearingErrors.NothingToDeleverage.selector,
                perp,
                house.fund(perp).equity
            )
        );
    }

    /// A fund that holds the winning side itself nets what it takes over first: it is never served by its own round.
    function test_deleverage_aFundThatWouldWinNetsFirst() public {
        AccountId grace = _levered(7, 500, false, bob);
        _riseUntilBankrupt(grace);
        _feedFund(perp, uint256(-_equity(grace)) + 30 * USD);
        house.absorb(grace);
        vm.assertEq(house.fund(perp).size, -int256(500));
        // Now a long of 1,000 falls into it.
        uint256 tick = _markTick();
        address heidi = vm.addr(_key(8));
        AccountId account = _open(heidi, (1000 * tick * 500 * 2006) / 10_000);
        _trade(heidi, carol, perp, 1000, tick);
        for (uint256 i = 0; i < 20 && _equity(account) > 0; ++i) _days(1, false);
        int256 gained = house.fund(perp).equity;
        vm.assertTrue(gained > 0, "scene");
        // Far enough down for her to be short of more than the fund made.
        for (uint256 i = 0; i < 6 && _equity(account) + gained >= 0; ++i) {
            _days(1, false);
            gained = house.fund(perp).equity;
        }
        house.absorb(account);
        _assertConserved();
        FundView memory f = house.fund(perp);
        if (f.rounds == 0) {
            vm.assertEq(f.size, int256(500));
            vm.assertTrue(f.equity >= 0);
        } else {
            vm.assertEq(house.round(perp, 1).lots, 500);
            // Carol is what is left of the shorts once the fund's own 500 lots are gone.
            vm.assertEq(house.round(perp, 1).side, 1000);
            _apply(CAROL);
            _assertClosedExactly(perp);
        }
        _assertConserved();
    }

    /// A fund that still holds lots when its market settles is short of what the price takes, and what it had comes first.
    function test_deleverage_afterTheMarketHasSettled() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(day + 1 < WINDOW_FIRST ? POINTS : (POINTS * 65) / 100);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        vm.assertTrue(_equity(ALICE) < 0, "scene");
        _feedFund(dated, uint256(-_equity(ALICE)) + 20 * USD);
        house.absorb(ALICE);
        vm.assertEq(house.fund(dated).size, int256(1000));
        // The last print takes more than the fund has left.
        _nextPrint(POINTS / 4);
        vm.warp((uint256(WINDOW_LAST) + 4) * 1 days + 6 hours);
        house.settle(dated);
        int256 equity = house.fund(dated).equity;
        vm.assertTrue(equity < 0, "scene");
        vm.prank(carol);
        // No round: its lots are converted, and the rest is owed.
        vm.assertEq(house.deleverage(dated), 0);
        FundView memory f = house.fund(dated);
        vm.assertTrue(f.size == 0 && f.cash == 0 && f.rounds == 0);
        vm.assertEq(f.deficit, uint256(-equity));
        _assertConserved();
        AccountId[] memory one = new AccountId[](1);
        one[0] = BOB;
        house.settleAccounts(dated, one);
        vm.assertEq(house.account(AccountId.wrap(1024 + MarketId.unwrap(dated))).cash, int256(0));
        _assertConserved();
    }

    function test_deleverage_revertsWith_UnknownMarket() public {
        MarketId unknown = MarketId.wrap(9);
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, unknown);
        _refused(bob, abi.encodeCall(house.deleverage, (unknown)), refused);
        _refused(bob, abi.encodeCall(house.applyRounds, (unknown, new AccountId[](0))), refused);
    }

    function test_deleverage_revertsWith_IndexStale() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        _feedFund(perp, uint256(-_equity(ALICE)) + 20 * USD);
        house.absorb(ALICE);
        _days(1, false);
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        vm.prank(carol);
        (bool success, bytes memory answer) = address(house).call(abi.encodeCall(house.deleverage, (perp)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.IndexStale.selector);
    }
}
