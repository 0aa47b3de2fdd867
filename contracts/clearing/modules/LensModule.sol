// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../../book/libraries/Book.sol";
import {Feeds} from "../../instruments/libraries/Feeds.sol";
import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, FeedId, Identifiers, MarketId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {
    AccountView,
    FeedView,
    FundView,
    LadderStage,
    LevelView,
    MarketKind,
    MarketListing,
    MarketPhase,
    MarketView,
    OrderView,
    PositionView,
    RoundView
} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {ILensViews} from "../interfaces/ILens.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Listings} from "../libraries/Listings.sol";
import {Deleveraging} from "../libraries/Deleveraging.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Positions} from "../libraries/Positions.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {Round, RoundHead} from "../libraries/RoundWords.sol";
import {Unwinding} from "../libraries/Unwinding.sol";
import {Feed, Level, MarketFlow, Position, Purse, RestingOrder, Words} from "../libraries/Words.sol";

/// @title LensModule
/// @notice Views of the clearing house, behind its fallback: the same libraries that trade compute what is shown here.
contract LensModule is ClearingBase, ILensViews, IClearingErrors {
    using Positions for Position;
    using Rounding for int256;

    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @dev Selectors that no module knows end here.
    fallback() external {
        revert UnknownFunction(msg.sig);
    }

    /// @inheritdoc ILensViews
    function marketCount() external view returns (uint256) {
        return ClearingStorage.load().marketCount;
    }

    /// @inheritdoc ILensViews
    function accountCount() external view returns (uint256) {
        return ClearingStorage.load().accountCount;
    }

    /// @inheritdoc ILensViews
    function feedCount() external view returns (uint256) {
        return ClearingStorage.load().feedCount;
    }

    /// @inheritdoc ILensViews
    function market(MarketId id) external view returns (MarketView memory v) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _current(s, id);
        MarketFlow memory flow = Words.toMarketFlow(s.markets[id.unwrap()].flow);
        v.id = id;
        v.kind = MarketKind(c.risk.kind());
        v.phase = MarketPhase(c.risk.phase());
        v.feed = FeedId.wrap(uint8(c.risk.feed()));
        v.index = s.feedTerms[c.risk.feed()].index;
        v.markX16 = c.mark;
        v.meanX16 = c.risk.mean();
        v.anchorX16 = c.risk.anchor();
        v.cumulativeFunding = c.risk.funding();
        v.bestBid = c.top.bestBid();
        v.bestAsk = c.top.bestAsk() == Words.NO_ASK ? 0 : c.top.bestAsk();
        v.impactBid = c.top.impactBid();
        v.impactAsk = c.top.impactAsk();
        (v.lowestFill, v.highestFill) = Markets.fillBand(c);
        v.openInterest = flow.openInterest;
        v.openInterestLimit = flow.maxOpenInterest;
        v.fundingPool = flow.fundingPool;
        v.feesPayable = flow.feesPayable;
        v.fundCash = Accounts.loadPurse(s, Accounts.fundOf(id)).cash;
        v.expiry = c.top.expiryPeriod() * 1 days;
        v.settlementTick = s.markets[id.unwrap()].terms.settlementTick;
        v.initialMarginBps = c.risk.initialBps();
        v.maintenanceMarginBps = c.risk.maintenanceBps();
        v.fillBandBps = c.top.fillBandBps();
        v.stage = LadderStage(c.top.stage());
        v.stale = v.stage != LadderStage.Fresh;
    }

    /// @inheritdoc ILensViews
    function listing(MarketId id) external view returns (MarketListing memory) {
        return Listings.read(ClearingStorage.load(), id);
    }

    /// @inheritdoc ILensViews
    function feed(FeedId id) external view returns (FeedView memory v) {
        ClearingState storage s = ClearingStorage.load();
        uint256 number = id.unwrap();
        if (number == 0 || number > s.feedCount) revert UnknownFeed(id);
        Feed memory f = Words.toFeed(s.feeds[number]);
        v.id = id;
        v.index = s.feedTerms[number].index;
        v.target = f.target;
        v.followed = f.followed;
        v.sequence = f.sequence;
        v.newestPeriod = f.newestPeriod;
        v.movedAt = Feeds.stepAt(s, number, f.newestStep) >> 84;
        uint256 due = (f.newestPeriod + 2) * 1 days;
        v.staleAt = due + s.feedTerms[number].limit1;
        v.haltedAt = due + s.feedTerms[number].limit2;
        v.settledAt = due + s.feedTerms[number].limit3;
    }

    /// @inheritdoc ILensViews
    function account(AccountId id) external view returns (AccountView memory) {
        return _account(id);
    }

    /// @inheritdoc ILensViews
    function accounts(AccountId[] calldata ids) external view returns (AccountView[] memory views) {
        views = new AccountView[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) views[i] = _account(ids[i]);
    }

    /// @inheritdoc ILensViews
    function fund(MarketId id) external view returns (FundView memory v) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _current(s, id);
        AccountId holder = Accounts.fundOf(id);
        v.cash = Accounts.loadPurse(s, holder).cash;
        v.size = Positions.load(s, id, holder).size();
        v.equity = Deleveraging.equity(s, c);
        v.deficit = s.deficits[id.unwrap()];
        (v.unwindBudget, v.unwindSpent) = Unwinding.today(s, id, v.equity);
        RoundHead h = Rounds.current(s, id);
        (v.rounds, v.unfinished) = (h.newest(), h.unfinished());
        for (uint256 n = h.finished() + 1; n <= v.rounds; ++n) {
            Round r = Round.wrap(s.rounds[Rounds.key(id, n)]);
            uint256 left = r.lots() - r.closed(r.served());
            if (r.longs()) v.pendingLongs += left;
            else v.pendingShorts += left;
            v.pendingQuote += (r.longs() ? int256(left) : -int256(left)) * int256(r.tick());
        }
    }

    /// @inheritdoc ILensViews
    function round(MarketId id, uint256 number) external view returns (RoundView memory v) {
        Round r = Round.wrap(ClearingStorage.load().rounds[Rounds.key(id, number)]);
        if (r.side() == 0) return v;
        (v.lots, v.side, v.served, v.closed) = (r.lots(), r.side(), r.served(), r.closed(r.served()));
        (v.tick, v.longs, v.cumulativeFunding) = (r.tick(), r.longs(), r.funding());
    }

    /// @inheritdoc ILensViews
    function owed(AccountId id) external view returns (uint256 deficits, uint256 claims, uint256 claim) {
        ClearingState storage s = ClearingStorage.load();
        return (s.totalDeficit, s.totalClaims, s.claims[id.unwrap()]);
    }

    /// @inheritdoc ILensViews
    function positionWord(MarketId id, AccountId holder) external view returns (uint256 word) {
        return Position.unwrap(Positions.load(ClearingStorage.load(), id, holder));
    }

    /// @inheritdoc ILensViews
    function levels(MarketId id, bool bids, uint256 most) external view returns (LevelView[] memory found) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, id, UNIT);
        uint256 first = bids ? c.top.bestBid() : c.top.bestAsk();
        uint256 count = 0;
        for (uint256 t = first; count < most && !_isEnd(t, bids); t = Book.next(s, id, t, bids)) ++count;
        found = new LevelView[](count);
        uint256 tick = first;
        for (uint256 i = 0; i < count; ++i) {
            found[i] = LevelView(tick, uint40(s.levels[Book.levelKey(id, tick)]));
            tick = Book.next(s, id, tick, bids);
        }
    }

    /// @inheritdoc ILensViews
    function ordersAt(
        MarketId id,
        uint24 tick,
        uint256 most
    ) external view returns (OrderView[] memory found) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, id, UNIT);
        Level level = Level.wrap(s.levels[Book.levelKey(id, tick)]);
        OrderView[] memory all = new OrderView[](
            level.tail() - level.head() < most ? level.tail() - level.head() : most
        );
        uint256 count = 0;
        for (uint256 i = level.head(); i < level.tail() && count < all.length; ++i) {
            OrderView memory v = _order(s, c, Identifiers.toOrderId(id, tick, level.epoch(), i));
            if (v.lots != 0) all[count++] = v;
        }
        found = new OrderView[](count);
        for (uint256 i = 0; i < count; ++i) found[i] = all[i];
    }

    /// @inheritdoc ILensViews
    function order(OrderId id) external view returns (OrderView memory v) {
        ClearingState storage s = ClearingStorage.load();
        v = _order(s, Markets.load(s, id.market(), UNIT), id);
        if (v.lots == 0) revert OrderNotFound(id);
    }

    /// @dev A market at the current minute; after expiry at the mean of its prints so far.
    function _current(ClearingState storage s, MarketId id) private view returns (MarketContext memory c) {
        c = Markets.load(s, id, UNIT);
        Markets.advance(s, c);
        DatedFutures.markExpired(s, c);
    }

    function _account(AccountId id) private view returns (AccountView memory v) {
        ClearingState storage s = ClearingStorage.load();
        if (!Accounts.exists(s, id)) revert UnknownAccount(id);
        Purse memory purse = Accounts.loadPurse(s, id);
        v.id = id;
        v.owner = Accounts.ownerOf(s, id);
        v.subaccount = Accounts.subaccountOf(s, id);
        v.retired = Accounts.isRetired(s, id);
        v.cash = purse.cash;
        uint256 count = 0;
        while (Accounts.marketAt(purse.markets, count) != 0) ++count;
        v.positions = new PositionView[](count);
        Health memory h;
        // A withdrawal converts settled positions and what rounds have closed whole first. Each conversion floors its funding,
        // so that fractions which count as equity until then cannot leave: `dust`, as the sums of Health.
        int256 converted = purse.cash;
        int256 dust = 0;
        for (uint256 i = 0; i < count; ++i) {
            MarketId market_ = MarketId.wrap(uint16(Accounts.marketAt(purse.markets, i)));
            MarketContext memory c = _current(s, market_);
            Position stored = Positions.load(s, market_, id);
            Position p = Rounds.viewApplied(s, market_, id, stored, c.risk.hasRounds());
            Margin.add(h, p, c.risk, c.mark, c.tickValue);
            if (c.risk.phase() == uint256(MarketPhase.Settled) || p.size() == 0) {
                int256 funding = p.pendingFunding(c.risk.funding());
                converted += (p.quote() + funding + p.size() * int256(c.mark >> 16)) * int256(c.tickValue);
                int256 exact = p.size() * (p.snapshot() - c.risk.funding());
                dust += (exact - (funding << 20)) * int256(c.tickValue);
            }
            v.positions[i] = _positionView(market_, p, c.risk.funding(), p.size() - stored.size());
        }
        int256 free = purse.cash + (h.equity - dust).floorShift(20);
        Margin.close(h, id, purse.cash);
        free -= h.expiredGain + int256(h.initial);
        if (free > converted) free = converted;
        v.withdrawable = free > 0 && v.owner != address(0) ? uint256(free) : 0;
        v.equity = h.equity;
        v.initialMargin = h.initial;
        v.maintenanceMargin = h.maintenance;
    }

    function _positionView(
        MarketId id,
        Position p,
        int256 funding,
        int256 pendingLots
    ) private pure returns (PositionView memory) {
        return
            PositionView({
                market: id,
                size: p.size(),
                quote: p.quote(),
                bidLots: p.bids(),
                askLots: p.asks(),
                openOrders: p.openOrders(),
                fundingSnapshot: p.snapshot(),
                pendingFunding: p.pendingFunding(funding),
                pendingLots: pendingLots
            });
    }

    function _order(
        ClearingState storage s,
        MarketContext memory c,
        OrderId id
    ) private view returns (OrderView memory v) {
        RestingOrder memory o = Book.find(s, id).order;
        if (o.lots == 0) return v;
        v.id = id;
        v.account = AccountId.wrap(uint32(o.account));
        v.lots = id.tick() <= c.top.bestBid() ? int256(o.lots) : -int256(o.lots);
        v.expiry = o.expiry * Words.EXPIRY_UNIT;
        v.reduceOnly = o.reduceOnly;
    }

    function _isEnd(uint256 tick, bool bids) private pure returns (bool) {
        return bids ? tick == 0 : tick == Words.NO_ASK;
    }
}
