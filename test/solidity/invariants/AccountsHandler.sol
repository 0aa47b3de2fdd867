// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Actor, World} from "./World.sol";

/// Money in, out and across, and who may do it.
contract AccountsHandler is HandlerBase {
    uint256 private constant USD = 1e6;
    address private constant OPERATOR = address(0x0b0b);

    constructor(World world_) HandlerBase(world_) {}

    function deposit(uint256 actor, uint256 amount) external {
        Actor memory a = world.actor(actor);
        uint256 units = bound(amount, 0, 500 * USD);
        int256 before = house.account(a.account).cash;
        (bool success, ) = world.act(a.owner, abi.encodeCall(house.depositFor, (a.account, units)));
        if (success && house.account(a.account).cash != before + int256(units))
            world.fail("C-06: a deposit was credited as another amount");
    }

    /// What is shown as withdrawable can be withdrawn, to the unit, and no unit more.
    function withdraw(uint256 actor, uint256 amount) external {
        Actor memory a = world.actor(actor);
        (bool success, ) = world.act(
            a.owner,
            abi.encodeCall(house.withdraw, (a.account, bound(amount, 0, 5_000 * USD), a.owner))
        );
        // Everything is brought to this minute and converted first, so that view and call see the same.
        world.act(a.owner, abi.encodeCall(house.withdraw, (a.account, 0, a.owner)));
        AccountView memory v = house.account(a.account);
        (success, ) = world.act(
            a.owner,
            abi.encodeCall(house.withdraw, (a.account, v.withdrawable + 1, a.owner))
        );
        if (success) world.fail("X-04: more than is withdrawable was withdrawn");
        if (v.withdrawable == 0 || amount % 4 != 0 || !_marksValid(v)) return;
        bytes memory answer;
        (success, answer) = world.act(
            a.owner,
            abi.encodeCall(house.withdraw, (a.account, v.withdrawable, a.owner))
        );
        if (!success) world.fail("X-05: free cash could not be withdrawn");
        // Somebody gave it back, so that there is something to trade with.
        world.act(a.owner, abi.encodeCall(house.depositFor, (a.account, v.withdrawable)));
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        Actor memory a = world.actor(from);
        Actor memory b = world.actor(to);
        uint256 units = bound(amount, 0, 2_000 * USD);
        int256 both = house.account(a.account).cash + house.account(b.account).cash;
        (bool success, ) = world.act(a.owner, abi.encodeCall(house.transfer, (a.account, b.account, units)));
        if (!success) return;
        if (a.owner != b.owner) world.fail("A-08: money went into an account of somebody else");
        // Positions of settled markets become cash on the way; without them nothing is made or lost.
        if (house.account(a.account).positions.length != 0) return;
        if (AccountId.unwrap(a.account) == AccountId.unwrap(b.account))
            world.fail("A-09: an account paid itself");
        if (house.account(a.account).cash + house.account(b.account).cash < both)
            world.fail("C-07: a transfer lost money");
    }

    function operate(uint256 actor, uint256 market, uint256 lots, uint256 seconds_) external {
        Actor memory a = world.actor(actor);
        world.act(
            a.owner,
            abi.encodeCall(
                house.setOperator,
                (a.account, OPERATOR, uint40(block.timestamp + (seconds_ % 2 == 0 ? 0 : 600)))
            )
        );
        (bool success, ) = world.act(OPERATOR, abi.encodeCall(house.withdraw, (a.account, 1, OPERATOR)));
        if (success) world.fail("A-10: an operator withdrew");
        _syncAll();
        _send(Actor(OPERATOR, a.account), _random(_market(market), lots >> 16, lots, lots >> 32));
    }

    /// Neither strangers nor anybody else reach what is not theirs.
    function intrude(uint256 actor, uint256 market) external {
        Actor memory a = world.actor(actor);
        Actor memory b = _actor(actor, 1);
        AccountId fund = AccountId.wrap(MarketId.unwrap(_market(market)));
        OrderParameters memory order = _taking(_market(market), 100);
        (bool one, ) = world.act(world.STRANGER(), abi.encodeCall(house.place, (a.account, order)));
        (bool two, ) = world.act(b.owner, abi.encodeCall(house.place, (fund, order)));
        (bool three, ) = world.act(b.owner, abi.encodeCall(house.withdraw, (fund, 1, b.owner)));
        (bool four, ) = world.act(
            world.STRANGER(),
            abi.encodeCall(house.withdraw, (a.account, 1, world.STRANGER()))
        );
        if (one || two || three || four) world.fail("A-11: somebody reached another's account or a fund");
    }

    /// Tokens that come without a call are nobody's.
    function donate(uint256 amount) external {
        world.donate(bound(amount, 1, 1_000));
    }

    function redeem(uint256 actor) external {
        Actor memory a = world.actor(actor);
        uint256 claim = world.inspect().claimOf(a.account);
        int256 cash = house.account(a.account).cash;
        bool owed = world.inspect().picture().totalDeficit != 0;
        (bool success, bytes memory answer) = world.act(
            world.STRANGER(),
            abi.encodeCall(house.redeemClaim, (a.account))
        );
        if (!success) {
            if (!owed && claim != 0) world.fail("C-08: a claim could not be redeemed though nothing is owed");
            return;
        }
        if (owed) world.fail("C-09: a claim was redeemed while something is owed");
        if (abi.decode(answer, (uint256)) != claim || house.account(a.account).cash != cash + int256(claim))
            world.fail("C-10: a claim was redeemed as another amount");
    }
}
