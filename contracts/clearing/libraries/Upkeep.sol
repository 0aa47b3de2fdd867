// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Found} from "../../book/libraries/Book.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {DropReason, MarketKind, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {ClearingState, Market} from "./ClearingStorage.sol";
import {Matching, Taker} from "./Matching.sol";
import {Positions} from "./Positions.sol";
import {Rounds} from "./Rounds.sol";
import {BookTop, MarketRisk, Position, Words} from "./Words.sol";

/// @notice Which resting orders may no longer stand.
library Upkeep {
    using Positions for Position;

    /// @dev Takes dead orders off the top of a touched market's side; see IUpkeep.sweep. It is the walk of a post-only order
    ///      that nobody sent: it trades nothing, so only what makers are owed by deleveraging may change the flow.
    /// @return lots Lots that were dropped.
    function sweep(
        ClearingState storage s,
        MarketContext memory c,
        bool bids,
        uint256 maxOrders
    ) internal returns (uint256 lots) {
        (uint256 lowest, uint256 highest) = Markets.fillBand(c);
        // Behind a level that is not stranded none is.
        if (bids ? c.top.bestBid() > highest : c.top.bestAsk() < lowest) return 0;
        Taker memory t;
        t.probe = true;
        t.buys = !bids;
        t.limit = bids ? 1 : Words.MAX_TICK;
        t.walk = maxOrders;
        t.lots = 1;
        t.flow = Words.toMarketFlow(s.markets[c.id.unwrap()].flow);
        Matching.run(s, c, t);
        return t.dropped;
    }

    /// @dev Whether a found order can never trade again, wherever it stands, and why.
    function isDead(
        ClearingState storage s,
        Found memory f
    ) internal view returns (bool dead, DropReason reason) {
        Market storage m = s.markets[f.id.market().unwrap()];
        // Where trading has ended, by the time and not by what is stored, every order is void and goes with its position.
        if (Markets.current(s, f.id.market(), 1).phase() >= uint256(MarketPhase.Expired))
            return (false, reason);
        AccountId account = AccountId.wrap(uint32(f.order.account));
        Taker memory t;
        t.buys = f.id.tick() > BookTop.wrap(m.top).bestBid();
        t.lots = 1;
        uint256 lane = Words.toLane(f.order.account, f.order.lots, f.order.expiry, f.order.reduceOnly);
        Position p = Positions.load(s, f.id.market(), account);
        p = Rounds.viewApplied(s, f.id.market(), account, p, MarketRisk.wrap(m.risk).hasRounds());
        (, reason) = Matching.verdict(s, t, p, lane, f.order.lots);
        dead = reason != DropReason.Cancelled;
    }

    /// @dev Whether an order is on a side whose resting lots could do more than close the position.
    function raisesRisk(ClearingState storage s, OrderId id, AccountId account) internal view returns (bool) {
        Market storage m = s.markets[id.market().unwrap()];
        Position p = Positions.load(s, id.market(), account);
        p = Rounds.viewApplied(s, id.market(), account, p, MarketRisk.wrap(m.risk).hasRounds());
        bool bid = id.tick() <= BookTop.wrap(m.top).bestBid();
        return p.openOrders() != 0 && p.opens(bid);
    }

    /// @dev Whether an order of a dated future keeps IM higher than it would be without: it could take a leg of a calendar hedge
    ///      away.
    function breaksHedge(
        ClearingState storage s,
        Found memory f,
        AccountId account
    ) internal view returns (bool) {
        Market storage m = s.markets[f.id.market().unwrap()];
        if (MarketRisk.wrap(m.risk).kind() != uint256(MarketKind.Dated)) return false;
        Position p = Positions.load(s, f.id.market(), account);
        p = Rounds.viewApplied(s, f.id.market(), account, p, MarketRisk.wrap(m.risk).hasRounds());
        if (p.openOrders() == 0) return false;
        bool bid = f.id.tick() <= BookTop.wrap(m.top).bestBid();
        Position without = p.release(bid, f.order.lots, true);
        return
            IMargin(address(this)).raisesInitial(
                account,
                f.id.market(),
                Position.unwrap(without),
                Position.unwrap(p)
            );
    }

    /// @dev Whether a resting order buys above or sells below mark.
    function isWorseThanMark(ClearingState storage s, OrderId id) internal view returns (bool) {
        Market storage m = s.markets[id.market().unwrap()];
        uint256 price = id.tick() << 16;
        uint256 mark = Markets.markOf(MarketRisk.wrap(m.risk));
        return id.tick() <= BookTop.wrap(m.top).bestBid() ? price > mark : price < mark;
    }
}
