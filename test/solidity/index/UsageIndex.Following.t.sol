// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// The pushed value moves by at most 8 % in any 24 hours, whatever moves the mean.
contract UsageIndexFollowingTest is UsageIndexFixture {
    uint256 private constant LEVEL = 1000e18;
    uint32 private constant NEXT = DAY + 1;

    struct Move {
        uint256 time;
        uint256 value;
    }

    /// Every value that was pushed and the time from which it stood.
    Move[] private _moves;

    function setUp() public override {
        super.setUp();
        for (uint32 period = DAY - 13; period <= DAY; ++period) _guarded(period, 0, LEVEL);
        vm.warp(_due(NEXT));
    }

    function test_post_pushesNoFurtherThanMaxMove() public {
        uint256 mean = (6 * LEVEL + 3000e18) / uint256(7);
        (, uint32 sequence, , ) = target.pushed(GUARDED);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.IndexLags(GUARDED, sequence + 1, mean);
        _confirmed(NEXT, 0, 3000e18);
        vm.assertEq(_value(), 1080e18);
        (uint128 taken, , , ) = reader.last(GUARDED);
        vm.assertEq(taken, 1080e18);
        (uint256 value, uint256 mean_, uint256 least, uint256 most, uint64 widensAt) = target.following(
            GUARDED
        );
        vm.assertTrue(value == 1080e18 && mean_ == mean && most == 1080e18);
        vm.assertEq(least, 993.6e18);
        vm.assertEq(widensAt, block.timestamp + 1 days);
    }

    function test_follow_bringsTheValueOnEveryTwentyFourHours() public {
        _confirmed(NEXT, 0, 3000e18);
        uint256 mean = (6 * LEVEL + 3000e18) / uint256(7);
        uint256[3] memory steps = [uint256(1166.4e18), 1259.712e18, mean];
        for (uint256 i; i < 3; ++i) {
            uint256 from = _value();
            uint256 movedAt = block.timestamp;
            // Asking before is no use, and does no harm.
            for (uint256 hour = 1; hour < 24; ++hour) {
                vm.warp(movedAt + hour * 1 hours);
                _expectNothingToFollow(from, mean);
            }
            vm.warp(movedAt + 1 days - 1);
            _expectNothingToFollow(from, mean);
            vm.warp(movedAt + 1 days);
            vm.prank(address(0xB0B));
            target.follow(GUARDED);
            vm.assertEq(_value(), steps[i]);
        }
        vm.warp(block.timestamp + 2 days);
        _expectNothingToFollow(mean, mean);
        (, , , , uint64 widensAt) = target.following(GUARDED);
        vm.assertEq(widensAt, 0);
    }

    function test_follow_pushesToReadersWithTheNextSequence() public {
        _confirmed(NEXT, 0, 3000e18);
        vm.warp(block.timestamp + 1 days);
        (, uint32 sequence, , ) = target.pushed(GUARDED);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.IndexPushed(GUARDED, sequence + 1, 1166.4e18, NEXT);
        target.follow(GUARDED);
        (uint128 value, uint32 taken, uint32 newest, uint64 pushedAt) = reader.last(GUARDED);
        vm.assertTrue(value == 1166.4e18 && taken == sequence + 1 && newest == NEXT);
        vm.assertEq(pushedAt, block.timestamp);
    }

    function test_post_downAndUpInOneDayStayWithinTheBoundOfBothEnds() public {
        _confirmed(NEXT, 0, 3000e18);
        // The lowest value of these 24 hours is 1,000, the highest 1,080.
        vm.warp(block.timestamp + 1 hours);
        _confirmed(NEXT, 1, 10e18);
        vm.assertEq(_value(), 993.6e18);
        vm.warp(block.timestamp + 1 hours);
        _confirmed(NEXT, 2, 3000e18);
        // 8 % above 993.6 and not above 1,000: the lower end counts, less the rounding of its distance.
        vm.assertLe(_value(), 1073.088e18);
        vm.assertGe(_value(), 1073.05e18);
    }

    function test_post_ofANewDayIsPushedThoughTheValueMayNotMove() public {
        _confirmed(NEXT, 0, 3000e18);
        vm.warp(_due(NEXT + 1) - 1 hours);
        (, uint32 sequence, , ) = target.pushed(GUARDED);
        _guarded(NEXT + 1, 0, LEVEL);
        (uint256 value, uint32 sequence_, uint32 newest, ) = target.pushed(GUARDED);
        vm.assertTrue(value == 1080e18 && sequence_ == sequence + 1 && newest == NEXT + 1);
        // The wait goes on from the move, not from this push.
        vm.warp(_due(NEXT + 1));
        target.follow(GUARDED);
        vm.assertEq(_value(), 1166.4e18);
    }

    function test_follow_revertsWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.follow("NONE");
    }

    function test_follow_revertsWith_TooFewDays() public {
        target.listIndex("NEW", _guardedTerms());
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooFewDays.selector, 0, 4));
        target.follow("NEW");
    }

    function test_follow_revertsWith_NotEnoughGasToPush() public {
        _confirmed(NEXT, 0, 3000e18);
        vm.warp(block.timestamp + 1 days);
        try target.follow{gas: 250_000}(GUARDED) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IUsageIndex.NotEnoughGasToPush.selector);
        }
        vm.assertEq(_value(), 1080e18);
    }

    /// Six days of a burst are held one after the other and released in one block.
    function test_releasePrint_ofAQueueMovesTheValueByNoMoreThanMaxMoveADay() public {
        for (uint32 period = NEXT; period < NEXT + 6; ++period) {
            vm.warp(_due(period));
            vm.assertTrue(_guarded(period, 0, 5000e18));
        }
        vm.assertEq(_value(), LEVEL);
        vm.warp(_due(NEXT + 5) + 7 days);
        for (uint32 period = NEXT; period < NEXT + 6; ++period) {
            target.releasePrint(GUARDED, period);
            _note();
        }
        vm.assertEq(_value(), 1080e18);
        (uint256 mean, ) = target.trailingMean(GUARDED, NEXT + 5);
        vm.assertEq(mean, (LEVEL + 6 * 5000e18) / uint256(7));
        uint256 days_;
        for (; _value() != mean && days_ < 60; ++days_) {
            vm.warp(block.timestamp + 1 days);
            target.follow(GUARDED);
            _note();
        }
        // 1.08^19 < 4.428 < 1.08^20, and one step was the release's.
        vm.assertEq(days_, 19);
        _checkMoves();
    }

    /// Prints, revisions, releases and calls of `follow` at random: no two moments 24 hours apart or less differ by more than
    /// 8 %, and a value that lags can always go on 24 hours after its last move.
    /// hardhat-config: fuzz.runs = 64
    function test_fuzz_pushed_staysWithinTheBoundInAnyDayAndNeverFreezes(uint256 seed) public {
        _note();
        uint32 newest = DAY;
        for (uint256 step; step < 60; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + _pause(seed >> 8));
            uint32 today = uint32(block.timestamp / 1 days);
            if (seed % 4 == 0) {
                try target.follow(GUARDED) {} catch {}
            } else if (seed % 4 == 1) {
                try target.releasePrint(GUARDED, today - 8 - uint32((seed >> 40) % 3)) {} catch {}
            } else {
                uint32 period = today - 1 - uint32((seed >> 48) % 3);
                uint256 value = 200e18 + ((seed >> 64) % 4000e18);
                uint32 revision =
                    target.print(GUARDED, period).value == 0
                        ? uint32(step)
                        : target.print(GUARDED, period).revision + 1;
                _tryPost(period, revision, value, (seed >> 52) % 3 == 0 ? 1 : 2);
                if (target.print(GUARDED, period).value != 0 && period > newest) newest = period;
            }
            _note();
            _checkLive();
        }
        _checkMoves();
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _value() private view returns (uint256 value) {
        (value, , , ) = target.pushed(GUARDED);
    }

    /// Seconds, hours, or about a day, to the second.
    function _pause(uint256 seed) private pure returns (uint256) {
        if (seed % 4 == 0) return (seed >> 8) % 60;
        if (seed % 4 == 1) return 24 hours + ((seed >> 8) % 5) - 2;
        return (seed >> 8) % 16 hours;
    }

    function _tryPost(uint32 period, uint32 revision, uint256 value, uint256 count) private {
        try
            target.post(GUARDED, period, revision, _reportsOn(GUARDED, period, revision, value, count))
        {} catch {}
    }

    function _note() private {
        uint256 value = _value();
        if (_moves.length == 0 || _moves[_moves.length - 1].value != value) {
            _moves.push(Move(block.timestamp, value));
        }
    }

    function _checkMoves() private view {
        for (uint256 i; i < _moves.length; ++i) {
            for (uint256 j = i + 1; j < _moves.length; ++j) {
                // Move i stood until move i + 1 began.
                if (_moves[j].time >= _moves[i + 1].time + 1 days) break;
                vm.assertLe(_moves[j].value * 10_000, _moves[i].value * 10_800);
                vm.assertGe(_moves[j].value * 10_000, _moves[i].value * 9_200);
            }
        }
    }

    /// 24 hours after the last move there is the whole room, whoever did what in between.
    function _checkLive() private {
        (uint256 value, uint256 mean, , , ) = target.following(GUARDED);
        if (mean == 0 || mean == value) return;
        if (block.timestamp < _moves[_moves.length - 1].time + 1 days) return;
        uint256 snapshot = vm.snapshotState();
        target.follow(GUARDED);
        uint256 most = (value * 10_800) / 10_000;
        uint256 least = (value * 9_200 + 9_999) / 10_000;
        vm.assertEq(_value(), mean > most ? most : (mean < least ? least : mean), "room");
        vm.revertToState(snapshot);
    }

    function _expectNothingToFollow(uint256 value, uint256 mean) private {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NothingToFollow.selector, GUARDED, value, mean));
        target.follow(GUARDED);
    }
}
