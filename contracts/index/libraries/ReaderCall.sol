// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "../interfaces/IIndexReader.sol";
import {IUsageIndex} from "../interfaces/IUsageIndex.sol";

/// @title ReaderCall
/// @notice A push that its reader can neither revert nor starve.
library ReaderCall {
    /// @notice Gas that the reader gets, all of it or the whole transaction reverts.
    uint256 internal constant PUSH_GAS = 250_000;
    /// @dev A call passes on at most 63/64 of what is left; 5,000 pay for the cold account and the encoding.
    uint256 internal constant NEEDED_GAS = PUSH_GAS + PUSH_GAS / 63 + 5_000;

    /// @return taken Whether the reader took the push.
    function push(
        IIndexReader reader,
        bytes32 index,
        uint256 value,
        uint32 sequence,
        uint32 newestPeriod
    ) internal returns (bool taken) {
        bytes memory data = abi.encodeCall(
            IIndexReader.onIndexPushed,
            (index, value, sequence, newestPeriod)
        );
        // Less would be cut to what is left, and the sender of a post could make the reader fail.
        uint256 available = gasleft();
        if (available < NEEDED_GAS) revert IUsageIndex.NotEnoughGasToPush(available, NEEDED_GAS);
        // Assembly: a call in Solidity copies what the reader returns, at our cost.
        assembly ("memory-safe") {
            taken := call(PUSH_GAS, reader, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
