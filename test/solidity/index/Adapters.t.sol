// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedSource} from "../../../contracts/index/adapters/FeedSource.sol";
import {MeanAggregator} from "../../../contracts/index/adapters/MeanAggregator.sol";
import {IndexAggregator} from "../../../contracts/index/adapters/IndexAggregator.sol";
import {PrintAggregator} from "../../../contracts/index/adapters/PrintAggregator.sol";
import {AggregatorV3Interface} from "../../../contracts/index/interfaces/AggregatorV3Interface.sol";
import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// A feed that says what it is told, and reverts for rounds that it does not have.
contract ScriptedFeed is AggregatorV3Interface {
    struct Round {
        int256 answer;
        uint256 updatedAt;
        uint80 answeredIn;
    }

    uint8 public decimals;
    string public description = "GPU-hour / USD";
    uint256 public constant version = 4;
    uint80 public newest;
    mapping(uint80 round => Round) private _rounds;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function answer(uint80 round, int256 value, uint256 updatedAt, uint80 answeredIn) external {
        _rounds[round] = Round(value, updatedAt, answeredIn);
        if (round > newest) newest = round;
    }

    function getRoundData(uint80 round) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _data(round);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _data(newest);
    }

    function _data(uint80 round) private view returns (uint80, int256, uint256, uint256, uint80) {
        require(round <= newest, "No data present");
        Round storage data = _rounds[round];
        return (round, data.answer, data.updatedAt, data.updatedAt, data.answeredIn);
    }
}

