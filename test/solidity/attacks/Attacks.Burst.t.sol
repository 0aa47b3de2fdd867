// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IndexConfig} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "../clearing/RiskFixture.sol";

/// A burst that no exclusion has caught: the trailing mean rises by 51 % in four days, and three days later it is gone. The
/// index has the circuit breaker of the reference, 8 % in a day and 20 % in four, and the market IM of 20 %.
contract AttacksBurstTest is RiskFixture {
    /// Usage of the days, in thousandths of the usual: 10.85 % more in each mean of seven, 151 % after four days.
    uint256[7] private _burst = [uint256(1760), 1842, 1934, 2035, 1600, 1200, 1000];

    function _indexTerms() internal view override returns (IndexConfig memory terms) {
        terms = super._indexTerms();
        (terms.breakerBps, terms.breakerFourBps) = (800, 2_000);
    }

    /// Five reporters sign it: it is held, and nobody's market moves. Once a sixth confirms the whole queue, in one block, markets
    /// follow by 8 % and by 8 % more every 24 hours.
    function test_hazard_aBurstIsHeldAndItsQueueMovesMarketsByMaxMoveADay() public {
        _nextPrint(POINTS);
        FeedView memory before = house.feed(feedId);
        uint32 first = day + 1;
        for (uint32 period = first; period < first + 3; ++period) {
            vm.warp(_due(period));
            vm.assertTrue(_post(period, 0, _value(period - first), 5), "not held");
            vm.assertEq(usage.heldPrint(TU1D, period).value, _value(period - first));
            vm.assertEq(usage.print(TU1D, period).value, 0);
        }
        house.follow(feedId);
        FeedView memory held = house.feed(feedId);
        vm.assertTrue(held.followed == before.followed && held.sequence == before.sequence, "it moved");

        for (uint32 period = first; period < first + 3; ++period)
            vm.assertTrue(!_post(period, 1, _value(period - first), 6), "held");
        FeedView memory after_ = house.feed(feedId);
        vm.assertTrue(after_.target > (before.followed * 136) / 100, "the queue moved the mean");
        uint256 most = before.followed;
        uint256 movedAt = block.timestamp;
        for (uint256 i = 0; i < 3; ++i) {
            most = (most * 108) / 100;
            vm.assertEq(house.feed(feedId).followed, most);
            vm.warp(movedAt + 1 days - 1);
            house.follow(feedId);
            vm.assertEq(house.feed(feedId).followed, most);
            movedAt += 1 days;
            vm.warp(movedAt);
            house.follow(feedId);
        }
    }

    /// Five reporters correct what they had signed, as the rules exclude it: the day is printed as it should have been.
    function test_hazard_aHeldBurstIsCorrectedByARevision() public {
        _nextPrint(POINTS);
        uint32 period = day + 1;
        vm.warp(_due(period));
        vm.assertTrue(_post(period, 0, _value(0), 5), "not held");
        vm.assertTrue(!_post(period, 1, POINTS, 5), "held");
        vm.assertEq(usage.print(TU1D, period).value, POINTS);
        vm.assertEq(usage.heldPrint(TU1D, period).value, 0);
        vm.assertEq(house.feed(feedId).followed, POINTS);
    }

    /// Six confirm every day of it: markets go up by 8 % a day and come down again. Whoever was short, or long behind it, with initial
    /// margin is liquidated on the way, with something left.
    function test_hazard_aConfirmedBurstBankruptsNobodyWhoHadInitialMargin() public {
        _nextPrint(POINTS);
        _trade(bob, alice, perp, 1000, TICK);
        _bare(alice);
        for (uint32 i = 0; i < 7; ++i) {
            _nextPrint(_value(i));
            _live();
        }
        vm.assertTrue(_mark(perp) > ((TICK << 16) * 125) / 100, "the burst reached the market");
        vm.assertEq(_size(ALICE, perp), 0);
        vm.assertTrue(_equity(ALICE) > 0, "bankrupt on the way up");
        // Carol buys at the top, from dave.
        _trade(carol, dave, perp, 1000, _mark(perp) >> 16);
        _bare(carol);
        for (uint32 i = 0; i < 7; ++i) {
            _nextPrint(POINTS);
            _live();
        }
        vm.assertTrue(_mark(perp) < ((TICK << 16) * 105) / 100, "it is not gone");
        vm.assertEq(_size(CAROL, perp), 0);
        vm.assertTrue(_equity(CAROL) > 0, "bankrupt on the way down");
        vm.assertTrue(_cash(_fund(perp)) >= 0 && house.fund(perp).deficit == 0, "the fund paid");
        _assertConserved();
    }

    function _value(uint32 i) private view returns (uint256) {
        return (POINTS * _burst[i]) / 1000;
    }

    function _post(uint32 period, uint32 revision, uint256 value, uint256 count) private returns (bool held) {
        return usage.post(TU1D, period, revision, _signed(TU1D, period, revision, value, count));
    }

    /// Leaves a trader initial margin and no more.
    function _bare(address who) private {
        AccountId account = _id(who);
        (int256 equity, int256 initial, ) = _health(account);
        vm.prank(who);
        house.withdraw(account, uint256(equity - initial), who);
    }

    /// Mark goes with the index; a keeper takes over what has fallen below maintenance margin.
    function _live() private {
        _moveMark(perp, house.market(perp).anchorX16 >> 16);
        for (uint256 i = 0; i < 2; ++i) {
            (int256 equity, , int256 maintenance) = _health(i == 0 ? ALICE : CAROL);
            vm.assertTrue(equity >= 0, "bankrupt");
            if (equity >= maintenance) continue;
            vm.prank(traders[5]);
            house.liquidate(i == 0 ? ALICE : CAROL, perp, 10, KEEPER, 100_000);
        }
    }
}
