// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingState, ClearingStorage} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Purse, Words} from "./Words.sol";

/// @notice Who owns an account, what cash it has, and in which markets it is active.
library Accounts {
    using Words for Purse;

    uint256 private constant RETIRED = 1 << 176;
    uint256 private constant DEADLINE_SHIFT = 177;
    uint256 private constant DEADLINE_MASK = type(uint40).max;
    /// @dev First bit of the time in the head word since when an account is below MM; 39 bits last for millennia.
    uint256 private constant AUCTION = 217;
    uint256 private constant AUCTION_AGE = 20 minutes;
    uint256 private constant MARKET_BITS = 10;
    uint256 private constant MARKET_MASK = (1 << MARKET_BITS) - 1;

    /// @dev The owner's subaccount, opened if it is not yet.
    function openFor(
        ClearingState storage s,
        address owner,
        uint16 subaccount
    ) internal returns (AccountId account) {
        uint256 key = (uint256(uint160(owner)) << 16) | subaccount;
        uint256 id = s.accounts[key];
        if (id != 0) return AccountId.wrap(uint32(id));
        id = ClearingStorage.FIRST_ACCOUNT + s.accountCount;
        if (id >= ClearingStorage.MAX_ACCOUNTS) {
            revert IClearingErrors.TooManyAccounts(id, ClearingStorage.MAX_ACCOUNTS);
        }
        s.accountCount += 1;
        s.accounts[key] = id;
        s.heads[id] = uint256(uint160(owner)) | (uint256(subaccount) << 160);
        account = AccountId.wrap(uint32(id));
        emit IClearingEvents.AccountOpened(account, owner, subaccount);
    }

    function ownerOf(ClearingState storage s, AccountId account) internal view returns (address) {
        return address(uint160(s.heads[account.unwrap()]));
    }

    function subaccountOf(ClearingState storage s, AccountId account) internal view returns (uint16) {
        return uint16(s.heads[account.unwrap()] >> 160);
    }

    function isRetired(ClearingState storage s, AccountId account) internal view returns (bool) {
        return s.heads[account.unwrap()] & RETIRED != 0;
    }

    function retire(ClearingState storage s, AccountId account) internal {
        s.heads[account.unwrap()] |= RETIRED;
        emit IClearingEvents.AccountRetired(account);
    }

    /// @dev Whether the account is an owner's, or the fund or escrow of a market that exists.
    function exists(ClearingState storage s, AccountId account) internal view returns (bool) {
        uint256 id = account.unwrap();
        if (id >= ClearingStorage.FIRST_ACCOUNT) return s.heads[id] != 0;
        uint256 market = id & (ClearingStorage.FIRST_ACCOUNT / 2 - 1);
        return market != 0 && market <= s.marketCount;
    }

    /// @dev Refuses what no account can be: with more bits it would be a position of another market (see Positions.key).
    ///      Whatever takes an account from anybody without asking whether it exists asks this.
    function requireNumber(AccountId account) internal pure {
        if (account.unwrap() >= ClearingStorage.MAX_ACCOUNTS) revert IClearingErrors.UnknownAccount(account);
    }

    /// @dev Last second at which the orders of an account with a dead-man switch are good; 0 when none is armed.
    function deadlineOf(ClearingState storage s, AccountId account) internal view returns (uint256) {
        return (s.heads[account.unwrap()] >> DEADLINE_SHIFT) & DEADLINE_MASK;
    }

    function setDeadline(ClearingState storage s, AccountId account, uint256 deadline) internal {
        uint256 head = s.heads[account.unwrap()] & ~(DEADLINE_MASK << DEADLINE_SHIFT);
        s.heads[account.unwrap()] = head | (deadline << DEADLINE_SHIFT);
    }

    /// @dev Whether the account's dead-man switch has fired: its orders are dead and stay so until none of them is left.
    function hasFired(ClearingState storage s, AccountId account) internal view returns (bool) {
        uint256 deadline = deadlineOf(s, account);
        return deadline != 0 && deadline < block.timestamp;
    }

    /// @dev As `requireTrader`, for new orders: not after the account's dead-man switch has fired.
    /// @param anyone Whether the sender may be anybody: nothing of a preview lasts.
    /// @return guarded Whether a switch is armed, so that the account's positions must say so.
    function requirePlacer(
        ClearingState storage s,
        AccountId account,
        bool anyone
    ) internal view returns (bool guarded) {
        uint256 head = anyone ? requireLive(s, account) : requireTrader(s, account);
        uint256 deadline = (head >> DEADLINE_SHIFT) & DEADLINE_MASK;
        if (deadline == 0) return false;
        if (deadline < block.timestamp) revert IClearingErrors.SwitchFired(account, deadline);
        return true;
    }

    /// @dev Seconds since an account was first found below MM, counted again once they are more than `AUCTION_AGE`.
    /// @return elapsed 0 in the call that starts to count.
    /// @return started Whether this call does.
    function auction(
        ClearingState storage s,
        AccountId account
    ) internal returns (uint256 elapsed, bool started) {
        uint256 head = s.heads[account.unwrap()];
        elapsed = block.timestamp - (head >> AUCTION);
        if (elapsed <= AUCTION_AGE) return (elapsed, false);
        s.heads[account.unwrap()] = (head & ((1 << AUCTION) - 1)) | (block.timestamp << AUCTION);
        emit IClearingEvents.AuctionStarted(account, block.timestamp);
        return (0, true);
    }

    function endAuction(ClearingState storage s, AccountId account) internal {
        s.heads[account.unwrap()] &= (1 << AUCTION) - 1;
    }

    /// @dev Owner or unexpired operator, and not retired.
    /// @return head The account's head word.
    function requireTrader(ClearingState storage s, AccountId account) internal view returns (uint256 head) {
        head = requireLive(s, account);
        if (address(uint160(head)) != msg.sender) {
            if (head == 0 || s.operators[account.unwrap()][msg.sender] < block.timestamp) {
                revert IClearingErrors.NotAuthorised(msg.sender, account);
            }
        }
    }

    /// @return head The account's head word.
    function requireLive(ClearingState storage s, AccountId account) private view returns (uint256 head) {
        head = s.heads[account.unwrap()];
        if (head & RETIRED != 0) revert IClearingErrors.AccountIsRetired(account);
    }

    function requireOwner(ClearingState storage s, AccountId account) internal view {
        address owner = ownerOf(s, account);
        // Funds and escrows have no owner, and nobody sends as address zero.
        if (owner != msg.sender) revert IClearingErrors.NotOwner(msg.sender, owner);
    }

    function loadPurse(ClearingState storage s, AccountId account) internal view returns (Purse memory) {
        return Words.toPurse(s.purses[account.unwrap()]);
    }

    function storePurse(ClearingState storage s, AccountId account, Purse memory purse) internal {
        s.purses[account.unwrap()] = purse.pack();
    }

    /// @dev Adds to an account's cash outside of trading.
    function credit(ClearingState storage s, AccountId account, int256 amount) internal {
        Purse memory purse = loadPurse(s, account);
        purse.cash += amount;
        storePurse(s, account, purse);
    }

    function builderKey(AccountId account, AccountId builder) internal pure returns (uint256) {
        return (account.unwrap() << 28) | builder.unwrap();
    }

    /// @dev Account of a market's insurance fund.
    function fundOf(MarketId market) internal pure returns (AccountId) {
        return AccountId.wrap(MarketId.unwrap(market));
    }

    /// @dev Account of a market's escrow: what has been promised to one side and is still owed by the other.
    function escrowOf(MarketId market) internal pure returns (AccountId) {
        return AccountId.wrap(uint32(ClearingStorage.FIRST_ACCOUNT / 2 + market.unwrap()));
    }

    /// @dev An owner's account that a closed position leaves with a debt and no other position can never pay it: the fund of
    ///      the market in which it ended does, at once, so that no debt stands behind other people's cash and no other fund
    ///      gets it. Orders that the account still has anywhere are no reason to wait.
    /// @param market Where the account has no size any more, whatever is stored.
    /// @return spent Whether the fund's cash is below zero after it.
    function payShortfall(
        ClearingState storage s,
        AccountId account,
        Purse memory purse,
        MarketId market
    ) internal returns (bool spent) {
        if (purse.cash >= 0 || account.unwrap() < ClearingStorage.FIRST_ACCOUNT) return false;
        if (holdsLots(s, account, purse.markets, market)) return false;
        Purse memory fund = loadPurse(s, fundOf(market));
        fund.cash += purse.cash;
        storePurse(s, fundOf(market), fund);
        emit IClearingEvents.ShortfallPaid(account, market, uint256(-purse.cash));
        purse.cash = 0;
        if (fund.cash >= 0) return false;
        noteSpent(s, market);
        return true;
    }

    /// @dev Remembers that nobody has settled yet what a fund is short of, for the next one who takes money out. With 25 on the
    ///      list a further one waits for `deleverage`.
    function noteSpent(ClearingState storage s, MarketId market) internal {
        uint256 spent = s.spentFunds;
        if (spent >> (24 * MARKET_BITS) != 0 || isActive(spent, market)) return;
        s.spentFunds = (spent << MARKET_BITS) | market.unwrap();
    }

    /// @dev Whether an account holds lots, as they are stored.
    /// @param markets Its list.
    /// @param skip A market that does not count; 0 for none.
    function holdsLots(
        ClearingState storage s,
        AccountId account,
        uint256 markets,
        MarketId skip
    ) internal view returns (bool) {
        for (; markets != 0; markets >>= MARKET_BITS) {
            MarketId market = MarketId.wrap(uint16(markets & MARKET_MASK));
            if (market.unwrap() == skip.unwrap()) continue;
            if (Positions.load(s, market, account).size() != 0) return true;
        }
        return false;
    }

    /// @dev Market number in place `i` of the list, 0 behind its end.
    function marketAt(uint256 markets, uint256 i) internal pure returns (uint256) {
        unchecked {
            return (markets >> (i * MARKET_BITS)) & MARKET_MASK;
        }
    }

    function isActive(uint256 markets, MarketId market) internal pure returns (bool) {
        uint256 wanted = market.unwrap();
        while (markets != 0) {
            if (markets & MARKET_MASK == wanted) return true;
            markets >>= MARKET_BITS;
        }
        return false;
    }

    /// @dev Whether the last place of the list is taken.
    function isFull(uint256 markets) internal pure returns (bool) {
        return markets >> ((Words.MARKETS_PER_ACCOUNT - 1) * MARKET_BITS) != 0;
    }

    /// @dev Appends a market that is not in the list.
    function activate(Purse memory purse, MarketId market) internal pure {
        uint256 count = 0;
        while (marketAt(purse.markets, count) != 0) ++count;
        if (count == Words.MARKETS_PER_ACCOUNT) {
            revert IClearingErrors.TooManyMarkets(count + 1, Words.MARKETS_PER_ACCOUNT);
        }
        purse.markets |= market.unwrap() << (count * MARKET_BITS);
    }

    /// @dev Removes a market from the list: the last one takes its place.
    function deactivate(Purse memory purse, MarketId market) internal pure {
        uint256 place = type(uint256).max;
        uint256 count = 0;
        for (uint256 id; (id = marketAt(purse.markets, count)) != 0; ++count) {
            if (id == market.unwrap()) place = count;
        }
        if (place == type(uint256).max) return;
        uint256 last = marketAt(purse.markets, count - 1);
        purse.markets &= ~(MARKET_MASK << (place * MARKET_BITS));
        if (place != count - 1) {
            purse.markets &= ~(MARKET_MASK << ((count - 1) * MARKET_BITS));
            purse.markets |= last << (place * MARKET_BITS);
        }
    }
}
