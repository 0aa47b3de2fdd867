// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    HeldPrint,
    IUsageIndex,
    Print,
    SignedReport
} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// The circuit breaker: 8 % of the mean in one day, 20 % in four, on an index of quorum one and super-quorum two that has
/// printed 1,000 points on each of its last fourteen days.
contract UsageIndexBreakerTest is UsageIndexFixture {
    uint256 private constant LEVEL = 1000e18;
    uint32 private constant NEXT = DAY + 1;
    /// With this the mean of seven is 1,080 and with that 920: exactly 8 %.
    uint256 private constant HIGHEST = 1560e18;
    uint256 private constant LOWEST = 440e18;

    function setUp() public override {
        super.setUp();
        for (uint32 period = DAY - 13; period <= DAY; ++period) _guarded(period, 0, LEVEL);
        vm.warp(_due(NEXT));
    }

    // ---------------------------------------------------------------------------------------------------------- limits

    function test_post_atTheLimitOfOneDayIsNotHeld() public {
        uint256 snapshot = vm.snapshotState();
        vm.assertTrue(!_guarded(NEXT, 0, HIGHEST));
        vm.assertEq(target.print(GUARDED, NEXT).value, HIGHEST);
        vm.revertToState(snapshot);
        vm.assertTrue(!_guarded(NEXT, 0, LOWEST));
        vm.assertEq(target.print(GUARDED, NEXT).value, LOWEST);
    }

    function test_post_beyondTheLimitOfOneDayIsHeld() public {
        // Seven units more are one unit of the mean; means round down, so one unit less is one below.
        _expectHeld(NEXT, 0, HIGHEST + 7);
        _expectHeld(NEXT, 1, LOWEST - 1);
        _expectHeld(NEXT, 2, 1);
        _expectHeld(NEXT, 3, MAX_VALUE);
    }

    function test_post_beyondTheLimitOfFourDaysIsHeld() public {
        // Means of 1,060, 1,120, 1,180: within 8 % each. 1,240 is 24 % above the one four days before.
        for (uint32 period = NEXT; period < NEXT + 3; ++period) {
            vm.warp(_due(period));
            vm.assertTrue(!_guarded(period, 0, 1420e18));
        }
        vm.warp(_due(NEXT + 3));
        _expectHeld(NEXT + 3, 0, 1420e18);
        // 1,140e18 makes 1,200: exactly 20 %.
        _expectHeld(NEXT + 3, 1, 1140e18 + 7);
        vm.assertTrue(!_guarded(NEXT + 3, 2, 1140e18));
    }

    function test_post_aGapIsHeldByTheMeanThatMarketsFollow() public {
        vm.warp(_due(NEXT + 1));
        vm.assertTrue(!_guarded(NEXT + 1, 0, LEVEL));
        _expectHeld(NEXT, 0, HIGHEST + 7);
        vm.assertTrue(!_guarded(NEXT, 1, HIGHEST));
    }

    function test_post_aRevisionIsHeldThoughItLiftsTwoMeansAlike() public {
        // The print of the day before is in the mean of both days: against each other they would not move.
        vm.assertTrue(!_guarded(NEXT, 0, LEVEL));
        vm.warp(_due(NEXT) + 1 hours);
        _expectHeld(DAY, 1, HIGHEST + 7);
        vm.assertTrue(!_guarded(DAY, 2, HIGHEST));
    }

    function test_post_aRevisionIsComparedWithTheMeanThatStands() public {
        // Up by 8 % and then down to 8 % below the day before is 16 % in one day.
        vm.assertTrue(!_guarded(NEXT, 0, HIGHEST));
        _expectHeld(NEXT, 1, LOWEST);
        // 920 / 1,080: down to 993.6 is 8 % of what stands.
        vm.assertTrue(!_guarded(NEXT, 2, 956e18));
    }

    function test_post_aDayThatNoMarketFollowsAnyMoreIsHeldByItsOwnMean() public {
        // A gap of nine days ago: only settlements would read it.
        vm.warp(_due(DAY + 9));
        for (uint32 period = DAY + 2; period <= DAY + 9; ++period) _guarded(period, 0, LEVEL);
        _expectHeld(NEXT, 0, HIGHEST + 7);
        vm.assertTrue(!_guarded(NEXT, 1, HIGHEST));
    }

    function test_post_revertsWith_TooLateToHold() public {
        vm.warp(_due(DAY + 9));
        for (uint32 period = DAY + 2; period <= DAY + 9; ++period) _guarded(period, 0, LEVEL);
        uint256 fillableAt = _end(NEXT) + 10 days;
        vm.warp(fillableAt - 1);
        uint256 snapshot = vm.snapshotState();
        _expectHeld(NEXT, 0, HIGHEST + 7);
        // It would be over before it could be released.
        vm.assertEq(target.heldPrint(GUARDED, NEXT).releasableAt, type(uint64).max);
        vm.revertToState(snapshot);
        vm.warp(fillableAt);
        SignedReport[] memory reports = _reportsOn(GUARDED, NEXT, 0, HIGHEST + 7, 1);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooLateToHold.selector, fillableAt, fillableAt));
        target.post(GUARDED, NEXT, 0, reports);
        vm.assertTrue(!_confirmed(NEXT, 0, HIGHEST + 7));
        vm.assertEq(target.print(GUARDED, NEXT).value, HIGHEST + 7);
    }

    function test_post_answersForWhatItAddsAlone() public {
        // A super-quorum lifts the mean by 28 %. The days after it leave it there, or bring it back: not held.
        vm.assertTrue(!_confirmed(NEXT, 0, 3000e18));
        vm.warp(_due(NEXT + 1));
        uint256 snapshot = vm.snapshotState();
        vm.assertTrue(!_guarded(NEXT + 1, 0, LEVEL));
        vm.revertToState(snapshot);
        vm.assertTrue(!_guarded(NEXT + 1, 0, 900e18));
        vm.revertToState(snapshot);
        // One more unit of the mean, which is 28 % above that of four days before already.
        _expectHeld(NEXT + 1, 0, LEVEL + 7);
    }

    function test_post_afterAnOutageIsComparedWithWhatWasPushedLast() public {
        vm.warp(_due(DAY + 30));
        // A single day: twice the limit of four days.
        _expectHeld(DAY + 30, 0, 1400e18 + 1);
        _expectHeld(DAY + 30, 1, 600e18 - 1);
        vm.assertTrue(!_guarded(DAY + 30, 2, 1400e18));
        // Each further day is judged by the mean of those that there are.
        _expectHeld(DAY + 29, 0, 1400e18 + 2);
        vm.assertTrue(!_guarded(DAY + 29, 1, 1400e18));
    }

    function test_post_withNothingToCompareWithIsNotHeld() public {
        target.listIndex("NEW", _guardedTerms());
        target.post("NEW", DAY, 0, _reportsOn("NEW", DAY, 0, 5e18, 1));
        target.post("NEW", NEXT, 0, _reportsOn("NEW", NEXT, 0, 5000e18, 1));
        vm.assertEq(target.print("NEW", NEXT).value, 5000e18);
    }

    /// Against a naive judge, for a new day and a revision of it.
    function test_fuzz_post_isHeldIfANaiveJudgeSaysSo(uint256 seed) public {
        for (uint32 day = NEXT; day < NEXT + 5; ++day) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(_due(day));
            uint256 value = 600e18 + (seed % 1200e18);
            uint256 before = _mean(day - 1);
            uint256 mean = _naive(day, value);
            uint256 four = _mean(day - 4);
            bool expected =
                _out(mean, before, 800) || (_out(mean, four, 2_000) && _further(mean, before, four));
            vm.assertTrue(_guarded(day, 0, value) == expected);
            if (expected) _confirmed(day, 0, value);
        }
    }

    // ------------------------------------------------------------------------------------------------------- held print

    function test_post_heldChangesNothingElse() public {
        (uint256 value, uint32 sequence, uint32 newest, uint64 pushedAt) = target.pushed(GUARDED);
        bytes32 before = _picture();
        SignedReport[] memory reports = _reportsOn(GUARDED, NEXT, 4, 2000e18, 1);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PrintHeld(GUARDED, NEXT, 4, 2000e18, VINTAGE, 1, uint64(block.timestamp + 7 days));
        vm.assertTrue(target.post(GUARDED, NEXT, 4, reports));
        vm.assertTrue(before == _picture());
        (uint256 value_, uint32 sequence_, uint32 newest_, uint64 pushedAt_) = target.pushed(GUARDED);
        vm.assertTrue(value == value_ && sequence == sequence_ && newest == newest_ && pushedAt == pushedAt_);
        HeldPrint memory held = target.heldPrint(GUARDED, NEXT);
        vm.assertEq(held.value, 2000e18);
        vm.assertEq(held.revision, 4);
        vm.assertEq(held.heldAt, block.timestamp);
        vm.assertEq(held.releasableAt, block.timestamp + 7 days);
        vm.assertTrue(held.vintage == VINTAGE && held.reporters == 1);
    }

    function test_post_ofASuperQuorumIsNeverHeld() public {
        vm.assertTrue(!_confirmed(NEXT, 0, 100_000e18));
        vm.assertEq(target.print(GUARDED, NEXT).value, 100_000e18);
    }

    function test_post_ofASuperQuorumConfirmsWhatIsHeld() public {
        _expectHeld(NEXT, 4, 2000e18);
        vm.warp(block.timestamp + 1 days);
        vm.assertTrue(!_confirmed(NEXT, 4, 2000e18));
        Print memory print = target.print(GUARDED, NEXT);
        vm.assertTrue(print.value == 2000e18 && print.revision == 4 && print.revisedAt == block.timestamp);
        _expectNone(NEXT);
    }

    function test_post_higherRevisionReplacesAHeldOneAndWaitsAnew() public {
        _expectHeld(NEXT, 1, 2000e18);
        vm.warp(block.timestamp + 2 days);
        _expectHeld(NEXT, 2, 4000e18);
        vm.assertEq(target.heldPrint(GUARDED, NEXT).releasableAt, block.timestamp + 7 days);
        vm.warp(block.timestamp + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IUsageIndex.PrintStillHeld.selector,
                block.timestamp,
                block.timestamp + 6 days
            )
        );
        target.releasePrint(GUARDED, NEXT);
    }

    function test_post_higherRevisionOfTheSameValueKeepsTheWait() public {
        _expectHeld(NEXT, 1, 2000e18);
        uint256 heldAt = block.timestamp;
        vm.warp(heldAt + 6 days);
        _expectHeld(NEXT, 2, 2000e18);
        vm.assertEq(target.heldPrint(GUARDED, NEXT).releasableAt, heldAt + 7 days);
        vm.assertEq(target.heldPrint(GUARDED, NEXT).revision, 2);
    }

    function test_post_revertsWith_StaleRevision_underAHeldPrint() public {
        _expectHeld(NEXT, 3, 2000e18);
        for (uint32 revision = 2; revision <= 3; ++revision) {
            SignedReport[] memory reports = _reportsOn(GUARDED, NEXT, revision, 3000e18, 1);
            vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, revision, 3));
            target.post(GUARDED, NEXT, revision, reports);
            // What would be within the limits, too: reports that were signed and never posted must not end what came after them.
            reports = _reportsOn(GUARDED, NEXT, revision, LEVEL, 1);
            vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, revision, 3));
            target.post(GUARDED, NEXT, revision, reports);
        }
        // A super-quorum may say the same revision, and no lower one.
        SignedReport[] memory two = _reportsOn(GUARDED, NEXT, 2, LEVEL, 2);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, 2, 3));
        target.post(GUARDED, NEXT, 2, two);
        vm.assertTrue(!_confirmed(NEXT, 3, 2000e18));
    }

    function test_post_ofAHigherRevisionEndsTheHold() public {
        _expectHeld(NEXT, 3, 2000e18);
        vm.assertTrue(!_guarded(NEXT, 4, LEVEL));
        _expectNone(NEXT);
        vm.assertTrue(!_guarded(NEXT, 5, LEVEL + 1));
        _expectNone(NEXT);
        _expectHeld(NEXT, 6, 2000e18);
    }

    function test_heldPrint_overAPrintLapsesWhenThatIsFinal() public {
        vm.assertTrue(!_guarded(NEXT, 0, LEVEL));
        _expectHeld(NEXT, 1, 2000e18);
        vm.warp(_end(NEXT) + 3 days - 1);
        vm.assertEq(target.heldPrint(GUARDED, NEXT).value, 2000e18);
        vm.warp(_end(NEXT) + 3 days);
        vm.assertTrue(target.print(GUARDED, NEXT).isFinal);
        _expectNone(NEXT);
        vm.warp(_end(NEXT) + 30 days);
        _expectNone(NEXT);
    }

    // --------------------------------------------------------------------------------------------------------- release

    function test_releasePrint_afterSevenDays() public {
        _expectHeld(NEXT, 4, 2000e18);
        uint256 releasableAt = block.timestamp + 7 days;
        vm.warp(releasableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.PrintStillHeld.selector, releasableAt - 1, releasableAt)
        );
        target.releasePrint(GUARDED, NEXT);

        vm.warp(releasableAt);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PrintReleased(GUARDED, NEXT, 4);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PrintPosted(GUARDED, NEXT, 4, 2000e18, VINTAGE, 1);
        vm.prank(address(0xB0B));
        target.releasePrint(GUARDED, NEXT);
        Print memory print = target.print(GUARDED, NEXT);
        vm.assertTrue(print.value == 2000e18 && print.revision == 4 && print.vintage == bytes23(VINTAGE));
        // A print of this moment: for another day a higher revision may correct it.
        vm.assertEq(target.finalAt(GUARDED, NEXT), releasableAt + 1 days);
        (uint256 value, , uint32 newest, ) = target.pushed(GUARDED);
        vm.assertTrue(value == (6 * LEVEL + 2000e18) / uint256(7) && newest == NEXT);
        _expectNone(NEXT);
    }

    function test_releasePrint_revertsWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.releasePrint("NONE", NEXT);
    }

    function test_releasePrint_revertsWith_NotEnoughGasToPush() public {
        _expectHeld(NEXT, 0, 2000e18);
        vm.warp(block.timestamp + 7 days);
        try target.releasePrint{gas: 250_000}(GUARDED, NEXT) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IUsageIndex.NotEnoughGasToPush.selector);
        }
        vm.assertEq(target.heldPrint(GUARDED, NEXT).value, 2000e18);
    }

    // ------------------------------------------------------------------------------------------------------ settlement

    function test_settleWindow_aDayHeldInTimeIsReleasedAndFinalBeforeItMayBeFilled() public {
        // Held up to two days after its end: seven days of hold and one of finality are over at the end + 10 days.
        vm.warp(_end(NEXT) + 2 days);
        _expectHeld(NEXT, 0, 2000e18);
        _guarded(NEXT + 1, 0, LEVEL);
        vm.warp(_end(NEXT) + 9 days);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.DayStillMissing.selector, NEXT, _end(NEXT) + 10 days)
        );
        reader.settle(GUARDED, NEXT, NEXT + 1);
        target.releasePrint(GUARDED, NEXT);
        vm.warp(_end(NEXT) + 10 days);
        (uint256 sum, ) = reader.settle(GUARDED, NEXT, NEXT + 1);
        vm.assertEq(sum, 2000e18 + LEVEL);
    }

    function test_settleWindow_aDayHeldLaterIsFilledAsAMissingOne() public {
        vm.warp(_end(NEXT) + 4 days);
        _guarded(NEXT + 1, 0, LEVEL);
        _expectHeld(NEXT, 0, 2000e18);
        // Not even a new revision every day puts the settlement off.
        vm.warp(_end(NEXT) + 9 days);
        _expectHeld(NEXT, 1, 2001e18);
        vm.warp(_end(NEXT) + 10 days);
        (uint256 sum, ) = reader.settle(GUARDED, NEXT, NEXT + 1);
        vm.assertEq(sum, 2 * LEVEL);
        _expectNone(NEXT);
        SignedReport[] memory reports = _reportsOn(GUARDED, NEXT, 2, 2000e18, 2);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PeriodIsSettled.selector, GUARDED, NEXT));
        target.post(GUARDED, NEXT, 2, reports);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _expectHeld(uint32 period, uint32 revision, uint256 value) private {
        uint256 before = target.print(GUARDED, period).value;
        vm.assertTrue(_guarded(period, revision, value), "held");
        vm.assertEq(target.print(GUARDED, period).value, before);
        vm.assertEq(target.heldPrint(GUARDED, period).value, value);
    }

    function _expectNone(uint32 period) private {
        vm.assertEq(target.heldPrint(GUARDED, period).value, 0);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, GUARDED, period));
        target.releasePrint(GUARDED, period);
    }

    /// All that a hold must leave alone.
    function _picture() private view returns (bytes32) {
        (uint256 value, uint32 period, uint32 sequence, bool isFinal) = target.latest(GUARDED);
        (uint256 sum, uint256 present, bool allFinal) = target.windowMean(GUARDED, DAY - 13, NEXT);
        (uint256 mean, ) = target.trailingMean(GUARDED, NEXT);
        (uint128 taken, uint32 number, , ) = reader.last(GUARDED);
        return
            keccak256(
                abi.encode(
                    target.print(GUARDED, NEXT),
                    target.finalAt(GUARDED, NEXT),
                    keccak256(abi.encode(value, period, sequence, isFinal)),
                    keccak256(abi.encode(sum, present, allFinal)),
                    keccak256(abi.encode(mean, taken, number))
                )
            );
    }

    function _mean(uint32 end) private view returns (uint256 mean) {
        (mean, ) = target.trailingMean(GUARDED, end);
    }

    function _naive(uint32 day, uint256 value) private view returns (uint256) {
        uint256 sum = value;
        for (uint32 period = day - 6; period < day; ++period) sum += target.print(GUARDED, period).value;
        return sum / 7;
    }

    function _out(uint256 mean, uint256 anchor, uint256 bps) private pure returns (bool) {
        return mean * 10_000 > anchor * (10_000 + bps) || mean * 10_000 < anchor * (10_000 - bps);
    }

    function _further(uint256 mean, uint256 standing, uint256 anchor) private pure returns (bool) {
        return mean > anchor ? mean > standing : mean < standing;
    }
}
