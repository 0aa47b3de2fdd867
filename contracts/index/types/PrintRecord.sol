// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What is known of a print besides its value: | first 23 bytes of its vintage 184 | Unix time of its post 40 | revision 32 |.
/// Two vintages with the same 23 bytes cost as much to find as 2^92 hashes, one for a given other as 2^184.
type PrintRecord is uint256;

using PrintRecordLib for PrintRecord global;

/// @title PrintRecordLib
/// @notice Fields of a print's record.
library PrintRecordLib {
    uint256 private constant TIME = 32;
    uint256 private constant VINTAGE = 72;

    function pack(uint32 revision_, uint40 time_, bytes32 vintage_) internal pure returns (PrintRecord) {
        return
            PrintRecord.wrap(
                ((uint256(vintage_) >> VINTAGE) << VINTAGE) | (uint256(time_) << TIME) | revision_
            );
    }

    function revision(PrintRecord self) internal pure returns (uint32) {
        return uint32(PrintRecord.unwrap(self));
    }

    function time(PrintRecord self) internal pure returns (uint64) {
        return uint40(PrintRecord.unwrap(self) >> TIME);
    }

    function vintage(PrintRecord self) internal pure returns (bytes23) {
        return bytes23(bytes32(PrintRecord.unwrap(self)));
    }
}
