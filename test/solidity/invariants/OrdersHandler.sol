// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Builder,
    LevelView,
    MarketPhase,
    OrderKind,
    OrderParameters,
    OrderView,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {Actor, World} from "./World.sol";

/// Everything that happens to orders after they rest, and orders that are several.
contract OrdersHandler is HandlerBase {
    constructor(World world_) HandlerBase(world_) {}

    /// An owner can always take an order back.
    function cancel(uint256 which) external {
        OrderId id = world.anyOrder(which);
        AccountId account = world.inspect().accountOfOrder(id);
        if (AccountId.unwrap(account) == 0) {
            (bool found, ) = world.act(world.STRANGER(), abi.encodeCall(house.cancel, (id)));
            if (found) world.fail("O-08: an order that is gone was cancelled");
            return;
        }
        (bool success, ) = world.act(world.STRANGER(), abi.encodeCall(house.cancel, (id)));
        if (success) world.fail("O-09: a stranger cancelled an order");
        address owner = house.account(account).owner;
        uint256 open = world.inspect().openLots(_one(id))[0];
        bool held = _positions(account)[MarketId.unwrap(id.market()) - 1].openOrders != 0;
        bytes memory answer;
        (success, answer) = world.act(owner, abi.encodeCall(house.cancel, (id)));
        if (held && !success) world.fail("X-03: an owner could not cancel an order");
        // Deleveraging and the like never change an order's lots; only a fill does.
        if (success && abi.decode(answer, (uint256)) != open) world.fail("O-10: a cancel freed other lots");
    }

    function batch(uint256 actor, uint256 market, uint256 price, uint256 lots, uint256 flags) external {
        _syncAll();
        Actor memory a = world.actor(actor);
        OrderParameters[] memory placed = new OrderParameters[](2);
        placed[0] = _random(_market(market), price, lots, flags);
        placed[1] = _random(_market(market >> 8), price >> 8, lots >> 8, flags >> 8);
        _batch(a, world.ordersOf(a.account, 3), placed);
    }

    /// Both legs or none, from one market into another.
    function roll(uint256 actor, uint256 from, uint256 to, uint256 lots) external {
        _syncAll();
        Actor memory a = world.actor(actor);
        int256 signed = int256(bound(lots, 100, 1500));
        if (_positions(a.account)[from % world.MARKETS()].size > 0) signed = -signed;
        OrderParameters[] memory legs = new OrderParameters[](2);
        legs[0] = _taking(_market(from), signed);
        legs[1] = _taking(_market(to), -signed);
        legs[0].kind = legs[1].kind = OrderKind.FillOrKill;
        if (from % world.MARKETS() == to % world.MARKETS()) return;
        PositionView[] memory before = _positions(a.account);
        if (!_batch(a, new OrderId[](0), legs)) return;
        PositionView[] memory now_ = _positions(a.account);
        uint256 one = from % world.MARKETS();
        uint256 two = to % world.MARKETS();
        if (now_[one].size - before[one].size != signed || now_[two].size - before[two].size != -signed)
            world.fail("L-17: a roll traded one leg without the other");
    }

    function _batch(
        Actor memory a,
        OrderId[] memory cancels,
        OrderParameters[] memory placed
    ) private returns (bool success) {
        PositionView[] memory before = _positions(a.account);
        bytes memory answer;
        (success, answer) = world.act(a.owner, abi.encodeCall(house.batch, (a.account, cancels, placed)));
        if (!success) return false;
        OrderId[] memory ids = abi.decode(answer, (OrderId[]));
        for (uint256 i = 0; i < ids.length; ++i) world.remember(ids[i]);
        _judgeMargin(a.account, before);
    }

    function amend(uint256 which, uint256 price, uint256 lots, uint256 flags) external {
        OrderId id = world.anyOrder(which);
        AccountId account = world.inspect().accountOfOrder(id);
        if (AccountId.unwrap(account) == 0) return;
        _syncAll();
        address owner = house.account(account).owner;
        OrderView memory o = house.order(id);
        OrderParameters memory order = _random(id.market(), price, lots, flags);
        if (flags & 1 == 0) {
            // Only smaller: it keeps its place.
            order.tick = Tick.wrap(uint24(id.tick()));
            order.lots = int40(o.lots / 2);
            (order.expiry, order.reduceOnly, order.kind) = (uint40(o.expiry), o.reduceOnly, OrderKind.Limit);
        }
        PositionView[] memory before = _positions(account);
        (bool success, bytes memory answer) = world.act(owner, abi.encodeCall(house.amend, (id, order)));
        if (!success) return;
        (OrderId newId, ) = abi.decode(answer, (OrderId, uint256));
        if (OrderId.unwrap(newId) != OrderId.unwrap(id)) world.remember(newId);
        _judgeMargin(account, before);
    }

    function placeThrough(uint256 actor, uint256 builder, uint256 market, uint256 lots, uint16 fee) external {
        _syncAll();
        Actor memory a = world.actor(actor);
        Builder memory b = Builder(world.actor(builder).account, fee % 130);
        if (fee % 3 == 0)
            world.act(a.owner, abi.encodeCall(house.setBuilder, (a.account, b.account, fee % 120)));
        int256 signed = int256(bound(lots, 100, 2000));
        _through(a, b, _taking(_market(market), lots & 1 == 0 ? signed : -signed));
    }

    function _through(Actor memory a, Builder memory b, OrderParameters memory order) private {
        PositionView[] memory before = _positions(a.account);
        uint16 cap = house.builderCap(a.account, b.account);
        (bool success, ) = world.act(a.owner, abi.encodeCall(house.placeThrough, (a.account, order, b)));
        if (!success) return;
        if (b.fee > cap) world.fail("L-18: a builder took more than its user allows");
        _judgeMargin(a.account, before);
    }

    function deadMansSwitch(uint256 actor, uint256 seconds_) external {
        Actor memory a = world.actor(actor);
        if (seconds_ % 3 == 0) {
            world.act(
                world.STRANGER(),
                abi.encodeCall(house.cancelFired, (a.account, world.ordersOf(a.account, 8)))
            );
        } else {
            uint32 after_ = seconds_ % 3 == 1 ? 0 : uint32(bound(seconds_, 5, 7200));
            world.act(a.owner, abi.encodeCall(house.cancelAllAfter, (a.account, after_)));
        }
    }

    /// Sweeping takes only what is dead.
    function sweep(uint256 market, bool bids, uint256 most) external {
        MarketId id = _market(market);
        house.sync(id);
        LevelView[] memory levels = house.levels(id, bids, 1);
        (bool success, bytes memory answer) = world.act(
            world.STRANGER(),
            abi.encodeCall(house.sweep, (id, bids, uint16(bound(most, 0, 30))))
        );
        if (!success || levels.length == 0) return;
        uint256 dropped = abi.decode(answer, (uint256));
        if (dropped == 0 && house.levels(id, bids, 1).length == 0)
            world.fail("B-11: a level went away without an order");
        OrderId[] memory ids = new OrderId[](2);
        (ids[0], ids[1]) = (world.anyOrder(most), world.anyOrder(most >> 8));
        world.act(world.STRANGER(), abi.encodeCall(house.sweepOrders, (ids)));
    }

    function _one(OrderId id) private pure returns (OrderId[] memory ids) {
        ids = new OrderId[](1);
        ids[0] = id;
    }
}
