// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId, OrderId, Tick} from "../../types/Identifiers.sol";
import {DropReason, FeedListing, MarginChange, MarketListing, MarketPhase} from "./ClearingTypes.sol";

/// @notice Events of the clearing house; together they rebuild its state.
interface IClearingEvents {
    /// @notice An owner's subaccount was opened.
    event AccountOpened(AccountId indexed account, address indexed owner, uint16 subaccount);

    /// @notice Collateral came in for an account.
    event Deposited(AccountId indexed account, address indexed sender, uint256 amount);

    /// @notice Collateral went out of an account.
    event Withdrawn(AccountId indexed account, address indexed to, uint256 amount);

    /// @notice Cash went from one account of an owner to another.
    event Transferred(AccountId indexed from, AccountId indexed to, uint256 amount);

    /// @notice A builder may earn up to `cap` tenths of a basis point of what the account's orders take.
    event BuilderSet(AccountId indexed account, AccountId indexed builder, uint16 cap);

    /// @notice An order paid the one who brought it.
    /// @param amount Collateral units.
    event BuilderPaid(AccountId indexed account, AccountId indexed builder, uint256 amount);

    /// @notice The orders of an account die after `deadline` (Unix time), unless it is moved on before; 0: no more.
    event SwitchSet(AccountId indexed account, uint40 deadline);

    /// @notice An operator may trade for the account until `expiry`.
    event OperatorSet(AccountId indexed account, address indexed operator, uint40 expiry);

    /// @notice An order rests in the book. Market and tick are in its id.
    /// @param terms Lots that rest (bits 0–63, signed: bids above zero), client order id (64–127), expiry in Unix time, 0 for
    ///        never (128–167), reduceOnly (168).
    event OrderPlaced(AccountId indexed account, OrderId id, uint256 terms);

    /// @notice A resting order became smaller and kept its place.
    /// @param lots Signed lots that are open now.
    event OrderAmended(AccountId indexed account, OrderId id, int256 lots);

    /// @notice An account took liquidity, by an order, or as one that is liquidated or a fund that unwinds (then `Liquidated` or
    ///         `Unwound` follows). Each fill is at the tick of the resting order, wholly or in part.
    /// @param terms Lots in all (bits 0–63, signed: buys above zero), client order id (64–127), taker fees in collateral units
    ///        (128–255).
    /// @param fills One word a fill, in the order of the book: id of the resting order (bits 0–119), lots (120–151), maker
    ///        (152–179), tick·lots that the maker paid (180–255, signed: below zero earned).
    event OrderTaken(AccountId indexed account, MarketId indexed market, uint256 terms, uint256[] fills);

    /// @notice A resting order left the book without a fill.
    /// @param lots Lots that were still open.
    event OrderDropped(AccountId indexed account, OrderId id, uint256 lots, DropReason reason);

    /// @notice Realised cash of a position that was closed, flipped, settled or absorbed.
    /// @param amount Collateral units added to cash, signed.
    event Realised(AccountId indexed account, MarketId indexed market, int256 amount);

    /// @notice A market reached a new minute.
    /// @param state See EventWords.toAdvanced: moving average before clamping, ticks × 2^16; what one long lot has paid of
    ///        funding since listing, ticks × 2^20; the minute; index (perpetual) or daily settlement price (dated), ticks × 2^16.
    event MarketAdvanced(MarketId indexed market, uint256 state);

    /// @notice A feed took a push or caught up.
    /// @param target Value pushed, WAD.
    /// @param followed Value that markets follow now, WAD.
    event FeedFollowed(
        FeedId indexed feed,
        uint256 target,
        uint256 followed,
        uint256 sequence,
        uint256 newestPeriod
    );

    /// @notice A push ended a halt: the index had been silent beyond its second limit.
    /// @param from Unix time from which mean and mark stood still.
    /// @param grace Unix time up to which orders only rest or reduce and nobody is forced out.
    event HaltEnded(FeedId indexed feed, uint256 from, uint256 grace);

    /// @notice A perpetual came near the end of the tick range and takes no new risk.
    /// @param expiry Unix time at which its trading ends.
    event EndSet(MarketId indexed market, uint256 expiry);

    /// @notice A feed was added.
    event FeedAdded(FeedId indexed feed, FeedListing listing);

    /// @notice A market was listed.
    event MarketListed(MarketId indexed market, MarketListing listing);

    /// @notice A market entered another phase.
    event PhaseChanged(MarketId indexed market, MarketPhase phase);

