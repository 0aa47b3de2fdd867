// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier, MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {IClock} from "../../clearing/interfaces/IClock.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, FundingTerms, Market, MarketTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {BookTop, MarketRisk, Words} from "../../clearing/libraries/Words.sol";
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
    BookTop storedTop;
    MarketRisk storedRisk;
    uint256 tickValue;
    uint256 mark;
}

/// @notice A market on the minute grid: its mark, its funding, its day.
/// @dev Every touch first brings the market to the current minute from what stood before the touch; then the touch may
///      change the book. What a minute sees is therefore fixed by the seconds that each best price stood, not by when
///      somebody called.
library Markets {
    using Rounding for int256;

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
        read(s, c, id, unit);
    }

    /// @dev `load` into memory that the caller has already.
    function read(ClearingState storage s, MarketContext memory c, MarketId id, uint256 unit) internal view {
        Market storage m = s.markets[id.unwrap()];
        BookTop top = BookTop.wrap(m.top);
        MarketRisk risk = MarketRisk.wrap(m.risk);
        if (MarketRisk.unwrap(risk) == 0) revert IClearingErrors.UnknownMarket(id);
        c.id = id;
        (c.top, c.risk) = (top, risk);
        (c.storedTop, c.storedRisk) = (top, risk);
        unchecked {
            c.tickValue = risk.tickValue() * unit;
        }
    }

    /// @dev Writes what has changed.
    function store(ClearingState storage s, MarketContext memory c) internal {
        Market storage m = s.markets[c.id.unwrap()];
        if (BookTop.unwrap(c.top) != BookTop.unwrap(c.storedTop)) {
            m.top = BookTop.unwrap(c.top);
            c.storedTop = c.top;
        }
        if (MarketRisk.unwrap(c.risk) != MarketRisk.unwrap(c.storedRisk)) {
            m.risk = MarketRisk.unwrap(c.risk);
            c.storedRisk = c.risk;
        }
    }

    /// @dev Brings mean, funding, day and month to the current minute and sets `mark`, in memory alone. A perpetual's next
    ///      minute is computed here; whatever else there is to catch up with is asked of the clock module, whose closed
    ///      forms would be too large for every contract that touches markets. The market must be as stored.
    /// @return moved Whether a minute was reached.
    function advance(ClearingState storage s, MarketContext memory c) internal view returns (bool moved) {
        MarketRisk r = c.risk;
        uint256 now_ = block.timestamp / 60;
        moved = now_ > r.minute() && r.phase() < uint256(MarketPhase.Expired);
        if (moved) {
            if (now_ == r.minute() + 1 && r.kind() == uint256(MarketKind.Perpetual)) {
                advanceMinute(s, c);
                c.risk = c.risk.withMinute(now_);
            } else {
                (uint256 top, uint256 risk) = IClock(address(this)).advanced(c.id);
                (c.top, c.risk) = (BookTop.wrap(top), MarketRisk.wrap(risk));
            }
        }
        c.mark = markOf(c.risk);
    }

    /// @dev `advance` over any time that has passed, in place: for modules that have the room.
    function catchUp(ClearingState storage s, MarketContext memory c) internal view returns (bool moved) {
        MarketRisk r = c.risk;
        c.mark = markOf(r);
        uint256 now_ = block.timestamp / 60;
        moved = now_ > r.minute() && r.phase() < uint256(MarketPhase.Expired);
        if (moved) {
            if (r.kind() == uint256(MarketKind.Perpetual)) {
                advancePerpetual(s, c, now_ - r.minute());
                c.risk = c.risk.withMinute(now_);
            } else {
                uint256 end = c.top.expiryPeriod() * MINUTES_PER_DAY;
                advanceDated(s, c, Rounding.min(now_, end));
                if (now_ >= end) c.risk = c.risk.withPhase(uint256(MarketPhase.Expired));
            }
            c.mark = markOf(c.risk);
        }
    }

    /// @dev What margin needs of a market, as it stands in this minute. Within a minute of its last touch that is one read.
    function current(
        ClearingState storage s,
        MarketId id,
        uint256 unit
    ) internal view returns (MarketRisk r) {
        r = MarketRisk.wrap(s.markets[id.unwrap()].risk);
        if (r.minute() != block.timestamp / 60 && r.phase() < uint256(MarketPhase.Expired)) {
            MarketContext memory c = load(s, id, unit);
            advance(s, c);
            r = c.risk;
        }
    }

    /// @dev `advance`, announced. The caller stores.
    function touch(ClearingState storage s, MarketContext memory c) internal {
        uint256 phase = c.risk.phase();
        if (advance(s, c)) announce(c, phase);
    }

    /// @dev `catchUp`, announced. The caller stores.
    function touchLate(ClearingState storage s, MarketContext memory c) internal {
        uint256 phase = c.risk.phase();
        if (catchUp(s, c)) announce(c, phase);
    }

    function announce(MarketContext memory c, uint256 phase) private {
        emit IClearingEvents.MarketAdvanced(c.id, c.risk.mean(), c.risk.anchor(), c.risk.funding());
        if (c.risk.phase() != phase) emit IClearingEvents.PhaseChanged(c.id, MarketPhase(c.risk.phase()));
    }

    /// @dev The mean within the clamp around the anchor; after expiry the anchor itself.
    function markOf(MarketRisk r) internal pure returns (uint256) {
        uint256 anchor = r.anchor();
        if (r.phase() >= uint256(MarketPhase.Expired)) return anchor;
        uint256 mean = r.mean();
        unchecked {
            // 40 bits × 14 bits.
            uint256 width = (anchor * r.clampBps()) / BPS;
            if (mean < anchor - width) return anchor - width;
            return mean > anchor + width ? anchor + width : mean;
        }
    }

    /// @dev Lowest and highest tick at which fills may happen, rounded towards mark.
    function fillBand(MarketContext memory c) internal pure returns (uint256 lowest, uint256 highest) {
        return band(c.mark, c.mark, c.top.fillBandBps());
    }

    /// @dev Whole ticks from `low` less a band to `high` plus a band, rounded inwards.
    function band(
        uint256 low,
        uint256 high,
        uint256 bps
    ) private pure returns (uint256 lowest, uint256 highest) {
        unchecked {
            lowest = (low * (BPS - bps) + (BPS << 16) - 1) / (BPS << 16);
            highest = (high * (BPS + bps)) / (BPS << 16);
        }
        if (highest > Words.MAX_TICK) highest = Words.MAX_TICK;
        if (lowest == 0) lowest = 1;
    }

    /// @dev A market whose fund has nothing left takes no new risk until it has been topped up.
    function stopIfSpent(MarketContext memory c, bool spent) internal {
        if (!spent || c.risk.phase() != uint256(MarketPhase.Open)) return;
        c.risk = c.risk.withPhase(uint256(MarketPhase.ReduceOnly));
        emit IClearingEvents.PhaseChanged(c.id, MarketPhase.ReduceOnly);
    }

    /// @dev Seconds since the newest print was due, and the limit from which takers must reduce.
    function age(ClearingState storage s, uint256 feed) internal view returns (uint256 age_, uint256 limit) {
        uint256 word = s.feeds[feed];
        unchecked {
            uint256 due = (Words.newestPeriod(word) + 2) * 1 days;
            age_ = block.timestamp > due ? block.timestamp - due : 0;
            limit = Words.limit1Hours(word) * 1 hours;
        }
    }

    /// @dev Adds the seconds for which the standing mid has stood to the minute's observation. Called before the standing
    ///      mid changes and at the end of a minute.
    function observe(MarketContext memory c, uint256 second) internal pure {
        BookTop t = c.top;
        uint256 observed = t.observedSecond();
        if (second <= observed) return;
        (uint256 sum, bool deep) = standing(c);
        unchecked {
            uint256 stood = deep ? second - observed : 0;
            c.top = t.withObservation(t.midSeconds() + sum * stood, t.depthSeconds() + stood, second);
        }
    }

    /// @dev Sets the standing impact prices after a change of the book, having observed what stood before.
    function setImpact(MarketContext memory c, uint256 bid, uint256 ask) internal view {
        if (bid == c.top.impactBid() && ask == c.top.impactAsk()) return;
        observe(c, block.timestamp % 60);
        c.top = c.top.withImpactBid(bid).withImpactAsk(ask);
    }

    /// @dev Sum of the standing impact bid and ask, each held to the band around both ends of the clamp: a quote that mark
    ///      has left behind and one that nobody will ever hit count at its edge. The edges move with the anchor alone: if
    ///      they walked with the mark, a gap in calls would move it less than a call each minute.
    function standing(MarketContext memory c) private pure returns (uint256 sum, bool deep) {
        uint256 bid = c.top.impactBid();
        uint256 ask = c.top.impactAsk();
        if (bid == 0 || ask == 0) return (0, false);
        uint256 anchor = c.risk.anchor();
        uint256 width = (anchor * c.risk.clampBps()) / BPS;
        (uint256 lowest, uint256 highest) = band(anchor - width, anchor + width, c.top.fillBandBps());
        return (held(bid, lowest, highest) + held(ask, lowest, highest), true);
    }

    function held(uint256 tick, uint256 lowest, uint256 highest) private pure returns (uint256) {
        return tick < lowest ? lowest : (tick > highest ? highest : tick);
    }

    /// @dev Ends the observed minute and returns the mean after it. The rest of the minutes see the standing mid.
    function closeMinute(MarketContext memory c) private pure returns (uint256 mean, bool observed) {
        observe(c, 60);
        BookTop t = c.top;
        uint256 depth = t.depthSeconds();
        observed = depth != 0;
        mean = c.risk.mean();
        if (observed) mean = MarkPrice.advanceObserved(mean, t.midSeconds(), depth, t.markMinutes());
        c.top = t.withObservation(0, 0, 0);
    }

    /// @dev `advancePerpetual` over the one minute that was observed.
    function advanceMinute(ClearingState storage s, MarketContext memory c) private view {
        MarketRisk r = c.risk;
        (uint256 mean, bool observed) = closeMinute(c);
        if (!observed) mean = MarkPrice.step(mean, r.anchor(), THIN_MINUTES);
        if (chargedMinutes(s, r, 1) != 0) {
            FundingTerms memory terms = s.markets[c.id.unwrap()].funding;
            (int256 low, int256 high, int256 interest) = fundingLimits(r, terms);
            r = fund(r, terms, int256(mean).clamp(low, high) + interest - int256(r.anchor()));
        }
        c.risk = r.withMean(mean);
    }

    function advancePerpetual(
        ClearingState storage s,
        MarketContext memory c,
        uint256 minutes_
    ) private view {
        uint256 anchor = c.risk.anchor();
        // Where the minutes after the observed one pull the mean: the standing mid, or the index while a side is thin.
        (uint256 toward, bool deep) = standing(c);
        toward = deep ? toward << 15 : anchor;
        uint256 tau = deep ? c.top.markMinutes() : THIN_MINUTES;
        (uint256 mean, bool observed) = closeMinute(c);
        if (!observed) mean = MarkPrice.advance(mean, anchor, THIN_MINUTES, 1);
        charge(s, c, mean, toward, tau, minutes_);
        if (minutes_ > 1) mean = MarkPrice.advance(mean, toward, tau, minutes_ - 1);
        c.risk = c.risk.withMean(mean);
    }

    /// @dev Adds the funding of some minutes, as far as the index was fresh: the first ends at `mean`, the others follow the standing mid.
    function charge(
        ClearingState storage s,
        MarketContext memory c,
        uint256 mean,
        uint256 toward,
        uint256 tau,
        uint256 minutes_
    ) private view {
        MarketRisk r = c.risk;
        minutes_ = chargedMinutes(s, r, minutes_);
        if (minutes_ == 0) return;
        FundingTerms memory terms = s.markets[c.id.unwrap()].funding;
        (int256 low, int256 high, int256 interest) = fundingLimits(r, terms);
        int256 total = int256(mean).clamp(low, high) + int256(minutes_) * (interest - int256(r.anchor()));
        if (minutes_ > 1) total += MarkPrice.limitedSum(mean, toward, tau, minutes_ - 1, low, high);
        c.risk = fund(r, terms, total);
    }

    /// @dev Adds a sum of minutes' premiums, ticks × 2^16, to cumulative funding.
    function fund(MarketRisk r, FundingTerms memory terms, int256 total) private pure returns (MarketRisk) {
        // × 2^4 from 2^16 to 2^20, × 60 seconds of the period for each minute.
        return r.withFunding(r.funding() + (total * 960).floorDiv(int256(uint256(terms.period))));
    }

    /// @dev Limits within which mean minus index plus interest counts: the mark's clamp and the cap of funding, both around
    ///      the index.
    function fundingLimits(
        MarketRisk r,
        FundingTerms memory terms
    ) private pure returns (int256 low, int256 high, int256 interest) {
        int256 index = int256(r.anchor());
        unchecked {
            // 40 bits × 16 bits, all of it far from 256.
            int256 width = (index * int256(r.clampBps())) / int256(BPS);
            int256 cap = (index * int256(uint256(terms.capBps))) / int256(BPS);
            interest = (index * terms.interestBps).floorDiv(int256(BPS));
            low = index - width;
            high = index + width;
            if (low < index - cap - interest) low = index - cap - interest;
            if (high > index + cap - interest) high = index + cap - interest;
        }
    }

    /// @dev Minutes of the gap in which the index was not stale: funding stops at the first limit.
    function chargedMinutes(
        ClearingState storage s,
        MarketRisk r,
        uint256 minutes_
    ) private view returns (uint256) {
        uint256 word = s.feeds[r.feed()];
        uint256 minute = r.minute();
        unchecked {
            uint256 staleMinute =
                (Words.newestPeriod(word) + 2) * MINUTES_PER_DAY + Words.limit1Hours(word) * 60;
            return staleMinute <= minute ? 0 : Rounding.min(minutes_, staleMinute - minute);
        }
    }

    /// @dev Walks over every 00:00 UTC on the way: there mark becomes the next day's anchor. Days in which nothing stood
    ///      are walked in one step each; a dated future lives some hundred of them.
    function advanceDated(ClearingState storage s, MarketContext memory c, uint256 target) private view {
        uint256 minute = c.risk.minute();
        while (minute < target) {
            uint256 midnight = (minute / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY;
            uint256 stop = Rounding.min(midnight, target);
            (uint256 sum, bool deep) = standing(c);
            (uint256 mean, ) = closeMinute(c);
            if (deep && stop - minute > 1) {
                mean = MarkPrice.advance(mean, sum << 15, c.top.markMinutes(), stop - minute - 1);
            }
            c.risk = c.risk.withMean(mean).withMinute(stop);
            minute = stop;
            if (stop == midnight) {
                c.risk = c.risk.withAnchor(markOf(c.risk));
                tier(s, c, stop / MINUTES_PER_DAY);
            }
        }
    }

    /// @dev Margins of the month that the future has become: third, next, front. They only fall on the way.
    function tier(ClearingState storage s, MarketContext memory c, uint256 period) private view {
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        uint256 i = period >= terms.firstPeriod ? 0 : (period >= terms.nextFromPeriod ? 1 : 2);
        MarginTier memory tier_ = terms.tiers[i];
        c.risk = c.risk.withInitialBps(tier_.initialMarginBps).withMaintenanceBps(tier_.maintenanceMarginBps);
        c.top = c.top.withFillBandBps(tier_.fillBandBps);
    }

    /// @dev Gives a perpetual a new index; it has been brought to the current minute.
    function setAnchor(ClearingState storage s, uint256 market, uint256 followed) internal {
        Market storage m = s.markets[market];
        MarketRisk r = MarketRisk.wrap(m.risk);
        if (r.phase() >= uint256(MarketPhase.Expired)) return;
        m.risk = MarketRisk.unwrap(r.withAnchor(toTicksX16(followed, m.funding.indexPerTick)));
    }

    /// @dev An index value in ticks × 2^16, floored, at most the highest tick.
    function toTicksX16(uint256 value, uint256 indexPerTick) internal pure returns (uint256) {
        return Rounding.min((value * X16) / indexPerTick, Words.MAX_TICK << 16);
    }

    /// @dev Recomputes the standing impact price of one side after its levels changed.
    function refreshImpact(ClearingState storage s, MarketContext memory c, bool bids) internal view {
        BookTop t = c.top;
        uint256 best = bids ? t.bestBid() : t.bestAsk();
        uint256 tick = Book.impactTick(s, c.id, best, t.impactLots(), bids);
        if (bids) setImpact(c, tick, t.impactAsk());
        else setImpact(c, t.impactBid(), tick);
    }
}
