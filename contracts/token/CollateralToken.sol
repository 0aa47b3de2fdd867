// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title CollateralToken
/// @notice Collateral of a local or test deployment. On a public chain a clearing house takes a token that exists.
contract CollateralToken is ERC20, ERC20Permit {
    uint8 private immutable DECIMALS;
    address private immutable MINTER;

    error NotMinter(address sender, address minter);

    constructor(
        string memory name,
        string memory symbol,
        uint8 decimals_,
        address minter
    ) ERC20(name, symbol) ERC20Permit(name) {
        DECIMALS = decimals_;
        MINTER = minter;
    }

    /// @notice Makes tokens. Only the minter that the token was deployed with.
    function mint(address to, uint256 amount) external {
        if (msg.sender != MINTER) revert NotMinter(msg.sender, MINTER);
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}
