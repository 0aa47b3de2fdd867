// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Actor, World} from "./World.sol";

/// Time and prints: in time, late, jumping, revised, left out, or none at all for a week.
contract ClockHandler is HandlerBase {
    constructor(World world_) HandlerBase(world_) {}

    function jump(uint256 seconds_) external {
        world.skip_(bound(seconds_, 1, 300));
        _printIfDue(0);
    }

    function hours_(uint256 seconds_) external {
        world.skip_(bound(seconds_, 300, 12 hours));
        if (seconds_ % 4 != 0) _printIfDue(seconds_ >> 8);
    }

    /// One or two days go by with their prints, and those who make the markets follow them.
    function newDay(uint256 change) external {
        for (uint256 i = 0; i <= change % 2; ++i) {
            world.warpTo(world.nextDue() + (change % 3600));
            world.nextPrint(change >> (8 + 32 * i));
        }
        world.keepTime(abi.encodeCall(house.follow, (world.feed())));
        _requote(change >> 128);
        world.skip_(1 hours);
    }

    /// Nothing is posted for a while; then some of it comes in.
    function silence(uint256 seconds_) external {
        world.skip_(bound(seconds_, 6 hours, seconds_ % 5 == 0 ? 3 weeks : 4 days));
        _syncTimed();
        for (uint256 i = 0; i < 3; ++i) _printIfDue(seconds_ >> (8 * i));
        if (seconds_ % 3 == 0) world.skipDay();
    }

    function revise(uint256 back, uint256 value, uint256 revision) external {
        uint32 day = world.newestDay() - uint32(back % 5);
        uint256 points = bound(value, 3_500e18, 7_000e18);
        try world.post(day, uint32(1 + (revision % 3)), points) {} catch {}
    }

    function sync(uint256 market) external {
        world.keepTime(abi.encodeCall(house.sync, (_market(market))));
        world.keepTime(abi.encodeCall(house.follow, (world.feed())));
    }

    function _syncTimed() private {
        for (uint16 m = 1; m <= world.MARKETS(); ++m) {
            world.keepTime(abi.encodeCall(house.sync, (MarketId.wrap(m))));
        }
    }

    function _printIfDue(uint256 change) private {
        if (block.timestamp >= world.nextDue()) world.nextPrint(change);
    }

    /// Two makers quote every market: perpetuals at their index, months up to a tenth from their mark.
    function _requote(uint256 change) private {
        _syncTimed();
        for (uint16 m = 1; m <= world.MARKETS(); ++m) {
            MarketView memory v = house.market(MarketId.wrap(m));
            uint256 mid =
                v.expiry == 0
                    ? v.anchorX16 >> 16
                    : (v.markX16 * (90 + ((change >> (8 * m)) % 21))) / (100 << 16);
            _quote(v, world.actor(1), 1000, mid - 5);
            _quote(v, world.actor(3), -1000, mid + 5);
        }
    }

    function _quote(MarketView memory v, Actor memory a, int256 lots, uint256 tick) private {
        OrderParameters memory order;
        if (tick < v.lowestFill) tick = v.lowestFill;
        if (tick > v.highestFill) tick = v.highestFill;
        (order.market, order.lots, order.tick) = (v.id, int40(lots), Tick.wrap(uint24(tick)));
        (order.kind, order.maxFills) = (OrderKind.Limit, 100);
        _send(a, order);
    }
}
