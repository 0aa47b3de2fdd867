// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rounding} from "./Rounding.sol";

/// @dev Top of a market's book, its minute's observation, and what every order is checked against.
///
///      | 255..252 – | 251..250 stage | 249..238 markMinutes | 237..222 minLots | 221..202 expiryPeriod | 201..178 impactLots |
///      | 177..166 makerFee (signed) | 165..154 takerFee | 153..140 fillBandBps | 139..134 observedSecond |
///      | 133..128 depthSeconds | 127..96 midSeconds | 95..72 impactAsk | 71..48 impactBid | 47..24 bestAsk | 23..0 bestBid |
///
///      bestBid 0 and bestAsk 2^24 − 1 say that the side is empty; impactBid and impactAsk 0 that it is too thin.
///      midSeconds is Σ (bid + ask) × seconds over the `depthSeconds` of the current minute that were observed before
///      `observedSecond`. expiryPeriod is the UTC day at whose 00:00 trading ends, 0 for never. stage is where the index
///      stood on the stale ladder in the market's minute (see Ladder.sol).
type BookTop is uint256;

/// @dev What margin needs of a market, in one slot, so that a further market of an account costs two cold reads.
///
///      | 255 rounds | 254..243 concentration | 242..231 maxPosition | 230..229 phase | 228 kind | 227..222 feed |
///      | 221..206 tickValue | 205..192 clampBps | 191..178 maintenanceBps | 177..164 initialBps | 163..124 anchor |
///      | 123..96 minute | 95..40 funding (signed) | 39..0 mean |
///
///      mean and anchor are ticks × 2^16, funding ticks × 2^20, maxPosition and concentration in units of 16,384 lots.
///      rounds says that positions may have to apply deleveraging rounds.
type MarketRisk is uint256;

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
///      | 255..248 openOrders | 247 guarded | 246 reducing | 245..232 round | 231..196 asks | 195..160 bids |
///      | 159..104 snapshot (signed) | 103..36 quote (signed) | 35..0 size (signed) |
///
///      guarded: its orders are void once its account's dead-man switch has fired. reducing: a deleveraging round has
///      taken lots since its orders were placed, so they only reduce. round: the last round of the market that it knows.
type Position is uint256;

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
type Level is uint256;

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
///      | 255..252 – | 251 hasHalted | 250..231 limit2 minutes | 230..228 newestStep | 227..220 limit1 hours | 219..200 newestPeriod | 199..168 sequence | 167..84 followed | 83..0 target |
///
///      newestStep is the place of the ring (ClearingState.steps) that holds `followed`. hasHalted says that the index has
///      once been silent beyond the second limit (ClearingState.halts).
struct Feed {
    uint256 target;
    uint256 followed;
    uint256 sequence;
    uint256 newestPeriod;
    uint256 limit1Hours;
    uint256 newestStep;
    uint256 limit2Minutes;
    bool hasHalted;
}

using BookTops for BookTop global;
using MarketRisks for MarketRisk global;
using PositionWords for Position global;
using Levels for Level global;

