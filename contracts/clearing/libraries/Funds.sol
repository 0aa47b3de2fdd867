// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Rounding} from "./Rounding.sol";

/// @notice Money of a market's insurance fund, and what the market owes when it has none: the booked deficit.
/// @dev A deficit is cash that somebody is owed and nobody has paid in. It stands in the identity with a minus until fees
///      or top-ups have repaid it.
library Funds {
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

    /// @dev Books what a fund without a position is short of; the caller sets its cash to zero.
    function book(ClearingState storage s, MarketId market, uint256 amount) internal {
        uint256 deficit = s.deficits[market.unwrap()] + amount;
        s.deficits[market.unwrap()] = deficit;
        // Both are below 2^96 × markets.
        s.totalDeficit += uint128(amount);
        emit IClearingEvents.DeficitBooked(market, amount, deficit);
    }

    /// @dev While deficits D exceed what withdrawals left behind (claims K), every withdrawal leaves its share behind too:
    ///      amount × (D − K) / (tracked + D − K), ceiled, since that is the part of everything owed that nobody has paid in.
    ///      The share is the same before and after it, so nobody gains by running.
    /// @param amount Collateral units taken out of the account's cash; the caller pays out the rest.
    /// @return claim What stays behind.
    function leaveClaim(
        ClearingState storage s,
        AccountId account,
        uint256 amount
    ) internal returns (uint256 claim) {
        (uint256 deficit, uint256 claims) = (s.totalDeficit, s.totalClaims);
        if (deficit <= claims) return 0;
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
