// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// What has been tried against the clearing house once and worked; each fails if its rule is taken out.
contract ClearinghouseAttacksTest is ClearingFixture {
    /// Two accounts of one thief trade with each other at the edges of the band. The resting ask closes alice's position;
    /// once she has sold it elsewhere it would open a short that nobody asked margin for.
    function test_attack_aClosingOrderDoesNotOutliveWhatItCloses() public {
        _feedFund(perp, 1_000_000 * USD);
        int256 lots = 400_000;
        uint256 lowest = house.market(perp).lowestFill;
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 415_000 * USD, alice);
        _place(bob, perp, -lots, TICK);
        _send(alice, _order(perp, lots, TICK, OrderKind.ImmediateOrCancel));
        _place(bob, perp, lots, lowest);
        _place(alice, perp, -lots, lowest + 1);
        vm.prank(alice);
        (bool sold, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, _order(perp, -lots, lowest, OrderKind.ImmediateOrCancel)))
        );
        vm.assertTrue(!sold && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _assertConserved();
    }

    /// An ask that nobody will ever hit stands for two seconds beside an empty side.
    function test_attack_aFarQuoteDoesNotMoveTheMark() public {
        _place(alice, perp, 1000, TICK - 10);
        OrderId far = _place(carol, perp, -1000, 16_777_214);
        _skip(2);
        vm.prank(carol);
        house.cancel(far);
        _place(bob, perp, -1000, TICK + 10);
        _skip(60);
        house.sync(perp);
        vm.assertTrue(_mark(perp) >> 16 < TICK + 50);
    }

    /// Numbers above an id's 120 bits are not other names of the same order.
    function test_attack_anOrderHasOneNumber() public {
        OrderId id = _place(alice, perp, 100, TICK - 10);
        OrderId other = OrderId.wrap(OrderId.unwrap(id) | (uint128(7) << 120));
        _refused(
            alice,
            abi.encodeCall(house.cancel, (other)),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, other)
        );
    }
}
