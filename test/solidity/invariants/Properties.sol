// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickBitmap} from "../../../contracts/book/libraries/TickBitmap.sol";
import {Book} from "../../../contracts/book/libraries/Book.sol";
import {Accounts} from "../../../contracts/clearing/libraries/Accounts.sol";
import {ClearingState, Market} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {Positions} from "../../../contracts/clearing/libraries/Positions.sol";
import {Rounds} from "../../../contracts/clearing/libraries/Rounds.sol";
import {Round, RoundHead} from "../../../contracts/clearing/libraries/RoundWords.sol";
import {
    BookTop,
    Level,
    MarketFlow,
    MarketRisk,
    Position,
    Purse,
    RestingOrder,
    Words
} from "../../../contracts/clearing/libraries/Words.sol";
import {DatedFutures} from "../../../contracts/instruments/libraries/DatedFutures.sol";
import {MarketContext, Markets} from "../../../contracts/instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";

/// One market counted again from its orders and positions.
struct Recount {
    uint256 id;
    BookTop top;
    MarketRisk risk;
    MarketFlow flow;
    uint256 unit;
    // Of each owner's account: what its orders in the book have open.
    uint256[] bids;
    uint256[] asks;
    uint256[] orders;
    int256 longs;
    int256 shorts;
    int256 quotes;
    int256 pendingFunding;
    // Lots that unfinished rounds still take from longs and from shorts.
    int256 owedLongs;
    int256 owedShorts;
    uint256 unfinished;
    uint256 levels;
}

