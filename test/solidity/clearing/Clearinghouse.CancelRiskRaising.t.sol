// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Below IM anyone may cancel orders that raise an account's worst case, and no others.
contract ClearinghouseCancelRiskRaisingTest is RiskFixture {
    OrderId[] private _bids;

    function test_cancelRiskRaising_cancelsBidsOfALong() public {
        _scene(5);
        uint256 lots = _cancel(_bids);
        vm.assertEq(lots, 500);
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        _assertConserved();
    }

    function test_cancelRiskRaising_stopsWhenHealthy() public {
        _scene(5);
        // Equity for 1,300 lots and a little: two of the five bids are enough.
        uint256 im = house.account(ALICE).initialMargin;
        _topUp(ALICE, int256((im * 13) / 15) + 1000);
        vm.assertEq(_cancel(_bids), 200);
        vm.assertEq(_position(ALICE, perp).bidLots, 300);
        (int256 equity, int256 left, ) = _health(ALICE);
        vm.assertTrue(equity >= left);
    }

    function test_cancelRiskRaising_equalityIsHealthy() public {
        _scene(5);
        uint256 im = house.account(ALICE).initialMargin;
        _topUp(ALICE, int256(im) - 1);
        uint256 below = vm.snapshotState();
        _topUp(ALICE, int256(im));
        _refused(
            bob,
            abi.encodeCall(house.cancelRiskRaising, (ALICE, _bids)),
            abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, im, im)
        );
        vm.revertToState(below);
        vm.assertEq(_cancel(_bids), 100);
    }

    function test_cancelRiskRaising_leavesReducingOrders() public {
        _scene(1);
        OrderId[] memory ids = new OrderId[](2);
        ids[0] = _place(alice, perp, -600, TICK + 900);
        ids[1] = _bids[0];
        vm.assertEq(_cancel(ids), 100);
        vm.assertEq(_position(ALICE, perp).askLots, 600);
    }

    function test_cancelRiskRaising_passesOverOrdersThatAreGone() public {
        _scene(3);
        OrderId[] memory ids = new OrderId[](4);
        (ids[0], ids[1], ids[2], ids[3]) = (_bids[0], OrderId.wrap(0), _bids[0], _bids[1]);
        vm.assertEq(_cancel(ids), 200);
    }

    function test_cancelRiskRaising_revertsWith_WrongAccount() public {
        _scene(1);
        OrderId[] memory ids = new OrderId[](2);
        (ids[0], ids[1]) = (_bids[0], _place(carol, perp, 100, 7000));
        _refused(
            bob,
            abi.encodeCall(house.cancelRiskRaising, (ALICE, ids)),
            abi.encodeWithSelector(IClearingErrors.WrongAccount.selector, ids[1], ALICE)
        );
    }

    function test_cancelRiskRaising_revertsWith_IndexStale() public {
        _scene(1);
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        _refused(
            bob,
            abi.encodeCall(house.cancelRiskRaising, (ALICE, _bids)),
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 54 hours, 54 hours)
        );
    }

    /// Alice is long 1,000 lots with bids for more far below the market, and mark has fallen.
    function _scene(uint256 bids) private {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000 - bids * 100 * USD, alice);
        _trade(alice, bob, perp, 1000, TICK);
        for (uint256 i = 0; i < bids; ++i) _bids.push(_place(alice, perp, 100, 7000 + i));
        _fallTo(8700);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity < im, "scene");
    }

    function _cancel(OrderId[] memory ids) private returns (uint256) {
        vm.prank(bob);
        return house.cancelRiskRaising(ALICE, ids);
    }
}
