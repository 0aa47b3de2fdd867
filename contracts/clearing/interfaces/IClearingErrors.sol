// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId, OrderId} from "../../types/Identifiers.sol";
import {MarketPhase, OrderKind} from "./ClearingTypes.sol";

/// @notice Errors of the clearing house: the actual value first, then what is allowed.
interface IClearingErrors {
    error ZeroAmount();
    error ZeroAddress();
    error UnknownAccount(AccountId account);
    error UnknownMarket(MarketId market);
    error UnknownFeed(FeedId feed);
    error UnknownFunction(bytes4 selector);
    error NotOwner(address sender, address owner);
    error NotAuthorised(address sender, AccountId account);
    error AccountIsRetired(AccountId account);
    error DepositCredited(uint256 credited, uint256 amount);
    error CollateralShort(uint256 balance, uint256 tracked);
    error CashOutOfRange(int256 cash);
    error SameAccount(AccountId account);
    error SwitchFired(AccountId account, uint256 deadline);
    error SwitchNotFired(AccountId account, uint256 deadline);
    error OrdersOpen(MarketId market, uint256 orders);
    error BuilderFeeTooHigh(uint256 fee, uint256 cap);
    error TooManyAccounts(uint256 accounts, uint256 limit);
    error InsufficientMargin(int256 equity, uint256 required);
    error InsufficientCash(int256 cash, uint256 amount);
    error MarketNotOpen(MarketId market, MarketPhase phase);
    error OnlyReducing(MarketId market, MarketPhase phase);
    error IndexStale(FeedId feed, uint256 age, uint256 limit);
    /// @dev From the push that ended a halt until `until`, orders only rest (post-only) or reduce and nobody is forced out.
    error InGracePeriod(MarketId market, uint256 timestamp, uint256 until);
    error OrderTooSmall(uint256 lots, uint256 minLots);
    error OrderTooLarge(uint256 lots, uint256 maxLots);
    error TickOutOfRange(uint256 tick, uint256 maxTick);
    error TickOutsideBand(uint256 tick, uint256 lowest, uint256 highest);
    error ExpiryNotAligned(uint256 expiry, uint256 unit);
    error ExpiryInPast(uint256 expiry, uint256 timestamp);
    error ExpiryNotUsed(uint256 expiry);
    error ZeroMaxFills();
    error WouldCross(uint256 tick, uint256 bestOpposite);
    error NotFilled(uint256 filled, uint256 lots);
    error WouldNotReduce(int256 lots, int256 size);
    error PositionLimit(uint256 exposure, uint256 limit);
    error OpenInterestLimit(uint256 openInterest, uint256 limit);
    error TooManyOrders(uint256 orders, uint256 limit);
    error TooManyMarkets(uint256 markets, uint256 limit);
    error LevelFull(uint256 orders, uint256 capacity);
    error OrderNotFound(OrderId id);
    error WrongAccount(OrderId id, AccountId account);
    error WrongMarket(OrderId id, MarketId market);
    error NeverRests(OrderKind kind);
    error AccountHealthy(int256 equity, uint256 required);
    error AccountBankrupt(int256 equity);
    error AccountNotBankrupt(int256 equity);
    error NoPosition(AccountId account, MarketId market);
    error SelfLiquidation(AccountId account, AccountId keeper);
    error NothingToFill(uint256 limitTick);
    error HedgedLeg(MarketId market, MarketId partner);
    error NotDated(MarketId market);
    error NotExpired(MarketId market, uint256 timestamp, uint256 expiry);
    error NotSettled(MarketId market, MarketPhase phase);
    error AlreadySettled(MarketId market, uint256 settlementTick);
    error NotIndex(address sender, address index);
    error FeedExists(bytes32 index);
    error FeedEmpty(FeedId feed);
    error NoticeTooShort(uint256 fromPeriod, uint256 earliest);
    error NothingScheduled(MarketId market);
    error NotYetDue(MarketId market, uint256 timestamp, uint256 due);
    error FundInDeficit(MarketId market, int256 cash);
    error FundBounded(uint256 amount, uint256 most);
    error FundHoldsPosition(MarketId market, int256 size);
    error RoundsUnfinished(MarketId market, uint256 rounds);
    error NothingToDeleverage(MarketId market, int256 equity);
    error TooManyRounds(uint256 rounds, uint256 limit);
    error DeficitStands(uint256 deficit);
    error NoClaim(AccountId account);
    error NothingToUnwind(MarketId market, int256 equity);
    error UnwindingSpent(uint256 spent, uint256 budget);
    /// @dev `rule` is the inequality that failed, in words; `left` must be below (or at most) `right`.
    error UnsafeParameters(string rule, uint256 left, uint256 right);
    error ParameterOutOfRange(string parameter, int256 value, int256 min, int256 max);
    /// @dev A value does not fit the word that it is stored in.
    error Overflow(int256 value, uint256 bits);
}
