// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginTier, MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {ClearingState, FundingTerms, MarketTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {MarketRisk} from "../../clearing/libraries/Words.sol";
import {DeliveryWindow, Window} from "./DeliveryWindow.sol";
import {Ladder} from "./Ladder.sol";
import {MarkPrice, Path} from "./MarkPrice.sol";
import {MarketContext, Markets} from "./Markets.sol";

/// @dev Where a market stands on its way to the current minute.
struct Walk {
    uint256 feed;
    uint256 word;
    uint256 minute;
    uint256 target;
    Window window;
}

/// @dev A mean on its way for some minutes: the first ends at `mean`, the others go toward a price, and all of them together
///      keep the share `kept` of the distance to it.
struct Stretch {
    uint256 mean;
    uint256 toward;
    uint256 tau;
    uint256 minutes_;
    uint256 kept;
}

/// @notice A market brought to the current minute in whatever state it is: over midnights, halts and the end of trading.
/// @dev `Markets.step` gives the same result where it gives one. Nothing here depends on how often it was asked: what
///      a midnight needs of the index and of the feed is asked as it was at that midnight.
library MarketClock {
    using Rounding for int256;

    uint256 private constant MINUTES_PER_DAY = 1440;

    /// @dev `Markets.touch` of a perpetual without asking the clock module, for pushes: their gas is bounded.
    function touchPerpetual(ClearingState storage s, MarketContext memory c) internal {
        uint256 minute = c.risk.minute();
        advance(s, c);
        c.mark = Markets.markOf(c.risk);
        if (c.risk.minute() != minute) Markets.announce(c);
    }

    /// @dev Brings a market to the current minute, in memory alone.
    /// @return window Its word of the delivery window afterwards.
    function advance(ClearingState storage s, MarketContext memory c) internal view returns (Window window) {
        Walk memory w;
        // A perpetual delivers nothing.
        if (c.risk.kind() != uint256(MarketKind.Perpetual)) w.window = Window.wrap(s.windows[c.id.unwrap()]);
        w.minute = c.risk.minute();
        uint256 now_ = block.timestamp / 60;
        if (now_ <= w.minute || c.risk.phase() >= uint256(MarketPhase.Expired)) return w.window;
        uint256 end = c.top.expiryPeriod() * MINUTES_PER_DAY;
        w.target = end == 0 ? now_ : Rounding.min(now_, end);
        w.feed = c.risk.feed();
        w.word = s.feeds[w.feed];
        walk(s, c, w);
        c.risk = c.risk.withMinute(w.target);
        c.top = c.top.withStage(Ladder.stageAt(s, w.feed, w.word, now_));
        // What trading ended at stands until a print is there, and for good in a perpetual.
        if (w.target == end) {
            c.risk = c.risk.withAnchor(Markets.markOf(c.risk)).withPhase(uint256(MarketPhase.Expired));
        }
        return w.window;
    }

    /// @dev From halt to halt. In a halt nothing happens, at its midnights neither; the first one after it makes up for them.
    function walk(ClearingState storage s, MarketContext memory c, Walk memory w) private view {
        bool perpetual = c.risk.kind() == uint256(MarketKind.Perpetual);
        while (w.minute < w.target) {
            (uint256 from, uint256 until) = Ladder.nextHalt(s, w.feed, w.word, w.minute);
            uint256 stop = Rounding.min(w.minute < from ? from : until, w.target);
            if (w.minute >= from) {
                // What was observed in a halted minute does not count.
                c.top = c.top.withObservation(0, 0, 0);
                w.minute = stop;
                // The next halt may begin where this one ends: then its midnight belongs to that.
                if (perpetual || stop != until) continue;
                (from, ) = Ladder.nextHalt(s, w.feed, w.word, stop);
                if (stop < from) midnight(s, c, w);
            } else if (perpetual) {
                advancePerpetual(s, c, w, stop);
            } else {
                advanceDated(s, c, w, stop, from);
            }
        }
    }

    function advancePerpetual(
        ClearingState storage s,
        MarketContext memory c,
        Walk memory w,
        uint256 stop
    ) private view {
        uint256 minutes_ = stop - w.minute;
        uint256 anchor = c.risk.anchor();
        // Where the minutes after the observed one pull the mean: the standing mid, or the index while a side is thin.
        (uint256 toward, bool deep) = Markets.standing(c.top, c.risk);
        toward = deep ? toward << 15 : anchor;
        uint256 tau = deep ? c.top.markMinutes() : Markets.THIN_MINUTES;
        (uint256 mean, bool observed) = Markets.closeMinute(c);
        if (!observed) mean = MarkPrice.advance(mean, anchor, Markets.THIN_MINUTES, 1);
        uint256 kept = MarkPrice.decay(tau, minutes_ - 1);
        charge(s, c, w, Stretch(mean, toward, tau, minutes_, kept));
        if (minutes_ > 1) mean = MarkPrice.advanceBy(mean, toward, kept);
        c.risk = c.risk.withMean(mean);
        w.minute = stop;
    }

    /// @dev Adds the funding of some minutes, as far as the index was fresh: the first ends at `mean`, the others follow the
    ///      standing mid.
    function charge(
        ClearingState storage s,
        MarketContext memory c,
        Walk memory w,
        Stretch memory p
    ) private view {
        uint256 stale = Ladder.staleAt(w.word);
        uint256 minutes_ = stale <= w.minute ? 0 : Rounding.min(p.minutes_, stale - w.minute);
        if (minutes_ == 0) return;
        FundingTerms storage terms = s.markets[c.id.unwrap()].funding;
        uint256 period = terms.period;
        (int256 low, int256 high, int256 interest) = Markets.fundingLimits(
            c.risk,
            terms.capBps,
            terms.interestBps
        );
        int256 sum = int256(p.mean).clamp(low, high);
        if (minutes_ > 1) {
            uint256 kept = minutes_ == p.minutes_ ? p.kept : MarkPrice.decay(p.tau, minutes_ - 1);
            sum += MarkPrice.limitedSumBy(Path(p.mean, p.toward, p.tau, low, high), minutes_ - 1, kept);
        }
        c.risk = Markets.accrue(c.risk, period, sum, interest, minutes_);
    }

    /// @dev Walks over every 00:00 UTC on the way. Days in which nothing stood are walked in one step each; a dated future
    ///      lives some hundred of them.
    /// @param halt First minute of the next halt: if it is a midnight, that belongs to the halt.
    function advanceDated(
        ClearingState storage s,
        MarketContext memory c,
        Walk memory w,
        uint256 target,
        uint256 halt
    ) private view {
        while (w.minute < target) {
            uint256 stop = Rounding.min((w.minute / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY, target);
            (uint256 sum, bool deep) = Markets.standing(c.top, c.risk);
            (uint256 mean, ) = Markets.closeMinute(c);
            if (deep && stop - w.minute > 1) {
                mean = MarkPrice.advance(mean, sum << 15, c.top.markMinutes(), stop - w.minute - 1);
            }
            c.risk = c.risk.withMean(mean);
            w.minute = stop;
            if (stop != halt) midnight(s, c, w);
        }
    }

    /// @dev At 00:00 UTC mark becomes the day's settlement price, and the margins, the band and the limit of the new day hold.
    ///      Nothing of that at the end of trading, nor in minutes that are no midnight.
    function midnight(ClearingState storage s, MarketContext memory c, Walk memory w) private view {
        uint256 period = w.minute / MINUTES_PER_DAY;
        if (w.minute % MINUTES_PER_DAY != 0 || period == c.top.expiryPeriod()) return;
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        uint256 first = terms.firstPeriod;
        uint256 mark = Markets.markOf(c.risk);
        if (period > first) {
            w.window = DeliveryWindow.newDay(s, c, period, mark);
            return;
        }
        // Margins of the month that the future has become: third, next, front. They only fall on the way.
        MarginTier memory tier = terms.tiers[period == first ? 0 : (period >= terms.nextFromPeriod ? 1 : 2)];
        c.risk = c.risk.withAnchor(mark).withClampBps(terms.baseClampBps);
        setTier(c, tier);
    }

    function setTier(MarketContext memory c, MarginTier memory tier) internal pure {
        MarketRisk r = c.risk.withInitialBps(tier.initialMarginBps);
        c.risk = r.withMaintenanceBps(tier.maintenanceMarginBps);
        c.top = c.top.withFillBandBps(tier.fillBandBps);
    }
}