/// @notice Packing of every hot word. Unpacking never fails; packing reverts with Overflow rather than cutting bits.
library Words {
    using Rounding for uint256;
    using Rounding for int256;

    uint256 internal constant NO_ASK = type(uint24).max;
    uint256 internal constant MAX_TICK = type(uint24).max - 1;
    uint256 internal constant MARKETS_PER_ACCOUNT = 16;
    uint256 internal constant EXPIRY_UNIT = 300;

    function toMarketFlow(uint256 word) internal pure returns (MarketFlow memory) {
        return
            MarketFlow({
                openInterest: uint40(word),
                maxOpenInterest: uint40(word >> 40),
                fundingPool: (word >> 80).signed(80),
                feesPayable: word >> 160
            });
    }

    function pack(MarketFlow memory f) internal pure returns (uint256) {
        return
            f.openInterest.fit(40) |
            (f.maxOpenInterest << 40) |
            (f.fundingPool.fitSigned(80) << 80) |
            (f.feesPayable.fit(96) << 160);
    }

    function toPurse(uint256 word) internal pure returns (Purse memory) {
        return Purse({cash: word.signed(96), markets: word >> 96});
    }

    function pack(Purse memory p) internal pure returns (uint256) {
        return p.cash.fitSigned(96) | (p.markets << 96);
    }

    /// @dev Lane `index % 3` of an order word.
    function toRestingOrder(uint256 word, uint256 index) internal pure returns (RestingOrder memory o) {
        uint256 lane = word >> ((index % 3) * 85);
        o.account = lane & 0xfffffff;
        o.lots = uint32(lane >> 28);
        o.expiry = uint24(lane >> 60);
        o.reduceOnly = (lane >> 84) & 1 == 1;
    }

    /// @dev The 85 bits of a resting order; lots and account have been bounded before.
    function toLane(
        uint256 account,
        uint256 lots,
        uint256 expiry,
        bool reduceOnly
    ) internal pure returns (uint256) {
        return account | (lots << 28) | (expiry.fit(24) << 60) | (reduceOnly ? 1 << 84 : 0);
    }

    function toFeed(uint256 word) internal pure returns (Feed memory f) {
        f.target = word & ((1 << 84) - 1);
        f.followed = (word >> 84) & ((1 << 84) - 1);
        f.sequence = uint32(word >> 168);
        f.newestPeriod = (word >> 200) & 0xfffff;
        f.limit1Hours = uint8(word >> 220);
        f.newestStep = (word >> 228) & 7;
        f.limit2Minutes = limit2Minutes(word);
        f.hasHalted = hasHalted(word);
    }

    function newestPeriod(uint256 feed) internal pure returns (uint256) {
        return (feed >> 200) & 0xfffff;
    }

    function limit1Hours(uint256 feed) internal pure returns (uint256) {
        return uint8(feed >> 220);
    }

    function limit2Minutes(uint256 feed) internal pure returns (uint256) {
        return (feed >> 231) & 0xfffff;
    }

    function hasHalted(uint256 feed) internal pure returns (bool) {
        return (feed >> 251) & 1 != 0;
    }

    function pack(Feed memory f) internal pure returns (uint256) {
        return
            f.target.fit(84) |
            (f.followed.fit(84) << 84) |
            (f.sequence.fit(32) << 168) |
            (f.newestPeriod.fit(20) << 200) |
            (f.limit1Hours.fit(8) << 220) |
            (f.newestStep << 228) |
            (f.limit2Minutes.fit(20) << 231) |
            (f.hasHalted ? 1 << 251 : 0);
    }
}

/// @notice Fields of `BookTop`: read by shift and mask, written with a check that the value fits.
library BookTops {
    using Rounding for uint256;
    using Rounding for int256;

    function bestBid(BookTop w) internal pure returns (uint256) {
        return BookTop.unwrap(w) & 0xffffff;
    }

    function withBestBid(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~uint256(0xffffff)) | value.fit(24));
    }

    function bestAsk(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 24) & 0xffffff;
    }

    function withBestAsk(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xffffff) << 24)) | (value.fit(24) << 24));
    }

    function impactBid(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 48) & 0xffffff;
    }

    function withImpactBid(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xffffff) << 48)) | (value.fit(24) << 48));
    }

    function impactAsk(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 72) & 0xffffff;
    }

    function withImpactAsk(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xffffff) << 72)) | (value.fit(24) << 72));
    }

    function midSeconds(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 96) & 0xffffffff;
    }

    function depthSeconds(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 128) & 0x3f;
    }

    function observedSecond(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 134) & 0x3f;
    }

    function fillBandBps(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 140) & 0x3fff;
    }

    function withFillBandBps(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0x3fff) << 140)) | (value.fit(14) << 140));
    }

    function takerFee(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 154) & 0xfff;
    }

    function withTakerFee(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xfff) << 154)) | (value.fit(12) << 154));
    }

    function makerFee(BookTop w) internal pure returns (int256) {
        return (BookTop.unwrap(w) >> 166).signed(12);
    }

    function withMakerFee(BookTop w, int256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xfff) << 166)) | (value.fitSigned(12) << 166));
    }

    function impactLots(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 178) & 0xffffff;
    }

    function expiryPeriod(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 202) & 0xfffff;
    }

    function withExpiryPeriod(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0xfffff) << 202)) | (value.fit(20) << 202));
    }

    function minLots(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 222) & 0xffff;
    }

    function markMinutes(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 238) & 0xfff;
    }

    function stage(BookTop w) internal pure returns (uint256) {
        return (BookTop.unwrap(w) >> 250) & 0x3;
    }

    function withStage(BookTop w, uint256 value) internal pure returns (BookTop) {
        return BookTop.wrap((BookTop.unwrap(w) & ~(uint256(0x3) << 250)) | (value.fit(2) << 250));
    }

    /// @dev Sets the minute's observation: Σ (bid + ask) × seconds, seconds with depth, second up to which it is observed.
    ///      All are bounded by the minute, so they fit.
    function withObservation(
        BookTop w,
        uint256 midSeconds_,
        uint256 depthSeconds_,
        uint256 observedSecond_
    ) internal pure returns (BookTop) {
        uint256 cleared = BookTop.unwrap(w) & ~(((uint256(1) << 44) - 1) << 96);
        return
            BookTop.wrap(cleared | (midSeconds_ << 96) | (depthSeconds_ << 128) | (observedSecond_ << 134));
    }
}

