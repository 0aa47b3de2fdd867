// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {
    BombingReader,
    BurningReader,
    FloodingReader,
    HungryReader,
    ReenteringReader,
    TestReader
} from "./TestReaders.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexPushTest is UsageIndexFixture {
    function test_post_pushesNothingBeforeThereAreEnoughDays() public {
        _soloDays(DAY - 6, DAY - 3);
        _expectPushed(0, 0, 0);
        _solo(DAY - 2, 0, _usual(DAY - 2));
        _expectPushed(_usual(DAY - 4), 1, DAY - 2);
    }

    function test_post_pushesTheNewestTrailingMean() public {
        _soloDays(DAY - 6, DAY - 1);
        SignedReport[] memory reports = _soloReports(DAY, 0, _usual(DAY));
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.IndexPushed(SOLO, 3, _usual(DAY - 3), DAY);
        target.post(SOLO, DAY, 0, reports);
        _expectPushed(_usual(DAY - 3), 3, DAY);
    }

    function test_post_pushesARevisionInsideTheTrailingWindow() public {
        _soloDays(DAY - 6, DAY);
        _solo(DAY - 6, 1, _usual(DAY - 6) + 7e18);
        _expectPushed(_usual(DAY - 3) + 1e18, 4, DAY);
    }

    function test_post_pushesAGapFilledInsideTheTrailingWindow() public {
        _soloDays(DAY - 6, DAY - 2);
        _solo(DAY, 0, 1000e18);
        _expectPushed((5 * _usual(DAY - 4) + 1000e18) / 6, 2, DAY);
        _solo(DAY - 1, 0, 1000e18);
        _expectPushed((5 * _usual(DAY - 4) + 2000e18) / 7, 3, DAY);
    }

    function test_post_doesNotPushWhatDoesNotChangeTheMean() public {
        _soloDays(DAY - 6, DAY);
        // A day before the window, and a revision that repeats the value.
        _solo(DAY - 7, 0, 1000e18);
        _solo(DAY, 1, _usual(DAY));
        _expectPushed(_usual(DAY - 3), 3, DAY);
    }

    function test_post_pushesANewDayThatLeavesTheMeanAsItWas() public {
        for (uint32 period = DAY - 6; period <= DAY; ++period) _solo(period, 0, 1000e18);
        _expectPushed(1000e18, 3, DAY);
        vm.warp(_due(DAY + 1));
        _solo(DAY + 1, 0, 1000e18);
        _expectPushed(1000e18, 4, DAY + 1);
    }

    function test_post_afterAnOutagePushesOnceThereAreEnoughDaysAgain() public {
        _soloDays(DAY - 6, DAY);
        vm.warp(_due(DAY + 10));
        _solo(DAY + 10, 0, 1000e18);
        _expectPushed(_usual(DAY - 3), 3, DAY);
        (, uint32 newest, uint32 sequence, ) = target.latest(SOLO);
        vm.assertEq(newest, DAY + 10);
        vm.assertEq(sequence, 3);
        // Days before the new window are no news; days inside it are, once five are there.
        _solo(DAY + 3, 0, 1000e18);
        for (uint32 period = DAY + 4; period <= DAY + 6; ++period) _solo(period, 0, 1000e18);
        _expectPushed(_usual(DAY - 3), 3, DAY);
        _solo(DAY + 7, 0, 1000e18);
        _expectPushed(1000e18, 4, DAY + 10);
    }

    // --------------------------------------------------------------------------------------------------- bad readers

    function test_post_survivesRevertingAndReturnBombingReaders() public {
        _soloDays(DAY - 6, DAY - 1);
        SignedReport[] memory reports = _soloReports(DAY, 0, _usual(DAY));
        uint256 snapshot = vm.snapshotState();
        uint256 usual = _gasOfPost(reports);
        vm.revertToState(snapshot);

        BombingReader bomb = new BombingReader();
        target.removeReader(SOLO, reader);
        target.addReader(SOLO, bomb);
        target.addReader(SOLO, new FloodingReader());
        target.addReader(SOLO, reader);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PushFailed(SOLO, bomb, 3);
        // The 120,000 bytes that each hands back cost it 39,000 of its stipend, and us nothing more.
        vm.assertLe(_gasOfPost(reports), usual + 2 * 39_000 + 12_000);
        _expectPushed(_usual(DAY - 3), 3, DAY);
    }

    function test_post_survivesABurningReader() public {
        _soloDays(DAY - 6, DAY - 1);
        BurningReader burner = new BurningReader();
        target.addReader(SOLO, burner);
        SignedReport[] memory reports = _soloReports(DAY, 0, _usual(DAY));
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PushFailed(SOLO, burner, 3);
        vm.assertLe(_gasOfPost(reports), 250_000 + 120_000);
        _expectPushed(_usual(DAY - 3), 3, DAY);
    }

    function test_post_readersThatCallBackFindTheNewStateAndNoGasToPush() public {
        _soloDays(DAY - 6, DAY - 1);
        ReenteringReader caller = new ReenteringReader(target);
        target.addReader(SOLO, caller);
        _solo(DAY, 0, _usual(DAY));
        vm.assertEq(caller.seen(), _usual(DAY - 3));
        vm.assertTrue(!caller.repushed());
        vm.assertTrue(caller.refusal() == IUsageIndex.NotEnoughGasToPush.selector);
    }

    /// With any gas limit a post either reverts whole, or the reader had its stipend.
    function test_post_cannotBeStarvedByItsSender() public {
        _soloDays(DAY - 6, DAY - 1);
        target.removeReader(SOLO, reader);
        HungryReader first = new HungryReader();
        HungryReader second = new HungryReader();
        target.addReader(SOLO, first);
        target.addReader(SOLO, second);
        SignedReport[] memory reports = _soloReports(DAY, 0, _usual(DAY));
        bool refusedForGas;
        uint256 posted;
        for (uint256 gas_ = 60_000; gas_ < 520_000; gas_ += 1_777) {
            uint256 snapshot = vm.snapshotState();
            try target.post{gas: gas_}(SOLO, DAY, 0, reports) {
                ++posted;
                vm.assertEq(first.taken(), 3);
                vm.assertEq(second.taken(), 3);
            } catch (bytes memory reason) {
                if (bytes4(reason) == IUsageIndex.NotEnoughGasToPush.selector) refusedForGas = true;
                else vm.assertEq(reason.length, 0);
                vm.assertEq(first.taken(), 0);
            }
            vm.revertToState(snapshot);
        }
        vm.assertTrue(refusedForGas && posted > 20);
    }

    function test_post_revertsWith_NotEnoughGasToPush() public {
        _soloDays(DAY - 6, DAY - 1);
        SignedReport[] memory reports = _soloReports(DAY, 0, _usual(DAY));
        try target.post{gas: 200_000}(SOLO, DAY, 0, reports) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IUsageIndex.NotEnoughGasToPush.selector);
            (uint256 available, uint256 needed) = _operands(reason);
            vm.assertEq(needed, 250_000 + uint256(250_000) / 63 + 5_000);
            vm.assertTrue(available < needed);
        }
        vm.assertEq(target.print(SOLO, DAY).value, 0);
    }

    // --------------------------------------------------------------------------------------------------------- repush

    function test_repush_bringsAFailedPushWithItsSequence() public {
        BombingReader bomb = new BombingReader();
        target.addReader(SOLO, bomb);
        _soloDays(DAY - 6, DAY);
        vm.assertEq(bomb.taken(), 0);

        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.RepushFailed.selector, SOLO, bomb, 3));
        target.repush(SOLO, bomb);

        bomb.heal();
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.IndexRepushed(SOLO, bomb, 3);
        vm.prank(address(0xB0B));
        target.repush(SOLO, bomb);
        vm.assertEq(bomb.taken(), 3);
        // Once more to a reader that has it: nothing happens.
        (uint128 value, uint32 sequence, , uint64 pushedAt) = reader.last(SOLO);
        vm.warp(block.timestamp + 1 hours);
        target.repush(SOLO, reader);
        (uint128 value_, uint32 sequence_, , uint64 pushedAt_) = reader.last(SOLO);
        vm.assertTrue(value == value_ && sequence == sequence_ && pushedAt == pushedAt_);
    }

    function test_repush_revertsWith_NothingPushed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NothingPushed.selector, SOLO));
        target.repush(SOLO, reader);
    }

    function test_repush_revertsWith_NotReader() public {
        TestReader stranger = new TestReader(target);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotReader.selector, SOLO, stranger));
        target.repush(SOLO, stranger);
    }

    function test_repush_revertsWith_NotEnoughGasToPush() public {
        _soloDays(DAY - 6, DAY);
        try target.repush{gas: 250_000}(SOLO, reader) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IUsageIndex.NotEnoughGasToPush.selector);
        }
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _expectPushed(uint256 value, uint32 sequence, uint32 newest) private view {
        (uint256 value_, uint32 sequence_, uint32 newest_, uint64 pushedAt) = target.pushed(SOLO);
        vm.assertEq(value_, value);
        vm.assertEq(sequence_, sequence);
        vm.assertEq(newest_, newest);
        vm.assertTrue((pushedAt != 0) == (sequence != 0));
        (value_, sequence_, newest_, ) = reader.last(SOLO);
        vm.assertEq(value_, value);
        vm.assertEq(sequence_, sequence);
        vm.assertEq(newest_, newest);
    }

    function _gasOfPost(SignedReport[] memory reports) private returns (uint256) {
        uint256 before = gasleft();
        target.post(SOLO, DAY, 0, reports);
        return before - gasleft();
    }

    function _operands(bytes memory reason) private pure returns (uint256 a, uint256 b) {
        assembly {
            a := mload(add(reason, 0x24))
            b := mload(add(reason, 0x44))
        }
    }
}
