// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rounding} from "./Rounding.sol";

/// @dev Top of a market's book, its minute's observation, and what every order is checked against.
///
///      | 255..250 – | 249..238 markMinutes | 237..222 minLots | 221..202 expiryPeriod | 201..178 impactLots |
///      | 177..166 makerFee (signed) | 165..154 takerFee | 153..140 fillBandBps | 139..134 observedSecond |
///      | 133..128 depthSeconds | 127..96 midSeconds | 95..72 impactAsk | 71..48 impactBid | 47..24 bestAsk | 23..0 bestBid |
///
///      bestBid 0 and bestAsk 2^24 − 1 say that the side is empty; impactBid and impactAsk 0 that it is too thin.
///      midSeconds is Σ (bid + ask) × seconds over the `depthSeconds` of the current minute that were observed before
///      `observedSecond`. expiryPeriod is the UTC day at whose 00:00 trading ends, 0 for never.
struct BookTop {
    uint256 bestBid;
    uint256 bestAsk;
    uint256 impactBid;
    uint256 impactAsk;
    uint256 midSeconds;
    uint256 depthSeconds;
    uint256 observedSecond;
    uint256 fillBandBps;
    uint256 takerFee;
    int256 makerFee;
    uint256 impactLots;
    uint256 expiryPeriod;
    uint256 minLots;
    uint256 markMinutes;
}

/// @dev What margin needs of a market, in one slot, so that a further market of an account costs two cold reads.
///
///      | 255..233 maxPosition | 232..231 phase | 230 kind | 229..222 feed | 221..206 tickValue | 205..192 clampBps |
///      | 191..178 maintenanceBps | 177..164 initialBps | 163..124 anchor | 123..96 minute | 95..40 funding (signed) |
///      | 39..0 mean |
///
///      mean and anchor are ticks × 2^16, funding ticks × 2^20, maxPosition in units of 4,096 lots.
struct MarketRisk {
    uint256 mean;
    int256 funding;
    uint256 minute;
    uint256 anchor;
    uint256 initialBps;
    uint256 maintenanceBps;
    uint256 clampBps;
    uint256 tickValue;
    uint256 feed;
    uint256 kind;
    uint256 phase;
    uint256 maxPosition;
}

/// @dev What fills change in a market.
///
///      | 255..160 feesPayable | 159..80 fundingPool (signed) | 79..40 maxOpenInterest | 39..0 openInterest |
struct MarketFlow {
    uint256 openInterest;
    uint256 maxOpenInterest;
    int256 fundingPool;
    uint256 feesPayable;
}

/// @dev One account's position in one market.
///
///      | 255..244 openOrders | 243..232 round | 231..196 asks | 195..160 bids | 159..104 snapshot (signed) |
///      | 103..36 quote (signed) | 35..0 size (signed) |
struct Position {
    int256 size;
    int256 quote;
    int256 snapshot;
    uint256 bids;
    uint256 asks;
    uint256 round;
    uint256 openOrders;
}

/// @dev Cash of an account and the markets in which it has a position or orders.
///
///      | 255..96 sixteen market numbers of 10 bits, from the low end, no gaps | 95..0 cash (signed) |
struct Purse {
    int256 cash;
    uint256 markets;
}

/// @dev One price level.
///
///      | 255..192 – | 191..152 epoch | 151..120 headFilled | 119..80 tail | 79..40 head | 39..0 lots |
///
///      Orders head … tail − 1 are in the queue; headFilled is the part of order `head` that has traded.
struct Level {
    uint256 lots;
    uint256 head;
    uint256 tail;
    uint256 headFilled;
    uint256 epoch;
}

/// @dev One resting order, 85 bits, three to a word.
///
///      | 84 reduceOnly | 83..60 expiry | 59..28 lots | 27..0 account |
///
///      expiry counts units of 300 seconds since 1970; 0 is until cancelled. lots 0 is no order.
struct RestingOrder {
    uint256 account;
    uint256 lots;
    uint256 expiry;
    bool reduceOnly;
}

/// @dev An index that markets follow.
///
///      | 255..231 – | 230..228 newestStep | 227..220 limit1 hours | 219..200 newestPeriod | 199..168 sequence | 167..84 followed | 83..0 target |
///
///      newestStep is the place of the ring (ClearingState.steps) that holds `followed`.
struct Feed {
    uint256 target;
    uint256 followed;
    uint256 sequence;
    uint256 newestPeriod;
    uint256 limit1Hours;
    uint256 newestStep;
}

