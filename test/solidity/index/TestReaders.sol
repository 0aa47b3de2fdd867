// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "../../../contracts/index/interfaces/IIndexReader.sol";
import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";

/// A reader as a market is one: one slot an index, and settlements.
contract TestReader is IIndexReader {
    struct Pushed {
        uint128 value;
        uint32 sequence;
        uint32 newestPeriod;
        uint64 pushedAt;
    }

    IUsageIndex public immutable source;
    mapping(bytes32 index => Pushed) public last;

    constructor(IUsageIndex source_) {
        source = source_;
    }

    function onIndexPushed(bytes32 index, uint256 value, uint32 sequence, uint32 newestPeriod) external {
        require(msg.sender == address(source), "not the index");
        Pushed storage slot = last[index];
        if (sequence <= slot.sequence) return;
        last[index] = Pushed(uint128(value), sequence, newestPeriod, uint64(block.timestamp));
    }

    function settle(bytes32 index, uint32 first, uint32 last_) external returns (uint256, uint256) {
        return source.settleWindow(index, first, last_);
    }
}

/// Reverts with as much data as its gas buys, until it is healed.
contract BombingReader is IIndexReader {
    bool public healed;
    uint32 public taken;

    function heal() external {
        healed = true;
    }

    function onIndexPushed(bytes32, uint256, uint32 sequence, uint32) external {
        if (healed) {
            taken = sequence;
            return;
        }
        assembly {
            revert(0, 120000)
        }
    }
}

/// Returns, without a revert, as much data as its gas buys.
contract FloodingReader is IIndexReader {
    function onIndexPushed(bytes32, uint256, uint32, uint32) external pure {
        assembly {
            return(0, 120000)
        }
    }
}

/// Never ends.
contract BurningReader is IIndexReader {
    function onIndexPushed(bytes32, uint256, uint32, uint32) external pure {
        assembly {
            for {} 1 {} {}
        }
    }
}

/// Takes a push only with its full stipend, a few hundred gas of entry aside.
contract HungryReader is IIndexReader {
    uint32 public taken;

    function onIndexPushed(bytes32, uint256, uint32 sequence, uint32) external {
        require(gasleft() > 149_000, "starved");
        taken = sequence;
    }
}

/// Calls back into the index.
contract ReenteringReader is IIndexReader {
    IUsageIndex public immutable source;
    bool public repushed;
    bytes4 public refusal;
    uint256 public seen;

    constructor(IUsageIndex source_) {
        source = source_;
    }

    function onIndexPushed(bytes32 index, uint256, uint32, uint32) external {
        (seen, , , ) = source.pushed(index);
        try source.repush(index, this) {
            repushed = true;
        } catch (bytes memory reason) {
            refusal = bytes4(reason);
        }
    }
}
