// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IndexConfig, IUsageIndex, SignedReport} from "../interfaces/IUsageIndex.sol";
import {Panel} from "./Panel.sol";

/// @notice What all reports of a post have in common.
struct ReportKey {
    bytes32 domain;
    bytes32 index;
    uint32 period;
    uint32 revision;
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

    /// @notice Verdict of `reports`, or a revert with the first thing that is wrong.
    function verify(
        Panel storage panel,
        IndexConfig memory terms,
        ReportKey memory key,
        SignedReport[] calldata reports
    ) internal view returns (Verdict memory verdict) {
        uint256 count = reports.length;
        if (count < terms.quorum) revert IUsageIndex.TooFewReports(count, terms.quorum);

        uint256[] memory ranks = new uint256[](count);
        address previous;
        for (uint256 i; i < count; ++i) {
            SignedReport calldata report = reports[i];
            _requireSound(report, i, terms.maxValue);
            address signer = _signer(key, report, i);
            uint32 seat = panel.seatOf[signer];
            if (seat == 0) revert IUsageIndex.ReporterInactive(signer);
            if (signer <= previous) {
                if (signer == previous) revert IUsageIndex.DuplicateReporter(signer);
                revert IUsageIndex.UnsortedReporters(signer, previous);
            }
            previous = signer;
            verdict.reporters |= seat;
            _insert(ranks, i, report.value);
        }

        // A rank is value << 8 | position; positions are below 32, since signers are distinct and hold seats.
        uint256 median = ranks[(count - 1) / 2];
        verdict.value = uint128(median >> 8);
        verdict.vintage = reports[median & 0xff].vintage;
        uint256 spread = (ranks[count - 1] >> 8) - (ranks[0] >> 8);
        if (spread * BPS > uint256(terms.maxDispersionBps) * verdict.value) {
            revert IUsageIndex.DispersionTooHigh(
                Math.ceilDiv(spread * BPS, verdict.value),
                terms.maxDispersionBps
            );
        }
    }

    /// @notice The digest that a reporter signs.
    function digest(
        ReportKey memory key,
        uint128 value,
        bytes32 vintage,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(
                key.domain,
                keccak256(
                    abi.encode(REPORT_TYPEHASH, key.index, key.period, key.revision, value, vintage, deadline)
                )
            );
    }

    function _requireSound(SignedReport calldata report, uint256 position, uint128 maxValue) private view {
        uint128 value = report.value;
        if (block.timestamp > report.deadline) {
            revert IUsageIndex.ReportExpired(block.timestamp, report.deadline);
        }
        if (value == 0) revert IUsageIndex.ZeroValue(position);
        if (value > maxValue) revert IUsageIndex.ValueTooLarge(value, maxValue);
    }

    function _signer(
        ReportKey memory key,
        SignedReport calldata report,
        uint256 position
    ) private pure returns (address signer) {
        bytes32 hash = digest(key, report.value, report.vintage, report.deadline);
        ECDSA.RecoverError failure;
        bytes32 operand;
        (signer, failure, operand) = ECDSA.tryRecover(hash, report.r, report.vs);
        if (failure == ECDSA.RecoverError.InvalidSignatureS) {
            revert IUsageIndex.MalleableSignature(position, operand);
        }
        if (failure != ECDSA.RecoverError.NoError) revert IUsageIndex.InvalidSignature(position);
    }

    /// @dev Insertion sort: a post has a handful of reports, and their order by value is near to random.
    function _insert(uint256[] memory ranks, uint256 position, uint128 value) private pure {
        uint256 rank = (uint256(value) << 8) | position;
        uint256 slot = position;
        while (slot > 0 && ranks[slot - 1] > rank) {
            ranks[slot] = ranks[slot - 1];
            --slot;
        }
        ranks[slot] = rank;
    }
}