/// @notice Packing of every hot word. Unpacking never fails; packing reverts with Overflow rather than cutting bits.
library Words {
    using Rounding for uint256;
    using Rounding for int256;

    uint256 internal constant NO_ASK = type(uint24).max;
    uint256 internal constant MAX_TICK = type(uint24).max - 1;
    uint256 internal constant MARKETS_PER_ACCOUNT = 16;
    uint256 internal constant EXPIRY_UNIT = 300;

    function toBookTop(uint256 word) internal pure returns (BookTop memory t) {
        t.bestBid = uint24(word);
        t.bestAsk = uint24(word >> 24);
        t.impactBid = uint24(word >> 48);
        t.impactAsk = uint24(word >> 72);
        t.midSeconds = uint32(word >> 96);
        t.depthSeconds = (word >> 128) & 0x3f;
        t.observedSecond = (word >> 134) & 0x3f;
        t.fillBandBps = (word >> 140) & 0x3fff;
        t.takerFee = (word >> 154) & 0xfff;
        t.makerFee = (word >> 166).signed(12);
        t.impactLots = uint24(word >> 178);
        t.expiryPeriod = (word >> 202) & 0xfffff;
        t.minLots = uint16(word >> 222);
        t.markMinutes = (word >> 238) & 0xfff;
    }

    /// @dev Only ticks and the observation change in the course of trading, and all of them are bounded where they are
    ///      made: ticks by MAX_TICK, seconds by 59, midSeconds by 2^25 × 59. The rest is bounded at listing.
    function pack(BookTop memory t) internal pure returns (uint256 word) {
        word = t.bestBid | (t.bestAsk << 24) | (t.impactBid << 48) | (t.impactAsk << 72);
        word |= (t.midSeconds << 96) | (t.depthSeconds << 128) | (t.observedSecond << 134);
        word |= (t.fillBandBps << 140) | (t.takerFee << 154) | (t.makerFee.fitSigned(12) << 166);
        word |= (t.impactLots << 178) | (t.expiryPeriod << 202) | (t.minLots << 222) | (t.markMinutes << 238);
    }

    function toMarketRisk(uint256 word) internal pure returns (MarketRisk memory r) {
        r.mean = uint40(word);
        r.funding = (word >> 40).signed(56);
        r.minute = (word >> 96) & 0xfffffff;
        r.anchor = uint40(word >> 124);
        r.initialBps = (word >> 164) & 0x3fff;
        r.maintenanceBps = (word >> 178) & 0x3fff;
        r.clampBps = (word >> 192) & 0x3fff;
        r.tickValue = uint16(word >> 206);
        r.feed = uint8(word >> 222);
        r.kind = (word >> 230) & 1;
        r.phase = (word >> 231) & 3;
        r.maxPosition = word >> 233;
    }

    function pack(MarketRisk memory r) internal pure returns (uint256 word) {
        word = r.mean.fit(40) | (r.funding.fitSigned(56) << 40) | (r.minute.fit(28) << 96);
        word |= (r.anchor.fit(40) << 124) | (r.initialBps << 164) | (r.maintenanceBps << 178);
        word |= (r.clampBps << 192) | (r.tickValue << 206) | (r.feed << 222) | (r.kind << 230);
        word |= (r.phase << 231) | (r.maxPosition << 233);
    }

    function toMarketFlow(uint256 word) internal pure returns (MarketFlow memory f) {
        f.openInterest = uint40(word);
        f.maxOpenInterest = uint40(word >> 40);
        f.fundingPool = (word >> 80).signed(80);
        f.feesPayable = word >> 160;
    }

    function pack(MarketFlow memory f) internal pure returns (uint256) {
        return
            f.openInterest.fit(40) |
            (f.maxOpenInterest << 40) |
            (f.fundingPool.fitSigned(80) << 80) |
            (f.feesPayable.fit(96) << 160);
    }

    function toPosition(uint256 word) internal pure returns (Position memory p) {
        p.size = word.signed(36);
        p.quote = (word >> 36).signed(68);
        p.snapshot = (word >> 104).signed(56);
        p.bids = (word >> 160) & 0xfffffffff;
        p.asks = (word >> 196) & 0xfffffffff;
        p.round = (word >> 232) & 0xfff;
        p.openOrders = word >> 244;
    }

    function pack(Position memory p) internal pure returns (uint256 word) {
        word = p.size.fitSigned(36) | (p.quote.fitSigned(68) << 36) | (p.snapshot.fitSigned(56) << 104);
        word |=
            (p.bids.fit(36) << 160) |
            (p.asks.fit(36) << 196) |
            (p.round << 232) |
            (p.openOrders.fit(12) << 244);
    }

    function toPurse(uint256 word) internal pure returns (Purse memory p) {
        p.cash = word.signed(96);
        p.markets = word >> 96;
    }

    function pack(Purse memory p) internal pure returns (uint256) {
        return p.cash.fitSigned(96) | (p.markets << 96);
    }

    function toLevel(uint256 word) internal pure returns (Level memory l) {
        l.lots = uint40(word);
        l.head = uint40(word >> 40);
        l.tail = uint40(word >> 80);
        l.headFilled = uint32(word >> 120);
        l.epoch = uint40(word >> 152);
    }

    function pack(Level memory l) internal pure returns (uint256) {
        return
            l.lots.fit(40) |
            (l.head << 40) |
            (l.tail.fit(40) << 80) |
            (l.headFilled << 120) |
            (l.epoch.fit(40) << 152);
    }

    /// @dev Lane `index % 3` of an order word.
    function toRestingOrder(uint256 word, uint256 index) internal pure returns (RestingOrder memory o) {
        uint256 lane = word >> ((index % 3) * 85);
        o.account = lane & 0xfffffff;
        o.lots = uint32(lane >> 28);
        o.expiry = uint24(lane >> 60);
        o.reduceOnly = (lane >> 84) & 1 == 1;
    }

    function pack(RestingOrder memory o) internal pure returns (uint256) {
        return o.account | (o.lots.fit(32) << 28) | (o.expiry.fit(24) << 60) | (o.reduceOnly ? 1 << 84 : 0);
    }

    function toFeed(uint256 word) internal pure returns (Feed memory f) {
        f.target = word & ((1 << 84) - 1);
        f.followed = (word >> 84) & ((1 << 84) - 1);
        f.sequence = uint32(word >> 168);
        f.newestPeriod = (word >> 200) & 0xfffff;
        f.limit1Hours = uint8(word >> 220);
        f.newestStep = (word >> 228) & 7;
    }

    function pack(Feed memory f) internal pure returns (uint256) {
        return
            f.target.fit(84) |
            (f.followed.fit(84) << 84) |
            (f.sequence.fit(32) << 168) |
            (f.newestPeriod.fit(20) << 200) |
            (f.limit1Hours.fit(8) << 220) |
            (f.newestStep << 228);
    }
}
