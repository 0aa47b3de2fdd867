// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IndexConfig, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndex} from "../../../contracts/index/UsageIndex.sol";
import {TestBase} from "../Vm.sol";
import {TestReader} from "./TestReaders.sol";

/// The reference panel of seven with quorum five, an index of it, and a second index with quorum one for long stories.
abstract contract UsageIndexFixture is TestBase {
    bytes32 internal constant TU1D = "TU1D";
    bytes32 internal constant SOLO = "SOLO";
    bytes32 internal constant GUARDED = "GUARDED";
    uint32 internal constant DAY = 20_001;
    uint128 internal constant MAX_VALUE = 5_000_000e18;
    bytes32 internal constant VINTAGE = keccak256("vintage");
    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "Report(bytes32 index,uint32 period,uint32 revision,uint128 value,bytes32 vintage,uint64 deadline)"
    );

    AccessManager internal manager;
    UsageIndex internal target;
    TestReader internal reader;
    /// Private keys in ascending order of their addresses.
    uint256[7] internal keys;

    function setUp() public virtual {
        vm.warp(_due(DAY));
        manager = new AccessManager(address(this));
        target = UsageIndex(deploy("UsageIndex.sol:UsageIndex", abi.encode(manager)));
        reader = new TestReader(target);
        for (uint256 i; i < 7; ++i) keys[i] = uint256(keccak256(abi.encode("reporter", i)));
        for (uint256 i; i < 7; ++i) {
            for (uint256 j = i + 1; j < 7; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
        }
        for (uint256 i; i < 7; ++i) target.setReporter(vm.addr(keys[i]), true);
        target.listIndex(TU1D, _terms(5));
        target.listIndex(SOLO, _terms(1));
        target.listIndex(GUARDED, _guardedTerms());
        target.addReader(TU1D, reader);
        target.addReader(SOLO, reader);
        target.addReader(GUARDED, reader);
    }

    /// With limits so wide that nothing is held and the mean itself is pushed.
    function _terms(uint8 quorum) internal pure returns (IndexConfig memory) {
        return IndexConfig(quorum, 1_000, 7, 5, DAY - 40, MAX_VALUE, quorum + 1, 65_535, 65_535);
    }

    /// The limits of the reference index, on a quorum of one and a super-quorum of two.
    function _guardedTerms() internal pure returns (IndexConfig memory) {
        return IndexConfig(1, 1_000, 7, 4, DAY - 400, MAX_VALUE, 2, 800, 2_000);
    }

    // ------------------------------------------------------------------------------------------------------------ time

    function _end(uint256 period) internal pure returns (uint256) {
        return (period + 1) * 1 days;
    }

    /// When prints are due.
    function _due(uint256 period) internal pure returns (uint256) {
        return _end(period) + 6 hours;
    }

    // --------------------------------------------------------------------------------------------------------- reports

    /// Written out once more, so that the digest of the contract has something to be compared with.
    function _digest(
        uint256 chainId,
        address verifier,
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport memory report
    ) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Usance Index"), keccak256("1"), chainId, verifier)
        );
        bytes32 body = keccak256(
            abi.encode(
                REPORT_TYPEHASH,
                index,
                period,
                revision,
                report.value,
                report.vintage,
                report.deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, body));
    }

    function _digest(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport memory report
    ) internal view returns (bytes32) {
        return _digest(block.chainid, address(target), index, period, revision, report);
    }

    function _sign(uint256 key, bytes32 digest, SignedReport memory report) internal pure {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        report.r = r;
        report.vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    function _report(
        uint256 key,
        bytes32 index,
        uint32 period,
        uint32 revision,
        uint256 value,
        bytes32 vintage
    ) internal view returns (SignedReport memory report) {
        report.value = uint128(value);
        report.vintage = vintage;
        report.deadline = uint64(block.timestamp + 1 hours);
        _sign(key, _digest(index, period, revision, report), report);
    }

    /// A vintage that ends with a number where the chain cuts it off.
    function _numbered(uint256 number) internal pure returns (bytes23) {
        return bytes23(uint184(number));
    }

    /// The first reporters of the panel, one for each value, on TU1D; vintages are numbered.
    function _reports(
        uint32 period,
        uint32 revision,
        uint256[] memory values
    ) internal view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](values.length);
        for (uint256 i; i < values.length; ++i) {
            reports[i] = _report(keys[i], TU1D, period, revision, values[i], _numbered(i + 1));
        }
    }

    /// Five equal reports.
    function _reports(
        uint32 period,
        uint32 revision,
        uint256 value
    ) internal view returns (SignedReport[] memory) {
        uint256[] memory values = new uint256[](5);
        for (uint256 i; i < 5; ++i) values[i] = value;
        return _reports(period, revision, values);
    }

    function _post(uint32 period, uint32 revision, uint256 value) internal {
        target.post(TU1D, period, revision, _reports(period, revision, value));
    }

    /// A print of SOLO.
    function _solo(uint32 period, uint32 revision, uint256 value) internal {
        target.post(SOLO, period, revision, _soloReports(period, revision, value));
    }

    function _soloReports(
        uint32 period,
        uint32 revision,
        uint256 value
    ) internal view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](1);
        reports[0] = _report(keys[0], SOLO, period, revision, value, VINTAGE);
    }

    /// Reports of the first `count` reporters on any index, all of one value.
    function _reportsOn(
        bytes32 index,
        uint32 period,
        uint32 revision,
        uint256 value,
        uint256 count
    ) internal view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](count);
        for (uint256 i; i < count; ++i) {
            reports[i] = _report(keys[i], index, period, revision, value, VINTAGE);
        }
    }

    /// A post on GUARDED by one reporter.
    function _guarded(uint32 period, uint32 revision, uint256 value) internal returns (bool held) {
        return target.post(GUARDED, period, revision, _reportsOn(GUARDED, period, revision, value, 1));
    }

    /// A post on GUARDED by the super-quorum of two.
    function _confirmed(uint32 period, uint32 revision, uint256 value) internal returns (bool held) {
        return target.post(GUARDED, period, revision, _reportsOn(GUARDED, period, revision, value, 2));
    }

    /// Prints of SOLO on the days `first` to `last`, 1,000 points and one more each day.
    function _soloDays(uint32 first, uint32 last) internal {
        for (uint32 period = first; period <= last; ++period) _solo(period, 0, _usual(period));
    }

    function _usual(uint256 period) internal pure returns (uint256) {
        return 1_000e18 + (period - (DAY - 40)) * 1e18;
    }
}
