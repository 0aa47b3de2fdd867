// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId, OrderId, Tick} from "../../types/Identifiers.sol";

/// @dev What a market is. A perpetual follows the trailing mean; a dated future settles on the mean of a window.
enum MarketKind {
    Perpetual,
    Dated
}

/// @dev Where a market stands in its life.
///      Open: trading. ReduceOnly: no new risk (guardian, fund spent). Expired: trading has ended, prints of the window
///      become final. Settled: the settlement price is written; positions convert at any touch.
enum MarketPhase {
    Open,
    ReduceOnly,
    Expired,
    Settled
}

/// @dev How long an index has been silent, as its markets know it.
///      Fresh: not long. Stale (first limit): takers must reduce, funding stops. Halted (second limit): mark is not valid,
///      book and liquidation wait. Grace: half an hour after a halt orders rest or reduce and nobody is forced out.
enum LadderStage {
    Fresh,
    Stale,
    Halted,
    Grace
}

/// @dev How an order meets the book.
///      Limit: trades what crosses, rests the remainder. PostOnly: refused if it would cross a live order.
///      ImmediateOrCancel: trades what crosses, drops the remainder. FillOrKill: trades whole or reverts.
enum OrderKind {
    Limit,
    PostOnly,
    ImmediateOrCancel,
    FillOrKill
}

/// @dev Why a resting order left the book without being filled.
enum DropReason {
    Cancelled,
    Expired,
    OwnOrder,
    NotReducing,
    AccountRetired,
    OutsideBand,
    RiskRaising,
    SwitchFired
}

/// @dev An order as its owner writes it.
/// @param market Market to trade.
/// @param lots Signed size in lots: above zero buys, below zero sells; at least the market's minimum in magnitude.
/// @param tick Limit price, in ticks, inside the fill band (bids not above it, asks not below it).
/// @param kind How it meets the book.
/// @param reduceOnly Whether it may only bring the position nearer to zero.
/// @param expiry Last second at which a resting order is good, a multiple of 300; 0 is until cancelled.
/// @param maxFills Most resting orders (filled or dropped) that this call walks over; at least 1.
/// @param clientOrderId Free number of the sender, only repeated in the event.
struct OrderParameters {
    MarketId market;
    int40 lots;
    Tick tick;
    OrderKind kind;
    bool reduceOnly;
    uint40 expiry;
    uint16 maxFills;
    uint64 clientOrderId;
}

/// @dev Who brought an order and what it earns by it.
/// @param account Account that is paid.
/// @param fee Tenths of a basis point of what the order takes; at most what the trading account's owner allows it.
struct Builder {
    AccountId account;
    uint16 fee;
}

/// @dev Margins and fill band, in basis points of the mark price.
struct MarginTier {
    uint16 initialMarginBps;
    uint16 maintenanceMarginBps;
    uint16 fillBandBps;
}

/// @dev Everything that the listing of a market fixes or sets at first.
/// @param kind Perpetual or dated.
/// @param feed Index that it follows.
/// @param indexPerTick Index value (WAD) of one tick: divisor × tick size × 1e18. Price in ticks = value / indexPerTick.
/// @param tickValue Millionths of a collateral token that one lot gains when the price rises one tick.
/// @param tiers Margins: a perpetual uses the first; a dated future front, next and third month.
/// @param clampBps Furthest that mark may be from its anchor (index; previous daily settlement price).
/// @param takerFee Tenths of a basis point of notional.
/// @param makerFee Tenths of a basis point; below zero is a rebate, never above the taker fee of the same fill.
/// @param liquidationFeeBps Basis points of notional that a liquidation pays, half to the keeper, half to the fund.
/// @param insuranceShareBps Share of collected fees that goes to the market's insurance fund.
/// @param fundingPeriod Seconds over which mark − index is paid once (perpetual; 0 for dated).
/// @param fundingCapBps Cap of funding per period, basis points of index.
/// @param fundingInterestBps Interest per period added to the premium, signed basis points of index.
/// @param markMinutes Time constant of the mark price's moving average: each minute moves it by 1 / markMinutes of the
///        distance to that minute's mid.
/// @param impactLots Lots a side that the standing mid must be backed by.
/// @param minLots Smallest order.
/// @param maxPositionLots Largest worst-side exposure of one account, a multiple of 16,384.
/// @param maxOpenInterestLots Open interest above which fills may not raise it, whatever the fund holds.
/// @param openInterestBaseLots Open interest that needs no fund behind it: the limit in force is this and what the fund
///        covers, never above `maxOpenInterestLots`.
/// @param fundCoverBps Share of the value of further open interest that the fund must hold, 1 to 10,000 basis points.
/// @param concentrationLots Exposure from which IM grows with the account's own size (0: never), a multiple of 16,384.
/// @param spreadInitialBps IM of a calendar hedge, basis points of the value of one leg (dated; 0: no credit).
/// @param spreadMaintenanceBps MM of a calendar hedge, likewise; 0 together with `spreadInitialBps`.
/// @param firstPeriod First UTC day of the delivery window (dated).
/// @param lastPeriod Last UTC day of the delivery window; trading ends with it.
/// @param nextFromPeriod UTC day from which the second tier holds (dated).
/// @param firstMarkTick Anchor and mark at listing (dated; a perpetual starts at its index).
struct MarketListing {
    MarketKind kind;
    FeedId feed;
    uint128 indexPerTick;
    uint16 tickValue;
    MarginTier[3] tiers;
    uint16 clampBps;
    uint16 takerFee;
    int16 makerFee;
    uint16 liquidationFeeBps;
    uint16 insuranceShareBps;
    uint32 fundingPeriod;
    uint16 fundingCapBps;
    int16 fundingInterestBps;
    uint16 markMinutes;
    uint24 impactLots;
    uint16 minLots;
    uint40 maxPositionLots;
    uint40 maxOpenInterestLots;
    uint40 openInterestBaseLots;
    uint16 fundCoverBps;
    uint40 concentrationLots;
    uint16 spreadInitialBps;
    uint16 spreadMaintenanceBps;
    uint32 firstPeriod;
    uint32 lastPeriod;
    uint32 nextFromPeriod;
    Tick firstMarkTick;
}

