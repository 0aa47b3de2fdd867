// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "../clearing/WaterfallFixture.sol";

/// A batch checks margin once, at its end. A loss that is not cash yet, in a settled market or in a round, must not become cash
/// between two of its steps: the first would have handed the same money to a friend, and a fund would pay for it.
contract AttacksBatchesTest is WaterfallFixture {
    MarketId private far;
    /// Listed, and nobody is in it.
    MarketId private last;

    function setUp() public override {
        super.setUp();
        far = _month(60);
    }

    /// She holds what is 120 USD under water and has a loss of 200 to 300 in a market that has settled. The list of her markets is
    /// full, so the second order, which trades nothing, would have to convert the settled one.
    function test_attack_aSettledLossBetweenTwoStepsOfABatch() public {
        uint256 money = 3_000 * USD + 140 * USD + 14 * 140 * USD + 100 * USD;
        uint256 spare = FUNDS - money;
        vm.prank(alice);
        house.withdraw(ALICE, spare, alice);
        _trade(alice, bob, perp, 3000, TICK);
        _trade(alice, bob, dated, 100, TICK);
        _place(alice, far, 100, TICK - 500);
        for (uint256 i = 1; i < 14; ++i) _place(alice, _month(60 + 30 * i), 100, TICK - 500);
        last = _month(600);
        while (day < WINDOW_LAST) {
            _nextPrint(POINTS / 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        for (uint256 i = 0; i < 4; ++i) _nextPrint(POINTS / 2);
        house.settle(dated);
        vm.assertTrue(house.account(ALICE).positions.length == 16 && _equity(ALICE) < 0, "scene");
        _topUp(ALICE, int256(10 * USD));
        _refusedSteps(perp, 3000, 80, last);
    }

    /// The same with a round that closes her last other position whole, at a loss.
    function test_attack_aRoundBetweenTwoStepsOfABatch() public {
        _lever();
        _fallUntilBankrupt(ALICE);
        // Carol has the bankrupt's other side since just now, and a month that falls.
        uint256 money = (1000 * 10_000 * 500 * 20) / 100 + (1000 * _markTick() * 500 * 21) / 100 + 10 * USD;
        vm.prank(carol);
        house.withdraw(CAROL, FUNDS - money, carol);
        _trade(carol, dave, far, 1000, TICK);
        _trade(bob, carol, perp, 1000, _markTick());
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).rounds, 1);
        for (uint256 i = 0; i < 20 && _equity(CAROL) >= 0; ++i) {
            _moveMark(far, house.market(far).lowestFill);
            _nextPrint(POINTS);
        }
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open, "stopped");
        vm.assertEq(_size(CAROL, perp), int256(0));
        vm.assertTrue(_equity(CAROL) < 0, "not fallen");
        _topUp(CAROL, int256(10 * USD));
        (alice, carol) = (carol, alice);
        _refusedSteps(far, 1000, 100, perp);
    }

    /// The first step sells `lots` to dave so many ticks below mark, which costs more than the ten dollars of equity that are left, and less than
    /// them with the loss that waits. The second asks for a market and trades nothing.
    function _refusedSteps(MarketId market, uint256 lots, uint256 below, MarketId then) private {
        uint256 tick = (_mark(market) >> 16) - below;
        _place(dave, market, int256(lots), tick);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(market, -int256(lots), tick, OrderKind.ImmediateOrCancel);
        orders[1] = _order(then, 100, house.market(then).lowestFill + 1, OrderKind.ImmediateOrCancel);
        int256 fund = house.fund(dated).cash + house.fund(perp).cash;
        bytes memory call = abi.encodeCall(house.batch, (_id(alice), new OrderId[](0), orders));
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(call);
        vm.assertTrue(!success, "a fund paid for what she handed on");
        vm.assertTrue(bytes4(answer) == IClearingErrors.InsufficientMargin.selector, "another error");
        vm.assertEq(house.fund(dated).cash + house.fund(perp).cash, fund);
        // Neither order is refused for what it is: a cent of money more than the loss, and both go through.
        _topUp(_id(alice), int256(200 * USD));
        vm.prank(alice);
        (success, ) = address(house).call(call);
        vm.assertTrue(success, "refused for another reason");
        vm.assertTrue(_cash(_id(alice)) > 0);
        _assertConserved();
    }

    /// A month in the tier of the next one, whose window is so many days away.
    function _month(uint256 ahead) private returns (MarketId) {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod) = (day + uint32(ahead), day + uint32(ahead) + 29);
        l.nextFromPeriod = ahead == 60 ? day : l.firstPeriod - 1;
        vm.prank(LISTER);
        return house.listMarket(l);
    }
}
