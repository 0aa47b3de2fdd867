// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IIndexReader} from "../../../contracts/index/interfaces/IIndexReader.sol";
import {IndexConfig, IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {TestReader} from "./TestReaders.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexGovernanceTest is UsageIndexFixture {
    function test_restrictedCallsRevertWith_AccessManagedUnauthorized() public {
        address stranger = address(0xB0B);
        bytes memory reason = abi.encodeWithSelector(
            IAccessManaged.AccessManagedUnauthorized.selector,
            stranger
        );
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        target.listIndex("NEW", _terms(5));
        vm.expectRevert(reason);
        target.setReporter(stranger, true);
        vm.expectRevert(reason);
        target.addReader(TU1D, reader);
        vm.expectRevert(reason);
        target.removeReader(TU1D, reader);
        vm.stopPrank();
    }

    // --------------------------------------------------------------------------------------------------------- listing

    function test_listIndex_keepsItsTerms() public {
        IndexConfig memory terms = IndexConfig(31, 65_535, 31, 31, 0, uint128(1 << 83) - 1, 32, 1, 1);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.IndexListed("NEW", terms);
        target.listIndex("NEW", terms);
        vm.assertTrue(keccak256(abi.encode(target.config("NEW"))) == keccak256(abi.encode(terms)));
    }

    function test_listIndex_revertsWith_IndexAlreadyListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexAlreadyListed.selector, TU1D));
        target.listIndex(TU1D, _terms(5));
    }

    function test_listIndex_revertsWith_ConfigTooSmall() public {
        _refuse(IndexConfig(0, 0, 7, 5, 0, 1, 2, 1, 1), true, "quorum", 0, 1);
        _refuse(IndexConfig(1, 0, 0, 5, 0, 1, 2, 1, 1), true, "trailingDays", 0, 1);
        _refuse(IndexConfig(1, 0, 7, 0, 0, 1, 2, 1, 1), true, "minTrailingDays", 0, 1);
        _refuse(IndexConfig(1, 0, 7, 5, 0, 0, 2, 1, 1), true, "maxValue", 0, 1);
        _refuse(IndexConfig(5, 0, 7, 5, 0, 1, 5, 1, 1), true, "superQuorum", 5, 6);
        _refuse(IndexConfig(1, 0, 7, 5, 0, 1, 2, 0, 1), true, "breakerBps", 0, 1);
    }

    function test_listIndex_revertsWith_ConfigTooLarge() public {
        _refuse(IndexConfig(32, 0, 7, 5, 0, 1, 33, 1, 1), false, "quorum", 32, 31);
        _refuse(IndexConfig(1, 0, 32, 5, 0, 1, 2, 1, 1), false, "trailingDays", 32, 31);
        _refuse(IndexConfig(1, 0, 7, 8, 0, 1, 2, 1, 1), false, "minTrailingDays", 8, 7);
        _refuse(IndexConfig(1, 0, 7, 5, 0, 1 << 83, 2, 1, 1), false, "maxValue", 1 << 83, (1 << 83) - 1);
        _refuse(IndexConfig(1, 0, 7, 5, 0, 1, 33, 1, 1), false, "superQuorum", 33, 32);
    }

    function test_listIndex_revertsWith_BreakerReversed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.BreakerReversed.selector, 799, 800));
        target.listIndex("NEW", IndexConfig(1, 0, 7, 5, 0, 1, 2, 800, 799));
    }

    function test_config_revertsWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.config("NONE");
    }

    // ----------------------------------------------------------------------------------------------------------- panel

    function test_setReporter_givesTheLowestFreeSeat() public {
        vm.assertEq(target.panel(), 0x7f);
        address left = vm.addr(keys[2]);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.ReporterSet(left, false, 2);
        target.setReporter(left, false);
        (bool active, uint8 seat) = target.reporter(left);
        vm.assertTrue(!active && seat == 0);
        vm.assertEq(target.panel(), 0x7b);

        target.setReporter(address(0xA), true);
        (active, seat) = target.reporter(address(0xA));
        vm.assertTrue(active);
        vm.assertEq(seat, 2);
        target.setReporter(left, true);
        (, seat) = target.reporter(left);
        vm.assertEq(seat, 7);
    }

    function test_setReporter_revertsWith_PanelIsFull() public {
        for (uint160 i = 1; i <= 25; ++i) target.setReporter(address(i), true);
        vm.assertEq(target.panel(), type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PanelIsFull.selector, 32));
        target.setReporter(address(26), true);
        target.setReporter(address(25), false);
        target.setReporter(address(26), true);
        (, uint8 seat) = target.reporter(address(26));
        vm.assertEq(seat, 31);
    }

    function test_setReporter_revertsWith_ReporterUnchanged() public {
        address known = vm.addr(keys[0]);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterUnchanged.selector, known, true));
        target.setReporter(known, true);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterUnchanged.selector, address(9), false));
        target.setReporter(address(9), false);
    }

    function test_setReporter_revertsWith_ReporterIsZero() public {
        vm.expectRevert(IUsageIndex.ReporterIsZero.selector);
        target.setReporter(address(0), true);
    }

    // --------------------------------------------------------------------------------------------------------- readers

    function test_addReader_upToFourAndRemoveAnyOfThem() public {
        IIndexReader[4] memory list;
        list[0] = reader;
        for (uint256 i = 1; i < 4; ++i) {
            list[i] = new TestReader(target);
            vm.expectEmit(true, true, true, true, address(target));
            emit IUsageIndex.ReaderAdded(TU1D, list[i]);
            target.addReader(TU1D, list[i]);
        }
        IIndexReader fifth = new TestReader(target);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooManyReaders.selector, 4, 4));
        target.addReader(TU1D, fifth);

        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.ReaderRemoved(TU1D, list[1]);
        target.removeReader(TU1D, list[1]);
        IIndexReader[] memory left = target.readers(TU1D);
        vm.assertEq(left.length, 3);
        for (uint256 i; i < 3; ++i) vm.assertEq(address(left[i]), address(list[i == 1 ? 3 : i]));
        target.addReader(TU1D, fifth);
        target.removeReader(TU1D, fifth);
        for (uint256 i; i < 4; ++i) {
            if (i != 1) target.removeReader(TU1D, list[i]);
        }
        vm.assertEq(target.readers(TU1D).length, 0);
        // Each index has its own.
        vm.assertEq(target.readers(SOLO).length, 1);
    }

    function test_addReader_revertsWith_ReaderAlreadyAdded() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReaderAlreadyAdded.selector, TU1D, reader));
        target.addReader(TU1D, reader);
    }

    function test_addReader_revertsWith_ReaderHasNoCode() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReaderHasNoCode.selector, address(9)));
        target.addReader(TU1D, IIndexReader(address(9)));
    }

    function test_addReader_revertsWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.addReader("NONE", reader);
    }

    function test_removeReader_revertsWith_NotReader() public {
        TestReader stranger = new TestReader(target);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotReader.selector, TU1D, stranger));
        target.removeReader(TU1D, stranger);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _refuse(
        IndexConfig memory terms,
        bool small,
        bytes32 field,
        uint256 value,
        uint256 limit
    ) private {
        bytes4 selector = small ? IUsageIndex.ConfigTooSmall.selector : IUsageIndex.ConfigTooLarge.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, field, value, limit));
        target.listIndex("NEW", terms);
    }
}
