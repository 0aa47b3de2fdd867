// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {
    Action,
    Assignment,
    IKeeperAutomation,
    Job
} from "../../../contracts/periphery/interfaces/IKeeperAutomation.sol";
import {KeeperAutomation} from "../../../contracts/periphery/KeeperAutomation.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "../clearing/WaterfallFixture.sol";

/// Cheatcodes that only these tests use.
interface OriginVm {
    function prank(address sender, address origin) external;
}

/// Automation as its nodes run it: checks come from nowhere, with 10 million gas, and change nothing; anybody performs, with 5 million.
abstract contract AutomationFixture is WaterfallFixture {
    uint256 internal constant CHECK_GAS = 10_000_000;
    uint256 internal constant PERFORM_GAS = 5_000_000;
    address internal constant SENDER = address(0x5E2D);
    address internal constant EARNER = address(0xEA12);

    KeeperAutomation internal automation;

    function setUp() public virtual override {
        super.setUp();
        automation = KeeperAutomation(
            deploy("KeeperAutomation.sol:KeeperAutomation", abi.encode(house, usage, EARNER))
        );
    }

    function _openEarner() internal returns (AccountId) {
        return _open(EARNER, USD);
    }

    function _assign(Job job) internal pure returns (Assignment memory) {
        return Assignment(job, 1, type(uint16).max, 0, type(uint32).max, 300);
    }

    /// A simulation: what it did is undone.
    function _check(Assignment memory a) internal returns (bool needed, bytes memory data) {
        uint256 state = vm.snapshotState();
        OriginVm(address(vm)).prank(address(0), address(0));
        (needed, data) = automation.checkUpkeep{gas: CHECK_GAS}(abi.encode(a));
        vm.assertTrue(vm.revertToState(state));
        vm.assertTrue(needed == (data.length != 0) && data.length <= 2_000);
    }

    function _check(Job job) internal returns (bool needed, bytes memory data) {
        return _check(_assign(job));
    }

    function _perform(bytes memory data) internal {
        vm.prank(SENDER);
        automation.performUpkeep{gas: PERFORM_GAS}(data);
    }

    /// Checks and performs until there is nothing to do; every upkeep does all that it was sent for.
    function _work(Job job) internal returns (uint256 upkeeps) {
        for (; upkeeps < 50; ++upkeeps) {
            (bool needed, bytes memory data) = _check(job);
            if (!needed) return upkeeps;
            _perform(data);
        }
        vm.assertTrue(false, "no end of work");
    }

    function _assertIdle(Job job) internal {
        (bool needed, ) = _check(job);
        vm.assertTrue(!needed, "there is work");
    }

    /// Actions of an upkeep, in their order.
    function _actions(bytes memory data) internal pure returns (Action[] memory actions) {
        actions = new Action[](data.length / 32);
        uint256 count = 0;
        for (uint256 position = 0; position < data.length;) {
            uint256 head = _word(data, position);
            Action action = Action(uint8(head));
            actions[count++] = action;
            uint256 items = uint8(head >> 104);
            if (action == Action.CancelRiskRaising || action == Action.SweepOrders)
                position += 32 * ((items + 1) / 2);
            if (action == Action.ApplyRounds || action == Action.SettleAccounts)
                position += 32 * ((items + 7) / 8);
            position += 32;
        }
        assembly ("memory-safe") {
            mstore(actions, count)
        }
    }

    function _assertOnly(bytes memory data, Action action) internal pure {
        Action[] memory actions = _actions(data);
        vm.assertEq(actions.length, 1);
        vm.assertTrue(actions[0] == action);
    }

    function _word(bytes memory data, uint256 position) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), position))
        }
    }

    function _head(Action action, MarketId market, AccountId account) internal pure returns (bytes memory) {
        return
            abi.encode(
                uint256(action) |
                    (uint256(MarketId.unwrap(market)) << 8) |
                    (uint256(AccountId.unwrap(account)) << 32)
            );
    }
}