/// @dev What a scheduled change of margins sets, all of it at once; fields as in `MarketListing`.
struct MarginChange {
    MarginTier[3] tiers;
    uint16 clampBps;
    uint40 concentrationLots;
    uint16 spreadInitialBps;
    uint16 spreadMaintenanceBps;
    uint16 fundingCapBps;
    int16 fundingInterestBps;
}

/// @dev An index that the clearing house follows.
/// @param index Id in the index contract.
/// @param maxMoveBps Furthest that the followed value may move within any 24 hours.
/// @param limit1 Seconds of age from which takers must reduce and funding stops.
/// @param limit2 Seconds of age from which mark is no longer valid.
/// @param limit3 Seconds of age from which perpetuals settle at the last valid mark.
struct FeedListing {
    bytes32 index;
    uint16 maxMoveBps;
    uint32 limit1;
    uint32 limit2;
    uint32 limit3;
}

// ------------------------------------------------------------------------------------------------------- views of state

/// @dev A position as stored, and what it is worth.
/// @param size Lots, signed.
/// @param quote Signed sum of −lots × tick over fills, settled funding and maker fees, tick·lots.
/// @param bidLots Lots of the account's resting bids.
/// @param askLots Lots of the account's resting asks.
/// @param openOrders Number of resting orders.
/// @param fundingSnapshot Cumulative funding (ticks × 2^20) at the last settlement into quote.
/// @param pendingFunding Funding since then, tick·lots, as it would settle now (floored).
/// @param pendingLots Signed lots by which pending deleveraging rounds change the position at its next touch. Everything
///        else here is as that touch leaves it.
struct PositionView {
    MarketId market;
    int256 size;
    int256 quote;
    uint256 bidLots;
    uint256 askLots;
    uint256 openOrders;
    int256 fundingSnapshot;
    int256 pendingFunding;
    int256 pendingLots;
}

/// @dev A market's insurance fund, and what its market owes and still has to close. The last three make the books balance:
///      Σ size as stored + pendingShorts − pendingLongs = 0, and pendingQuote belongs to Σ quote.
/// @param cash Collateral units.
/// @param size Lots, signed.
/// @param equity Cash, quote, size at mark and pending funding in collateral units, floored.
/// @param deficit Collateral units that the market owes: what its fund was short of when it had nothing left.
/// @param rounds Number of the newest deleveraging round, 0 when there was none.
/// @param unfinished Rounds that still wait for positions to be touched.
/// @param unwindBudget What the fund may lose by unwinding this UTC day, collateral units.
/// @param unwindSpent What it has lost of that.
/// @param pendingLongs Lots that long positions still have to close in rounds.
/// @param pendingShorts Lots that short positions still have to close in rounds.
/// @param pendingQuote Tick·lots of the other side of those lots, which the escrow holds until then.
struct FundView {
    int256 cash;
    int256 size;
    int256 equity;
    uint256 deficit;
    uint256 rounds;
    uint256 unfinished;
    uint256 unwindBudget;
    uint256 unwindSpent;
    uint256 pendingLongs;
    uint256 pendingShorts;
    int256 pendingQuote;
}

