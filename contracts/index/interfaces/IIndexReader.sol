// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IIndexReader
/// @notice What a contract implements to be pushed every change of an index: a clearing house, for instance.
interface IIndexReader {
    /// @notice Takes the newest trailing mean of an index.
    /// @dev Called by the index contract in the transaction of the post or release that changed the mean, with a fixed stipend of
    /// `PUSH_GAS`. A revert, an exhausted stipend or returned data changes nothing for the post: the push is then marked
    /// as failed and anyone may repeat it with `IUsageIndex.repush`.
    /// An implementation must
    /// - refuse every caller but the index contract it trusts;
    /// - treat a `sequence` that is not above the last one it took as already done (a repeated push carries the same
    ///   sequence), and bear skipped numbers (pushes that failed).
    /// @param index Id of the index.
    /// @param value Trailing mean at `newestPeriod`, WAD (1e18 = one index point), rounded down.
    /// @param sequence Number of this push for the index, rising by one from 1.
    /// @param newestPeriod UTC day number of the newest print; its day ended at `(newestPeriod + 1) * 1 days`. It never
    /// falls from one sequence to the next.
    function onIndexPushed(bytes32 index, uint256 value, uint32 sequence, uint32 newestPeriod) external;
}
