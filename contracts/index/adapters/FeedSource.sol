// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @title FeedSource
/// @notice A price feed as the source of an index: its answer as a WAD, or a revert that says what is wrong with it.
/// @dev Reporters call it to compute a print from a feed, each for itself, and sign what they got; a contract may call it, too.
/// `readAt` gives every reporter the same answer for the end of a day, whenever each of them asks, as long as the feed changes no phase. When
/// a proxy changes to another aggregator, moments at which that had an answer already are answered by it from then on, also where the proxy
/// itself had shown the old one's: whoever signed before keeps to what it signed.
/// What is checked: that the feed is the one that was meant (its description, at deployment), that its decimals have not
/// changed, that the round has an answer of its own, that the answer is positive and no larger than a print may be, that its
/// time is not ahead, and that it is not older than `MAX_AGE`.
contract FeedSource {
    /// @dev One round of the feed.
    struct Round {
        uint80 id;
        int256 answer;
        uint256 updatedAt;
        uint80 answeredIn;
    }

    /// @notice The feed says that it is another one.
    error FeedDescribedOtherwise(AggregatorV3Interface feed, string description, string expected);
    /// @notice More decimals than can be scaled.
    error FeedDecimalsTooMany(AggregatorV3Interface feed, uint256 decimals, uint256 max);
    /// @notice The feed has other decimals than at deployment.
    error FeedDecimalsChanged(AggregatorV3Interface feed, uint256 decimals, uint256 expected);
    /// @notice The answer is older than allowed.
    error FeedIsStale(AggregatorV3Interface feed, uint256 age, uint256 maxAge);
    /// @notice The answer's time lies ahead of the moment that it is asked for.
    error FeedIsAhead(AggregatorV3Interface feed, uint256 updatedAt, uint256 time);
    /// @notice The round has no answer, or one that was carried over from an earlier round.
    error FeedRoundIncomplete(AggregatorV3Interface feed, uint80 round, uint80 answeredIn);
    /// @notice The answer is zero, negative, or less than one unit of a WAD.
    error FeedAnswerNotPositive(AggregatorV3Interface feed, int256 answer);
    /// @notice The answer is larger than a print can be, as a WAD.
    error FeedAnswerTooLarge(AggregatorV3Interface feed, int256 answer, uint256 max);
    /// @notice Another round had been answered by then.
    error FeedRoundSuperseded(AggregatorV3Interface feed, uint80 round, uint256 nextUpdatedAt, uint256 time);
    /// @notice No next round, or no first round of a later phase, shows until when this one stood, and it is not the newest.
    error FeedRoundWithoutNext(AggregatorV3Interface feed, uint80 round, uint80 newest);
    /// @notice The moment lies ahead: the round that will stand then is not known.
    error FeedMomentAhead(AggregatorV3Interface feed, uint256 time, uint256 timestamp);
    /// @notice Every answer would be too old.
    error MaxAgeIsZero();

    uint256 private constant MAX_DECIMALS = 36;
    /// @dev Rounds of a proxy are numbered by phase, from 1 within each.
    uint8 private constant PHASE = 64;
    /// @dev What a print can hold: 83 bits.
    uint256 private constant MAX_VALUE = (1 << 83) - 1;

    /// @notice The feed.
    AggregatorV3Interface public immutable FEED;
    /// @notice Oldest answer that counts, in seconds.
    uint256 public immutable MAX_AGE;
    /// @notice Decimals of the feed at deployment.
    uint256 public immutable DECIMALS;

    /// @param expected What the feed must say that it is, so that two addresses in a configuration cannot be swapped unseen.
    constructor(AggregatorV3Interface feed, string memory expected, uint256 maxAge) {
        string memory description = feed.description();
        if (keccak256(bytes(description)) != keccak256(bytes(expected))) {
            revert FeedDescribedOtherwise(feed, description, expected);
        }
        uint256 decimals = feed.decimals();
        if (decimals > MAX_DECIMALS) revert FeedDecimalsTooMany(feed, decimals, MAX_DECIMALS);
        if (maxAge == 0) revert MaxAgeIsZero();
        (FEED, MAX_AGE, DECIMALS) = (feed, maxAge, decimals);
    }

    /// @notice The newest answer, if it is sound.
    /// @return value WAD, rounded down.
    /// @return updatedAt Unix time of the answer.
    /// @return round Its round.
    function read() external view returns (uint256 value, uint256 updatedAt, uint80 round) {
        Round memory newest = _newest();
        return (_valueOf(newest, block.timestamp), newest.updatedAt, newest.id);
    }

    /// @notice The answer that stood at a moment, for instance at the end of a UTC day.
    /// @dev The caller finds the round off chain; it must be the last one answered up to that moment: the next round's answer
    /// is later. Of several aggregators behind a proxy the newest that had an answer by then counts: a round of a phase that has ended is read if
    /// the first round of each later phase is later than the moment.
    /// @param round The round.
    /// @param time Unix time, not ahead.
    /// @return value WAD, rounded down.
    /// @return updatedAt Unix time of the answer.
    function readAt(uint80 round, uint256 time) external view returns (uint256 value, uint256 updatedAt) {
        if (time > block.timestamp) revert FeedMomentAhead(FEED, time, block.timestamp);
        uint80 newest = _newest().id;
        if (round != newest) {
            (uint80 phase, uint80 last) = (round >> PHASE, newest >> PHASE);
            uint256 nextAt = _updatedAt(round + 1);
            // The last round of a phase that has ended has no next one: rounds of an aggregator have no gaps.
            if (nextAt == 0 && phase >= last) revert FeedRoundWithoutNext(FEED, round, newest);
            if (nextAt != 0 && nextAt <= time) revert FeedRoundSuperseded(FEED, round, nextAt, time);
            while (phase < last) {
                nextAt = _updatedAt((++phase << PHASE) | 1);
                if (nextAt == 0) revert FeedRoundWithoutNext(FEED, round, newest);
                if (nextAt <= time) revert FeedRoundSuperseded(FEED, round, nextAt, time);
            }
        }
        Round memory data;
        (data.id, data.answer, , data.updatedAt, data.answeredIn) = FEED.getRoundData(round);
        return (_valueOf(data, time), data.updatedAt);
    }

    /// @dev Checks a round as of a moment and scales its answer.
    function _valueOf(Round memory data, uint256 time) private view returns (uint256 value) {
        uint256 decimals = FEED.decimals();
        if (decimals != DECIMALS) revert FeedDecimalsChanged(FEED, decimals, DECIMALS);
        if (data.updatedAt == 0 || data.answeredIn < data.id) {
            revert FeedRoundIncomplete(FEED, data.id, data.answeredIn);
        }
        if (data.updatedAt > time) revert FeedIsAhead(FEED, data.updatedAt, time);
        uint256 age = time - data.updatedAt;
        if (age > MAX_AGE) revert FeedIsStale(FEED, age, MAX_AGE);
        if (data.answer <= 0) revert FeedAnswerNotPositive(FEED, data.answer);

        value = uint256(data.answer);
        if (decimals > 18) value /= 10 ** (decimals - 18);
        // Before scaling up, so that an extreme answer cannot overflow.
        if (value > MAX_VALUE) revert FeedAnswerTooLarge(FEED, data.answer, MAX_VALUE);
        if (decimals < 18) value *= 10 ** (18 - decimals);
        if (value > MAX_VALUE) revert FeedAnswerTooLarge(FEED, data.answer, MAX_VALUE);
        if (value == 0) revert FeedAnswerNotPositive(FEED, data.answer);
    }

    function _newest() private view returns (Round memory data) {
        (data.id, data.answer, , data.updatedAt, data.answeredIn) = FEED.latestRoundData();
    }

    /// @dev Time of a round's answer, zero where there is none: feeds revert or answer zero.
    function _updatedAt(uint80 round) private view returns (uint256) {
        try FEED.getRoundData(round) returns (uint80, int256, uint256, uint256 updatedAt, uint80) {
            return updatedAt;
        } catch {
            return 0;
        }
    }
}