/// @notice Fields of `MarketRisk`: read by shift and mask, written with a check that the value fits.
library MarketRisks {
    using Rounding for uint256;
    using Rounding for int256;

    function mean(MarketRisk w) internal pure returns (uint256) {
        return MarketRisk.unwrap(w) & 0xffffffffff;
    }

    function withMean(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~uint256(0xffffffffff)) | value.fit(40));
    }

    function funding(MarketRisk w) internal pure returns (int256) {
        return (MarketRisk.unwrap(w) >> 40).signed(56);
    }

    function withFunding(MarketRisk w, int256 value) internal pure returns (MarketRisk) {
        return
            MarketRisk.wrap(
                (MarketRisk.unwrap(w) & ~(uint256(0xffffffffffffff) << 40)) | (value.fitSigned(56) << 40)
            );
    }

    function minute(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 96) & 0xfffffff;
    }

    function withMinute(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0xfffffff) << 96)) | (value.fit(28) << 96));
    }

    /// @dev Mean and the minute that it has reached.
    function withMeanAt(MarketRisk w, uint256 mean_, uint256 minute_) internal pure returns (MarketRisk) {
        // One of them is too large: name it.
        if ((mean_ >> 40) | (minute_ >> 28) != 0) (mean_.fit(40), minute_.fit(28));
        uint256 cleared = MarketRisk.unwrap(w) & ~((uint256(0xfffffff) << 96) | 0xffffffffff);
        return MarketRisk.wrap(cleared | (minute_ << 96) | mean_);
    }

    function anchor(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 124) & 0xffffffffff;
    }

    function withAnchor(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return
            MarketRisk.wrap(
                (MarketRisk.unwrap(w) & ~(uint256(0xffffffffff) << 124)) | (value.fit(40) << 124)
            );
    }

    function initialBps(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 164) & 0x3fff;
    }

    function withInitialBps(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0x3fff) << 164)) | (value.fit(14) << 164));
    }

    function maintenanceBps(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 178) & 0x3fff;
    }

    function withMaintenanceBps(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0x3fff) << 178)) | (value.fit(14) << 178));
    }

    function clampBps(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 192) & 0x3fff;
    }

    function withClampBps(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0x3fff) << 192)) | (value.fit(14) << 192));
    }

    function tickValue(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 206) & 0xffff;
    }

    function feed(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 222) & 0x3f;
    }

    function kind(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 228) & 0x1;
    }

    function phase(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 229) & 0x3;
    }

    function withPhase(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0x3) << 229)) | (value.fit(2) << 229));
    }

    function maxPosition(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 231) & 0xfff;
    }

    function withMaxPosition(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0xfff) << 231)) | (value.fit(12) << 231));
    }

    function concentration(MarketRisk w) internal pure returns (uint256) {
        return (MarketRisk.unwrap(w) >> 243) & 0xfff;
    }

    function withConcentration(MarketRisk w, uint256 value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(0xfff) << 243)) | (value.fit(12) << 243));
    }

    function hasRounds(MarketRisk w) internal pure returns (bool) {
        return MarketRisk.unwrap(w) >> 255 != 0;
    }

    function withRounds(MarketRisk w, bool value) internal pure returns (MarketRisk) {
        return MarketRisk.wrap((MarketRisk.unwrap(w) & ~(uint256(1) << 255)) | (value ? 1 << 255 : 0));
    }
}