/// Everything that storage must obey after every call. The ids are those of Invariants.md, which says each in a sentence.
library Properties {
    using Positions for Position;
    using TickBitmap for mapping(uint256 => uint256);

    uint256 private constant FIRST = 2048;
    uint256 private constant BPS = 10_000;

    function recount(ClearingState storage s, uint256[] calldata touched, uint256 unit) internal view {
        int256 sum = _accounts(s);
        uint256 deficits = 0;
        for (uint256 m = 1; m <= s.marketCount; ++m) {
            Recount memory r;
            r.id = m;
            r.unit = unit;
            sum += _market(s, r, touched);
            deficits += s.deficits[m];
        }
        require(deficits == s.totalDeficit, "C-03");
        require(sum + int256(uint256(s.totalClaims)) - int256(deficits) == int256(s.tracked), "C-01");
    }

    // ------------------------------------------------------------------------------------------------------ accounts

    /// Σ cash of owners, funds and escrows.
    function _accounts(ClearingState storage s) private view returns (int256 sum) {
        uint256 claims = 0;
        for (uint256 i = 0; i < s.accountCount; ++i) {
            uint256 account = FIRST + i;
            Purse memory purse = Words.toPurse(s.purses[account]);
            sum += purse.cash;
            claims += s.claims[account];
            _list(s, account, purse.markets);
            AccountId id = AccountId.wrap(uint32(account));
            require(purse.cash >= 0 || Accounts.holdsLots(s, id, purse.markets, MarketId.wrap(0)), "A-02");
            uint256 head = s.heads[account];
            require(s.accounts[(uint256(uint160(head)) << 16) | uint16(head >> 160)] == account, "A-04");
            if (Accounts.isRetired(s, AccountId.wrap(uint32(account)))) {
                require(purse.markets == 0 && purse.cash == 0, "A-01");
            }
        }
        for (uint256 m = 1; m <= s.marketCount; ++m) {
            // What the treasury left behind is the fund's.
            claims += s.claims[m];
            Purse memory fund = Words.toPurse(s.purses[m]);
            _list(s, m, fund.markets);
            require(fund.markets == 0 || fund.markets == m, "A-06");
            Purse memory escrow = Words.toPurse(s.purses[FIRST / 2 + m]);
            require(escrow.markets == 0, "E-03");
            require(s.heads[m] == 0 && s.heads[FIRST / 2 + m] == 0, "A-05");
            sum += fund.cash + escrow.cash;
        }
        require(claims == s.totalClaims, "C-04");
    }

    /// A-03, A-07: the list names each market in which there is something once, without gaps.
    function _list(ClearingState storage s, uint256 account, uint256 list) private view {
        uint256 seen = 0;
        for (uint256 rest = list; rest != 0; rest >>= 10) {
            uint256 m = rest & 1023;
            require(m != 0 && m <= s.marketCount && seen & (1 << m) == 0, "A-03");
            seen |= 1 << m;
        }
        for (uint256 m = 1; m <= s.marketCount; ++m) {
            Position p = Position.wrap(s.positions[(m << 28) | account]);
            require((seen & (1 << m) != 0) == p.isActive(), "A-07");
        }
    }

    // ------------------------------------------------------------------------------------------------------- markets

    /// (Σ quote + funding pool) × tick value + fees payable.
    function _market(
        ClearingState storage s,
        Recount memory r,
        uint256[] calldata touched
    ) private view returns (int256) {
        Market storage m = s.markets[r.id];
        (r.top, r.risk) = (BookTop.wrap(m.top), MarketRisk.wrap(m.risk));
        r.flow = Words.toMarketFlow(m.flow);
        (r.bids, r.asks, r.orders) = (
            new uint256[](s.accountCount),
            new uint256[](s.accountCount),
            new uint256[](s.accountCount)
        );
        _rounds(s, r);
        _book(s, r, touched);
        for (uint256 i = 0; i < s.accountCount; ++i) _position(s, r, FIRST + i);
        _position(s, r, r.id);
        require(s.positions[(r.id << 28) | (FIRST / 2 + r.id)] == 0, "E-03");
        _sums(s, r);
        _mark(s, r);
        _terms(r);
        int256 tickValue = int256(r.risk.tickValue() * r.unit);
        return (r.quotes + r.flow.fundingPool) * tickValue + int256(r.flow.feesPayable);
    }

    function _position(ClearingState storage s, Recount memory r, uint256 account) private view {
        Position p = Position.wrap(s.positions[(r.id << 28) | account]);
        if (p.size() > 0) r.longs += p.size();
        else r.shorts -= p.size();
        r.quotes += p.quote();
        r.pendingFunding += p.pendingFunding(r.risk.funding());
        require(p.size() != 0 || p.quote() == 0, "P-01");
        require(p.round() <= Rounds.head(s, MarketId.wrap(uint16(r.id))).newest(), "R-03");
        require(p.openOrders() != 0 || (p.bids() == 0 && p.asks() == 0), "O-05");
        if (account < FIRST) {
            require(p.openOrders() == 0, "O-06");
            return;
        }
        uint256 i = account - FIRST;
        require(p.openOrders() <= 200, "O-04");
        if (Accounts.deadlineOf(s, AccountId.wrap(uint32(account))) != 0 && p.openOrders() != 0) {
            require(p.isGuarded(), "O-07");
        }
        bool retired = Accounts.isRetired(s, AccountId.wrap(uint32(account)));
        // Orders of a retired account, and those of a settled market's converted positions, are dropped when met.
        if (p.openOrders() == 0 && (retired || r.risk.phase() == 3)) return;
        require(p.bids() == r.bids[i], "O-01");
        require(p.asks() == r.asks[i], "O-02");
        require(p.openOrders() == r.orders[i], "O-03");
    }

    function _sums(ClearingState storage s, Recount memory r) private view {
        bool settled = r.risk.phase() == 3;
        int256 net = r.longs - r.shorts - (r.owedLongs - r.owedShorts);
        if (!settled) {
            require(net == 0, "P-02");
            require(int256(r.flow.openInterest) == r.shorts - r.owedShorts, "P-04");
        }
        require(int256(r.flow.openInterest) == r.longs - r.owedLongs, "P-03");
        int256 escrow = Words.toPurse(s.purses[FIRST / 2 + r.id]).cash;
        if (!settled) require(escrow == 0, "E-01");
        else {
            int256 price = int256(uint256(r.risk.anchor() >> 16) * r.risk.tickValue() * r.unit);
            require(escrow == net * price, "E-02");
        }
        if (r.risk.kind() == 1) require(r.risk.funding() == 0 && r.flow.fundingPool == 0, "F-02");
        else if (r.unfinished == 0) require(r.flow.fundingPool >= r.pendingFunding, "F-01");
        if (s.deficits[r.id] != 0) require(r.risk.phase() != 0, "R-06");
    }

    // -------------------------------------------------------------------------------------------------------- rounds

    function _rounds(ClearingState storage s, Recount memory r) private view {
        RoundHead h = Rounds.head(s, MarketId.wrap(uint16(r.id)));
        require(h.finished() <= h.newest() && h.unfinished() <= 16, "R-02");
        r.unfinished = h.unfinished();
        require(r.unfinished == 0 || r.risk.hasRounds(), "R-05");
        for (uint256 n = 1; n <= h.newest(); ++n) {
            Round round = Round.wrap(s.rounds[(r.id << 16) | n]);
            require(round.served() <= round.side() && round.lots() <= round.side(), "R-01");
            require(n > h.finished() || round.isFinished(), "R-02");
            int256 left = int256(round.lots() - round.closed(round.served()));
            if (round.longs()) r.owedLongs += left;
            else r.owedShorts += left;
            // The escrow holds them at the round's price until then.
            r.quotes += (round.longs() ? left : -left) * int256(round.tick());
        }
        if (r.unfinished == 0) return;
        // What the oldest unfinished round has not served is what its side holds that has not seen it.
        uint256 oldest = h.finished() + 1;
        Round first = Round.wrap(s.rounds[(r.id << 16) | oldest]);
        uint256 waiting = 0;
        for (uint256 i = 0; i <= s.accountCount; ++i) {
            uint256 account = i == s.accountCount ? r.id : FIRST + i;
            Position p = Position.wrap(s.positions[(r.id << 28) | account]);
            if (p.round() < oldest && p.size() != 0 && (p.size() > 0) == first.longs()) {
                waiting += p.size() > 0 ? uint256(p.size()) : uint256(-p.size());
            }
        }
        require(waiting == first.side() - first.served(), "R-04");
    }

    // ---------------------------------------------------------------------------------------------------------- book

    function _book(ClearingState storage s, Recount memory r, uint256[] calldata touched) private view {
        (uint256 bid, uint256 ask) = (r.top.bestBid(), r.top.bestAsk());
        require(bid < ask, "B-01");
        for (uint256 i = 0; i < touched.length; ++i) {
            if (touched[i] >> 24 == r.id) _level(s, r, touched[i] & 0xffffff);
        }
        uint256 marked = 0;
        uint256 tick = s.ticks.above(r.id, 0);
        for (; tick != Words.NO_ASK; tick = s.ticks.above(r.id, tick)) ++marked;
        require(marked == r.levels, "B-03");
        require(bid == 0 || _marked(s, r.id, bid), "B-02");
        require(ask == Words.NO_ASK || _marked(s, r.id, ask), "B-02");
        require(s.ticks.above(r.id, bid) == ask && s.ticks.below(r.id, ask) == bid, "B-02");
        require(r.top.impactBid() == _impact(s, r, bid, true), "B-06");
        require(r.top.impactAsk() == _impact(s, r, ask, false), "B-07");
    }

    function _marked(ClearingState storage s, uint256 market, uint256 tick) private view returns (bool) {
        return s.ticks.above(market, tick - 1) == tick;
    }

    function _level(ClearingState storage s, Recount memory r, uint256 tick) private view {
        Level level = Level.wrap(s.levels[(r.id << 24) | tick]);
        require((level.lots() != 0) == _marked(s, r.id, tick), "B-03");
        if (level.lots() == 0) {
            require(level.head() == 0 && level.tail() == 0 && level.headFilled() == 0, "B-05");
            return;
        }
        r.levels += 1;
        require(level.tail() - level.head() <= Book.CAPACITY, "B-05");
        uint256 sum = 0;
        for (uint256 i = level.head(); i < level.tail(); ++i) {
            uint256 word = s.orders[(r.id << 64) | (tick << 40) | ((i % Book.CAPACITY) / 3)];
            RestingOrder memory o = Words.toRestingOrder(word, i);
            if (o.lots == 0) continue;
            uint256 lots = o.lots;
            if (i == level.head()) {
                require(level.headFilled() < lots, "B-05");
                lots -= level.headFilled();
            }
            sum += lots;
            r.orders[o.account - FIRST] += 1;
            if (tick <= r.top.bestBid()) r.bids[o.account - FIRST] += lots;
            else r.asks[o.account - FIRST] += lots;
        }
        require(sum == level.lots(), "B-04");
    }

    /// Marginal tick of the first two levels that hold `impactLots` together; 0 where they do not.
    function _impact(
        ClearingState storage s,
        Recount memory r,
        uint256 tick,
        bool bids
    ) private view returns (uint256) {
        uint256 lots = 0;
        for (uint256 k = 0; k < 2 && tick != 0 && tick != Words.NO_ASK; ++k) {
            lots += Level.wrap(s.levels[(r.id << 24) | tick]).lots();
            if (lots >= r.top.impactLots()) return tick;
            tick = bids ? s.ticks.below(r.id, tick) : s.ticks.above(r.id, tick);
        }
        return 0;
    }

    // ---------------------------------------------------------------------------------------------------------- mark

    function _mark(ClearingState storage s, Recount memory r) private view {
        MarketContext memory c = Markets.load(s, MarketId.wrap(uint16(r.id)), r.unit);
        Markets.advance(s, c);
        DatedFutures.markExpired(s, c);
        uint256 anchor = c.risk.anchor();
        uint256 distance = c.mark > anchor ? c.mark - anchor : anchor - c.mark;
        require(distance * BPS <= anchor * c.risk.clampBps(), "M-01");
        if (c.risk.phase() == 3) {
            require(c.mark == uint256(s.markets[r.id].terms.settlementTick) << 16, "M-02");
        }
        require((c.risk.phase() == 3) == (s.markets[r.id].terms.settlementTick != 0), "M-03");
        require(r.risk.minute() <= block.timestamp / 60, "M-04");
        if (c.risk.phase() >= 2) return;
        (uint256 lowest, uint256 highest) = Markets.fillBand(c);
        require(lowest << 16 <= c.mark + 65_535 && (highest + 1) << 16 > c.mark, "M-05");
    }

    /// What keeps makers and funds safe holds for the terms in force, not only for those that were listed.
    function _terms(Recount memory r) private pure {
        if (r.risk.phase() >= 2) return;
        require(r.risk.maintenanceBps() < r.risk.initialBps(), "M-06");
        require(r.risk.clampBps() < r.risk.maintenanceBps(), "M-07");
        int256 fee = r.top.makerFee();
        uint256 tenths = fee > 0 ? uint256(fee) : 0;
        uint256 band = r.top.fillBandBps();
        uint256 cost = band * 10 + (tenths * (BPS + band) + BPS - 1) / BPS;
        require(cost <= 10 * (r.risk.initialBps() - r.risk.maintenanceBps()), "M-08");
        require(r.flow.feesPayable < 1 << 96 && -fee <= int256(r.top.takerFee()), "M-09");
    }
}
