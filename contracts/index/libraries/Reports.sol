// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ECDSA} from "solady/src/utils/ECDSA.sol";

import {IndexConfig, IUsageIndex, SignedReport} from "../interfaces/IUsageIndex.sol";
import {PanelLib} from "./Panel.sol";

/// @notice The EIP-712 struct of a report: what all reports of a post have in common is written once.
struct ReportDraft {
    bytes32 domain;
    Body body;
}

/// @dev Every field takes a word, so that the memory of this struct is the encoding that EIP-712 hashes.
struct Body {
    bytes32 typehash;
    bytes32 index;
    uint256 period;
    uint256 revision;
    uint256 value;
    bytes32 vintage;
    uint256 deadline;
}

/// @notice What a quorum of reports says.
/// @param value The lower median.
/// @param vintage Vintage of the median report.
/// @param reporters Seats of the signers, one bit each.
struct Verdict {
    uint128 value;
    bytes32 vintage;
    uint32 reporters;
}

/// @title Reports
/// @notice Checks signed reports and takes their median.
library Reports {
    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "Report(bytes32 index,uint32 period,uint32 revision,uint128 value,bytes32 vintage,uint64 deadline)"
    );
    uint256 private constant BPS = 10_000;
    /// @dev Half of the curve's order: of the two `s` of a signature the lower one counts.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice A draft that lacks value, vintage and deadline.
    function start(
        bytes32 domain,
        bytes32 index,
        uint32 period,
        uint32 revision
    ) internal pure returns (ReportDraft memory) {
        return ReportDraft(domain, Body(REPORT_TYPEHASH, index, period, revision, 0, 0, 0));
    }

    /// @notice Verdict of `reports`, or a revert with the first thing that is wrong.
    /// @param panel The reporters, ascending (see Panel.sol).
    function verify(
        uint256[] memory panel,
        IndexConfig memory terms,
        ReportDraft memory draft,
        SignedReport[] calldata reports
    ) internal view returns (Verdict memory verdict) {
        uint256 count = reports.length;
        if (count < terms.quorum) revert IUsageIndex.TooFewReports(count, terms.quorum);

        uint256[] memory ranks = new uint256[](count);
        address previous;
        uint256 place;
        // Unchecked: as many reports as calldata holds.
        unchecked {
            for (uint256 i; i < count; ++i) {
                (address signer, uint256 value) = _read(draft, _at(reports, i), i, terms.maxValue);
                uint256 seat;
                // Both are ascending, so that the search goes on where it stopped; a signer out of order is sought from the start.
                bool ascends = signer > previous;
                (seat, place) = PanelLib.seatFrom(panel, signer, ascends ? place : 0);
                if (seat == 0) revert IUsageIndex.ReporterInactive(signer);
                if (!ascends) {
                    if (signer == previous) revert IUsageIndex.DuplicateReporter(signer);
                    revert IUsageIndex.UnsortedReporters(signer, previous);
                }
                previous = signer;
                verdict.reporters |= uint32(seat);
                _insert(ranks, i, (value << 8) | i);
            }
        }
        uint256 middle = _middle(ranks, terms.maxDispersionBps);
        verdict.value = uint128(middle >> 8);
        verdict.vintage = reports[middle & 0xff].vintage;
    }

    /// @notice The digest that a reporter signs. Completes the draft.
    function digest(
        ReportDraft memory draft,
        uint256 value,
        bytes32 vintage,
        uint256 deadline
    ) internal pure returns (bytes32) {
        Body memory body = draft.body;
        (body.value, body.vintage, body.deadline) = (value, vintage, deadline);
        bytes32 hash;
        // Assembly: `abi.encode` would copy the seven words once more for each of the reports.
        assembly ("memory-safe") {
            hash := keccak256(body, 0xe0)
        }
        return MessageHashUtils.toTypedDataHash(draft.domain, hash);
    }

    /// @dev Signer and value of a report that is sound in itself.
    function _read(
        ReportDraft memory draft,
        SignedReport calldata report,
        uint256 position,
        uint256 maxValue
    ) private view returns (address signer, uint256 value) {
        uint64 deadline = report.deadline;
        if (block.timestamp > deadline) revert IUsageIndex.ReportExpired(block.timestamp, deadline);
        value = report.value;
        if (value == 0) revert IUsageIndex.ZeroValue(position);
        if (value > maxValue) revert IUsageIndex.ValueTooLarge(value, maxValue);

        bytes32 vs = report.vs;
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER) revert IUsageIndex.MalleableSignature(position, bytes32(s));
        signer = ECDSA.tryRecover(digest(draft, value, report.vintage, deadline), report.r, vs);
        if (signer == address(0)) revert IUsageIndex.InvalidSignature(position);
    }

    /// @dev Assembly: `i` is below the length, which has been checked against calldata.
    function _at(
        SignedReport[] calldata reports,
        uint256 i
    ) private pure returns (SignedReport calldata report) {
        assembly ("memory-safe") {
            report := add(reports.offset, mul(i, 0xa0))
        }
    }

    /// @dev Rank of the lower median. A rank is value << 8 | position; positions are below 32, since signers are distinct and hold
    /// seats.
    function _middle(uint256[] memory ranks, uint256 maxDispersionBps) private pure returns (uint256 middle) {
        uint256 count = ranks.length;
        // Unchecked: one rank at least, and values of 83 bits.
        unchecked {
            middle = ranks[(count - 1) / 2];
            uint256 median = middle >> 8;
            uint256 spread = ((ranks[count - 1] >> 8) - (ranks[0] >> 8)) * BPS;
            if (spread > maxDispersionBps * median) {
                revert IUsageIndex.DispersionTooHigh(Math.ceilDiv(spread, median), maxDispersionBps);
            }
        }
    }

    /// @dev Insertion sort: a post has a handful of reports, and their order by value is near to random.
    function _insert(uint256[] memory ranks, uint256 slot, uint256 rank) private pure {
        // Assembly: all places up to `slot`, which is one of them, are there; each access of an array would be checked again.
        assembly ("memory-safe") {
            let first := add(ranks, 0x20)
            let at := add(first, shl(5, slot))
            for {} gt(at, first) {} {
                let before := sub(at, 0x20)
                let other := mload(before)
                if iszero(gt(other, rank)) {
                    break
                }
                mstore(at, other)
                at := before
            }
            mstore(at, rank)
        }
    }
}
