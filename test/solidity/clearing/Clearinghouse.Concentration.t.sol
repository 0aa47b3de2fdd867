// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketListing, OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {MonthsFixture} from "./MonthsFixture.sol";

/// IM grows with the account's own size beyond the market's concentration; MM and the aim of a liquidation do not.
contract ClearinghouseConcentrationTest is MonthsFixture {
    uint256 private constant FROM = 16_384;
    /// A perpetual and a front month in which IM grows from 16,384 lots.
    MarketId private _crowded;
    MarketId private _crowdedFront;

    function setUp() public override {
        super.setUp();
        MarketListing memory l = _perpetual();
        l.concentrationLots = uint40(FROM);
        vm.prank(LISTER);
        _crowded = house.listMarket(l);
        l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (TODAY, TODAY + 9, TODAY);
        l.concentrationLots = uint40(FROM);
        vm.prank(LISTER);
        _crowdedFront = house.listMarket(l);
    }

    function test_concentration_startsAboveItsLots() public {
        _hold(alice, _crowded, int256(FROM));
        // 20 % of 5 USD a lot.
        vm.assertEq(_initial(ALICE), FROM * USD);
        _place(alice, _crowded, 100, TICK - 10);
        // 16,484² / 16,384 = 16,584.6: ceiled.
        vm.assertEq(_initial(ALICE), 16_585 * USD);
        vm.assertEq(_maintenance(ALICE), (FROM * 6 * USD) / 10);
    }

    function test_concentration_rateGrowsInProportionToSize() public {
        _hold(alice, _crowded, int256(2 * FROM));
        vm.assertEq(_initial(ALICE), 4 * FROM * USD);
        vm.assertEq(_maintenance(ALICE), (2 * FROM * 6 * USD) / 10);
        _hold(bob, _crowded, -int256(4 * FROM));
        vm.assertEq(_initial(BOB), 16 * FROM * USD);
    }

    function test_concentration_zeroIsNever() public {
        _hold(alice, perp, 500_000);
        vm.assertEq(_initial(ALICE), 500_000 * USD);
    }

    function test_concentration_countsTheSideThatWouldFlip() public {
        _hold(alice, _crowded, 1000);
        _place(alice, _crowded, -(int256(2 * FROM) + 1000), TICK + 10);
        // 20 % of (2 × 16,384)² / 16,384 lots, and 20 − 12 % of the 1,000 that are closed on the way.
        vm.assertEq(_initial(ALICE), 4 * FROM * USD + 400 * USD);
    }

    function test_concentration_refusesWhatItDoesNotCover() public {
        _hold(alice, _crowded, int256(FROM));
        _leave(alice, FROM * USD + 150 * USD);
        _refusedOrder(
            alice,
            _order(_crowded, 100, TICK - 10, OrderKind.Limit),
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                FROM * USD + 150 * USD,
                16_585 * USD
            )
        );
    }

    function test_fuzz_concentration_fillsNeverRaiseIt(uint256 size, uint256 asks, uint256 fill) public {
        size = bound(size, 100, 60_000);
        asks = bound(asks, 100, 90_000);
        fill = bound(fill, 100, 90_000);
        _hold(alice, _crowded, int256(size));
        _place(alice, _crowded, -int256(asks), TICK + 10);
        uint256 before = _initial(ALICE);
        _take(bob, _crowded, int256(fill));
        vm.assertLe(_initial(ALICE), before);
    }

    function test_concentration_liquidationAimsAtTheListedRate() public {
        _hold(alice, _crowdedFront, 17_000);
        // 17,000² / 16,384 = 17,639.2 lots at 16 % of 5 USD.
        vm.assertEq(_initial(ALICE), (17_640 * 8 * USD) / 10);
        _leave(alice, (17_640 * 8 * USD) / 10);
        _moveMark(_crowdedFront, 9400);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        uint256 mark = _mark(_crowdedFront);
        _place(bob, _crowdedFront, 17_000, mark >> 16);
        uint256 listed = (17_000 * mark * 500 * 1600 + (10_000 << 16) - 1) / (10_000 << 16);
        uint256 perLot = mark * 500 * (1600 - 100);
        uint256 lots = ((listed - uint256(equity)) * (10_000 << 16) + perLot - 1) / perLot;
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, _crowdedFront, 100, KEEPER, 0);
        vm.assertEq(closed, lots);
        _assertConserved();
    }
}
