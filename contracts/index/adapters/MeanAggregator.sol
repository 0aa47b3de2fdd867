// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";
import {IndexAggregator} from "./IndexAggregator.sol";

/// @title MeanAggregator
/// @notice The trailing mean of an index, as it was pushed last, as a price feed.
/// @dev A round is a push: its number is the push's sequence. Only the last push is kept, so every earlier round reverts. The
/// round started at the end of the newest day in it; a reader that minds how old the data is looks at that, since a late
/// revision makes `updatedAt` young again. How far the mean moves in a day is not bounded beyond the circuit breaker.
contract MeanAggregator is IndexAggregator {
    /// @param description_ For instance "TU1D 7-day mean".
    constructor(
        IUsageIndex source,
        bytes32 index,
        string memory description_
    ) IndexAggregator(source, index, description_) {}

    /// @notice The last push, if `round` is its sequence. Errors: `NoDataPresent`.
    function getRoundData(
        uint80 round
    )
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        (roundId, answer, startedAt, updatedAt, answeredInRound) = _last();
        if (round != roundId) revert NoDataPresent(SOURCE, INDEX, round);
    }

    /// @notice The last push. Errors: `NoDataPresent` before the first.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return _last();
    }

    function _last() private view returns (uint80, int256, uint256, uint256, uint80) {
        (uint256 value, uint32 sequence, uint32 newest, uint64 pushedAt) = SOURCE.pushed(INDEX);
        if (sequence == 0) revert NoDataPresent(SOURCE, INDEX, 0);
        // A value has 83 bits.
        return (sequence, int256(value), _endOf(newest), pushedAt, sequence);
    }
}