/// @notice Fields of `Position`: read by shift and mask, written with a check that the value fits.
library PositionWords {
    using Rounding for uint256;
    using Rounding for int256;

    uint256 private constant SIDE = (1 << 36) - 1;
    uint256 private constant REDUCING = 1 << 246;
    uint256 private constant GUARDED = 1 << 247;

    function size(Position w) internal pure returns (int256) {
        return Position.unwrap(w).signed(36);
    }

    function quote(Position w) internal pure returns (int256) {
        return (Position.unwrap(w) >> 36).signed(68);
    }

    function snapshot(Position w) internal pure returns (int256) {
        return (Position.unwrap(w) >> 104).signed(56);
    }

    function bids(Position w) internal pure returns (uint256) {
        return (Position.unwrap(w) >> 160) & SIDE;
    }

    function asks(Position w) internal pure returns (uint256) {
        return (Position.unwrap(w) >> 196) & SIDE;
    }

    /// @dev Whether any lots of it rest.
    function hasReserved(Position w) internal pure returns (bool) {
        return (Position.unwrap(w) << 24) >> 184 != 0;
    }

    function openOrders(Position w) internal pure returns (uint256) {
        return Position.unwrap(w) >> 248;
    }

    function round(Position w) internal pure returns (uint256) {
        return (Position.unwrap(w) >> 232) & 0x3fff;
    }

    function withRound(Position w, uint256 value) internal pure returns (Position) {
        return Position.wrap((Position.unwrap(w) & ~(uint256(0x3fff) << 232)) | (value.fit(14) << 232));
    }

    function isReducing(Position w) internal pure returns (bool) {
        return Position.unwrap(w) & REDUCING != 0;
    }

    function withReducing(Position w, bool value) internal pure returns (Position) {
        return Position.wrap((Position.unwrap(w) & ~REDUCING) | (value ? REDUCING : 0));
    }

    function isGuarded(Position w) internal pure returns (bool) {
        return Position.unwrap(w) & GUARDED != 0;
    }

    function withGuarded(Position w, bool value) internal pure returns (Position) {
        return Position.wrap((Position.unwrap(w) & ~GUARDED) | (value ? GUARDED : 0));
    }

    /// @dev Whether its orders may be void for another reason than their own.
    function isBound(Position w) internal pure returns (bool) {
        return Position.unwrap(w) & (REDUCING | GUARDED) != 0;
    }

    /// @dev Whether it has orders, and nothing but themselves may make them void.
    function isPlain(Position w) internal pure returns (bool) {
        return Position.unwrap(w) >> 248 != 0 && Position.unwrap(w) & (REDUCING | GUARDED) == 0;
    }

    /// @dev Whether there is anything in it: lots held or resting.
    function isActive(Position w) internal pure returns (bool) {
        return Position.unwrap(w) & (SIDE | (uint256(0xff) << 248)) != 0;
    }

    /// @dev Size and quote after a trade.
    function withTrade(Position w, int256 size_, int256 quote_) internal pure returns (Position) {
        return w.withFill(size_, quote_, w.snapshot(), 0);
    }

    /// @dev A maker after a fill: `release` and `withTrade` in one, with the funding up to which it is settled.
    /// @param freed Lots and order that no longer rest, in their places of the word; they have been reserved.
    /// @param snapshot_ Read from a market's 56 bits.
    function withFill(
        Position w,
        int256 size_,
        int256 quote_,
        int256 snapshot_,
        uint256 freed
    ) internal pure returns (Position) {
        unchecked {
            // Moved up by half of its range, a number that fits has no bit above it: one test says so for both.
            uint256 beyond = (uint256(size_ + (1 << 35)) >> 36) | (uint256(quote_ + (1 << 67)) >> 68);
            // One of them is too large: name it.
            if (beyond != 0) (size_.fitSigned(36), quote_.fitSigned(68));
            uint256 kept = ((Position.unwrap(w) - freed) >> 160) << 160;
            kept |= (uint256(snapshot_) << 200) >> 96;
            return Position.wrap(kept | (uint256(size_) & SIDE) | ((uint256(quote_) << 188) >> 152));
        }
    }

    function withSnapshot(Position w, int256 value) internal pure returns (Position) {
        uint256 cleared = Position.unwrap(w) & ~(((uint256(1) << 56) - 1) << 104);
        return Position.wrap(cleared | (value.fitSigned(56) << 104));
    }

    /// @dev Reserves the lots of one more resting order.
    function reserve(Position w, bool bid, uint256 lots) internal pure returns (Position) {
        unchecked {
            (bid ? w.bids() + lots : w.asks() + lots).fit(36);
            // At most 200 orders are open, so those 8 bits never run over.
            return Position.wrap(Position.unwrap(w) + (lots << (bid ? 160 : 196)) + (1 << 248));
        }
    }

    /// @dev Frees lots of a resting order, and its place if it is gone. What is freed has been reserved.
    function release(Position w, bool bid, uint256 lots, bool whole) internal pure returns (Position) {
        unchecked {
            return Position.wrap(Position.unwrap(w) - (lots << (bid ? 160 : 196)) - (whole ? 1 << 248 : 0));
        }
    }
}

