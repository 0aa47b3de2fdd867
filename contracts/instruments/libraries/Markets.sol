// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {IClock} from "../../clearing/interfaces/IClock.sol";
import {ClearingState, FundingTerms, Market} from "../../clearing/libraries/ClearingStorage.sol";
import {EventWords} from "../../clearing/libraries/EventWords.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {BookTop, MarketRisk, Words} from "../../clearing/libraries/Words.sol";
import {Book} from "../../book/libraries/Book.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {Ladder} from "./Ladder.sol";
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
///      somebody called. The plain case stands here; midnights, halts, thin books and the limits of funding are computed by
///      the clock module, from the same storage.
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
        if (BookTop.unwrap(c.top) != BookTop.unwrap(c.storedTop)) {
            s.markets[c.id.unwrap()].top = BookTop.unwrap(c.top);
            c.storedTop = c.top;
        }
        if (MarketRisk.unwrap(c.risk) != MarketRisk.unwrap(c.storedRisk)) {
            s.markets[c.id.unwrap()].risk = MarketRisk.unwrap(c.risk);
            c.storedRisk = c.risk;
        }
    }

    /// @dev Brings mean, funding, day and month to the current minute and sets `mark`, in memory alone. The market must be as
    ///      it is stored.
    /// @return moved Whether a minute was reached.
    /// @return window The market's word of its delivery window, if it is in it and this may have changed it.
    function advance(
        ClearingState storage s,
        MarketContext memory c
    ) internal view returns (bool moved, uint256 window) {
        uint256 now_ = block.timestamp / 60;
        if (now_ > c.risk.minute() && c.risk.phase() < uint256(MarketPhase.Expired)) {
            moved = true;
            if (!step(s, c, now_)) {
                uint256 top;
                uint256 risk;
                (top, risk, window) = IClock(address(this)).advanced(c.id);
                (c.top, c.risk) = (BookTop.wrap(top), MarketRisk.wrap(risk));
            }
        }
        c.mark = markOf(c.risk);
    }

    /// @dev The plain case: the next minute under a fresh index, not the first of a dated future's day.
    /// @return done Whether it was; otherwise the clock module has to be asked.
    function step(
        ClearingState storage s,
        MarketContext memory c,
        uint256 now_
    ) private view returns (bool done) {
        (BookTop t, MarketRisk r) = (c.top, c.risk);
        uint256 feed = s.feeds[r.feed()];
        unchecked {
            if (now_ != r.minute() + 1) return false;
        }
        // No halt can have come and gone since a fresh minute that was the one before: the second limit is later than the first.
        if (t.stage() != Ladder.FRESH) return false;
        if (now_ >= Ladder.staleAt(feed)) return false;
        bool perpetual = r.kind() == uint256(MarketKind.Perpetual);
        if (perpetual) {
            if (t.expiryPeriod() != 0) return false;
        } else if (now_ % MINUTES_PER_DAY == 0) return false;
        (uint256 mean, bool deep) = closeMinute(c);
        if (perpetual) {
            if (!deep) mean = MarkPrice.step(mean, r.anchor(), THIN_MINUTES);
            FundingTerms storage terms = s.markets[c.id.unwrap()].funding;
            (int256 low, int256 high, int256 interest) = fundingLimits(r, terms.capBps, terms.interestBps);
            r = accrue(r, terms.period, int256(mean).clamp(low, high), interest, 1);
        }
        c.risk = r.withMeanAt(mean, now_);
        return true;
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
        (bool moved, uint256 window) = advance(s, c);
        if (!moved) return;
        if (window != 0) {
            if (window != s.windows[c.id.unwrap()]) s.windows[c.id.unwrap()] = window;
        }
        announce(c);
    }

    /// @dev Tells that a market reached a new minute, and its phase if that is another than the stored one.
    function announce(MarketContext memory c) internal {
        MarketRisk r = c.risk;
        emit IClearingEvents.MarketAdvanced(c.id, EventWords.toAdvanced(r));
        uint256 phase = r.phase();
        if (phase != c.storedRisk.phase()) emit IClearingEvents.PhaseChanged(c.id, MarketPhase(phase));
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
        return (lowestFill(c), highestFill(c));
    }

    /// @dev The lower edge of `fillBand` alone: an order asks for one of them.
    function lowestFill(MarketContext memory c) internal pure returns (uint256 lowest) {
        lowest = lowestAround(c.mark, c.top.fillBandBps());
        if (lowest == 0) lowest = 1;
    }

    /// @dev The upper edge.
    function highestFill(MarketContext memory c) internal pure returns (uint256 highest) {
        highest = highestAround(c.mark, c.top.fillBandBps());
        if (highest > Words.MAX_TICK) highest = Words.MAX_TICK;
    }

    /// @dev First whole tick inside a band below a price; a tick or not.
    function lowestAround(uint256 price, uint256 bps) private pure returns (uint256) {
        unchecked {
            // 41 bits × 14 bits.
            return (price * (BPS - bps) + (BPS << 16) - 1) / (BPS << 16);
        }
    }

    /// @dev Last whole tick inside a band above a price; a tick or not.
    function highestAround(uint256 price, uint256 bps) private pure returns (uint256) {
        unchecked {
            // 41 bits × 15 bits.
            return (price * (BPS + bps)) / (BPS << 16);
        }
    }

    /// @dev A market whose fund has nothing left takes no new risk until it has been topped up.
    function stopIfSpent(MarketContext memory c, bool spent) internal {
        if (!spent || c.risk.phase() != uint256(MarketPhase.Open)) return;
        c.risk = c.risk.withPhase(uint256(MarketPhase.ReduceOnly));
        emit IClearingEvents.PhaseChanged(c.id, MarketPhase.ReduceOnly);
    }

    /// @dev Adds the seconds for which the standing mid has stood to the minute's observation. Called before the standing
    ///      mid changes and at the end of a minute.
    function observe(MarketContext memory c, uint256 second) internal pure {
        if (second <= c.top.observedSecond()) return;
        (uint256 midSeconds, uint256 depthSeconds) = observed(c.top, c.risk, second);
        c.top = c.top.withObservation(midSeconds, depthSeconds, second);
    }

    /// @dev The minute's observation up to `second`, which is not before the one up to which it goes.
    function observed(
        BookTop t,
        MarketRisk r,
        uint256 second
    ) private pure returns (uint256 midSeconds, uint256 depthSeconds) {
        (midSeconds, depthSeconds) = (t.midSeconds(), t.depthSeconds());
        (uint256 sum, bool deep) = standing(t, r);
        if (!deep) return (midSeconds, depthSeconds);
        unchecked {
            // 25 bits × 6 bits over the minute.
            uint256 stood = second - t.observedSecond();
            return (midSeconds + sum * stood, depthSeconds + stood);
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
    function standing(BookTop t, MarketRisk r) internal pure returns (uint256 sum, bool deep) {
        uint256 bid = t.impactBid();
        uint256 ask = t.impactAsk();
        if (bid == 0) return (0, false);
        if (ask == 0) return (0, false);
        uint256 anchor = r.anchor();
        uint256 bps = t.fillBandBps();
        unchecked {
            // 40 bits × 14 bits; a clamp is below 100 %.
            uint256 width = (anchor * r.clampBps()) / BPS;
            // Edges that are no ticks hold nothing: impact prices are ticks.
            uint256 lowest = lowestAround(anchor - width, bps);
            uint256 highest = highestAround(anchor + width, bps);
            return (held(bid, lowest, highest) + held(ask, lowest, highest), true);
        }
    }

    function held(uint256 tick, uint256 lowest, uint256 highest) private pure returns (uint256 inside) {
        inside = tick;
        if (tick < lowest) inside = lowest;
        else if (tick > highest) inside = highest;
    }

    /// @dev Ends the observed minute and returns the mean after it. The rest of the minutes see the standing mid.
    function closeMinute(MarketContext memory c) internal pure returns (uint256 mean, bool deep) {
        (BookTop t, MarketRisk r) = (c.top, c.risk);
        (uint256 midSeconds, uint256 depthSeconds) = observed(t, r, 60);
        deep = depthSeconds != 0;
        mean = r.mean();
        if (deep) mean = MarkPrice.advanceObserved(mean, midSeconds, depthSeconds, t.markMinutes());
        c.top = t.withObservation(0, 0, 0);
    }

    /// @dev Adds the funding of some minutes to the market's.
    /// @param sum Σ of the minutes' means, each within the limits.
    /// @param interest Of a period, ticks × 2^16.
    function accrue(
        MarketRisk r,
        uint256 period,
        int256 sum,
        int256 interest,
        uint256 minutes_
    ) internal pure returns (MarketRisk) {
        unchecked {
            // A sum of prices of 40 bits over minutes of 28 bits; the new funding is checked where it is packed.
            int256 total = sum + int256(minutes_) * (interest - int256(r.anchor()));
            // × 2^4 from 2^16 to 2^20, × 60 seconds of the period for each minute.
            return r.withFunding(r.funding() + (total * 960).floorDiv(int256(period)));
        }
    }

    /// @dev Limits within which mean minus index plus interest counts: the mark's clamp and the cap of funding, both around
    ///      the index.
    function fundingLimits(
        MarketRisk r,
        uint256 capBps,
        int256 interestBps
    ) internal pure returns (int256 low, int256 high, int256 interest) {
        int256 index = int256(r.anchor());
        unchecked {
            // 40 bits × 16 bits, all of it far from 256.
            int256 width = (index * int256(r.clampBps())) / int256(BPS);
            int256 cap = (index * int256(capBps)) / int256(BPS);
            interest = (index * interestBps).floorDiv(int256(BPS));
            low = index - width;
            high = index + width;
            if (low < index - cap - interest) low = index - cap - interest;
            if (high > index + cap - interest) high = index + cap - interest;
        }
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
