// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountView, MarketPhase} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Picture} from "./Inspector.sol";
import {Actor, World} from "./World.sol";

/// Bankrupt accounts, spent funds, rounds, and the end of a dated future.
contract WaterfallHandler is HandlerBase {
    constructor(World world_) HandlerBase(world_) {}

    function absorb(uint256 actor) external {
        _syncAll();
        for (uint256 i = 0; i < world.actorCount(); ++i) _absorb(_actor(actor, i), i == 0);
    }

    /// @param always Whether to try it on a solvent account too.
    function _absorb(Actor memory a, bool always) private {
        AccountView memory v = house.account(a.account);
        if (v.positions.length == 0 || v.retired || (!always && v.equity > 0)) return;
        Picture memory before = world.inspect().picture();
        (bool success, ) = world.act(world.STRANGER(), abi.encodeCall(house.absorb, (a.account)));
        if (!success) {
            if (v.equity <= 0 && _holdsLots(v) && _marksValid(v))
                world.fail("W-04: a bankrupt account could not be absorbed");
            return;
        }
        if (!_holdsLots(v)) world.fail("W-10: an account that owes nothing was retired");
        if (!_marksValid(v))
            world.fail("S-04: somebody was absorbed while mark is not valid, or in the time of grace");
        if (v.equity > 0) world.fail("W-05: a solvent account was absorbed");
        if (!house.account(a.account).retired) world.fail("W-06: an absorbed account was not retired");
        // Rounds are lazy: what others have is touched when they are, not now.
        Picture memory after_ = world.inspect().picture();
        uint256 own = AccountId.unwrap(a.account) - 2048;
        for (uint256 i = 0; i < before.purses.length; ++i) {
            if (i != own && before.purses[i] != after_.purses[i])
                world.fail("W-07: an absorption changed somebody else's cash");
        }
    }

    function deleverage(uint256 market) external {
        MarketId id = _market(market);
        house.sync(id);
        AccountView memory fund = house.account(AccountId.wrap(MarketId.unwrap(id)));
        (bool success, ) = world.act(world.STRANGER(), abi.encodeCall(house.deleverage, (id)));
        if (success && fund.equity >= 0) world.fail("W-08: a fund that is not spent was deleveraged");
        if (success && house.account(AccountId.wrap(MarketId.unwrap(id))).cash < 0)
            world.fail("W-09: a fund was left with a debt");
    }

    function applyRounds(uint256 market, uint256 actor, uint256 many) external {
        AccountId[] memory some = new AccountId[](1 + (many % 4));
        for (uint256 i = 0; i < some.length; ++i) some[i] = _actor(actor, i).account;
        world.act(world.STRANGER(), abi.encodeCall(house.applyRounds, (_market(market), some)));
    }

    /// Settles what has expired, and some accounts of it.
    function settle(uint256 market, uint256 actor) external {
        MarketId id = _market(market);
        world.act(world.STRANGER(), abi.encodeCall(house.settle, (id)));
        AccountId[] memory some = new AccountId[](4);
        for (uint256 i = 0; i < 3; ++i) some[i] = _actor(actor, i).account;
        // The fund's, and one twice.
        some[3] = actor % 2 == 0 ? AccountId.wrap(MarketId.unwrap(id)) : some[0];
        world.act(world.STRANGER(), abi.encodeCall(house.settleAccounts, (id, some)));
    }
}