contract AdaptersTest is UsageIndexFixture {
    ScriptedFeed private feed;
    FeedSource private source;

    function setUp() public override {
        super.setUp();
        feed = new ScriptedFeed(8);
        feed.answer(7, 2.5e8, block.timestamp - 10, 7);
        source = _source(feed);
    }

    // --------------------------------------------------------------------------------------------------------- prints

    function test_printAggregator_roundsAreDays() public {
        PrintAggregator view_ = new PrintAggregator(target, SOLO, "SOLO daily print");
        _soloDays(DAY - 2, DAY);
        vm.assertEq(view_.decimals(), 18);
        vm.assertEq(view_.version(), 1);
        vm.assertTrue(keccak256(bytes(view_.description())) == keccak256("SOLO daily print"));
        vm.assertTrue(view_.SOURCE() == IUsageIndex(address(target)) && view_.INDEX() == SOLO);
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = view_
            .latestRoundData();
        vm.assertTrue(round == DAY && answeredIn == DAY);
        vm.assertEq(answer, int256(_usual(DAY)));
        vm.assertTrue(startedAt == _end(DAY) && updatedAt == block.timestamp);
        (round, answer, startedAt, , ) = view_.getRoundData(DAY - 2);
        vm.assertTrue(round == DAY - 2 && startedAt == _end(DAY - 2));
        vm.assertEq(answer, int256(_usual(DAY - 2)));
        // A revision answers the same round later.
        vm.warp(block.timestamp + 1 hours);
        _solo(DAY, 1, 1111e18);
        (, answer, , updatedAt, ) = view_.getRoundData(DAY);
        vm.assertEq(answer, 1111e18);
        vm.assertEq(updatedAt, block.timestamp);
    }

    /// The contract keeps the time of the newest days alone: an old day still is a round with an answer.
    function test_printAggregator_ofADayThatHasLeftTheRing() public {
        PrintAggregator view_ = new PrintAggregator(target, SOLO, "SOLO daily print");
        _soloDays(DAY - 2, DAY);
        for (uint32 period = DAY + 1; period <= DAY + 66; ++period) {
            vm.warp(_due(period));
            _solo(period, 0, _usual(period));
        }
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = view_
            .getRoundData(DAY);
        vm.assertTrue(round == DAY && answeredIn == DAY && answer == int256(_usual(DAY)));
        // The latest time at which it can have been made: nobody is told that it stood earlier.
        vm.assertTrue(startedAt == _end(DAY) && updatedAt == startedAt + 2 days);
        FeedSource chained = new FeedSource(view_, "SOLO daily print", 2 days);
        uint256 noon = _end(DAY) + 12 hours;
        vm.expectRevert(abi.encodeWithSelector(FeedSource.FeedIsAhead.selector, view_, updatedAt, noon));
        chained.readAt(DAY, noon);
    }

    function test_printAggregator_revertsWith_NoDataPresent() public {
        PrintAggregator view_ = new PrintAggregator(target, SOLO, "");
        _solo(DAY, 0, 1000e18);
        _expectNoData(view_, DAY - 1);
        _expectNoData(view_, uint80(type(uint32).max) + 1 + DAY);
    }

    function test_printAggregator_revertsWith_NoPrints() public {
        PrintAggregator view_ = new PrintAggregator(target, SOLO, "");
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoPrints.selector, SOLO));
        view_.latestRoundData();
    }

    function test_printAggregator_ofAFilledDay() public {
        PrintAggregator view_ = new PrintAggregator(target, SOLO, "");
        _solo(DAY - 2, 0, 1000e18);
        _solo(DAY, 0, 1000e18);
        vm.warp(_end(DAY) + 20 days);
        _expectNoData(view_, DAY - 1);
        reader.settle(SOLO, DAY - 2, DAY);
        (, int256 answer, , uint256 updatedAt, ) = view_.getRoundData(DAY - 1);
        vm.assertEq(answer, 1000e18);
        vm.assertEq(updatedAt, _end(DAY - 1) + 10 days);
    }

    function test_aggregators_revertWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        new PrintAggregator(target, "NONE", "");
    }

    // ----------------------------------------------------------------------------------------------------------- mean

    function test_meanAggregator_isThePush() public {
        MeanAggregator view_ = new MeanAggregator(target, SOLO, "SOLO mean");
        vm.expectRevert(
            abi.encodeWithSelector(IndexAggregator.NoDataPresent.selector, target, SOLO, uint80(0))
        );
        view_.latestRoundData();
        _soloDays(DAY - 6, DAY);
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, ) = view_.latestRoundData();
        vm.assertEq(round, 3);
        vm.assertEq(answer, int256(_usual(DAY - 3)));
        vm.assertTrue(startedAt == _end(DAY) && updatedAt == block.timestamp);
        (, int256 same, , , uint80 answeredIn) = view_.getRoundData(3);
        vm.assertTrue(same == answer && answeredIn == 3);
        _expectNoData(view_, 2);
        _expectNoData(view_, 4);
    }

    /// The adapter reads what the view offers: an index can be the source of another.
    function test_feedSource_readsAnIndex() public {
        _soloDays(DAY - 6, DAY);
        MeanAggregator view_ = new MeanAggregator(target, SOLO, "SOLO mean");
        FeedSource chained = new FeedSource(view_, "SOLO mean", 1 days);
        (uint256 value, , ) = chained.read();
        vm.assertEq(value, _usual(DAY - 3));
    }

    // ----------------------------------------------------------------------------------------------------- feed source

    function test_feedSource_scalesToAWad() public {
        (uint256 value, uint256 updatedAt, uint80 round) = source.read();
        vm.assertEq(value, 2.5e18);
        vm.assertTrue(updatedAt == block.timestamp - 10 && round == 7);
        ScriptedFeed fine = new ScriptedFeed(20);
        fine.answer(1, 1_234_567_890_123_456_789_099, block.timestamp, 1);
        (value, , ) = _source(fine).read();
        vm.assertEq(value, 12_345_678_901_234_567_890);
        ScriptedFeed equal = new ScriptedFeed(18);
        equal.answer(1, 77, block.timestamp, 1);
        (value, , ) = _source(equal).read();
        vm.assertEq(value, 77);
    }

    function test_feedSource_revertsWith_FeedIsStale() public {
        vm.warp(block.timestamp - 10 + 1 hours);
        source.read();
        vm.warp(block.timestamp + 1);
        _refuse(abi.encodeWithSelector(FeedSource.FeedIsStale.selector, feed, 1 hours + 1, 1 hours));
    }

    function test_feedSource_revertsWith_FeedIsAhead() public {
        feed.answer(8, 2e8, block.timestamp + 1, 8);
        _refuse(
            abi.encodeWithSelector(
                FeedSource.FeedIsAhead.selector,
                feed,
                block.timestamp + 1,
                block.timestamp
            )
        );
    }

    function test_feedSource_revertsWith_FeedRoundIncomplete() public {
        feed.answer(8, 2e8, 0, 8);
        _refuse(abi.encodeWithSelector(FeedSource.FeedRoundIncomplete.selector, feed, uint80(8), uint80(8)));
        feed.answer(8, 2e8, block.timestamp, 7);
        _refuse(abi.encodeWithSelector(FeedSource.FeedRoundIncomplete.selector, feed, uint80(8), uint80(7)));
    }

    function test_feedSource_revertsWith_FeedAnswerNotPositive() public {
        int256[3] memory answers = [int256(0), -1, type(int256).min];
        for (uint256 i; i < 3; ++i) {
            feed.answer(8, answers[i], block.timestamp, 8);
            _refuse(abi.encodeWithSelector(FeedSource.FeedAnswerNotPositive.selector, feed, answers[i]));
        }
        // A unit of more decimals than a WAD has is nothing.
        ScriptedFeed fine = new ScriptedFeed(20);
        fine.answer(1, 99, block.timestamp, 1);
        FeedSource of_ = _source(fine);
        vm.expectRevert(abi.encodeWithSelector(FeedSource.FeedAnswerNotPositive.selector, fine, int256(99)));
        of_.read();
    }

    function test_feedSource_revertsWith_FeedAnswerTooLarge() public {
        uint256 max = (1 << 83) - 1;
        int256[3] memory answers = [type(int256).max, int256(max / 1e10 + 1), int256(max)];
        for (uint256 i; i < 3; ++i) {
            feed.answer(8, answers[i], block.timestamp, 8);
            _refuse(abi.encodeWithSelector(FeedSource.FeedAnswerTooLarge.selector, feed, answers[i], max));
        }
        feed.answer(8, int256(max / 1e10), block.timestamp, 8);
        (uint256 value, , ) = source.read();
        vm.assertEq(value, (max / 1e10) * 1e10);
    }

    function test_feedSource_revertsWith_FeedDecimalsChanged() public {
        feed.setDecimals(6);
        _refuse(abi.encodeWithSelector(FeedSource.FeedDecimalsChanged.selector, feed, 6, 8));
    }

    function test_feedSource_deploymentRevertsWith_FeedDescribedOtherwise() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                FeedSource.FeedDescribedOtherwise.selector,
                feed,
                "GPU-hour / USD",
                "Token / USD"
            )
        );
        new FeedSource(feed, "Token / USD", 1 hours);
    }

    function test_feedSource_deploymentRevertsWith_FeedDecimalsTooMany() public {
        feed.setDecimals(37);
        vm.expectRevert(abi.encodeWithSelector(FeedSource.FeedDecimalsTooMany.selector, feed, 37, 36));
        new FeedSource(feed, "GPU-hour / USD", 1 hours);
    }

    function test_feedSource_deploymentRevertsWith_MaxAgeIsZero() public {
        vm.expectRevert(FeedSource.MaxAgeIsZero.selector);
        new FeedSource(feed, "GPU-hour / USD", 0);
    }

    // ------------------------------------------------------------------------------------------------------ at a moment

    function test_feedSource_readAt_isTheSameWheneverItIsAsked() public {
        uint256 end = _end(DAY);
        feed.answer(8, 3e8, end - 30 minutes, 8);
        feed.answer(9, 4e8, end + 1, 9);
        for (uint256 i; i < 3; ++i) {
            (uint256 value, uint256 updatedAt) = source.readAt(8, end);
            vm.assertTrue(value == 3e18 && updatedAt == end - 30 minutes);
            vm.warp(block.timestamp + 40 days);
            feed.answer(10 + uint80(i), 5e8, block.timestamp, 10 + uint80(i));
        }
    }

    /// The old and the new aggregator of a proxy both have an answer that stood at a moment: only the new one's counts.
    function test_feedSource_readAt_hasOneAnswerAroundAChangeOfPhase() public {
        uint256 end = block.timestamp;
        (uint80 one, uint80 two) = (uint80(1) << 64, uint80(2) << 64);
        ScriptedFeed proxy = new ScriptedFeed(8);
        proxy.answer(one | 1, 2e8, end - 600, one | 1);
        proxy.answer(one | 2, 2e8, end + 600, one | 2);
        proxy.answer(two | 1, 3e8, end - 300, two | 1);
        proxy.answer(two | 2, 3e8, end + 900, two | 2);
        FeedSource phased = _source(proxy);
        vm.warp(end + 1000);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundSuperseded.selector, proxy, one | 1, end - 300, end)
        );
        phased.readAt(one | 1, end);
        (uint256 value, ) = phased.readAt(two | 1, end);
        vm.assertEq(value, 3e18);
    }

    /// The phase has ended, and no later one had an answer by then: the day that nobody had read yet is not lost.
    function test_feedSource_readAt_ofAPhaseThatHasEnded() public {
        uint256 end = block.timestamp;
        (uint80 one, uint80 two, uint80 four) = (uint80(1) << 64, uint80(2) << 64, uint80(4) << 64);
        ScriptedFeed proxy = new ScriptedFeed(8);
        proxy.answer(one | 1, 2e8, end - 1200, one | 1);
        proxy.answer(one | 2, 3e8, end - 600, one | 2);
        proxy.answer(two | 1, 4e8, end + 300, two | 1);
        FeedSource phased = _source(proxy);
        vm.warp(end + 1000);
        (uint256 value, ) = phased.readAt(one | 2, end);
        vm.assertEq(value, 3e18);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundSuperseded.selector, proxy, one | 1, end - 600, end)
        );
        phased.readAt(one | 1, end);
        vm.expectRevert(
            abi.encodeWithSelector(
                FeedSource.FeedRoundSuperseded.selector,
                proxy,
                one | 2,
                end + 300,
                end + 300
            )
        );
        phased.readAt(one | 2, end + 300);
        // Two phases later, one of which does not show when it began.
        proxy.answer(four | 1, 5e8, end + 900, four | 1);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundWithoutNext.selector, proxy, one | 2, four | 1)
        );
        phased.readAt(one | 2, end);
        proxy.answer((uint80(3) << 64) | 1, 5e8, end + 600, (uint80(3) << 64) | 1);
        (value, ) = phased.readAt(one | 2, end);
        vm.assertEq(value, 3e18);
    }

    function test_feedSource_readAt_revertsWith_FeedRoundSuperseded() public {
        uint256 end = _end(DAY);
        feed.answer(8, 3e8, end - 30 minutes, 8);
        feed.answer(9, 4e8, end, 9);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundSuperseded.selector, feed, uint80(8), end, end)
        );
        source.readAt(8, end);
        (uint256 value, ) = source.readAt(9, end);
        vm.assertEq(value, 4e18);
    }

    function test_feedSource_readAt_revertsWith_FeedIsAheadOrStale() public {
        uint256 end = _end(DAY);
        feed.answer(8, 3e8, end + 1, 8);
        vm.expectRevert(abi.encodeWithSelector(FeedSource.FeedIsAhead.selector, feed, end + 1, end));
        source.readAt(8, end);
        feed.answer(8, 3e8, end - 2 hours, 8);
        vm.expectRevert(abi.encodeWithSelector(FeedSource.FeedIsStale.selector, feed, 2 hours, 1 hours));
        source.readAt(8, end);
    }

    function test_feedSource_readAt_revertsWith_FeedRoundWithoutNext() public {
        uint80 phase = 1 << 64;
        // The later phase does not show its first round.
        feed.answer(phase | 2, 3e8, block.timestamp, phase | 2);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundWithoutNext.selector, feed, uint80(7), phase | 2)
        );
        source.readAt(7, block.timestamp);
    }

    /// Rounds that the feed does not know: it reverts, or says nothing of them.
    function test_feedSource_readAt_revertsWith_FeedRoundWithoutNext_ofAnUnknownRound() public {
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundWithoutNext.selector, feed, uint80(10), uint80(7))
        );
        source.readAt(10, block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(FeedSource.FeedRoundWithoutNext.selector, feed, uint80(5), uint80(7))
        );
        source.readAt(5, block.timestamp);
    }

    function test_feedSource_readAt_revertsWith_FeedMomentAhead() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                FeedSource.FeedMomentAhead.selector,
                feed,
                block.timestamp + 1,
                block.timestamp
            )
        );
        source.readAt(7, block.timestamp + 1);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _source(ScriptedFeed feed_) private returns (FeedSource) {
        return new FeedSource(feed_, "GPU-hour / USD", 1 hours);
    }

    function _refuse(bytes memory reason) private {
        vm.expectRevert(reason);
        source.read();
    }

    function _expectNoData(IndexAggregator view_, uint80 round) private {
        bytes32 index = view_.INDEX();
        vm.expectRevert(abi.encodeWithSelector(IndexAggregator.NoDataPresent.selector, target, index, round));
        view_.getRoundData(round);
    }
}
