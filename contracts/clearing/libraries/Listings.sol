// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedListing, MarketKind, MarketListing} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Feeds} from "../../instruments/libraries/Feeds.sol";
import {Markets} from "../../instruments/libraries/Markets.sol";
import {FeedId, MarketId, Tick} from "../../types/Identifiers.sol";
import {
    ClearingState,
    ClearingStorage,
    FeedTerms,
    Following,
    FundingTerms,
    Market,
    MarketTerms
} from "./ClearingStorage.sol";
import {ParameterChecks} from "./ParameterChecks.sol";
import {Rounding} from "./Rounding.sol";
import {BookTop, Feed, MarketFlow, MarketRisk, Words} from "./Words.sol";

/// @notice Listing of feeds and markets, and what a market's words say of its listing.
library Listings {
    using Words for Feed;
    using Words for MarketFlow;

    uint256 private constant LAST_PERIOD = (1 << 20) - 3;
    uint256 private constant MAX_PERPETUALS = 2;

    function addFeed(ClearingState storage s, FeedListing calldata f) internal returns (FeedId id) {
        if (s.following[f.index].feed != 0) revert IClearingErrors.FeedExists(f.index);
        ParameterChecks.within("maxMoveBps", f.maxMoveBps, 1, 5000);
        ParameterChecks.within("limit1", f.limit1, 1 hours, 255 hours);
        ParameterChecks.multiple("limit1", f.limit1, 1 hours);
        ParameterChecks.within("limit2", f.limit2, uint256(f.limit1) + 1, 365 days);
        ParameterChecks.multiple("limit2", f.limit2, 1 minutes);
        ParameterChecks.within("limit3", f.limit3, uint256(f.limit2) + 1, 365 days);
        ParameterChecks.multiple("limit3", f.limit3, 1 minutes);
        uint256 number = uint256(s.feedCount) + 1;
        ParameterChecks.within("feeds", number, 1, ClearingStorage.MAX_FEEDS);
        s.feedCount = uint8(number);
        s.following[f.index] = Following(uint8(number), f.maxMoveBps, 0, 0);
        FeedTerms storage terms = s.feedTerms[number];
        terms.index = f.index;
        (terms.limit1, terms.limit2, terms.limit3) = (f.limit1, f.limit2, f.limit3);
        Feed memory feed;
        feed.limit1Hours = f.limit1 / 1 hours;
        feed.limit2Minutes = f.limit2 / 1 minutes;
        s.feeds[number] = feed.pack();
        id = FeedId.wrap(uint8(number));
        emit IClearingEvents.FeedAdded(id, f);
    }

    function list(ClearingState storage s, MarketListing calldata l) internal returns (MarketId id) {
        uint256 feedId = l.feed.unwrap();
        if (feedId == 0 || feedId > s.feedCount) revert IClearingErrors.UnknownFeed(l.feed);
        check(s, l);
        uint256 number = uint256(s.marketCount) + 1;
        ParameterChecks.within("markets", number, 1, ClearingStorage.MAX_MARKETS);
        s.marketCount = uint16(number);
        id = MarketId.wrap(uint16(number));

        uint256 start = startPrice(s, l, feedId, number);
        Market storage m = s.markets[number];
        uint256 tier = 0;
        if (l.kind == MarketKind.Dated) {
            uint256 period = block.timestamp / 1 days;
            tier = period >= l.firstPeriod ? 0 : (period >= l.nextFromPeriod ? 1 : 2);
        }
        m.top = BookTop.unwrap(top(l, tier));
        m.risk = MarketRisk.unwrap(risk(l, tier, start));
        MarketFlow memory flow;
        // Nothing is in its fund yet.
        flow.maxOpenInterest = Rounding.min(l.maxOpenInterestLots, l.openInterestBaseLots);
        m.flow = flow.pack();
        m.funding = FundingTerms(l.fundingPeriod, l.fundingCapBps, l.fundingInterestBps, l.indexPerTick);
        writeTerms(m.terms, l);
        emit IClearingEvents.MarketListed(id, l);
    }

    /// @dev Refuses a set of parameters that is out of range or unsafe.
    function check(ClearingState storage s, MarketListing memory l) internal view {
        ParameterChecks.check(l, s.following[s.feedTerms[l.feed.unwrap()].index].maxMoveBps);
    }

    /// @dev The listing with its parameters as they stand.
    function read(ClearingState storage s, MarketId id) internal view returns (MarketListing memory l) {
        Market storage m = s.markets[id.unwrap()];
        if (m.risk == 0) revert IClearingErrors.UnknownMarket(id);
        BookTop t = BookTop.wrap(m.top);
        MarketRisk r = MarketRisk.wrap(m.risk);
        MarketTerms memory terms = m.terms;
        l.kind = MarketKind(r.kind());
        l.feed = FeedId.wrap(uint8(r.feed()));
        l.indexPerTick = m.funding.indexPerTick;
        l.tickValue = uint16(r.tickValue());
        l.tiers = terms.tiers;
        l.clampBps = terms.baseClampBps;
        l.takerFee = uint16(t.takerFee());
        l.makerFee = int16(t.makerFee());
        l.liquidationFeeBps = terms.liquidationFeeBps;
        l.insuranceShareBps = terms.insuranceShareBps;
        l.fundingPeriod = m.funding.period;
        l.fundingCapBps = m.funding.capBps;
        l.fundingInterestBps = m.funding.interestBps;
        l.markMinutes = uint16(t.markMinutes());
        l.impactLots = uint24(t.impactLots());
        l.minLots = uint16(t.minLots());
        l.maxPositionLots = uint40(r.maxPosition() * ParameterChecks.LOT_UNIT);
        l.maxOpenInterestLots = terms.maxOpenInterestLots;
        l.openInterestBaseLots = terms.openInterestBaseLots;
        l.fundCoverBps = terms.fundCoverBps;
        l.concentrationLots = uint40(r.concentration() * ParameterChecks.LOT_UNIT);
        l.spreadInitialBps = terms.spreadInitialBps;
        l.spreadMaintenanceBps = terms.spreadMaintenanceBps;
        l.firstPeriod = terms.firstPeriod;
        l.lastPeriod = terms.lastPeriod;
        l.nextFromPeriod = terms.nextFromPeriod;
        l.firstMarkTick = Tick.wrap(terms.firstMarkTick);
    }

    /// @dev A perpetual starts at its index and is registered with the feed; a dated future starts at the listing's mark.
    function startPrice(
        ClearingState storage s,
        MarketListing memory l,
        uint256 feedId,
        uint256 number
    ) private returns (uint256) {
        if (l.kind == MarketKind.Dated) {
            uint256 today = block.timestamp / 1 days;
            ParameterChecks.within("lastPeriod", l.lastPeriod, today, LAST_PERIOD);
            // A window that begins before the index does could never settle.
            uint256 first = s.index.config(s.feedTerms[feedId].index).firstPeriod;
            ParameterChecks.within("firstPeriod", l.firstPeriod, first, LAST_PERIOD);
            return l.firstMarkTick.unwrap() << 16;
        }
        Feed memory feed = Words.toFeed(s.feeds[feedId]);
        if (feed.followed == 0) revert IClearingErrors.FeedEmpty(l.feed);
        Following storage terms = s.following[s.feedTerms[feedId].index];
        uint256 count = terms.perpetual == 0 ? 0 : (terms.successor == 0 ? 1 : MAX_PERPETUALS);
        ParameterChecks.within("perpetuals of the feed", count + 1, 1, MAX_PERPETUALS);
        if (count == 0) terms.perpetual = uint16(number);
        else terms.successor = uint16(number);
        uint256 price = Markets.toTicksX16(feed.followed, l.indexPerTick);
        ParameterChecks.within("first price in ticks", price >> 16, 1, Feeds.RUN_OFF_TICK);
        return price;
    }

    function top(MarketListing memory l, uint256 tier) private pure returns (BookTop) {
        uint256 word = Words.NO_ASK << 24;
        word |= (uint256(l.tiers[tier].fillBandBps) << 140) | (uint256(l.takerFee) << 154);
        word |=
            (uint256(l.impactLots) << 178) |
            (uint256(l.minLots) << 222) |
            (uint256(l.markMinutes) << 238);
        if (l.kind == MarketKind.Dated) word |= (uint256(l.lastPeriod) + 1) << 202;
        return BookTop.wrap(word).withMakerFee(l.makerFee);
    }

    function risk(MarketListing memory l, uint256 tier, uint256 start) private view returns (MarketRisk) {
        uint256 word = (uint256(l.clampBps) << 192) | (uint256(l.tickValue) << 206);
        word |= (l.feed.unwrap() << 222) | (uint256(l.kind) << 228);
        return
            MarketRisk
                .wrap(word)
                .withMean(start)
                .withAnchor(start)
                .withMinute(block.timestamp / 60)
                .withInitialBps(l.tiers[tier].initialMarginBps)
                .withMaintenanceBps(l.tiers[tier].maintenanceMarginBps)
                .withMaxPosition(l.maxPositionLots / ParameterChecks.LOT_UNIT)
                .withConcentration(l.concentrationLots / ParameterChecks.LOT_UNIT);
    }

    function writeTerms(MarketTerms storage terms, MarketListing memory l) private {
        for (uint256 i = 0; i < 3; ++i) terms.tiers[i] = l.tiers[i];
        terms.liquidationFeeBps = l.liquidationFeeBps;
        terms.insuranceShareBps = l.insuranceShareBps;
        terms.baseClampBps = l.clampBps;
        terms.fundCoverBps = l.fundCoverBps;
        terms.spreadInitialBps = l.spreadInitialBps;
        terms.spreadMaintenanceBps = l.spreadMaintenanceBps;
        terms.maxOpenInterestLots = l.maxOpenInterestLots;
        terms.openInterestBaseLots = l.openInterestBaseLots;
        terms.firstPeriod = l.firstPeriod;
        terms.lastPeriod = l.lastPeriod;
        terms.nextFromPeriod = l.nextFromPeriod;
        terms.firstMarkTick = uint24(l.firstMarkTick.unwrap());
    }
}