    /// @notice The settlement price of a market was written.
    /// @param sum Sum of the window's prints, WAD; 0 if it settled at its last mark.
    /// @param periods Days of the window; 0 if it settled at its last mark.
    event MarketSettled(MarketId indexed market, Tick settlementTick, uint256 sum, uint256 periods);

    /// @notice An account below MM was closed into the book.
    /// @param closed Signed change of the position.
    event Liquidated(
        AccountId indexed account,
        MarketId indexed market,
        AccountId indexed keeper,
        int256 closed,
        int256 quote,
        uint256 keeperFee,
        uint256 fundFee
    );

    /// @notice An account was found below MM: takeovers at a discount that grows from now on.
    event AuctionStarted(AccountId indexed account, uint256 time);

    /// @notice A keeper took lots of an account below MM over at `tick`; `Liquidated` follows with the sum.
    /// @param lots Signed lots that the keeper's position gained.
    event TakenOver(
        AccountId indexed account,
        MarketId indexed market,
        AccountId indexed keeper,
        int256 lots,
        Tick tick
    );

    /// @notice A fund traded its position in the book.
    /// @param lots Signed change of its position.
    /// @param quote Tick·lots of the fills, signed as in a position.
    /// @param lost Collateral units that the fills were worse than mark.
    event Unwound(MarketId indexed market, int256 lots, int256 quote, uint256 lost);

    /// @notice A spent fund's position went to the escrow: every position of the other side closes its share at `tick`.
    /// @param number Number of the round in its market, from 1.
    /// @param lots Lots that close in all; signed as the fund's position was.
    /// @param side Lots that the winning side had.
    /// @param cumulativeFunding Funding up to which the closed lots have paid, ticks × 2^20.
    event RoundRecorded(
        MarketId indexed market,
        uint256 indexed number,
        int256 lots,
        uint256 side,
        Tick tick,
        int256 cumulativeFunding
    );

    /// @notice A round took its share of a position.
    /// @param lots Signed change of the position.
    event Deleveraged(
        AccountId indexed account,
        MarketId indexed market,
        uint256 indexed number,
        int256 lots,
        Tick tick
    );

    /// @notice A fund without a position was short of cash, which its market now owes.
    /// @param deficit What it owes in all.
    event DeficitBooked(MarketId indexed market, uint256 amount, uint256 deficit);

    /// @notice Fees or a top-up repaid a deficit.
    /// @param deficit What is left of it.
    event DeficitRepaid(MarketId indexed market, uint256 amount, uint256 deficit);

    /// @notice Money was brought into a market's fund; `DeficitRepaid` says what of it went to a deficit.
    event FundToppedUp(MarketId indexed market, address indexed sender, uint256 amount);

    /// @notice Money was taken out of a market's fund.
    event FundDrained(MarketId indexed market, address indexed to, uint256 amount);

    /// @notice A withdrawal left its share of the deficits behind.
    /// @param claim What the account has left behind in all.
    event ClaimLeft(AccountId indexed account, uint256 amount, uint256 claim);

    /// @notice An account got back what its withdrawals had left behind.
    event ClaimRedeemed(AccountId indexed account, uint256 amount);

    /// @notice A fund took a position over.
    /// @param size Lots taken over, signed.
    /// @param quote Quote taken over, tick·lots.
    /// @param shortfall Collateral units that the fund is worse off at mark.
    event Absorbed(
        AccountId indexed account,
        MarketId indexed market,
        int256 size,
        int256 quote,
        uint256 shortfall
    );

    /// @notice An account was absorbed and never trades again.
    event AccountRetired(AccountId indexed account);

    /// @notice A fund paid what a converted account was short.
    event ShortfallPaid(AccountId indexed account, MarketId indexed market, uint256 amount);

    /// @notice Fees were paid out.
    event FeesCollected(
        MarketId indexed market,
        address indexed treasury,
        uint256 toFund,
        uint256 toTreasury
    );

    /// @notice Fees or limits of a market changed.
    event ParametersChanged(MarketId indexed market, MarketListing listing);

    /// @notice A change of margins was announced; one that was announced before is void.
    /// @param fromPeriod UTC day at whose 00:00 it may be applied.
    event MarginsScheduled(MarketId indexed market, uint256 fromPeriod, MarginChange change);

    /// @notice The announced change holds.
    event MarginsApplied(MarketId indexed market, MarginChange change);

    /// @notice The announced change will not come.
    event MarginsCancelled(MarketId indexed market);

    /// @notice Surplus tokens were sent away.
    event Skimmed(address indexed to, uint256 amount);
}
