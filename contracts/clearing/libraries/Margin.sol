// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {MarketRisk, Position, Purse} from "./Words.sol";

/// @dev An account's health in collateral units. Until `close` it holds sums over markets before their one rounding:
///      equity and gain in collateral units × 2^20, requirements × 2^16 × 10^4.
/// @param equity Floored once.
/// @param initial IM, resting orders included, ceiled once.
/// @param maintenance MM of the positions alone, ceiled once.
/// @param expiredGain Gains in markets whose trading has ended: they do not count for withdrawal. Ceiled once.
struct Health {
    int256 equity;
    uint256 initial;
    uint256 maintenance;
    int256 expiredGain;
}

/// @notice Equity and requirements over all markets of an account.
/// @dev Equity = cash + Σ (quote + size × mark + pending funding) × tickValue, floored.
///      IM = Σ rate × max(|size + bids|, |size − asks|) × mark × tickValue, ceiled; MM the same with its rate and |size|.
///      Every market counts as it stands in this minute, whenever it was last touched.
library Margin {
    using Positions for Position;
    using Rounding for int256;

    function add(
        Health memory sums,
        Position p,
        MarketRisk r,
        uint256 mark,
        uint256 tickValue
    ) internal pure {
        int256 size = p.size();
        int256 value;
        unchecked {
            // 88 bits of quote, 36 of size × 57 of price and funding, 57 of tickValue: far below 255, for 16 markets too.
            value = (p.quote() << 20) + size * ((int256(mark) << 4) - (r.funding() - p.snapshot()));
            value *= int256(tickValue);
            sums.equity += value;
        }
        uint256 phase = r.phase();
        uint256 exposure;
        if (phase >= uint256(MarketPhase.Expired)) {
            if (phase == uint256(MarketPhase.Settled)) return;
            // Resting orders are void; until settlement the position still needs its margin.
            if (value > 0) sums.expiredGain += value;
            exposure = size.abs();
        } else {
            exposure = p.exposure();
        }
        unchecked {
            // 37 bits of exposure, 14 of rate, 40 of mark, 57 of tickValue.
            uint256 notional = mark * tickValue;
            sums.initial += exposure * r.initialBps() * notional;
            sums.maintenance += size.abs() * r.maintenanceBps() * notional;
        }
    }

    /// @dev Adds every market of `purse` but `skip`.
    function addOthers(
        ClearingState storage s,
        Health memory sums,
        AccountId account,
        uint256 markets,
        MarketId skip,
        uint256 unit
    ) internal view {
        while (markets != 0) {
            uint256 id = markets & 1023;
            markets >>= 10;
            if (id == skip.unwrap()) continue;
            Position p = Positions.load(s, MarketId.wrap(uint16(id)), account);
            MarketRisk r = Markets.current(s, MarketId.wrap(uint16(id)), unit);
            r = DatedFutures.atPrints(s, MarketId.wrap(uint16(id)), r);
            p = Rounds.viewApplied(s, MarketId.wrap(uint16(id)), account, p, r.hasRounds());
            add(sums, p, r, Markets.markOf(r), r.tickValue() * unit);
        }
    }

    /// @dev Rounds the sums and adds cash.
    function close(Health memory h, int256 cash) internal pure {
        unchecked {
            h.equity = cash + h.equity.floorShift(20);
            h.initial = (h.initial + (10_000 << 16) - 1) / (10_000 << 16);
            h.maintenance = (h.maintenance + (10_000 << 16) - 1) / (10_000 << 16);
            h.expiredGain = (h.expiredGain + (1 << 20) - 1).floorShift(20);
        }
    }

    /// @dev New risk needs IM. Reducing does not, but no taker may pay a maker with what is the fund's, so equity stays at
    ///      or above zero, and at or above what its closing orders may still lose.
    function require_(Health memory h, bool raised, uint256 reserve) internal pure {
        uint256 required = raised ? h.initial : reserve;
        if (h.equity < int256(required)) revert IClearingErrors.InsufficientMargin(h.equity, required);
    }

    /// @dev Health from storage alone.
    function health(
        ClearingState storage s,
        AccountId account,
        uint256 unit
    ) internal view returns (Health memory h) {
        Purse memory purse = Accounts.loadPurse(s, account);
        addOthers(s, h, account, purse.markets, MarketId.wrap(0), unit);
        close(h, purse.cash);
    }
}
