// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexConfig, IUsageIndex, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {ReporterBondsFixture} from "./ReporterBondsFixture.sol";

/// What a hold is worth once its signers are gone, and once its day may be filled: the reference panel, all of it bonded, five of
/// seven for a print and six against the circuit breaker.
contract UsageIndexHoldsTest is ReporterBondsFixture {
    bytes32 private constant REFERENCE = "REFERENCE";
    uint256 private constant LEVEL = 1000e18;
    uint32 private constant NEXT = DAY + 1;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 7; ++i) _bond(vm.addr(keys[i]));
        target.listIndex(REFERENCE, IndexConfig(5, 1_000, 7, 5, DAY - 400, MAX_VALUE, 6, 800, 2_000));
        target.addReader(REFERENCE, reader);
        for (uint32 period = DAY - 13; period <= DAY; ++period) _printed(period, 0, LEVEL, 5);
        vm.warp(_due(NEXT));
    }

    // --------------------------------------------------------------------------------------------------------- signers

    /// Five who hold a print sign something else for the same day and lose their seats. Nobody can post over their hold before it
    /// could be released: seats are given three days apart.
    function test_attack_aHoldOutlivesItsSlashedSigners() public {
        SignedReport[] memory lies = _reportsOn(REFERENCE, NEXT, 0, 9000e18, 5);
        vm.assertTrue(target.post(REFERENCE, NEXT, 0, lies));
        uint256 heldAt = block.timestamp;
        for (uint256 i; i < 5; ++i) {
            SignedReport memory other = _report(keys[i], REFERENCE, NEXT, 0, LEVEL, VINTAGE);
            bonds.slash(REFERENCE, NEXT, 0, lies[i], other, PROVER);
        }
        for (uint256 i; i < 2; ++i) {
            vm.warp(heldAt + 2 days + i * 3 days);
            _seat(address(uint160(0x1111 + i)));
        }
        vm.warp(heldAt + 7 days);
        _notReleased(0);
    }

    /// Governance takes seats away and gives them anew: the newcomers have not signed what their seats did.
    function test_attack_aHoldOutlivesTheSeatsOfItsSigners() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        vm.warp(heldAt + 2 days);
        target.setReporter(vm.addr(keys[0]), false);
        _seat(address(0x1111));
        vm.warp(heldAt + 7 days);
        // The seat is the one that was left.
        (, uint8 seat) = target.reporter(address(0x1111));
        vm.assertTrue(target.heldPrint(REFERENCE, NEXT).reporters & (uint32(1) << seat) != 0);
        _notReleased(4);
    }

    /// Whoever comes back was away; a reporter that stayed counts, whatever others did.
    function test_releasePrint_countsThoseWhoStayed() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        target.setReporter(vm.addr(keys[6]), false);
        vm.warp(heldAt + 7 days);
        uint256 snapshot = vm.snapshotState();
        target.releasePrint(REFERENCE, NEXT);
        vm.assertEq(target.print(REFERENCE, NEXT).value, 9000e18);
        vm.revertToState(snapshot);
        target.setReporter(vm.addr(keys[0]), false);
        target.setReporter(vm.addr(keys[0]), true);
        _notReleased(4);
    }

    // ------------------------------------------------------------------------------------------------------- settlement

    /// Three days of a month are held, and nobody releases them. Once the month can be settled, nobody can put that off, or choose another
    /// price, by releasing one of them.
    function test_attack_unreleasedHoldsPostponeASettlement() public {
        uint32 last = NEXT + 14;
        for (uint32 period = NEXT; period <= last; ++period) {
            vm.warp(_due(period));
            bool odd = period == NEXT || period == NEXT + 2 || period == NEXT + 4;
            vm.assertTrue(_printed(period, 0, odd ? 2500e18 : LEVEL, 5) == odd);
        }
        vm.warp(_end(last) + 3 days);
        (bool ready, , , ) = target.previewSettlement(REFERENCE, NEXT, last);
        vm.assertTrue(ready);
        for (uint32 k; k < 3; ++k) {
            vm.expectRevert(
                abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT + 2 * k)
            );
            target.releasePrint(REFERENCE, NEXT + 2 * k);
        }
        (uint256 sum, ) = reader.settle(REFERENCE, NEXT, last);
        vm.assertEq(sum, 15 * LEVEL);
    }

    /// The last moment of a release, and the settlement a day after it at the latest.
    function test_releasePrint_endsWhereTheDayMayBeFilled() public {
        vm.assertTrue(_printed(NEXT, 0, 2000e18, 5));
        for (uint32 period = NEXT + 1; period <= NEXT + 3; ++period) {
            vm.warp(_due(period));
            vm.assertTrue(!_printed(period, 0, LEVEL, 5));
        }
        uint256 fillableAt = _end(NEXT) + 10 days;
        vm.warp(fillableAt - 1);
        uint256 snapshot = vm.snapshotState();
        target.releasePrint(REFERENCE, NEXT);
        vm.warp(fillableAt - 1 + 1 days);
        (uint256 sum, ) = reader.settle(REFERENCE, NEXT, NEXT + 3);
        vm.assertEq(sum, 2000e18 + 3 * LEVEL);
        vm.revertToState(snapshot);
        vm.warp(fillableAt);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT));
        target.releasePrint(REFERENCE, NEXT);
        (sum, ) = reader.settle(REFERENCE, NEXT, NEXT + 3);
        vm.assertEq(sum, 4 * LEVEL);
    }

    // ---------------------------------------------------------------------------------------------------------- listing

    /// A quorum that the panel does not have would pin every seat.
    function test_listIndex_revertsWith_ConfigTooLarge_aboveTheSeatsTaken() public {
        IndexConfig memory big = IndexConfig(8, 1_000, 7, 5, DAY - 400, MAX_VALUE, 9, 800, 2_000);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ConfigTooLarge.selector, bytes32("quorum"), 8, 7));
        target.listIndex("BIG", big);
        (big.quorum, big.superQuorum) = (7, 8);
        target.listIndex("BIG", big);
    }

    // ---------------------------------------------------------------------------------------------------------- private

    function _printed(
        uint32 period,
        uint32 revision,
        uint256 value,
        uint256 count
    ) private returns (bool held) {
        return
            target.post(REFERENCE, period, revision, _reportsOn(REFERENCE, period, revision, value, count));
    }

    function _seat(address reporter) private {
        _bond(reporter);
        target.setReporter(reporter, true);
    }

    function _notReleased(uint256 signers) private {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.HeldBySignersWhoLeft.selector, signers, 5));
        target.releasePrint(REFERENCE, NEXT);
        (uint256 value, , , ) = target.pushed(REFERENCE);
        vm.assertEq(value, LEVEL);
    }
}
