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

/// Sequences in which a campaign once found a property broken, as it shrank them.
contract ReplayedTest is TestBase {
    World private world;
    TradingHandler private trading;
    OrdersHandler private orders;
    AccountsHandler private money;
    LiquidationHandler private keepers;
    WaterfallHandler private waterfall;
    ClockHandler private clock;
    GovernanceHandler private officers;

    function setUp() public {
        world = new World();
        world.setUp();
        trading = new TradingHandler(world);
        orders = new OrdersHandler(world);
        money = new AccountsHandler(world);
        keepers = new LiquidationHandler(world);
        waterfall = new WaterfallHandler(world);
        clock = new ClockHandler(world);
        officers = new GovernanceHandler(world);
    }

    function test_replay_absorbAfterSilence() public {
        clock.silence(9020252575465715863042279215743145431177597416109094207);
        _check();
        clock.newDay(3340860088681277574533821118545523283994725402928856823129124953169864);
        _check();
        clock.newDay(8818731);
        _check();
        waterfall.absorb(169468204136427144248969859202452354122507709812233);
        _check();
    }

    /// All that the account holds has been settled at a loss beyond its cash: there is nothing to liquidate.
    function test_replay_keepAfterSilence() public {
        clock.newDay(2783854487235847296412751361);
        _check();
        clock.silence(2393589215914719983815486301322882221832149654158261251322640221680);
        _check();
        waterfall.settle(10170, 10742);
        _check();
        keepers.keep(
            10208300,
            6749074255464259683397505397082888,
            1412375672095190476037232105891619727274947175361755980
        );
        _check();
    }

    /// What an account with lots that wait is asked for is what it was asked for before the liquidation made it less.
    function test_replay_keepAfterSilenceOfOneIndex() public {
        clock.newDay(7715);
        _check();
        clock.newDay(22644091096011566902210839853225974853431004914387050);
        _check();
        keepers.keep(
            36291550142706853525216205144609487313140,
            19132660364448056198086763547680142046295534506724797441614145219594351414916,
            115792089237316195423570985008687907853269984665640564039457584007913129639935
        );
        _check();
        clock.silence(11425652500093640400383047390613291230147415182617574153055706327865);
        _check();
        keepers.keep(
            95781062647970386828829076927196368743859923632259072,
            67678272924646290646910813384901628997424344157448192876057883993063389396991,
            9504
        );
        _check();
    }

    /// What the account holds has been settled at a loss beyond its cash: it has to be converted, and leaves nothing to absorb.
    function test_replay_absorbAfterSettlement() public {
        trading.place(2962, 14685, 5292, 172, 5513472090694229079301160320514974718050976333303591608);
        _check();
        clock.newDay(49628912795973139130569500046262884587819728575582975111680200997);
        _check();
        clock.silence(type(uint256).max);
        _check();
        waterfall.settle(750, 17901);
        _check();
        waterfall.absorb(902530752827104887650407560067361581937631523211052772);
        _check();
    }

    function _check() private view {
        string memory failure = world.failure();
        vm.assertTrue(bytes(failure).length == 0, failure);
        world.inspect().recount(world.touched());
    }
}
