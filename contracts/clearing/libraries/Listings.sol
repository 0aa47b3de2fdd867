// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedListing, MarginTier, MarketKind, MarketListing} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Markets} from "../../instruments/libraries/Markets.sol";
import {FeedId, MarketId, Tick} from "../../types/Identifiers.sol";
import {
    ClearingState,
    ClearingStorage,
    FeedTerms,
    FundingTerms,
    Market,
    MarketTerms
} from "./ClearingStorage.sol";
import {BookTop, Feed, MarketFlow, MarketRisk, Words} from "./Words.sol";

/// @notice Listing of feeds and markets, and the inequalities that every set of parameters must satisfy.
library Listings {
    using Words for Feed;
    using Words for MarketFlow;

    /// @dev Position limits are stored in units of so many lots.
    uint256 internal constant POSITION_UNIT = 16_384;
    uint256 private constant MAX_PERPETUALS = 2;

    function addFeed(ClearingState storage s, FeedListing calldata f) internal returns (FeedId id) {
        if (s.feedOf[f.index] != 0) revert IClearingErrors.FeedExists(f.index);
        within("maxMoveBps", int256(uint256(f.maxMoveBps)), 1, 5000);
        within("limit1", int256(uint256(f.limit1)), 1 hours, 255 hours);
        multiple("limit1", f.limit1, 1 hours);
        within("limit2", int256(uint256(f.limit2)), int256(uint256(f.limit1)) + 1, 365 days);
        within("limit3", int256(uint256(f.limit3)), int256(uint256(f.limit2)) + 1, 365 days);
        uint256 number = uint256(s.feedCount) + 1;
        within("feeds", int256(number), 1, int256(ClearingStorage.MAX_FEEDS));
        s.feedCount = uint8(number);
        s.feedOf[f.index] = number;
        FeedTerms storage terms = s.feedTerms[number];
        terms.index = f.index;
        terms.maxMoveBps = f.maxMoveBps;
        (terms.limit1, terms.limit2, terms.limit3) = (f.limit1, f.limit2, f.limit3);
        Feed memory feed;
        feed.limit1Hours = f.limit1 / 1 hours;
        s.feeds[number] = feed.pack();
        id = FeedId.wrap(uint8(number));
        emit IClearingEvents.FeedAdded(id, f);
    }

    function list(ClearingState storage s, MarketListing calldata l) internal returns (MarketId id) {
        check(l);
        uint256 feedId = l.feed.unwrap();
        if (feedId == 0 || feedId > s.feedCount) revert IClearingErrors.UnknownFeed(l.feed);
        checkFollowing(l, s.feedTerms[feedId].maxMoveBps);
        uint256 number = uint256(s.marketCount) + 1;
        within("markets", int256(number), 1, int256(ClearingStorage.MAX_MARKETS));
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
        flow.maxOpenInterest = l.maxOpenInterestLots;
        m.flow = flow.pack();
        m.funding = FundingTerms(l.fundingPeriod, l.fundingCapBps, l.fundingInterestBps, l.indexPerTick);
        writeTerms(m.terms, l);
        emit IClearingEvents.MarketListed(id, l);
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
        l.clampBps = uint16(r.clampBps());
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
        l.maxPositionLots = uint40(r.maxPosition() * POSITION_UNIT);
        l.maxOpenInterestLots = uint40(Words.toMarketFlow(m.flow).maxOpenInterest);
        l.concentrationLots = uint40(r.concentration() * POSITION_UNIT);
        l.firstPeriod = terms.firstPeriod;
        l.lastPeriod = terms.lastPeriod;
        l.nextFromPeriod = terms.nextFromPeriod;
        l.firstMarkTick = Tick.wrap(terms.firstMarkTick);
    }

    /// @dev Hard limits of every parameter, then the inequalities that keep makers and funds safe, for each tier.
    function check(MarketListing memory l) internal pure {
        within("indexPerTick", int256(uint256(l.indexPerTick)), 1, type(int128).max);
        within("tickValue", int256(uint256(l.tickValue)), 1, 65_535);
        within("takerFee", int256(uint256(l.takerFee)), 0, 2000);
        within("makerFee", l.makerFee, -int256(uint256(l.takerFee)), 2000);
        within("liquidationFeeBps", int256(uint256(l.liquidationFeeBps)), 0, 500);
        within("insuranceShareBps", int256(uint256(l.insuranceShareBps)), 0, 10_000);
        within("markMinutes", int256(uint256(l.markMinutes)), 1, 4095);
        within("impactLots", int256(uint256(l.impactLots)), 1, 16_777_215);
        within("minLots", int256(uint256(l.minLots)), 1, 65_535);
        within("clampBps", int256(uint256(l.clampBps)), 1, 5000);
        within(
            "maxPositionLots",
            int256(uint256(l.maxPositionLots)),
            int256(POSITION_UNIT),
            int256(4095 * POSITION_UNIT)
        );
        multiple("maxPositionLots", l.maxPositionLots, POSITION_UNIT);
        within("concentrationLots", int256(uint256(l.concentrationLots)), 0, int256(4095 * POSITION_UNIT));
        multiple("concentrationLots", l.concentrationLots, POSITION_UNIT);
        within("maxOpenInterestLots", int256(uint256(l.maxOpenInterestLots)), 1, 1 << 35);
        if (l.kind == MarketKind.Perpetual) {
            within("fundingPeriod", int256(uint256(l.fundingPeriod)), 60, 30 days);
            within("fundingCapBps", int256(uint256(l.fundingCapBps)), 1, 2000);
            int256 cap = int256(uint256(l.fundingCapBps));
            within("fundingInterestBps", l.fundingInterestBps, -cap, cap);
            within("lastPeriod", int256(uint256(l.lastPeriod)), 0, 0);
            checkTier(l, l.tiers[0]);
        } else {
            within("fundingPeriod", int256(uint256(l.fundingPeriod)), 0, 0);
            within(
                "lastPeriod",
                int256(uint256(l.lastPeriod)),
                int256(uint256(l.firstPeriod)),
                (1 << 20) - 3
            );
            within("windowDays", int256(uint256(l.lastPeriod)) - int256(uint256(l.firstPeriod)) + 1, 1, 366);
            within("nextFromPeriod", int256(uint256(l.nextFromPeriod)), 0, int256(uint256(l.firstPeriod)));
            within("firstMarkTick", int256(l.firstMarkTick.unwrap()), 1, int256(Words.MAX_TICK));
            for (uint256 i = 0; i < 3; ++i) {
                checkTier(l, l.tiers[i]);
                if (i == 0) continue;
                // Time only moves a future towards the front; a margin that rose on the way would liquidate at once.
                atMost(
                    "tier maintenance falls",
                    l.tiers[i - 1].maintenanceMarginBps,
                    l.tiers[i].maintenanceMarginBps
                );
                atMost("tier initial falls", l.tiers[i - 1].initialMarginBps, l.tiers[i].initialMarginBps);
            }
        }
    }

    /// @dev clamp < MM; band + maker fee ≤ IM − MM; band + taker fee ≤ MM; liquidation fee < MM. Fees are tenths of a
    ///      basis point of a price that may be a band above mark, and are rounded up to basis points.
    function checkTier(MarketListing memory l, MarginTier memory tier) private pure {
        within("initialMarginBps", int256(uint256(tier.initialMarginBps)), 1, 10_000);
        within("maintenanceMarginBps", int256(uint256(tier.maintenanceMarginBps)), 1, 10_000);
        within("fillBandBps", int256(uint256(tier.fillBandBps)), 1, 5000);
        below("clamp < maintenance", l.clampBps, tier.maintenanceMarginBps);
        below("maintenance < initial", tier.maintenanceMarginBps, tier.initialMarginBps);
        uint256 makerBps = feeBps(l.makerFee > 0 ? uint256(int256(l.makerFee)) : 0, tier.fillBandBps);
        uint256 takerBps = feeBps(l.takerFee, tier.fillBandBps);
        atMost(
            "band + maker fee <= initial - maintenance",
            tier.fillBandBps + makerBps,
            tier.initialMarginBps - tier.maintenanceMarginBps
        );
        atMost("band + taker fee <= maintenance", tier.fillBandBps + takerBps, tier.maintenanceMarginBps);
        below("liquidation fee < maintenance", l.liquidationFeeBps, tier.maintenanceMarginBps);
    }

    /// @dev Fee at the edge of the band, in basis points of mark, rounded up.
    function feeBps(uint256 tenths, uint256 bandBps) private pure returns (uint256) {
        return (tenths * (10_000 + bandBps) + 99_999) / 100_000;
    }

    /// @dev band + maxMove ≤ IM: whoever was filled at the edge and is then hit by the largest move has not lost all.
    function checkFollowing(MarketListing memory l, uint256 maxMoveBps) private pure {
        uint256 tiers = l.kind == MarketKind.Perpetual ? 1 : 3;
        for (uint256 i = 0; i < tiers; ++i) {
            atMost(
                "band + maxMove <= initial",
                l.tiers[i].fillBandBps + maxMoveBps,
                l.tiers[i].initialMarginBps
            );
        }
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
            within("lastPeriod", int256(uint256(l.lastPeriod)), int256(today), (1 << 20) - 3);
            return l.firstMarkTick.unwrap() << 16;
        }
        Feed memory feed = Words.toFeed(s.feeds[feedId]);
        if (feed.followed == 0) revert IClearingErrors.FeedEmpty(l.feed);
        FeedTerms storage terms = s.feedTerms[feedId];
        uint256 i = 0;
        while (i < MAX_PERPETUALS && terms.perpetuals[i] != 0) ++i;
        within("perpetuals of the feed", int256(i + 1), 1, int256(MAX_PERPETUALS));
        terms.perpetuals[i] = uint16(number);
        return Markets.toTicksX16(feed.followed, l.indexPerTick);
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
                .withMaxPosition(l.maxPositionLots / POSITION_UNIT)
                .withConcentration(l.concentrationLots / POSITION_UNIT);
    }

    function writeTerms(MarketTerms storage terms, MarketListing memory l) private {
        terms.liquidationFeeBps = l.liquidationFeeBps;
        terms.insuranceShareBps = l.insuranceShareBps;
        terms.firstPeriod = l.firstPeriod;
        terms.lastPeriod = l.lastPeriod;
        terms.nextFromPeriod = l.nextFromPeriod;
        terms.firstMarkTick = uint24(l.firstMarkTick.unwrap());
        for (uint256 i = 0; i < 3; ++i) terms.tiers[i] = l.tiers[i];
    }

    function within(string memory parameter, int256 value, int256 min, int256 max) private pure {
        if (value < min || value > max)
            revert IClearingErrors.ParameterOutOfRange(parameter, value, min, max);
    }

    function multiple(string memory parameter, uint256 value, uint256 unit) private pure {
        uint256 rest = value % unit;
        if (rest != 0) {
            revert IClearingErrors.ParameterOutOfRange(
                parameter,
                int256(value),
                int256(value - rest),
                int256(value - rest + unit)
            );
        }
    }

    function below(string memory rule, uint256 left, uint256 right) private pure {
        if (left >= right) revert IClearingErrors.UnsafeParameters(rule, left, right);
    }

    function atMost(string memory rule, uint256 left, uint256 right) private pure {
        if (left > right) revert IClearingErrors.UnsafeParameters(rule, left, right);
    }
}
