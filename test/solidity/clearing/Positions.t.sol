// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Positions} from "../../../contracts/clearing/libraries/Positions.sol";
import {MarketFlow, Position} from "../../../contracts/clearing/libraries/Words.sol";
import {TestBase} from "../Vm.sol";

/// What fills and funding do to a position, by hand.
contract PositionsTest is TestBase {
    using Positions for Position;

    function test_settleFunding_movesItBetweenPositionAndPool() public pure {
        // A tick and a half for each lot, in 2^-20 of a tick.
        int256 cumulative = 3 << 19;
        int256[5] memory sizes = [int256(1), -1, 3, -3, 0];
        // Longs pay; whatever is not whole goes to the pool.
        int256[5] memory amounts = [int256(-2), 1, -5, 4, 0];
        for (uint256 i = 0; i < 5; ++i) {
            MarketFlow memory flow;
            Position p = Position.wrap(0).withTrade(sizes[i], 100);
            p = p.settleFunding(flow, cumulative);
            vm.assertEq(p.quote(), 100 + amounts[i]);
            vm.assertEq(flow.fundingPool, -amounts[i]);
            vm.assertEq(p.snapshot(), cumulative);
            vm.assertEq(p.size(), sizes[i]);
            // A second time there is nothing to settle.
            vm.assertEq(Position.unwrap(p.settleFunding(flow, cumulative)), Position.unwrap(p));
        }
    }

    function test_trade_opensAddsClosesAndFlips() public pure {
        MarketFlow memory flow;
        flow.openInterest = 50;
        (Position p, int256 realised) = Position.wrap(0).trade(flow, 1, 10, 0, 0);
        vm.assertTrue(p.size() == 1 && p.quote() == -10 && realised == 0 && flow.openInterest == 51);
        (p, realised) = p.trade(flow, 2, 22, 0, 1);
        vm.assertTrue(p.size() == 3 && p.quote() == -33 && realised == 0 && flow.openInterest == 53);
        (p, realised) = p.trade(flow, -1, 12, 0, 0);
        vm.assertTrue(p.size() == 2 && p.quote() == -21 && realised == 0 && flow.openInterest == 52);
        // Two of three close it, and the third is a short of its own.
        (Position flipped, int256 gain) = p.trade(flow, -3, 36, 24, 0);
        vm.assertTrue(flipped.size() == -1 && flipped.quote() == 12 && gain == 3 && flow.openInterest == 50);
        (p, realised) = flipped.trade(flow, 1, 11, 11, -2);
        vm.assertTrue(p.size() == 0 && p.quote() == 0 && realised == 3 && flow.openInterest == 50);
    }

    function test_exposure_isTheWorseSide() public pure {
        vm.assertEq(_with(0, 0, 0).exposure(), 0);
        vm.assertEq(_with(1, 0, 0).exposure(), 1);
        vm.assertEq(_with(-1, 0, 0).exposure(), 1);
        vm.assertEq(_with(5, 2, 0).exposure(), 7);
        vm.assertEq(_with(5, 2, 13).exposure(), 8);
        vm.assertEq(_with(-5, 2, 1).exposure(), 6);
        vm.assertEq(_with(-5, 12, 1).exposure(), 7);
    }

    function test_surviving_isWhatNoFillTakes() public pure {
        vm.assertEq(_with(5, 9, 4).surviving(), int256(1));
        vm.assertEq(_with(5, 9, 5).surviving(), int256(0));
        vm.assertEq(_with(5, 9, 6).surviving(), int256(0));
        vm.assertEq(_with(-5, 4, 9).surviving(), -int256(1));
        vm.assertEq(_with(-5, 6, 9).surviving(), int256(0));
        vm.assertEq(_with(0, 6, 9).surviving(), int256(0));
    }

    function test_opens_whatCouldDoMoreThanClose() public pure {
        vm.assertTrue(!_with(1, 0, 1).opens(false) && _with(1, 0, 2).opens(false));
        vm.assertTrue(_with(1, 1, 0).opens(true) && !_with(1, 0, 0).opens(true));
        vm.assertTrue(!_with(-1, 1, 0).opens(true) && _with(-1, 2, 0).opens(true));
        vm.assertTrue(_with(-1, 0, 1).opens(false) && !_with(0, 0, 0).opens(false));
    }

    function test_positive() public pure {
        vm.assertEq(Positions.positive(1), 1);
        vm.assertEq(Positions.positive(0), 0);
        vm.assertEq(Positions.positive(-1), 0);
        vm.assertEq(Positions.positive(type(int256).max), uint256(type(int256).max));
        vm.assertEq(Positions.positive(type(int256).min), 0);
    }

    function _with(int256 size, uint256 bids, uint256 asks) private pure returns (Position p) {
        p = Position.wrap(0).withTrade(size, 0);
        if (bids != 0) p = p.reserve(true, bids);
        if (asks != 0) p = p.reserve(false, asks);
    }
}
