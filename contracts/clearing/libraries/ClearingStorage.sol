// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../../index/interfaces/IUsageIndex.sol";
import {MarginChange, MarginTier} from "../interfaces/ClearingTypes.sol";

/// @dev Words of a market. `top`, `risk` and `flow` are hot (see Words.sol), the rest is read by cold paths only.
/// @param top Best prices, observation, order checks: read by every order.
/// @param risk Mark, funding, margins: read by every margin check.
/// @param flow Open interest, funding pool, fees: written by fills.
/// @param funding Terms of funding, read when a perpetual reaches a new minute.
/// @param terms Everything else of the listing.
struct Market {
    uint256 top;
    uint256 risk;
    uint256 flow;
    FundingTerms funding;
    MarketTerms terms;
}

/// @dev One slot. indexPerTick converts a followed index into ticks.
struct FundingTerms {
    uint32 period;
    uint16 capBps;
    int16 interestBps;
    uint128 indexPerTick;
}

/// @dev Listing terms outside the hot words, two slots and the tiers. baseClampBps is the listing's clamp: the risk word
///      holds the one of the day.
struct MarketTerms {
    uint16 liquidationFeeBps;
    uint16 insuranceShareBps;
    uint16 baseClampBps;
    uint16 fundCoverBps;
    uint16 spreadInitialBps;
    uint16 spreadMaintenanceBps;
    uint32 firstPeriod;
    uint32 lastPeriod;
    uint32 nextFromPeriod;
    uint24 firstMarkTick;
    uint24 settlementTick;
    uint40 maxOpenInterestLots;
    uint40 openInterestBaseLots;
    MarginTier[3] tiers;
}

/// @dev A change of margins that has been announced; fromPeriod 0 is none.
struct ScheduledMargins {
    uint32 fromPeriod;
    MarginChange change;
}

/// @dev Terms of a feed that pushes do not ask for.
struct FeedTerms {
    bytes32 index;
    uint32 limit1;
    uint32 limit2;
    uint32 limit3;
}

/// @dev One slot: all that a push needs to know of its feed's terms. Each perpetual that follows it is brought to the minute
///      of a push before its index changes; two, one and its successor, are what the gas of a push allows for at any gap.
struct Following {
    uint8 feed;
    uint16 maxMoveBps;
    uint16 perpetual;
    uint16 successor;
}

/// @dev All state of the clearing house.
///
///      Slot arithmetic: each mapping has one key of one word, so a lookup is one keccak256.
///      positions: market << 28 | account                  levels: market << 24 | tick
///      orders:    market << 64 | tick << 40 | word        ticks:  market << 32 | floor << 28 | index of the bitmap word
///      steps:     feed << 8 | ring position / 2           accounts: owner << 16 | subaccount
///      rounds:    market << 16 | number
struct ClearingState {
    uint256 tracked;
    uint32 accountCount;
    uint16 marketCount;
    uint8 feedCount;
    // Account → owner (bits 0–159), subaccount (160–175), retired (176), deadline of its dead-man switch (177–216), time of
    // its auction (217–255).
    mapping(uint256 account => uint256) heads;
    // Account → Purse.
    mapping(uint256 account => uint256) purses;
    mapping(uint256 ownerAndSubaccount => uint256 account) accounts;
    mapping(uint256 account => mapping(address operator => uint40 expiry)) operators;
    mapping(uint256 market => Market) markets;
    mapping(uint256 marketAndAccount => uint256) positions;
    mapping(uint256 marketAndTick => uint256) levels;
    mapping(uint256 marketTickAndWord => uint256) orders;
    mapping(uint256 marketFloorAndIndex => uint256) ticks;
    // Feed → Feed word, its terms, and the ring of its last moves, two a word (value in bits 0–83, time since in 84–123).
    mapping(uint256 feed => uint256) feeds;
    mapping(uint256 feed => FeedTerms) feedTerms;
    mapping(uint256 feedAndPosition => uint256) steps;
    mapping(bytes32 index => Following) following;
    // The index contract, for libraries that run in several modules.
    IUsageIndex index;
    // Deleveraging rounds and, per market, which of them are unfinished (see RoundWords.sol).
    mapping(uint256 marketAndNumber => uint256) rounds;
    mapping(uint256 market => uint256) roundHeads;
    // Market → collateral units that its fund owed when it had nothing left; their sum, and the sum of `claims`.
    mapping(uint256 market => uint256) deficits;
    uint128 totalDeficit;
    uint128 totalClaims;
    // Account → collateral units that its withdrawals left behind while a deficit stood.
    mapping(uint256 account => uint256) claims;
    // Market → what its fund may lose and has lost by unwinding today (see Unwinding.sol).
    mapping(uint256 market => uint256) unwindings;
    // Market → what may be taken out of its fund and has been today (see Funds.sol).
    mapping(uint256 market => uint256) drains;
    // Account << 28 | builder's account → highest fee that the owner allows it, tenths of a basis point.
    mapping(uint256 accountAndBuilder => uint256) builderCaps;
    // Market → the change of its margins that has been announced.
    mapping(uint256 market => ScheduledMargins) scheduled;
    // Market → what of its delivery window is locked (see DeliveryWindow.sol).
    mapping(uint256 market => uint256) windows;
    // Feed << 32 → the last halt of the feed; feed << 32 | number → an earlier one (see Ladder.sol).
    mapping(uint256 feedAndNumber => uint256) halts;
    // Markets, 10 bits each, whose funds a debt has taken below zero and nobody has settled since.
    uint256 spentFunds;
}

/// @dev One word of a mapping.
struct Word {
    uint256 bits;
}

/// @notice Where the state lives, for the contract and its modules alike.
library ClearingStorage {
    /// @dev keccak256(abi.encode(uint256(keccak256("usance.storage.clearing")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant LOCATION = 0x9a092534dea4fcf2bfb453aa60a391042f86059114fdd419b77a969d07140600;

    uint256 internal constant FIRST_ACCOUNT = 2048;
    uint256 internal constant MAX_ACCOUNTS = 1 << 28;
    uint256 internal constant MAX_MARKETS = 1023;
    uint256 internal constant MAX_FEEDS = 63;

    function load() internal pure returns (ClearingState storage s) {
        bytes32 location = LOCATION;
        // A storage pointer to a constant slot cannot be made otherwise.
        assembly ("memory-safe") {
            s.slot := location
        }
    }

    /// @dev A word of a mapping to read and then to write: its place is hashed once.
    function at(
        mapping(uint256 => uint256) storage words,
        uint256 key
    ) internal pure returns (Word storage word) {
        // The language has no reference to a plain value of a mapping.
        assembly ("memory-safe") {
            mstore(0, key)
            mstore(32, words.slot)
            word.slot := keccak256(0, 64)
        }
    }
}
