// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {Action, IKeeperAutomation, Job} from "../../../contracts/periphery/interfaces/IKeeperAutomation.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {AutomationFixture, OriginVm} from "./AutomationFixture.sol";

/// The rules of the interface: checks are simulated only, performData comes from anybody, and gas is bounded.
contract KeeperAutomationUntrustedTest is AutomationFixture {
    function test_checkUpkeep_revertsWith_OnlySimulated() public {
        bytes memory data = abi.encode(_assign(Job.Clock));
        OriginVm(address(vm)).prank(SENDER, SENDER);
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.OnlySimulated.selector, SENDER));
        automation.checkUpkeep(data);
        // The other origin of simulations.
        address origin = 0x1111111111111111111111111111111111111111;
        OriginVm(address(vm)).prank(origin, origin);
        (bool needed, ) = automation.checkUpkeep(data);
        vm.assertTrue(needed);
    }

    function test_performUpkeep_revertsWith_NothingDone() public {
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.NothingDone.selector, 0));
        automation.performUpkeep("");
        // Healthy, unknown, not ended, no such market: whatever it is told to do, somebody else decides.
        bytes memory data = bytes.concat(
            _head(Action.Liquidate, perp, ALICE),
            _head(Action.Absorb, perp, AccountId.wrap(type(uint32).max)),
            _head(Action.Settle, dated, ALICE),
            _head(Action.Sync, MarketId.wrap(9), ALICE)
        );
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.NothingDone.selector, 4));
        automation.performUpkeep(data);
    }

    function test_performUpkeep_oneFailureUndoesNothingOfTheOthers() public {
        bytes memory data = bytes.concat(
            _head(Action.Absorb, perp, ALICE),
            _head(Action.Sync, perp, ALICE),
            _head(Action.Settle, dated, ALICE)
        );
        vm.expectEmit(true, true, true, true, address(automation));
        emit IKeeperAutomation.UpkeepPerformed(SENDER, 1, 2, 0);
        _perform(data);
        vm.assertEq(automation.syncedAt(MarketId.unwrap(perp)), block.timestamp);
    }

    function test_performUpkeep_revertsWith_StepCutOff() public {
        bytes memory data = _head(Action.Sync, perp, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.StepCutOff.selector, 32, 40));
        automation.performUpkeep(bytes.concat(data, bytes8(0)));
        // Three order ids take two words, of which there is one.
        data = bytes.concat(abi.encode(uint256(Action.SweepOrders) | (3 << 104)), bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.StepCutOff.selector, 0, 64));
        automation.performUpkeep(data);
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.StepCutOff.selector, 0, 64));
        automation.run(data);
        // More than the step is none either.
        data = bytes.concat(_head(Action.Sync, perp, ALICE), bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.StepCutOff.selector, 0, 64));
        automation.run(data);
    }

    function test_performUpkeep_revertsWith_UnknownAction() public {
        uint256 beyond = uint256(type(Action).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(IKeeperAutomation.UnknownAction.selector, beyond));
        automation.performUpkeep(abi.encode(beyond));
    }

    /// Whoever sends too little gas keeps what was done, and gets no step half.
    function test_performUpkeep_withLittleGas() public {
        bytes memory data;
        for (uint256 i = 0; i < 60; ++i) data = bytes.concat(data, _head(Action.Sync, perp, ALICE));
        _skip(1 hours);
        vm.prank(SENDER);
        automation.performUpkeep{gas: 300_000}(data);
        vm.assertEq(automation.syncedAt(MarketId.unwrap(perp)), block.timestamp);
        _assertConserved();
    }

    /// A liquidation cannot be made to pay anybody but the earner, and nothing is taken over in its name.
    function test_hazard_performDataNamesNoKeeper() public {
        AccountId earner = _openEarner();
        _lever();
        _fallTo(8_700);
        _place(carol, perp, 5_000, _markTick());
        int256 before = _cash(earner);
        uint256 others = uint256(_cash(BOB)) + uint256(_cash(DAVE));
        // Every bit of the head that could mean something else is set.
        uint256 head = uint256(Action.Liquidate) | (1 << 8) | (2048 << 32) | (type(uint256).max << 64);
        _perform(abi.encode(head));
        vm.assertTrue(_cash(earner) > before);
        vm.assertEq(uint256(_cash(BOB)) + uint256(_cash(DAVE)), others);
        vm.assertEq(_size(earner, perp), 0);
    }

    /// Whatever is sent, nothing is lost, moved or owned: money stays where it was, healthy accounts are left alone.
    function test_fuzz_performUpkeep_anyDataDoesNoHarm(
        bytes calldata noise,
        uint256[12] calldata words
    ) public {
        AccountId earner = _openEarner();
        _lever();
        _place(carol, perp, 5_000, _markTick() - 1);
        bytes memory data = noise;
        // Noise hardly ever is a step: heads with numbers that mean something, and items behind them.
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 items = (words[i] >> 200) % 4;
            uint256 head =
                (words[i] % 15) |
                    (((words[i] >> 8) % 4) << 8) |
                    (((words[i] >> 16) % 3) << 24) |
                    ((2046 + ((words[i] >> 24) % 10)) << 32) |
                    (uint256(uint32(words[i] >> 64)) << 64) |
                    (items << 104);
            data = bytes.concat(data, abi.encode(head));
            for (uint256 k = 0; k < _itemWords(head % 256, items); ++k)
                data = bytes.concat(data, keccak256(abi.encode(words[i], k)));
        }
        bytes32 before = _holdings();
        vm.prank(SENDER);
        (bool success, ) = address(automation).call{gas: PERFORM_GAS}(
            abi.encodeCall(automation.performUpkeep, (data))
        );
        vm.assertTrue(_holdings() == before, success ? "changed by success" : "changed by failure");
        vm.assertTrue(_cash(earner) == int256(USD) && _equity(earner) == int256(USD));
        vm.assertTrue(token.balanceOf(address(automation)) == 0 && token.balanceOf(SENDER) == 0);
        _assertConserved();
    }

    /// A hundred accounts below MM at once: each check and each upkeep fits the networks' limits, and the work ends.
    function test_gas_aHundredAccountsAtOnce() public {
        _openEarner();
        _feedFund(perp, 1_000_000 * USD);
        for (uint256 i = 0; i < 100; ++i) _levered(20 + i, 200, true, bob);
        _days(2, false);
        _place(carol, perp, 30_000, _markTick());
        uint256 upkeeps = 0;
        uint256 worstCheck = 0;
        uint256 worstPerform = 0;
        for (; upkeeps < 30; ++upkeeps) {
            (uint256 gas, bytes memory data) = _gasOfCheck(Job.Liquidation);
            if (gas > worstCheck) worstCheck = gas;
            if (data.length == 0) break;
            vm.prank(SENDER);
            uint256 left = gasleft();
            automation.performUpkeep{gas: PERFORM_GAS}(data);
            left -= gasleft();
            if (left > worstPerform) worstPerform = left;
        }
        vm.assertTrue(upkeeps > 1 && upkeeps < 30, "in several upkeeps");
        vm.assertTrue(worstCheck < CHECK_GAS / 2 && worstPerform < PERFORM_GAS, "gas");
        for (uint32 id = 2054; id < 2048 + house.accountCount(); ++id) {
            (int256 equity, , int256 mm) = _health(AccountId.wrap(id));
            vm.assertTrue(equity >= mm || _size(AccountId.wrap(id), perp) == 0, "left");
        }
        _assertConserved();
    }

    /// A range that is too long for one check: it ends in time, and what it did not reach comes first in another block.
    function test_checkUpkeep_ofTooManyAccounts() public {
        _openEarner();
        _lever();
        for (uint256 i = 0; i < 400; ++i) _levered(20 + i, 100, false, bob);
        _fallTo(8_700);
        _place(carol, perp, 5_000, _markTick());
        uint256 found = 0;
        for (uint256 i = 0; i < 10; ++i) {
            vm.roll(block.number + 1);
            (uint256 gas, bytes memory data) = _gasOfCheck(Job.Liquidation);
            vm.assertTrue(gas < CHECK_GAS);
            if (data.length != 0) ++found;
        }
        vm.assertTrue(found != 0, "found within several blocks");
    }

    function _gasOfCheck(Job job) private returns (uint256 gas, bytes memory data) {
        uint256 state = vm.snapshotState();
        bytes memory assignment = abi.encode(_assign(job));
        OriginVm(address(vm)).prank(address(0), address(0));
        uint256 left = gasleft();
        (, data) = automation.checkUpkeep{gas: CHECK_GAS}(assignment);
        gas = left - gasleft();
        vm.revertToState(state);
    }

    function _itemWords(uint256 action, uint256 items) private pure returns (uint256) {
        if (action == uint256(Action.CancelRiskRaising) || action == uint256(Action.SweepOrders))
            return (items + 1) / 2;
        if (action == uint256(Action.ApplyRounds) || action == uint256(Action.SettleAccounts))
            return (items + 7) / 8;
        return 0;
    }

    /// What everybody owns.
    function _holdings() private view returns (bytes32 print) {
        for (uint256 i = 0; i < traders.length; ++i) {
            AccountId id = _id(traders[i]);
            print = keccak256(
                abi.encode(
                    print,
                    token.balanceOf(traders[i]),
                    _cash(id),
                    _equity(id),
                    _size(id, perp),
                    _position(id, perp).openOrders
                )
            );
        }
        print = keccak256(abi.encode(print, token.balanceOf(address(house)), house.tracked()));
    }
}