/// @notice Fields of `Level` and the moves that a queue makes.
library Levels {
    using Rounding for uint256;

    uint256 private constant MASK = (1 << 40) - 1;
    uint256 private constant FILLED = ((1 << 32) - 1) << 120;

    function lots(Level l) internal pure returns (uint256) {
        return Level.unwrap(l) & MASK;
    }

    function head(Level l) internal pure returns (uint256) {
        return (Level.unwrap(l) >> 40) & MASK;
    }

    function tail(Level l) internal pure returns (uint256) {
        return (Level.unwrap(l) >> 80) & MASK;
    }

    function headFilled(Level l) internal pure returns (uint256) {
        return uint32(Level.unwrap(l) >> 120);
    }

    function epoch(Level l) internal pure returns (uint256) {
        return (Level.unwrap(l) >> 152) & MASK;
    }

    /// @dev One more order at the end. An epoch ends long before its 2^40 indices do.
    function append(Level l, uint256 more) internal pure returns (Level) {
        unchecked {
            (l.lots() + more).fit(40);
            return Level.wrap(Level.unwrap(l) + more + (1 << 80));
        }
    }

    /// @dev Fewer open lots; they have been counted before.
    function less(Level l, uint256 fewer) internal pure returns (Level) {
        unchecked {
            return Level.wrap(Level.unwrap(l) - fewer);
        }
    }

    /// @dev The head moves on over `orders` orders.
    function pass(Level l, uint256 orders) internal pure returns (Level) {
        unchecked {
            return Level.wrap((Level.unwrap(l) & ~FILLED) + (orders << 40));
        }
    }

    /// @dev The head order has traded `more` lots and still has some.
    function fillHead(Level l, uint256 more) internal pure returns (Level) {
        unchecked {
            return Level.wrap(Level.unwrap(l) + (more << 120));
        }
    }

    /// @dev Empties a level: nothing in it is open, so every pointer starts again under a new epoch.
    function emptied(Level l) internal pure returns (Level) {
        return Level.wrap((l.epoch() + 1).fit(40) << 152);
    }
}
