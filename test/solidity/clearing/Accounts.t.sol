// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {Accounts} from "../../../contracts/clearing/libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {Purse} from "../../../contracts/clearing/libraries/Words.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";

/// The list of an account's markets against a plain list, and the numbers that accounts get.
contract AccountsTest is TestBase {
    uint256[] private _listed;

    function test_openFor_numbersFrom2048() public {
        ClearingState storage s = ClearingStorage.load();
        vm.assertEq(AccountId.unwrap(Accounts.openFor(s, address(1), 0)), 2048);
        vm.assertEq(AccountId.unwrap(Accounts.openFor(s, address(1), 65_535)), 2049);
        vm.assertEq(AccountId.unwrap(Accounts.openFor(s, address(1), 0)), 2048);
        vm.assertEq(Accounts.ownerOf(s, AccountId.wrap(2049)), address(1));
        vm.assertEq(Accounts.subaccountOf(s, AccountId.wrap(2049)), 65_535);
    }

    function test_openFor_revertsWith_TooManyAccounts() public {
        ClearingState storage s = ClearingStorage.load();
        s.accountCount = (1 << 28) - 2048 - 1;
        vm.assertEq(AccountId.unwrap(Accounts.openFor(s, address(1), 0)), (1 << 28) - 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.TooManyAccounts.selector, 1 << 28, 1 << 28));
        this.open(address(2));
        // Who has one goes on.
        vm.assertEq(AccountId.unwrap(Accounts.openFor(s, address(1), 0)), (1 << 28) - 1);
    }

    function test_retire_keepsTheOwner() public {
        ClearingState storage s = ClearingStorage.load();
        AccountId account = Accounts.openFor(s, address(type(uint160).max), 65_535);
        vm.assertTrue(!Accounts.isRetired(s, account));
        Accounts.retire(s, account);
        vm.assertTrue(Accounts.isRetired(s, account));
        vm.assertEq(Accounts.ownerOf(s, account), address(type(uint160).max));
        vm.assertEq(Accounts.subaccountOf(s, account), 65_535);
    }

    function test_exists_fundsAndEscrowsOfListedMarkets() public {
        ClearingState storage s = ClearingStorage.load();
        s.marketCount = 2;
        uint32[4] memory there = [uint32(1), 2, 1025, 1026];
        uint32[6] memory none = [uint32(0), 3, 1024, 1027, 2047, 2048];
        for (uint256 i = 0; i < 4; ++i) vm.assertTrue(Accounts.exists(s, AccountId.wrap(there[i])));
        for (uint256 i = 0; i < 6; ++i) vm.assertTrue(!Accounts.exists(s, AccountId.wrap(none[i])));
    }

    function test_fuzz_marketsAreAList(uint256 seed) public {
        Purse memory purse;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 id = 1 + (random % 24) * 44;
            uint256 place = _find(id);
            if (place < _listed.length) {
                Accounts.deactivate(purse, MarketId.wrap(uint16(id)));
                _listed[place] = _listed[_listed.length - 1];
                _listed.pop();
            } else if (_listed.length < 16) {
                Accounts.activate(purse, MarketId.wrap(uint16(id)));
                _listed.push(id);
            } else {
                // One that is not on the list is no matter.
                Accounts.deactivate(purse, MarketId.wrap(uint16(id)));
            }
            for (uint256 k = 0; k < _listed.length; ++k) {
                vm.assertEq(Accounts.marketAt(purse.markets, k), _listed[k]);
            }
            if (_listed.length < 16) vm.assertEq(Accounts.marketAt(purse.markets, _listed.length), 0);
        }
    }

    function test_isFull_fromTheSixteenthMarketOn() public pure {
        Purse memory purse;
        for (uint16 id = 16; id != 0; --id) {
            vm.assertTrue(!Accounts.isFull(purse.markets));
            Accounts.activate(purse, MarketId.wrap(id));
        }
        // The smallest number in the last place.
        vm.assertTrue(Accounts.isFull(purse.markets));
    }

    function test_noteSpent_listsUpToTwentyFiveFundsOnce() public {
        ClearingState storage s = ClearingStorage.load();
        uint256 expected = 0;
        for (uint16 i = 0; i < 25; ++i) {
            uint16 id = 1023 - i * 40;
            Accounts.noteSpent(s, MarketId.wrap(id));
            expected = (expected << 10) | id;
            vm.assertEq(s.spentFunds, expected);
            // Once is enough.
            Accounts.noteSpent(s, MarketId.wrap(1023));
            vm.assertEq(s.spentFunds, expected);
        }
        Accounts.noteSpent(s, MarketId.wrap(1));
        vm.assertEq(s.spentFunds, expected);
    }

    function open(address owner) external {
        Accounts.openFor(ClearingStorage.load(), owner, 0);
    }

    function _find(uint256 id) private view returns (uint256 i) {
        while (i < _listed.length && _listed[i] != id) ++i;
    }
}
