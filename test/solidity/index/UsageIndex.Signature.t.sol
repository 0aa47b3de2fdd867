// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndex} from "../../../contracts/index/UsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexSignatureTest is UsageIndexFixture {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function test_hashReport_isTheTypedDataDigest() public view {
        SignedReport memory report;
        (report.value, report.vintage, report.deadline) = (1000e18, VINTAGE, 77);
        vm.assertEq(
            uint256(target.hashReport(TU1D, DAY, 3, 1000e18, VINTAGE, 77)),
            uint256(_digest(TU1D, DAY, 3, report))
        );
    }

    function test_post_revertsWith_ReporterInactive_forAnotherChain() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        _sign(keys[0], _digest(block.chainid + 1, address(target), SOLO, DAY, 0, reports[0]), reports[0]);
        _refuseStranger(SOLO, DAY, 0, reports);
    }

    function test_post_revertsWith_ReporterInactive_forAnotherContract() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        _sign(keys[0], _digest(block.chainid, address(0xBEEF), SOLO, DAY, 0, reports[0]), reports[0]);
        _refuseStranger(SOLO, DAY, 0, reports);
    }

    function test_post_ofOneContractIsRefusedByItsTwin() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        UsageIndex twin = new UsageIndex(address(manager));
        twin.setReporter(vm.addr(keys[0]), true);
        twin.listIndex(SOLO, _terms(1));
        target.post(SOLO, DAY, 0, reports);
        bytes32 digest = twin.hashReport(SOLO, DAY, 0, 1000e18, VINTAGE, reports[0].deadline);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.ReporterInactive.selector, _recover(digest, reports[0]))
        );
        twin.post(SOLO, DAY, 0, reports);
    }

    function test_post_replayedRevertsWith_StaleRevision() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        target.post(SOLO, DAY, 0, reports);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, 0, 0));
        target.post(SOLO, DAY, 0, reports);
    }

    function test_post_replayedForAnotherRevisionPeriodOrIndex() public {
        target.listIndex("TWIN", _terms(1));
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        target.post(SOLO, DAY, 0, reports);
        _refuseStranger(SOLO, DAY, 1, reports);
        _refuseStranger(SOLO, DAY - 1, 0, reports);
        _refuseStranger("TWIN", DAY, 0, reports);
    }

    function test_post_revertsWith_ReporterInactive_ifAnythingSignedIsChanged() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        reports[0].value += 1;
        _refuseStranger(SOLO, DAY, 0, reports);
        reports[0].value -= 1;
        reports[0].deadline += 1;
        _refuseStranger(SOLO, DAY, 0, reports);
        reports[0].deadline -= 1;
        reports[0].vintage = bytes32(0);
        _refuseStranger(SOLO, DAY, 0, reports);
    }

    function test_post_revertsWith_MalleableSignature() public {
        // The highest s that 255 bits hold; above half of the curve's order.
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        bytes32 s = bytes32(type(uint256).max >> 1);
        reports[0].vs = s;
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.MalleableSignature.selector, 0, s));
        target.post(SOLO, DAY, 0, reports);
        // The first s above the half.
        s = bytes32(CURVE_ORDER / 2 + 1);
        reports[0].vs = s | bytes32(uint256(1) << 255);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.MalleableSignature.selector, 0, s));
        target.post(SOLO, DAY, 0, reports);
    }

    function test_post_theHighTwinOfASignatureIsNobodys() public {
        // The twin (n - s, other parity) of a usual signature does not fit 255 bits: forced in, it is another one.
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        uint256 s = uint256(reports[0].vs) & (type(uint256).max >> 1);
        uint256 parity = uint256(reports[0].vs) >> 255;
        vm.assertTrue(CURVE_ORDER - s > type(uint256).max >> 1);
        reports[0].vs = bytes32((CURVE_ORDER - s) | ((1 - parity) << 255));
        _refuseStranger(SOLO, DAY, 0, reports);
        reports[0].vs = bytes32(((CURVE_ORDER - s) << 1) >> 1);
        _refuseStranger(SOLO, DAY, 0, reports);
    }

    function test_post_revertsWith_InvalidSignature() public {
        SignedReport[] memory reports = _soloReports(DAY, 0, 1000e18);
        (reports[0].r, reports[0].vs) = (0, 0);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.InvalidSignature.selector, 0));
        target.post(SOLO, DAY, 0, reports);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _recover(bytes32 digest, SignedReport memory report) private pure returns (address) {
        bytes32 s = bytes32((uint256(report.vs) << 1) >> 1);
        return ecrecover(digest, uint8(uint256(report.vs) >> 255) + 27, report.r, s);
    }

    function _refuseStranger(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport[] memory reports
    ) private {
        address stranger = _recover(_digest(index, period, revision, reports[0]), reports[0]);
        vm.assertTrue(stranger != address(0) && stranger != vm.addr(keys[0]));
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterInactive.selector, stranger));
        target.post(index, period, revision, reports);
    }
}
