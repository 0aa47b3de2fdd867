// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// Measures one call from a contract, with every account and slot cold but the ones of the transaction.
contract IndexProbe {
    function gasOf(address target, bytes calldata data) external view returns (uint256 used) {
        bytes memory copy = data;
        bool done;
        assembly {
            let before := gas()
            done := staticcall(gas(), target, add(copy, 0x20), mload(copy), 0, 0)
            used := sub(before, gas())
        }
        require(done, "reverted");
    }
}

contract AccessManagerHarness is AccessManager {
    constructor(address admin) AccessManager(admin) {}
}
