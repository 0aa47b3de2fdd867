// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountView, MarketPhase, MarketView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Actor, World} from "./World.sol";

/// What keepers do with accounts that are short of margin, and with what funds took over.
contract LiquidationHandler is HandlerBase {
    mapping(uint256 marketAndDay => uint256) private spent;
    mapping(uint256 marketAndDay => uint256) private budget;

    constructor(World world_) HandlerBase(world_) {}

    /// All of a keeper's steps for one account and for the poor ones, in the order in which they would come.
    function keep(uint256 actor, uint256 keeper, uint256 lots) external {
        _syncAll();
        _keep(world.actor(actor), world.actor(keeper), lots, true);
        for (uint256 poor = 0; poor < 6; poor += 2)
            _keep(world.actor(poor), world.actor(keeper), lots, false);
    }

    /// @param always Whether to try it on a healthy account too.
    function _keep(Actor memory a, Actor memory k, uint256 lots, bool always) private {
        AccountView memory v = house.account(a.account);
        if (v.positions.length == 0 || (!always && v.equity >= int256(v.initialMargin))) return;
        (bool success, ) = world.act(
            k.owner,
            abi.encodeCall(house.cancelRiskRaising, (a.account, world.ordersOf(a.account, 4)))
        );
        if (success && v.equity >= int256(v.initialMargin))
            world.fail("L-06: orders of an account at or above IM were cancelled");
        for (uint256 i = 0; i < v.positions.length; ++i) {
            if (v.positions[i].size == 0) continue;
            _liquidate(a, k, v.positions[i].market, lots % 3 == 0 ? uint40(bound(lots, 1, 3000)) : 0);
        }
    }

    function _liquidate(Actor memory a, Actor memory k, MarketId market, uint40 lots) private {
        AccountView memory v = house.account(a.account);
        // Lots that wait count with what they are worth, not with what they need.
        uint256 required = _marksValid(v) ? v.maintenanceMargin : house.enforceableMaintenance(a.account);
        bool healthy = v.equity >= int256(required);
        (bool success, bytes memory answer) = world.act(
            k.owner,
            abi.encodeCall(house.liquidate, (a.account, market, 100, k.account, lots))
        );
        if (!success) {
            // A settled loss is cash, and what that cannot pay the fund's debt, before the account is judged.
            if (!healthy && _holdsUnsettled(v) && bytes4(answer) == IClearingErrors.AccountHealthy.selector)
                world.fail("L-03: an account below MM was called healthy");
            return;
        }
        if (_waits(market))
            world.fail("S-03: somebody was liquidated while mark is not valid, or in the time of grace");
        if (healthy) world.fail("L-02: an account at or above MM was liquidated");
        if (a.owner == k.owner) world.fail("L-05: somebody liquidated himself");
        (uint256 closed, uint256 fee) = abi.decode(answer, (uint256, uint256));
        AccountView memory after_ = house.account(a.account);
        if (after_.equity < 0 && after_.equity < v.equity)
            world.fail("L-04: a liquidation took equity below zero");
        if (closed == 0 && fee != 0) world.fail("L-19: a keeper was paid for nothing");
        if (closed != 0 && lots != 0) {
            AccountView memory earner = house.account(k.account);
            if (_tookOver(earner, market) && earner.equity < int256(earner.initialMargin))
                world.fail("L-20: a keeper took over what its margin does not cover");
        }
    }

    function _holdsUnsettled(AccountView memory v) private view returns (bool) {
        for (uint256 i = 0; i < v.positions.length; ++i) {
            if (v.positions[i].size == 0) continue;
            if (house.market(v.positions[i].market).phase != MarketPhase.Settled) return true;
        }
        return false;
    }

    /// A keeper without that market before the call is covered by IM if it has it now.
    function _tookOver(AccountView memory k, MarketId market) private pure returns (bool) {
        for (uint256 i = 0; i < k.positions.length; ++i) {
            if (MarketId.unwrap(k.positions[i].market) == MarketId.unwrap(market)) {
                return k.positions[i].openOrders == 0 && k.positions.length == 1;
            }
        }
        return false;
    }

    /// A fund loses at most a tenth of itself a day by unwinding.
    function unwind(uint256 market, uint256 fills) external {
        _syncAll();
        MarketId id = _market(market);
        AccountView memory fund = house.account(AccountId.wrap(MarketId.unwrap(id)));
        uint256 key = (uint256(MarketId.unwrap(id)) << 32) | (block.timestamp / 1 days);
        if (budget[key] == 0 && fund.equity > 0) budget[key] = uint256(fund.equity);
        (bool success, bytes memory answer) = world.act(
            world.STRANGER(),
            abi.encodeCall(house.unwind, (id, uint16(bound(fills, 1, 40))))
        );
        if (!success) {
            // The day's budget is what the fund had at its first unwinding.
            if (spent[key] == 0) budget[key] = 0;
            return;
        }
        (uint256 lots, uint256 lost) = abi.decode(answer, (uint256, uint256));
        if (fund.equity <= 0 && lots != 0) world.fail("W-02: a spent fund traded");
        spent[key] += lost;
        if (spent[key] * 10 > budget[key])
            world.fail("W-03: a fund lost more than a tenth of itself in a day");
    }
}
