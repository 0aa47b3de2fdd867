// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CollateralToken} from "../../../contracts/token/CollateralToken.sol";
import {TestBase} from "../Vm.sol";

/// The test dollar: its minter makes it, and nobody else.
contract CollateralTokenTest is TestBase {
    address private constant MINTER = address(0x4117);
    CollateralToken private token;

    function setUp() public {
        bytes memory arguments = abi.encode("Test Dollar", "TUSD", 8, MINTER);
        token = CollateralToken(deploy("CollateralToken.sol:CollateralToken", arguments));
    }

    function test_constructor_setsNamesAndDecimals() public view {
        vm.assertTrue(keccak256(bytes(token.name())) == keccak256("Test Dollar"));
        vm.assertTrue(keccak256(bytes(token.symbol())) == keccak256("TUSD"));
        vm.assertEq(token.decimals(), 8);
        vm.assertEq(token.totalSupply(), 0);
    }

    function test_mint_byTheMinter() public {
        vm.prank(MINTER);
        token.mint(address(7), 123);
        vm.assertEq(token.balanceOf(address(7)), 123);
        vm.assertEq(token.totalSupply(), 123);
    }

    function test_mint_revertsWith_NotMinter() public {
        vm.prank(address(7));
        vm.expectRevert(abi.encodeWithSelector(CollateralToken.NotMinter.selector, address(7), MINTER));
        token.mint(address(7), 1);
    }
}
