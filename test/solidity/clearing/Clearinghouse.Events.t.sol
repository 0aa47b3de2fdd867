// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {EventWords} from "../../../contracts/clearing/libraries/EventWords.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// What happens is told, with figures from which the state can be built again.
contract ClearinghouseEventsTest is RiskFixture {
    function test_place_emitsFillsThenTheTakersSum() public {
        OrderId first = _place(bob, perp, -300, TICK + 10);
        OrderId second = _place(carol, perp, -300, TICK + 20);
        OrderParameters memory order = _order(perp, 500, TICK + 20, OrderKind.ImmediateOrCancel);
        order.clientOrderId = 42;
        uint256[] memory fills = new uint256[](2);
        fills[0] = EventWords.toFill(first, BOB, 300, _makerFee(300 * (TICK + 10)));
        fills[1] = EventWords.toFill(second, CAROL, 200, _makerFee(200 * (TICK + 20)));
        uint256 fee = _takerFee(300 * (TICK + 10)) + _takerFee(200 * (TICK + 20));
        _expect();
        emit IClearingEvents.OrderTaken(ALICE, perp, 500 | (42 << 64) | (fee << 128), fills);
        _send(alice, order);
    }

    function test_place_emitsRealised() public {
        _trade(alice, bob, perp, 500, TICK);
        int256 fees = _makerFee(500 * TICK) + _makerFee(500 * (TICK + 10));
        _place(bob, perp, 500, TICK + 10);
        _expect();
        emit IClearingEvents.Realised(BOB, perp, (-500 * 10 - fees) * TICK_VALUE);
        _expect();
        emit IClearingEvents.Realised(ALICE, perp, 500 * 10 * TICK_VALUE);
        _take(alice, perp, -500);
    }

    // ------------------------------------------------------------------------------------------------- reasons to drop

    function test_cancel_emitsCancelled() public {
        OrderId id = _place(alice, perp, -300, TICK + 10);
        _dropped(ALICE, id, 300, DropReason.Cancelled);
        vm.prank(alice);
        house.cancel(id);
    }

    function test_place_emitsExpired() public {
        OrderParameters memory dying = _order(perp, -300, TICK + 10, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        (OrderId id, ) = _send(bob, dying);
        _skip(600);
        _dropped(BOB, id, 300, DropReason.Expired);
        _take(alice, perp, 300);
    }

    function test_place_emitsOwnOrder() public {
        OrderId id = _place(alice, perp, -300, TICK + 10);
        _dropped(ALICE, id, 300, DropReason.OwnOrder);
        _take(alice, perp, 100);
    }

    function test_place_emitsNotReducing() public {
        _trade(alice, bob, perp, 1000, TICK);
        OrderParameters memory order = _order(perp, -1000, TICK + 50, OrderKind.Limit);
        order.reduceOnly = true;
        (OrderId id, ) = _send(alice, order);
        _trade(carol, alice, perp, 900, TICK + 20);
        // A hundred lots are left to reduce; the rest is dropped when it is met again.
        _dropped(ALICE, id, 900, DropReason.NotReducing);
        _take(dave, perp, 500);
        vm.assertEq(_size(ALICE, perp), int256(0));
    }

    function test_place_emitsOutsideBand() public {
        OrderId id = _place(alice, perp, 300, 10_500);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        house.sync(perp);
        _dropped(ALICE, id, 300, DropReason.OutsideBand);
        _take(bob, perp, -300);
    }

    function test_place_emitsAccountRetired() public {
        _lever();
        OrderId id = _place(alice, perp, -500, TICK + 500);
        _fallUntilBankrupt(ALICE);
        _expect();
        emit IClearingEvents.AccountRetired(ALICE);
        house.absorb(ALICE);
        while (house.market(perp).anchorX16 >> 16 < (TICK * 97) / 100) {
            _nextPrint(POINTS * 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        _moveMark(perp, TICK);
        _dropped(ALICE, id, 500, DropReason.AccountRetired);
        (, uint256 filled) = _send(dave, _order(perp, 400, TICK + 500, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 0);
    }

    function test_cancelRiskRaising_emitsRiskRaising() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_102_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        OrderId[] memory ids = new OrderId[](1);
        ids[0] = _place(alice, perp, 100, 7000);
        _fallTo(8700);
        _dropped(ALICE, ids[0], 100, DropReason.RiskRaising);
        house.cancelRiskRaising(ALICE, ids);
    }

    // ------------------------------------------------------------------------------------------------------ liquidation

    function test_liquidate_emitsLiquidated() public {
        _lever();
        _fallTo(8800);
        uint256 tick = _markTick();
        _place(dave, perp, 100, tick);
        uint256 fee = (100 * tick * 500 * 100) / 10_000;
        _expect();
        emit IClearingEvents.Liquidated(
            ALICE,
            perp,
            KEEPER,
            -100,
            100 * int256(tick),
            fee / 2,
            fee - fee / 2
        );
        house.liquidate(ALICE, perp, 10, KEEPER, 0);
    }

    function test_sync_emitsMarketAdvanced() public {
        _skip(60);
        uint256 funding = uint56(int56(house.market(perp).cumulativeFunding));
        uint256 minute = block.timestamp / 60;
        _expect();
        emit IClearingEvents.MarketAdvanced(
            perp,
            (TICK << 16) | (funding << 40) | (minute << 96) | (TICK << 140)
        );
        house.sync(perp);
    }

    function _dropped(AccountId account, OrderId id, uint256 lots, DropReason reason) private {
        _expect();
        emit IClearingEvents.OrderDropped(account, id, lots, reason);
    }

    function _expect() private {
        vm.expectEmit(true, true, true, true, address(house));
    }

    function _makerFee(uint256 notional) private pure returns (int256) {
        return int256((notional * 10 + 99_999) / 100_000);
    }

    function _takerFee(uint256 notional) private pure returns (uint256) {
        return (notional * 500 * 50 + 99_999) / 100_000;
    }
}