/// @dev A deleveraging round.
/// @param lots Lots that it closes in all.
/// @param side Lots that the winning side had.
/// @param served Lots of that side that have taken their part.
/// @param closed Lots that they closed.
/// @param tick Price.
/// @param longs Whether it closes longs.
/// @param cumulativeFunding Funding up to which the closed lots pay, ticks × 2^20.
struct RoundView {
    uint256 lots;
    uint256 side;
    uint256 served;
    uint256 closed;
    uint256 tick;
    bool longs;
    int256 cumulativeFunding;
}

/// @dev An account with its health; amounts in collateral units.
/// @param owner Address that owns it; zero for funds and escrows.
/// @param subaccount Number under that owner.
/// @param retired Whether it was absorbed.
/// @param cash Deposits plus realised results.
/// @param equity Cash plus quote, size at mark and pending funding, floored once.
/// @param initialMargin Requirement to add risk, orders included, ceiled once.
/// @param maintenanceMargin Requirement of the positions alone, ceiled once. Below it the account is liquidated.
/// @param withdrawable Most that may be withdrawn now.
struct AccountView {
    AccountId id;
    address owner;
    uint16 subaccount;
    bool retired;
    int256 cash;
    int256 equity;
    uint256 initialMargin;
    uint256 maintenanceMargin;
    uint256 withdrawable;
    PositionView[] positions;
}

/// @dev A market's changing state, advanced in the view to the current minute.
/// @param markX16 Mark price, ticks × 2^16, clamped.
/// @param meanX16 Moving average of mid before clamping, ticks × 2^16.
/// @param anchorX16 Index or previous daily settlement price, ticks × 2^16.
/// @param cumulativeFunding Ticks × 2^20 that one long lot has paid since listing.
/// @param bestBid 0 when there is none.
/// @param bestAsk 0 when there is none.
/// @param impactBid Standing impact bid, 0 when the side is too thin.
/// @param impactAsk Standing impact ask, 0 when the side is too thin.
/// @param lowestFill Lowest tick of the fill band.
/// @param highestFill Highest tick of the fill band.
/// @param openInterest Lots.
/// @param openInterestLimit Lots up to which fills may raise it: its base and what the fund covered when that was computed
///        last.
/// @param fundingPool Tick·lots of funding paid and not yet received, with roundings.
/// @param feesPayable Collateral units of fees not collected yet.
/// @param fundCash Cash of the market's insurance fund.
/// @param expiry Unix time at which trading ends; 0 for a perpetual that does not end.
/// @param settlementTick 0 until settled.
/// @param stale Whether its index is not fresh.
/// @param stage Where its index stands on the stale ladder, in this minute; of no meaning once trading has ended.
struct MarketView {
    MarketId id;
    MarketKind kind;
    MarketPhase phase;
    FeedId feed;
    bytes32 index;
    uint256 markX16;
    uint256 meanX16;
    uint256 anchorX16;
    int256 cumulativeFunding;
    uint256 bestBid;
    uint256 bestAsk;
    uint256 impactBid;
    uint256 impactAsk;
    uint256 lowestFill;
    uint256 highestFill;
    uint256 openInterest;
    uint256 openInterestLimit;
    int256 fundingPool;
    uint256 feesPayable;
    int256 fundCash;
    uint256 expiry;
    uint256 settlementTick;
    uint256 initialMarginBps;
    uint256 maintenanceMarginBps;
    uint256 fillBandBps;
    bool stale;
    LadderStage stage;
}

/// @dev A feed's state.
/// @param target Value pushed last, WAD.
/// @param followed Value that markets follow, WAD; at most `maxMove` from any value of the last 24 hours.
/// @param movedAt Unix time of the last move of `followed`.
/// @param staleAt Unix time from which takers must reduce.
/// @param haltedAt Unix time from which mark is no longer valid.
/// @param settledAt Unix time from which anyone may settle its markets.
struct FeedView {
    FeedId id;
    bytes32 index;
    uint256 target;
    uint256 followed;
    uint256 sequence;
    uint256 newestPeriod;
    uint256 movedAt;
    uint256 staleAt;
    uint256 haltedAt;
    uint256 settledAt;
}

/// @dev One price level of the book.
struct LevelView {
    uint256 tick;
    uint256 lots;
}

/// @dev A resting order.
/// @param lots Signed: bids above zero; what is still open.
struct OrderView {
    OrderId id;
    AccountId account;
    int256 lots;
    uint256 expiry;
    bool reduceOnly;
}

/// @dev Result of an order, as it would be or was.
/// @param id Zero when nothing rests.
/// @param filledLots Signed lots traded.
/// @param quote Tick·lots of the fills, signed as in a position (buys below zero).
/// @param fee Taker fee in collateral units.
/// @param restingLots Signed lots left in the book.
/// @param equity Equity after, collateral units.
/// @param initialMargin Requirement after.
struct OrderPreview {
    OrderId id;
    int256 filledLots;
    int256 quote;
    uint256 fee;
    int256 restingLots;
    int256 equity;
    uint256 initialMargin;
}
