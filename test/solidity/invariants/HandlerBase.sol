// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    LadderStage,
    MarketPhase,
    MarketView,
    OrderKind,
    OrderParameters,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";
import {Actor, World} from "./World.sol";

/// What all handlers need: actors, markets, random orders, and the rules that a trade must obey.
abstract contract HandlerBase is TestBase {
    World internal immutable world;
    IClearinghouse internal immutable house;

    constructor(World world_) {
        world = world_;
        house = world_.exchange();
    }

    // ------------------------------------------------------------------------------------------------------- choosing

    /// The actor `i` places behind a random one.
    function _actor(uint256 which, uint256 i) internal view returns (Actor memory) {
        return world.actor((which % world.actorCount()) + i);
    }

    function _market(uint256 which) internal view returns (MarketId) {
        return MarketId.wrap(uint16(1 + (which % world.MARKETS())));
    }

    function _random(
        MarketId market,
        uint256 price,
        uint256 lots,
        uint256 flags
    ) internal view returns (OrderParameters memory order) {
        MarketView memory m = house.market(market);
        uint256 mid = m.markX16 >> 16;
        order.market = market;
        // Mostly near the mark on a coarse grid, so that levels are shared; sometimes anywhere.
        order.tick = Tick.wrap(
            uint24(
                flags & 7 == 0
                    ? bound(price, m.lowestFill - 1, m.highestFill + 1)
                    : ((mid + bound(price, 0, 160) - 80) / 20) * 20
            )
        );
        int256 signed = int256(bound(lots, 99, 2500));
        order.lots = int40(flags & 8 == 0 ? signed : -signed);
        order.kind = flags & 192 != 0 ? OrderKind.Limit : OrderKind((flags >> 4) % 4);
        order.reduceOnly = flags & 256 != 0 && flags & 512 != 0;
        if (flags & 1024 != 0 && order.kind <= OrderKind.PostOnly) {
            order.expiry = uint40((block.timestamp / 300 + 1 + ((flags >> 11) % 3)) * 300);
        }
        order.maxFills = uint16(1 + ((flags >> 13) % 20));
    }

    /// Trades what it can: bids up to the top of the band, asks down to its bottom.
    function _taking(MarketId market, int256 lots) internal view returns (OrderParameters memory order) {
        MarketView memory m = house.market(market);
        order.market = market;
        order.lots = int40(lots);
        order.tick = Tick.wrap(uint24(lots > 0 ? m.highestFill : m.lowestFill));
        order.kind = OrderKind.ImmediateOrCancel;
        order.maxFills = 50;
    }

    // -------------------------------------------------------------------------------------------------------- placing

    /// Brings every market to this minute: margin is judged by what the views show now.
    function _syncAll() internal {
        for (uint16 m = 1; m <= world.MARKETS(); ++m) house.sync(MarketId.wrap(m));
    }

    /// Places an order and holds it to the rules of trading.
    function _send(Actor memory a, OrderParameters memory order) internal returns (bool success) {
        PositionView[] memory before = _positions(a.account);
        LadderStage stage = house.market(order.market).stage;
        bytes memory answer;
        (success, answer) = world.act(a.owner, abi.encodeCall(house.place, (a.account, order)));
        if (!success) return false;
        _judgeStage(stage, order, before[MarketId.unwrap(order.market) - 1], a.account);
        (OrderId id, uint256 filled) = abi.decode(answer, (OrderId, uint256));
        world.remember(id);
        _judgeFills(order, before[MarketId.unwrap(order.market) - 1], a.account, filled);
        _judgeMargin(a.account, before);
    }

    /// A silent index stops first what takers add, then everything; afterwards there is a time of grace.
    function _judgeStage(
        LadderStage stage,
        OrderParameters memory order,
        PositionView memory before,
        AccountId account
    ) private {
        if (stage == LadderStage.Fresh) return;
        if (stage == LadderStage.Halted) world.fail("S-01: an order was placed while mark is not valid");
        PositionView memory now_ = _positions(account)[MarketId.unwrap(order.market) - 1];
        bool opened = _abs(now_.size) > _abs(before.size) || (now_.size > 0) != (before.size > 0);
        if (now_.size != before.size && now_.size != 0 && opened)
            world.fail("S-02: a taker opened a position while its index is silent, or in the time of grace");
    }

    /// Filled no more than asked; what a taker paid is within its limit and the band.
    function _judgeFills(
        OrderParameters memory order,
        PositionView memory before,
        AccountId account,
        uint256 filled
    ) private {
        uint256 wanted = order.lots > 0 ? uint256(int256(order.lots)) : uint256(-int256(order.lots));
        if (filled > wanted) world.fail("L-09: more was filled than ordered");
        if (order.kind == OrderKind.FillOrKill && filled != wanted)
            world.fail("L-10: an order that is filled whole or not at all was filled in part");
        if (order.kind == OrderKind.PostOnly && filled != 0) world.fail("L-11: a post-only order traded");
        PositionView memory now_ = _positions(account)[MarketId.unwrap(order.market) - 1];
        if (order.kind >= OrderKind.ImmediateOrCancel && now_.openOrders > before.openOrders)
            world.fail("L-12: an order that never rests rested");
        int256 moved = now_.size - before.size;
        if (moved != (order.lots > 0 ? int256(filled) : -int256(filled)))
            world.fail("L-13: a taker's position moved by another number than was filled");
        if (order.reduceOnly && filled != 0 && _abs(now_.size) > _abs(before.size))
            world.fail("L-14: a reduce-only order raised a position");
        if (filled == 0 || before.size != 0) return;
        MarketView memory m = house.market(order.market);
        uint256 paid = _abs(now_.quote);
        if (paid < filled * m.lowestFill || paid > filled * m.highestFill)
            world.fail("L-15: a fill lay outside the band");
        uint256 limit = Tick.unwrap(order.tick) * filled;
        if (order.lots > 0 ? paid > limit : paid < limit) world.fail("L-16: a fill was worse than its limit");
    }

    /// Whoever raised a worst side, or turned a position round, is covered by IM and within the position limit.
    function _judgeMargin(AccountId account, PositionView[] memory before) internal {
        PositionView[] memory now_ = _positions(account);
        bool raised = false;
        for (uint256 i = 0; i < now_.length; ++i) {
            PositionView memory a = before[i];
            PositionView memory b = now_[i];
            bool turned = a.size != 0 && b.size != 0 && (a.size > 0) != (b.size > 0);
            if (_exposure(b) <= _exposure(a) && !turned) continue;
            raised = true;
            if (_exposure(b) > _exposure(a) && _exposure(b) > house.listing(_market(i)).maxPositionLots)
                world.fail("L-07: an order went beyond the position limit");
        }
        if (!raised) return;
        AccountView memory view_ = house.account(account);
        if (view_.equity < int256(view_.initialMargin)) world.fail("L-01: risk was raised below IM");
    }

    /// Positions in all markets, in the order of the markets, with their pending rounds.
    function _positions(AccountId account) internal view returns (PositionView[] memory) {
        return world.inspect().positionsOf(account);
    }

    function _exposure(PositionView memory p) internal pure returns (uint256) {
        uint256 up = _abs(p.size + int256(p.bidLots));
        uint256 down = _abs(p.size - int256(p.askLots));
        return up > down ? up : down;
    }

    function _abs(int256 a) internal pure returns (uint256) {
        return a < 0 ? uint256(-a) : uint256(a);
    }

    /// Whether the marks of all of an account's markets are valid, and no grace period runs in one.
    function _marksValid(AccountView memory a) internal view returns (bool) {
        for (uint256 i = 0; i < a.positions.length; ++i) {
            if (a.positions[i].size != 0 && _waits(a.positions[i].market)) return false;
        }
        return true;
    }

    /// Whether nobody may be forced out of a market now.
    function _waits(MarketId id) internal view returns (bool) {
        MarketView memory m = house.market(id);
        return m.phase < MarketPhase.Expired && m.stage >= LadderStage.Halted;
    }

    /// Whether the account holds lots that are not cash at its next touch.
    function _holdsLots(AccountView memory a) internal view returns (bool) {
        for (uint256 i = 0; i < a.positions.length; ++i) {
            if (a.positions[i].size == 0) continue;
            if (house.market(a.positions[i].market).phase != MarketPhase.Settled) return true;
        }
        return false;
    }
}
