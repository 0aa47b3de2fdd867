// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestBase} from "../Vm.sol";
import {AccountsHandler} from "./AccountsHandler.sol";
import {ClockHandler} from "./ClockHandler.sol";
import {GovernanceHandler} from "./GovernanceHandler.sol";
import {LiquidationHandler} from "./LiquidationHandler.sol";
import {OrdersHandler} from "./OrdersHandler.sol";
import {TradingHandler} from "./TradingHandler.sol";
import {WaterfallHandler} from "./WaterfallHandler.sol";
import {World} from "./World.sol";

// The runner knows only contracts that stand in a test file.
contract Trading is TradingHandler {
    constructor(World world_) TradingHandler(world_) {}
}

contract Resting is OrdersHandler {
    constructor(World world_) OrdersHandler(world_) {}
}

contract Money is AccountsHandler {
    constructor(World world_) AccountsHandler(world_) {}
}

contract Keepers is LiquidationHandler {
    constructor(World world_) LiquidationHandler(world_) {}
}

contract Waterfall is WaterfallHandler {
    constructor(World world_) WaterfallHandler(world_) {}
}

contract Clock is ClockHandler {
    constructor(World world_) ClockHandler(world_) {}
}

contract Officers is GovernanceHandler {
    constructor(World world_) GovernanceHandler(world_) {}
}

/// What is true after every call, whoever made it. Invariants.md has the sentence of every id; one campaign checks them all,
/// since a campaign for each would spend its time on the same calls.
contract InvariantsTest is TestBase {
    World private world;

    function setUp() public {
        world = new World();
        world.setUp();
        Trading trading = new Trading(world);
        _target(
            address(trading),
            abi.encode(
                trading.place.selector,
                trading.place.selector,
                trading.take.selector,
                trading.close.selector
            )
        );
        Resting orders = new Resting(world);
        _target(
            address(orders),
            abi.encode(
                orders.cancel.selector,
                orders.batch.selector,
                orders.roll.selector,
                orders.amend.selector,
                orders.placeThrough.selector,
                orders.deadMansSwitch.selector,
                orders.sweep.selector
            )
        );
        Money money = new Money(world);
        _target(
            address(money),
            abi.encode(
                money.deposit.selector,
                money.withdraw.selector,
                money.transfer.selector,
                money.operate.selector,
                money.intrude.selector,
                money.donate.selector,
                money.redeem.selector
            )
        );
        Keepers keepers = new Keepers(world);
        _target(
            address(keepers),
            abi.encode(keepers.keep.selector, keepers.keep.selector, keepers.unwind.selector)
        );
        Waterfall waterfall = new Waterfall(world);
        _target(
            address(waterfall),
            abi.encode(
                waterfall.absorb.selector,
                waterfall.absorb.selector,
                waterfall.deleverage.selector,
                waterfall.applyRounds.selector,
                waterfall.settle.selector
            )
        );
        Clock clock = new Clock(world);
        _target(
            address(clock),
            abi.encode(
                clock.jump.selector,
                clock.hours_.selector,
                clock.newDay.selector,
                clock.newDay.selector,
                clock.silence.selector,
                clock.revise.selector,
                clock.sync.selector
            )
        );
        Officers officers = new Officers(world);
        _target(
            address(officers),
            abi.encode(
                officers.guard.selector,
                officers.resume.selector,
                officers.collect.selector,
                officers.skim.selector,
                officers.parameters.selector,
                officers.margins.selector,
                officers.usurp.selector
            )
        );
    }

    /// @param words Selectors, one a word; named twice is chosen twice as often.
    function _target(address handler, bytes memory words) private {
        bytes4[] memory selectors = new bytes4[](words.length / 32);
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes4 selector;
            assembly ("memory-safe") {
                selector := mload(add(add(words, 32), mul(32, i)))
            }
            selectors[i] = selector;
        }
        targetContract(handler);
        targetSelector(FuzzSelector(handler, selectors));
    }

    function invariant_all() public view {
        string memory failure = world.failure();
        vm.assertTrue(bytes(failure).length == 0, failure);
        // What is wrong in storage stays wrong: a recount now and then, and one at the end, make three campaigns of one.
        if (world.actions() % 3 == 0) _recount();
    }

    function afterInvariant() public view {
        _recount();
    }

    function _recount() private view {
        world.inspect().recount(world.touched());
        uint256 balance = world.collateral().balanceOf(address(world.exchange()));
        vm.assertTrue(balance == world.exchange().tracked() + world.donated(), "C-02");
        vm.assertTrue(world.inspect().picture().totalClaims <= world.peakDeficit(), "C-11");
    }
}
