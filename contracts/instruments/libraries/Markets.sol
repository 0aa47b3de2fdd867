// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, FundingTerms, Market, MarketTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {BookTop, Feed, MarketRisk, Words} from "../../clearing/libraries/Words.sol";
import {Book} from "../../book/libraries/Book.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {MarkPrice} from "./MarkPrice.sol";

/// @dev A market in memory for the length of a call.
/// @param tickValue Collateral units of one tick·lot.
/// @param mark Ticks × 2^16, clamped; valid after `advance`.
struct MarketContext {
    MarketId id;
    BookTop top;
    MarketRisk risk;
    uint256 topWord;
    uint256 riskWord;
    uint256 tickValue;
    uint256 mark;
}

/// @notice A market on the minute grid: its mark, its funding, its day.
/// @dev Every touch first brings the market to the current minute from what stood before the touch; then the touch may
///      change the book. What a minute sees is therefore fixed by the seconds that each best price stood, not by when
///      somebody called.
library Markets {
    using Rounding for int256;
    using Words for BookTop;
    using Words for MarketRisk;

    uint256 private constant X16 = 1 << 16;
    uint256 private constant BPS = 10_000;
    uint256 private constant MINUTES_PER_DAY = 1440;
    /// @dev Time constant, in minutes, with which a perpetual's mean falls back to its index while a side is too thin.
    uint256 internal constant THIN_MINUTES = 1440;

    function load(
        ClearingState storage s,
        MarketId id,
        uint256 unit
    ) internal view returns (MarketContext memory c) {
        Market storage m = s.markets[id.unwrap()];
        c.id = id;
        c.topWord = m.top;
        c.riskWord = m.risk;
        if (c.riskWord == 0) revert IClearingErrors.UnknownMarket(id);
        c.top = Words.toBookTop(c.topWord);
        c.risk = Words.toMarketRisk(c.riskWord);
        unchecked {
            c.tickValue = c.risk.tickValue * unit;
        }
    }

    /// @dev Writes what has changed.
    function store(ClearingState storage s, MarketContext memory c) internal {
        Market storage m = s.markets[c.id.unwrap()];
        uint256 word = c.top.pack();
        if (word != c.topWord) {
            m.top = word;
            c.topWord = word;
        }
        word = c.risk.pack();
        if (word != c.riskWord) {
            m.risk = word;
            c.riskWord = word;
        }
    }

    /// @dev Brings mean, funding, day and month to the current minute and sets `mark`, in memory alone.
    /// @return moved Whether a minute was reached.
    function advance(ClearingState storage s, MarketContext memory c) internal view returns (bool moved) {
        MarketRisk memory r = c.risk;
        c.mark = markOf(r);
        uint256 now_ = block.timestamp / 60;
        moved = now_ > r.minute && r.phase < uint256(MarketPhase.Expired);
        if (moved) {
            if (r.kind == uint256(MarketKind.Perpetual)) {
                advancePerpetual(s, c, now_ - r.minute);
                r.minute = now_;
            } else {
                uint256 end = c.top.expiryPeriod * MINUTES_PER_DAY;
                advanceDated(s, c, Rounding.min(now_, end));
                if (now_ >= end) r.phase = uint256(MarketPhase.Expired);
            }
            c.mark = markOf(r);
        }
    }

    /// @dev `advance`, announced. The caller stores.
    function touch(ClearingState storage s, MarketContext memory c) internal {
        uint256 phase = c.risk.phase;
        if (!advance(s, c)) return;
        emit IClearingEvents.MarketAdvanced(c.id, c.risk.mean, c.risk.anchor, c.risk.funding);
        if (c.risk.phase != phase) emit IClearingEvents.PhaseChanged(c.id, MarketPhase(c.risk.phase));
    }

    /// @dev The mean within the clamp around the anchor; after expiry the anchor itself.
    function markOf(MarketRisk memory r) internal pure returns (uint256) {
        if (r.phase >= uint256(MarketPhase.Expired)) return r.anchor;
        unchecked {
            // 40 bits × 14 bits.
            uint256 width = (r.anchor * r.clampBps) / BPS;
            uint256 low = r.anchor - width;
            if (r.mean < low) return low;
            uint256 high = r.anchor + width;
            return r.mean > high ? high : r.mean;
        }
    }

    /// @dev Lowest and highest tick at which fills may happen, rounded towards mark.
    function fillBand(MarketContext memory c) internal pure returns (uint256 lowest, uint256 highest) {
        unchecked {
            uint256 width = c.mark * c.top.fillBandBps;
            lowest = (c.mark * BPS - width + (BPS << 16) - 1) / (BPS << 16);
            highest = (c.mark * BPS + width) / (BPS << 16);
        }
        if (highest > Words.MAX_TICK) highest = Words.MAX_TICK;
        if (lowest == 0) lowest = 1;
    }

    /// @dev Seconds since the newest print was due, and the limit from which takers must reduce.
    function age(Feed memory feed) internal view returns (uint256 age_, uint256 limit) {
        uint256 due = (feed.newestPeriod + 2) * 1 days;
        age_ = block.timestamp > due ? block.timestamp - due : 0;
        limit = feed.limit1Hours * 1 hours;
    }

    function isStale(Feed memory feed) internal view returns (bool) {
        (uint256 age_, uint256 limit) = age(feed);
        return age_ >= limit;
    }

    /// @dev Adds the seconds for which the standing mid has stood to the minute's observation. Called before the standing
    ///      mid changes and at the end of a minute.
    function observe(MarketContext memory c, uint256 second) internal pure {
        BookTop memory t = c.top;
        if (second <= t.observedSecond) return;
        (uint256 sum, bool deep) = standing(c);
        unchecked {
            if (deep) {
                uint256 stood = second - t.observedSecond;
                t.midSeconds += sum * stood;
                t.depthSeconds += stood;
            }
        }
        t.observedSecond = second;
    }

    /// @dev Sets the standing impact prices after a change of the book, having observed what stood before.
    function setImpact(MarketContext memory c, uint256 bid, uint256 ask) internal view {
        if (bid == c.top.impactBid && ask == c.top.impactAsk) return;
        observe(c, block.timestamp % 60);
        c.top.impactBid = bid;
        c.top.impactAsk = ask;
    }

    /// @dev Sum of the standing impact bid and ask, each no further than the edge of the band that it has strayed over:
    ///      a stranded quote counts there and does not fill.
    function standing(MarketContext memory c) private pure returns (uint256 sum, bool deep) {
        uint256 bid = c.top.impactBid;
        uint256 ask = c.top.impactAsk;
        if (bid == 0 || ask == 0) return (0, false);
        (uint256 lowest, uint256 highest) = fillBand(c);
        return (Rounding.min(bid, highest) + Rounding.max(ask, lowest), true);
    }

    /// @dev Ends the observed minute and returns the mean after it. The rest of the minutes see the standing mid.
    function closeMinute(MarketContext memory c) private pure returns (uint256 mean, bool observed) {
        BookTop memory t = c.top;
        observe(c, 60);
        observed = t.depthSeconds != 0;
        mean =
            observed
                ? MarkPrice.advanceObserved(c.risk.mean, t.midSeconds, t.depthSeconds, t.markMinutes)
                : c.risk.mean;
        t.midSeconds = 0;
        t.depthSeconds = 0;
        t.observedSecond = 0;
    }

    function advancePerpetual(
        ClearingState storage s,
        MarketContext memory c,
        uint256 minutes_
    ) private view {
        MarketRisk memory r = c.risk;
        // Where the minutes after the observed one pull the mean: the standing mid, or the index while a side is thin.
        (uint256 toward, bool deep) = standing(c);
        toward = deep ? toward << 15 : r.anchor;
        uint256 tau = deep ? c.top.markMinutes : THIN_MINUTES;
        (uint256 mean, bool observed) = closeMinute(c);
        if (!observed) mean = MarkPrice.advance(mean, r.anchor, THIN_MINUTES, 1);
        charge(s, c, mean, toward, tau, chargedMinutes(s, r, minutes_));
        r.mean = MarkPrice.advance(mean, toward, tau, minutes_ - 1);
    }

    /// @dev Adds the funding of some minutes: the first ends at `mean`, the others follow the standing mid.
    function charge(
        ClearingState storage s,
        MarketContext memory c,
        uint256 mean,
        uint256 toward,
        uint256 tau,
        uint256 minutes_
    ) private view {
        if (minutes_ == 0) return;
        MarketRisk memory r = c.risk;
        FundingTerms memory terms = s.markets[c.id.unwrap()].funding;
        (int256 low, int256 high, int256 interest) = fundingLimits(r, terms);
        int256 total = int256(mean).clamp(low, high) + int256(minutes_) * (interest - int256(r.anchor));
        if (minutes_ > 1) total += MarkPrice.limitedSum(mean, toward, tau, minutes_ - 1, low, high);
        // × 2^4 from 2^16 to 2^20, × 60 seconds of the period for each minute.
        r.funding += (total * 960).floorDiv(int256(uint256(terms.period)));
    }

    /// @dev Limits within which mean minus index plus interest counts: the mark's clamp and the cap of funding, both around
    ///      the index.
    function fundingLimits(
        MarketRisk memory r,
        FundingTerms memory terms
    ) private pure returns (int256 low, int256 high, int256 interest) {
        int256 index = int256(r.anchor);
        int256 width = int256((r.anchor * r.clampBps) / BPS);
        int256 cap = int256((r.anchor * terms.capBps) / BPS);
        interest = (index * terms.interestBps).floorDiv(int256(BPS));
        low = index - width;
        high = index + width;
        if (low < index - cap - interest) low = index - cap - interest;
        if (high > index + cap - interest) high = index + cap - interest;
    }

    /// @dev Minutes of the gap in which the index was not stale: funding stops at the first limit.
    function chargedMinutes(
        ClearingState storage s,
        MarketRisk memory r,
        uint256 minutes_
    ) private view returns (uint256) {
        Feed memory feed = Words.toFeed(s.feeds[r.feed]);
        uint256 staleMinute = ((feed.newestPeriod + 2) * 1 days + feed.limit1Hours * 1 hours) / 60;
        if (staleMinute <= r.minute) return 0;
        return Rounding.min(minutes_, staleMinute - r.minute);
    }

    /// @dev Walks over every 00:00 UTC on the way: there mark becomes the next day's anchor. Days in which nothing stood
    ///      are walked in one step each; a dated future lives some hundred of them.
    function advanceDated(ClearingState storage s, MarketContext memory c, uint256 target) private view {
        MarketRisk memory r = c.risk;
        while (r.minute < target) {
            uint256 midnight = (r.minute / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY;
            uint256 stop = Rounding.min(midnight, target);
            c.mark = markOf(r);
            (uint256 sum, bool deep) = standing(c);
            (uint256 mean, ) = closeMinute(c);
            if (deep && stop - r.minute > 1) {
                mean = MarkPrice.advance(mean, sum << 15, c.top.markMinutes, stop - r.minute - 1);
            }
            r.mean = mean;
            r.minute = stop;
            if (stop == midnight) {
                uint256 period = stop / MINUTES_PER_DAY;
                r.anchor = markOf(r);
                tier(s, c, period);
            }
        }
    }

    /// @dev Margins of the month that the future has become: third, next, front. They only fall on the way.
    function tier(ClearingState storage s, MarketContext memory c, uint256 period) private view {
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        uint256 i = period >= terms.firstPeriod ? 0 : (period >= terms.nextFromPeriod ? 1 : 2);
        c.risk.initialBps = terms.tiers[i].initialMarginBps;
        c.risk.maintenanceBps = terms.tiers[i].maintenanceMarginBps;
        c.top.fillBandBps = terms.tiers[i].fillBandBps;
    }

    /// @dev Gives a perpetual a new index; it has been brought to the current minute.
    function setAnchor(ClearingState storage s, uint256 market, uint256 followed) internal {
        Market storage m = s.markets[market];
        MarketRisk memory r = Words.toMarketRisk(m.risk);
        if (r.phase >= uint256(MarketPhase.Expired)) return;
        r.anchor = toTicksX16(followed, m.funding.indexPerTick);
        m.risk = r.pack();
    }

    /// @dev An index value in ticks × 2^16, floored, at most the highest tick.
    function toTicksX16(uint256 value, uint256 indexPerTick) internal pure returns (uint256) {
        return Rounding.min((value * X16) / indexPerTick, Words.MAX_TICK << 16);
    }

    /// @dev Recomputes the standing impact price of one side after its levels changed.
    function refreshImpact(ClearingState storage s, MarketContext memory c, bool bids) internal view {
        BookTop memory t = c.top;
        uint256 best = bids ? t.bestBid : t.bestAsk;
        uint256 tick = Book.impactTick(s, c.id, best, t.impactLots, bids);
        if (bids) setImpact(c, tick, t.impactAsk);
        else setImpact(c, t.impactBid, tick);
    }
}
