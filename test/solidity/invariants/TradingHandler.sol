// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    MarketKind,
    MarketPhase,
    MarketView,
    OrderParameters,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Actor, World} from "./World.sol";

/// Single orders: resting, taking, closing.
contract TradingHandler is HandlerBase {
    constructor(World world_) HandlerBase(world_) {}

    function place(uint256 actor, uint256 market, uint256 price, uint256 lots, uint256 flags) external {
        _syncAll();
        _send(world.actor(actor), _random(_market(market), price, lots, flags));
    }

    function take(uint256 actor, uint256 market, uint256 lots, bool buys) external {
        _syncAll();
        int256 signed = int256(bound(lots, 100, 3000));
        _send(world.actor(actor), _taking(_market(market), buys ? signed : -signed));
    }

    /// Leaving is refused for no reason but that nobody is there, or that it would cost more than there is.
    function close(uint256 actor, uint256 market, uint256 part) external {
        _syncAll();
        Actor memory a = world.actor(actor);
        MarketId id = _market(market);
        PositionView memory p = _positions(a.account)[MarketId.unwrap(id) - 1];
        if (p.size == 0) return;
        MarketView memory m = house.market(id);
        uint256 lots = _abs(p.size);
        if (part % 3 == 0 && lots > 200) lots = bound(part, 100, lots);
        if (lots < 100) return;
        OrderParameters memory order = _taking(id, p.size > 0 ? -int256(lots) : int256(lots));
        order.reduceOnly = true;
        AccountView memory view_ = house.account(a.account);
        // Fees and the way from mark to the edge of the band, with a tenth to spare.
        uint256 cost =
            (lots * m.markX16 * house.listing(id).tickValue * (m.fillBandBps + 100)) / (10_000 << 16);
        (bool success, bytes memory answer) = world.act(
            a.owner,
            abi.encodeCall(house.place, (a.account, order))
        );
        if (success || m.phase >= MarketPhase.Expired) return;
        bytes4 why = bytes4(answer);
        if (
            why == IClearingErrors.InsufficientMargin.selector &&
            view_.equity >= int256(cost) &&
            !_hedges(view_, id)
        ) world.fail("X-01: who could pay for it was not let out");
        if (
            why == IClearingErrors.OnlyReducing.selector ||
            why == IClearingErrors.PositionLimit.selector ||
            why == IClearingErrors.OpenInterestLimit.selector ||
            why == IClearingErrors.TooManyMarkets.selector
        ) world.fail("X-02: leaving was refused as if it were new risk");
    }

    /// Whether a position may be the leg of a calendar hedge: closing it takes the credit of the other leg away, and needs IM.
    function _hedges(AccountView memory a, MarketId market) private view returns (bool) {
        if (house.market(market).kind == MarketKind.Perpetual) return false;
        for (uint256 i = 0; i < a.positions.length; ++i) {
            MarketId other = a.positions[i].market;
            if (MarketId.unwrap(other) == MarketId.unwrap(market)) continue;
            if (a.positions[i].size != 0 && house.market(other).kind == MarketKind.Dated) return true;
        }
        return false;
    }
}
