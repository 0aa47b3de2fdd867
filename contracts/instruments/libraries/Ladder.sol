// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {Accounts} from "../../clearing/libraries/Accounts.sol";
import {ClearingState} from "../../clearing/libraries/ClearingStorage.sol";
import {Positions} from "../../clearing/libraries/Positions.sol";
import {BookTop, Feed, MarketRisk, Words} from "../../clearing/libraries/Words.sol";
import {AccountId, FeedId, MarketId} from "../../types/Identifiers.sol";

/// @notice What may happen while an index is silent.
/// @dev Age counts from 24 hours after the end of the newest period. Every touch in a new minute writes the stage of the
///      market's index into its `top` word, so that an order reads no feed.
///
///      Fresh: everything.
///      Stale (from limit 1): takers must reduce, funding stops.
///      Halted (from limit 2): mark is no longer valid. Mean, mark and funding stand still, and so do book and liquidation.
///      Grace (30 minutes from the push that ended a halt): orders rest as post-only or reduce; nobody is liquidated.
///
///      A halt lasts from the minute of limit 2 to the end of the minute of the push. It is kept, so that a market that
///      nobody touched meanwhile leaves the same minutes out:
///
///      halts: | 255..72 – | 71..56 number | 55..28 first minute after it | 27..0 its first minute |
library Ladder {
    uint256 internal constant FRESH = 0;
    uint256 internal constant STALE = 1;
    uint256 internal constant HALTED = 2;
    uint256 internal constant GRACE = 3;

    uint256 internal constant GRACE_MINUTES = 30;
    uint256 internal constant NEVER = type(uint256).max;
    uint256 private constant MINUTES_PER_DAY = 1440;
    uint256 private constant MASK = (1 << 28) - 1;

    // ----------------------------------------------------------------------------------------------------- the feed's side

    /// @dev Stage of a feed in a minute that is not before its last push.
    /// @param word Word of the feed.
    function stageAt(
        ClearingState storage s,
        uint256 feed,
        uint256 word,
        uint256 minute
    ) internal view returns (uint256) {
        if (minute >= haltAt(word)) return HALTED;
        if (Words.hasHalted(word) && minute < graceEnd(s, feed)) return GRACE;
        return minute >= staleAt(word) ? STALE : FRESH;
    }

    /// @dev First minute of the first limit.
    function staleAt(uint256 word) internal pure returns (uint256) {
        unchecked {
            return (Words.newestPeriod(word) + 2) * MINUTES_PER_DAY + Words.limit1Hours(word) * 60;
        }
    }

    /// @dev First minute of the second limit.
    function haltAt(uint256 word) internal pure returns (uint256) {
        unchecked {
            return (Words.newestPeriod(word) + 2) * MINUTES_PER_DAY + Words.limit2Minutes(word);
        }
    }

    /// @dev First minute after the grace period of the feed's last halt.
    function graceEnd(ClearingState storage s, uint256 feed) internal view returns (uint256) {
        return ((s.halts[feed << 32] >> 28) & MASK) - 1 + GRACE_MINUTES;
    }

    /// @dev The first halt of a feed that is not over at a minute: its first minute and the first after it.
    /// @return from `NEVER` where there is none.
    /// @return until `NEVER` while it lasts.
    function nextHalt(
        ClearingState storage s,
        uint256 feed,
        uint256 word,
        uint256 minute
    ) internal view returns (uint256 from, uint256 until) {
        (from, until) = (haltAt(word), NEVER);
        if (!Words.hasHalted(word)) return (from, until);
        uint256 halt = s.halts[feed << 32];
        for (uint256 number = halt >> 56; (halt >> 28) & MASK > minute;) {
            (from, until) = (halt & MASK, (halt >> 28) & MASK);
            if (--number == 0) break;
            halt = s.halts[(feed << 32) | number];
        }
    }

    /// @dev Notes the halt that a push ends. One whose index is still too old goes on with a later first minute, by which a
    ///      market that nobody touched meanwhile must not take the minutes before it for trading: they are noted too. Called
    ///      with the feed as the push leaves it, not stored yet.
    /// @param before Word of the feed before the push.
    function endHalt(ClearingState storage s, uint256 id, uint256 before, Feed memory feed) internal {
        uint256 minute = block.timestamp / 60;
        uint256 from = haltAt(before);
        if (minute < from) return;
        uint256 next = (feed.newestPeriod + 2) * MINUTES_PER_DAY + feed.limit2Minutes;
        if (minute >= next) {
            if (next > from) note(s, id, from, next, feed);
            return;
        }
        note(s, id, from, minute + 1, feed);
        emit IClearingEvents.HaltEnded(FeedId.wrap(uint8(id)), from * 60, (minute + GRACE_MINUTES) * 60);
    }

    function note(
        ClearingState storage s,
        uint256 id,
        uint256 from,
        uint256 until,
        Feed memory feed
    ) private {
        uint256 last = s.halts[id << 32];
        uint256 number = last >> 56;
        if (number != 0) s.halts[(id << 32) | number] = last;
        s.halts[id << 32] = from | (until << 28) | ((number + 1) << 56);
        feed.hasHalted = true;
    }

    /// @dev Seconds since the newest print was due.
    function age(ClearingState storage s, uint256 feed) internal view returns (uint256) {
        uint256 due = (Words.newestPeriod(s.feeds[feed]) + 2) * 1 days;
        return block.timestamp > due ? block.timestamp - due : 0;
    }

    // --------------------------------------------------------------------------------------------------- what it refuses

    /// @dev Reverts where the stage does not allow an order.
    /// @param raises Whether it may do more than reduce.
    /// @param probe Whether it is post-only.
    /// @param crosses Whether it would take.
    function requireOrder(
        ClearingState storage s,
        MarketId market,
        uint256 stage,
        bool raises,
        bool probe,
        bool crosses
    ) internal view {
        uint256 feed = MarketRisk.wrap(s.markets[market.unwrap()].risk).feed();
        if (stage == HALTED)
            revert IClearingErrors.IndexStale(
                FeedId.wrap(uint8(feed)),
                age(s, feed),
                s.feedTerms[feed].limit2
            );
        if (!raises || probe) return;
        if (stage == GRACE) revertGrace(s, market, feed);
        if (stage == STALE && crosses) {
            revert IClearingErrors.IndexStale(
                FeedId.wrap(uint8(feed)),
                age(s, feed),
                s.feedTerms[feed].limit1
            );
        }
    }

    /// @dev Whether mark of a touched market is valid. One whose trading has ended no longer needs its index to be fresh: its
    ///      window is what it is.
    function isValid(BookTop top, MarketRisk risk) internal pure returns (bool) {
        return top.stage() != HALTED || risk.phase() >= uint256(MarketPhase.Expired);
    }

    /// @dev Reverts while mark of a touched market is not valid.
    function requireValid(ClearingState storage s, BookTop top, MarketRisk risk) internal view {
        if (isValid(top, risk)) return;
        uint256 feed = risk.feed();
        revert IClearingErrors.IndexStale(FeedId.wrap(uint8(feed)), age(s, feed), s.feedTerms[feed].limit2);
    }

    /// @dev Reverts while an account holds lots in a market whose mark is not valid. Its markets have been touched.
    function requireValidMarks(ClearingState storage s, AccountId account) internal view {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        for (; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            if (Positions.load(s, MarketId.wrap(uint16(id)), account).size() == 0) continue;
            requireValid(s, BookTop.wrap(s.markets[id].top), MarketRisk.wrap(s.markets[id].risk));
        }
    }

    /// @dev Whether nobody may be forced out of a touched market: its mark is not valid, or was not half an hour ago.
    function waits(ClearingState storage s, uint256 market) internal view returns (bool) {
        if (MarketRisk.wrap(s.markets[market].risk).phase() >= uint256(MarketPhase.Expired)) return false;
        uint256 stage = BookTop.wrap(s.markets[market].top).stage();
        return stage == HALTED || stage == GRACE;
    }

    /// @dev Whether an account holds lots in a market that waits. Its markets have been touched.
    function holdsWaiting(ClearingState storage s, AccountId account) internal view returns (bool) {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        for (; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            if (!waits(s, id)) continue;
            if (Positions.load(s, MarketId.wrap(uint16(id)), account).size() != 0) return true;
        }
        return false;
    }

    /// @dev Reverts while any market in which an account holds lots waits. Its markets have been touched.
    function requireEnforceable(ClearingState storage s, AccountId account) internal view {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        for (; markets != 0; markets >>= 10) {
            requireEnforced(s, MarketId.wrap(uint16(markets & 1023)), account);
        }
    }

    /// @dev Reverts while an account may not be forced out of one market. Orders alone shield nobody: they lose nothing while
    ///      their market waits.
    function requireEnforced(ClearingState storage s, MarketId market, AccountId account) internal view {
        if (!waits(s, market.unwrap()) || Positions.load(s, market, account).size() == 0) return;
        MarketRisk risk = MarketRisk.wrap(s.markets[market.unwrap()].risk);
        requireValid(s, BookTop.wrap(s.markets[market.unwrap()].top), risk);
        revertGrace(s, market, risk.feed());
    }

    function revertGrace(ClearingState storage s, MarketId market, uint256 feed) private view {
        revert IClearingErrors.InGracePeriod(market, block.timestamp, graceEnd(s, feed) * 60);
    }
}
