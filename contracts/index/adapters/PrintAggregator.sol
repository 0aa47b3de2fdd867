// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex, Print} from "../interfaces/IUsageIndex.sol";
import {PrintStoreLib} from "../libraries/PrintStore.sol";
import {IndexAggregator} from "./IndexAggregator.sol";

/// @title PrintAggregator
/// @notice The daily prints of an index as rounds of a price feed.
/// @dev A round is a day: its number is the UTC day number, it starts at the day's end and is answered at the time of its last
/// revision (of a day that is not among the 66 newest, two days after its end, unless it was revised later). Until `IUsageIndex.finalAt` an answer may be revised in place, with a later `updatedAt`. Rounds have gaps: the
/// round of a missing day reverts until a settlement fills it, which counts as its answer at the time from which that was
/// allowed. The newest day's print is no price to lend against: a single day swings with the weekday. `MeanAggregator` gives a mean.
contract PrintAggregator is IndexAggregator {
    /// @param description_ For instance "TU1D daily print".
    constructor(
        IUsageIndex source,
        bytes32 index,
        string memory description_
    ) IndexAggregator(source, index, description_) {}

    /// @notice The print of a day. Errors: `NoDataPresent`.
    /// @param round UTC day number.
    function getRoundData(
        uint80 round
    )
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return _roundData(round);
    }

    /// @notice The newest day that has a print. Errors: `IUsageIndex.NoPrints`.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        (, uint32 period, , ) = SOURCE.latest(INDEX);
        return _roundData(period);
    }

    function _roundData(uint80 round) private view returns (uint80, int256, uint256, uint256, uint80) {
        if (round > type(uint32).max) revert NoDataPresent(SOURCE, INDEX, round);
        Print memory print = SOURCE.print(INDEX, uint32(round));
        if (print.value == 0) revert NoDataPresent(SOURCE, INDEX, round);
        uint256 endedAt = _endOf(round);
        uint256 updatedAt = print.filled ? SOURCE.finalAt(INDEX, uint32(round)) : print.revisedAt;
        // The time is no longer known of a day that has left the ring and was not revised late: the last that it can have been, so that no
        // reader takes the answer for one that stood before it was made.
        if (updatedAt == 0) updatedAt = endedAt + PrintStoreLib.FINALITY - PrintStoreLib.REVISION_FINALITY;
        return (round, int256(uint256(print.value)), endedAt, updatedAt, round);
    }
}
