// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PositionView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {Assignment, Job} from "../../../contracts/periphery/interfaces/IKeeperAutomation.sol";
import {KeeperAutomation} from "../../../contracts/periphery/KeeperAutomation.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {MonthsFixture} from "../clearing/MonthsFixture.sol";
import {OriginVm} from "./AutomationFixture.sol";

/// Alice hedges fifteen months against each other, with four orders in each: no account is dearer to judge. Another
/// account of the same range is below MM, and comes behind her.
contract KeeperAutomationCrowdedTest is MonthsFixture {
    uint256 private constant MONTHS = 15;
    uint256 private constant CHECK_GAS = 10_000_000;
    uint256 private constant PERFORM_GAS = 5_000_000;
    address private constant VICTIM = address(0x71C7);
    address private constant EARNER = address(0xEA12);

    MarketId[] private _months;
    KeeperAutomation private _automation;
    AccountId private _victim;

    function setUp() public override {
        super.setUp();
        _automation = KeeperAutomation(
            deploy("KeeperAutomation.sol:KeeperAutomation", abi.encode(house, usage, EARNER))
        );
        _open(EARNER, USD);
        _victim = _open(VICTIM, 100_000 * USD);
        _months = [front, next, third];
        for (uint32 k = 3; k < MONTHS; ++k)
            _months.push(_month(feedId, TODAY + 5 * k, TODAY + 5 * (k - 1), TICK));
        for (uint256 i = 0; i < MONTHS; ++i) _hold(alice, _months[i], i % 2 == 0 ? int256(20_000) : -20_000);
        for (uint256 i = 0; i < 4 * MONTHS; ++i) {
            MarketId market = _months[i / 4];
            if ((i / 4) % 2 == 0) _place(alice, market, -100, house.market(market).highestFill);
            else _place(alice, market, 100, house.market(market).lowestFill);
        }
        _hold(alice, perp, 300_000);
        _hold(VICTIM, perp, 100);
        _leave(alice, _initial(ALICE));
        _leave(VICTIM, _initial(_victim));
        _fallUntilBankrupt(ALICE);
        _topUp(_victim, int256(_maintenance(_victim) / 2));
        _place(carol, perp, 5_000, _markTick());
    }

    function test_hazard_ordersOfOneAccountStarveNobody() public {
        (, int256 im, int256 mm) = _health(ALICE);
        _topUp(ALICE, mm + (im - mm) / 2);
        _aliceFirst();
        _perform(_check());
        vm.assertEq(_size(_victim, perp), 0);
        // Hers go too, some with each upkeep.
        uint256 before = _openOrders();
        for (uint256 i = 0; i < 4; ++i) {
            vm.roll(block.number + 1);
            _perform(_check());
            uint256 left = _openOrders();
            vm.assertTrue(left < before, "no progress");
            before = left;
        }
    }

    /// She is to be closed herself, and comes with every block before or behind the other.
    function test_hazard_closingOneAccountStarvesNobody() public {
        (, , int256 mm) = _health(ALICE);
        _topUp(ALICE, mm / 2);
        _aliceFirst();
        for (uint256 i = 0; i < _span(); ++i) {
            bytes memory data = _check();
            if (data.length != 0) _perform(data);
            vm.roll(block.number + 1);
        }
        vm.assertEq(_size(_victim, perp), 0);
        vm.assertTrue(_openOrders() < 4 * MONTHS, "nothing of hers");
    }

    function _span() private view returns (uint256) {
        return uint256(_victim.unwrap()) - ALICE.unwrap() + 1;
    }

    /// Goes to a block whose checks begin with her.
    function _aliceFirst() private {
        while ((block.number * 97) % _span() != 0) vm.roll(block.number + 1);
    }

    function _check() private returns (bytes memory data) {
        uint32 first = uint32(ALICE.unwrap());
        bytes memory assignment = abi.encode(
            Assignment(Job.Liquidation, 1, type(uint16).max, first, uint32(_victim.unwrap()), 300)
        );
        uint256 state = vm.snapshotState();
        OriginVm(address(vm)).prank(address(0), address(0));
        (, data) = _automation.checkUpkeep{gas: CHECK_GAS}(assignment);
        vm.assertTrue(vm.revertToState(state));
    }

    function _perform(bytes memory data) private {
        _automation.performUpkeep{gas: PERFORM_GAS}(data);
    }

    /// Orders that she has in the books.
    function _openOrders() private view returns (uint256 count) {
        PositionView[] memory positions = house.account(ALICE).positions;
        for (uint256 i = 0; i < positions.length; ++i) count += positions[i].openOrders;
    }
}
