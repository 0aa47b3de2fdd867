// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {OpenInterest} from "./OpenInterest.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {Position, Words} from "./Words.sol";

/// @notice Money of a market's insurance fund, and what the market owes when it has none: the booked deficit.
/// @dev A deficit is cash that somebody is owed and nobody has paid in. It stands in the identity with a minus until fees
///      or top-ups have repaid it.
///      What may be taken out of a fund is counted in one word a market, for the UTC day of its last withdrawal:
///
///      | 255..224 – | 223..128 taken | 127..32 budget | 31..0 day |
library Funds {
    using Positions for Position;
    using Rounding for uint256;

    uint256 private constant BPS = 10_000;
    /// @dev Share of a fund's cash that may be taken out of it a day.
    uint256 private constant DRAIN_BPS = 1000;

    /// @dev Adds to a fund's cash; the market's deficit is repaid first. Either way the sum of the identity grows by
    ///      `amount`, which the caller has taken from somewhere.
    function credit(ClearingState storage s, MarketId market, uint256 amount) internal {
        uint256 deficit = s.deficits[market.unwrap()];
        if (deficit != 0 && amount != 0) {
            uint256 repaid = Rounding.min(deficit, amount);
            amount -= repaid;
            deficit -= repaid;
            s.deficits[market.unwrap()] = deficit;
            s.totalDeficit -= uint128(repaid);
            emit IClearingEvents.DeficitRepaid(market, repaid, deficit);
        }
        if (amount != 0) Accounts.credit(s, Accounts.fundOf(market), int256(amount));
    }

    /// @dev Takes cash out of a fund as far as it may be; see IWaterfall.drainFund. The market has been touched.
    function drain(ClearingState storage s, MarketContext memory c, uint256 amount) internal {
        uint256 id = c.id.unwrap();
        if (s.totalDeficit != 0) revert IClearingErrors.DeficitStands(s.totalDeficit);
        AccountId fund = Accounts.fundOf(c.id);
        int256 size = Positions.load(s, c.id, fund).size();
        if (size != 0) revert IClearingErrors.FundHoldsPosition(c.id, size);
        uint256 unfinished = Rounds.current(s, c.id).unfinished();
        if (unfinished != 0) revert IClearingErrors.RoundsUnfinished(c.id, unfinished);

        uint256 cash = Positions.positive(Accounts.loadPurse(s, fund).cash);
        (uint256 budget, uint256 taken) = ((cash * DRAIN_BPS) / BPS, 0);
        uint256 word = s.drains[id];
        if (uint32(word) == block.timestamp / 1 days) {
            (budget, taken) = (uint96(word >> 32), uint96(word >> 128));
        }
        uint256 openInterest = Words.toMarketFlow(s.markets[id].flow).openInterest;
        uint256 least = OpenInterest.leastFund(s.markets[id].terms, openInterest, c);
        uint256 most = Rounding.min(budget - taken, cash > least ? cash - least : 0);
        if (amount > most) revert IClearingErrors.FundBounded(amount, most);
        s.drains[id] =
            (block.timestamp / 1 days) |
            (budget.fit(96) << 32) |
            ((taken + amount).fit(96) << 128);
        Accounts.credit(s, fund, -int256(amount));
    }

    /// @dev Books what a fund without a position is short of; the caller sets its cash to zero.
    function book(ClearingState storage s, MarketId market, uint256 amount) internal {
        uint256 deficit = s.deficits[market.unwrap()] + amount;
        s.deficits[market.unwrap()] = deficit;
        // Both are below 2^96 × markets.
        s.totalDeficit += uint128(amount);
        emit IClearingEvents.DeficitBooked(market, amount, deficit);
    }

    /// @dev Whoever takes money out settles first what debts have left of funds, so that leaving before it is booked is no way
    ///      around a share of it.
    /// @return unbooked What cannot be settled now, because mark is not valid or rounds are in the way.
    function settleSpent(ClearingState storage s) internal returns (uint256 unbooked) {
        return s.spentFunds == 0 ? 0 : IWaterfall(address(this)).settleFunds();
    }

    /// @dev While deficits D exceed what withdrawals left behind (claims K), every withdrawal leaves its share behind too:
    ///      amount × (D − K) / (tracked + D − K), ceiled, since that is the part of everything owed that nobody has paid in.
    ///      The share is the same before and after it, so nobody gains by running.
    /// @param amount Collateral units taken out of the account's cash; the caller pays out the rest.
    /// @param unbooked What funds are short of and cannot be booked now; see `settleSpent`.
    /// @return claim What stays behind.
    function leaveClaim(
        ClearingState storage s,
        AccountId account,
        uint256 amount,
        uint256 unbooked
    ) internal returns (uint256 claim) {
        (uint256 deficit, uint256 claims) = (s.totalDeficit + unbooked, s.totalClaims);
        if (deficit <= claims || amount == 0) return 0;
        uint256 missing = deficit - claims;
        claim = Rounding.mulDivUp(amount, missing, s.tracked + missing);
        uint256 total = s.claims[account.unwrap()] + claim;
        s.claims[account.unwrap()] = total;
        s.totalClaims = uint128(claims + claim);
        emit IClearingEvents.ClaimLeft(account, claim, total);
    }

    /// @dev Turns an account's claim back into cash once nothing is owed any more.
    function redeem(ClearingState storage s, AccountId account) internal returns (uint256 claim) {
        if (s.totalDeficit != 0) revert IClearingErrors.DeficitStands(s.totalDeficit);
        claim = s.claims[account.unwrap()];
        if (claim == 0) revert IClearingErrors.NoClaim(account);
        s.claims[account.unwrap()] = 0;
        s.totalClaims -= uint128(claim);
        Accounts.credit(s, account, int256(claim));
        emit IClearingEvents.ClaimRedeemed(account, claim);
    }
}
