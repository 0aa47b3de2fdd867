// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeleveragingShares} from "../../contracts/clearing/libraries/DeleveragingShares.sol";

/// What deleveraging closes and leaves adds up: all of the side closes all lots, none of it none.
contract WholeRoundProof {
    function whole(uint40 side, uint40 lots) external pure {
        require(side != 0 && lots <= side);
        assert(DeleveragingShares.closed(0, lots, side) == 0);
        assert(DeleveragingShares.closed(side, lots, side) == lots);
    }
}

/// A position's share: never negative, never more than it has, never a whole lot away from pro rata.
contract ShareProof {
    function share(uint40 served, uint40 size, uint40 lots, uint40 side) external pure {
        require(lots <= side && side != 0 && size != 0);
        uint256 before = DeleveragingShares.closed(served, lots, side);
        uint256 after_ = DeleveragingShares.closed(uint256(served) + size, lots, side);
        assert(after_ >= before);
        uint256 product = uint256(size) * lots;
        assert((after_ - before) * side < product + side);
        assert((after_ - before) * side + side > product);
    }
}
