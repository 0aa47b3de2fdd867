// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Six decimals and free minting: what the hostile tokens below have in common.
abstract contract TestToken is ERC20 {
    constructor() ERC20("Test", "TST") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}

/// Keeps a hundredth of every transfer.
contract FeeToken is TestToken {
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(1), amount / 100);
            amount -= amount / 100;
        }
        super._update(from, to, amount);
    }
}

/// Says that transfers failed by returning false, and moves nothing.
contract FalseToken is TestToken {
    bool public failing;

    function fail(bool failing_) external {
        failing = failing_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return failing ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return failing ? false : super.transferFrom(from, to, amount);
    }
}

/// Returns nothing at all, like the oldest tokens.
contract SilentToken {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address, uint256) external {}

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }
}

/// Refuses transfers to and from listed addresses.
contract BlacklistToken is TestToken {
    error Listed(address who);

    mapping(address => bool) public listed;

    function list(address who, bool listed_) external {
        listed[who] = listed_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (listed[from]) revert Listed(from);
        if (listed[to]) revert Listed(to);
        super._update(from, to, amount);
    }
}

/// Calls back in the middle of a transfer, as the account that it is told to be, and keeps what came of it.
contract HookToken is TestToken {
    address private _target;
    bytes private _data;
    bool public success;
    bytes public answer;

    function hook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        address target = _target;
        _target = address(0);
        (success, answer) = target.call(_data);
    }
}

/// Every balance grows or shrinks at once, by a factor of its owner's choice.
contract RebasingToken is TestToken {
    uint256 private _factor = 1e18;

    function rebase(uint256 factor) external {
        _factor = factor;
    }

    function balanceOf(address who) public view override returns (uint256) {
        return (super.balanceOf(who) * _factor) / 1e18;
    }

    /// Amounts are told in rebased units and kept in the units of the beginning.
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, (amount * 1e18) / _factor);
    }
}

/// Its owner can stop every transfer.
contract PausingToken is TestToken {
    error Paused();

    bool public paused;

    function pause(bool paused_) external {
        paused = paused_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (paused) revert Paused();
        super._update(from, to, amount);
    }
}

/// Eighteen decimals.
contract FineToken is ERC20 {
    constructor() ERC20("Fine", "FINE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
