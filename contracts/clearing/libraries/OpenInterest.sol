// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState, Market, MarketTerms} from "./ClearingStorage.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, Words} from "./Words.sol";

/// @notice How much open interest a market may have: a base that needs no fund, and what its insurance fund covers.
/// @dev limit = min(maxOpenInterestLots, openInterestBaseLots + ⌊fund × 10,000 / (fundCoverBps × value of a lot at mark)⌋),
///      where fund = max(0, min(cash, equity at mark) − deficit): what the fund holds of a bankrupt's position must not look
///      like money. It stands in the flow word, which fills read anyway, and is computed anew whenever a call that is about
///      the fund changes it, and at every `sync`. A limit below standing open interest stops only what raises it.
library OpenInterest {
    using Rounding for uint256;
    using Words for MarketFlow;

    /// @dev Computes the limit anew and stores it where it changed. The fund's cash and the flow word must be stored, and the
    ///      market brought to the current minute.
    function refresh(ClearingState storage s, MarketContext memory c) internal {
        Market storage m = s.markets[c.id.unwrap()];
        MarketFlow memory flow = Words.toMarketFlow(m.flow);
        uint256 now_ = limit(m.terms, available(s, c), c);
        if (now_ == flow.maxOpenInterest) return;
        flow.maxOpenInterest = now_;
        m.flow = flow.pack();
    }

    /// @dev What a fund has to cover open interest with.
    function available(ClearingState storage s, MarketContext memory c) private view returns (uint256) {
        int256 cash = Accounts.loadPurse(s, Accounts.fundOf(c.id)).cash;
        int256 equity = Deleveraging.equity(s, c);
        return Positions.positive((equity < cash ? equity : cash) - int256(s.deficits[c.id.unwrap()]));
    }

    function limit(
        MarketTerms storage terms,
        uint256 fund,
        MarketContext memory c
    ) internal view returns (uint256) {
        uint256 most = terms.maxOpenInterestLots;
        uint256 perLot = cover(terms, c);
        // At a mark of nothing a lot is worth nothing, so any fund covers it.
        if (perLot == 0) return most;
        return Rounding.min(most, terms.openInterestBaseLots + (fund * (10_000 << 16)) / perLot);
    }

    /// @dev Least cash of the fund with which standing open interest is within what it covers, ceiled.
    function leastFund(
        MarketTerms storage terms,
        uint256 openInterest,
        MarketContext memory c
    ) internal view returns (uint256) {
        uint256 base = terms.openInterestBaseLots;
        if (openInterest <= base) return 0;
        return Rounding.mulDivUp(openInterest - base, cover(terms, c), 10_000 << 16);
    }

    /// @dev Cash that a lot beyond the base needs, collateral units × 2^16 × 10^4.
    function cover(MarketTerms storage terms, MarketContext memory c) private view returns (uint256) {
        return terms.fundCoverBps * c.mark * c.tickValue;
    }
}
