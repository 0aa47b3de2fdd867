// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketKind, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IMargin} from "../interfaces/IMargin.sol";
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
/// @param sides `Margin.LONG`, `Margin.SHORT` or both: which sides it holds in dated futures that trade. Only an account with
///        both can have a calendar hedge.
struct Health {
    int256 equity;
    uint256 initial;
    uint256 maintenance;
    int256 expiredGain;
    uint256 sides;
}

/// @notice Equity and requirements over all markets of an account.
/// @dev Equity = cash + Σ (quote + size × mark + pending funding) × tickValue, floored.
///      IM = Σ (worst side of the market, see `initialOf`) × mark × tickValue less the calendar credit, ceiled; MM the same
///      with its own rate and |size|. Every market counts as it stands in this minute, whenever it was last touched.
library Margin {
    using Positions for Position;
    using Rounding for int256;

    uint256 internal constant LONG = 1;
    uint256 internal constant SHORT = 2;
    /// @dev Concentration is stored in units of so many lots.
    uint256 private constant LOT_UNIT = 16_384;

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
        uint256 weighted;
        if (phase >= uint256(MarketPhase.Expired)) {
            if (phase == uint256(MarketPhase.Settled)) return;
            // Resting orders are void; until settlement the position still needs its margin.
            // What a round has closed whole will be cash at the next touch, not a gain that waits for the settlement price.
            if (value > 0 && size != 0) sums.expiredGain += value;
            weighted = r.initialBps() * concentrated(size.abs(), r);
        } else {
            weighted = initialOf(p, r);
            if (size != 0 && r.kind() == uint256(MarketKind.Dated)) sums.sides |= size > 0 ? LONG : SHORT;
        }
        unchecked {
            // 60 bits of lots at most, 14 of rate, 40 of mark, 57 of tickValue.
            uint256 notional = mark * tickValue;
            sums.initial += weighted * notional;
            sums.maintenance += size.abs() * r.maintenanceBps() * notional;
        }
    }

    /// @dev IM of a market as basis points × lots: IM rate × the larger of what fills of the bids and of the asks could make of
    ///      the position. A side that would flip it also trades the lots that it closes on the way, each up to a band and the
    ///      maker fee from mark: they count with IM − MM, which is never less.
    function initialOf(Position p, MarketRisk r) internal pure returns (uint256 weighted) {
        int256 size = p.size();
        uint256 rate = r.initialBps();
        unchecked {
            // 36 bits each, at most 60 once concentrated, and rates of 14.
            // Most positions have nothing resting beside them.
            if (!p.hasReserved()) return rate * concentrated(size.abs(), r);
            int256 long = size + int256(p.bids());
            int256 short = int256(p.asks()) - size;
            weighted = rate * concentrated(uint256(long > short ? long : short), r);
            if (size == 0) return weighted;
            int256 flipped = size > 0 ? short : long;
            if (flipped <= 0) return weighted;
            uint256 both =
                rate * concentrated(uint256(flipped), r) + (rate - r.maintenanceBps()) * size.abs();
            if (both > weighted) weighted = both;
        }
    }

    /// @dev Lots as IM counts them: beyond the concentration of the market the rate grows in proportion to the size. Ceiled.
    function concentrated(uint256 lots, MarketRisk r) private pure returns (uint256) {
        uint256 from;
        unchecked {
            // 12 bits × 15 bits.
            from = r.concentration() * LOT_UNIT;
        }
        if (lots <= from || from == 0) return lots;
        return Rounding.mulDivUp(lots, lots, from);
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
            if (r.phase() == uint256(MarketPhase.Expired)) {
                r = DatedFutures.atPrints(s, MarketId.wrap(uint16(id)), r);
            }
            if (r.hasRounds()) p = Rounds.viewApplied(s, MarketId.wrap(uint16(id)), account, p, true);
            add(sums, p, r, Markets.markOf(r), r.tickValue() * unit);
        }
    }

    /// @dev Takes the calendar credit off, rounds the sums and adds cash. The account's positions are stored.
    function close(Health memory h, AccountId account, int256 cash) internal view {
        if (h.sides == LONG | SHORT) {
            (uint256 initial, uint256 maintenance) = IMargin(address(this)).calendarCredit(account);
            h.initial -= initial;
            h.maintenance -= maintenance;
        }
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
        // Gains in a market whose trading has ended could leave through trades with a colluder before they are final.
        int256 equity = h.equity;
        if (raised) equity -= h.expiredGain;
        if (equity < int256(required)) revert IClearingErrors.InsufficientMargin(equity, required);
    }

    /// @dev Health from storage alone.
    function health(
        ClearingState storage s,
        AccountId account,
        uint256 unit
    ) internal view returns (Health memory h) {
        Purse memory purse = Accounts.loadPurse(s, account);
        addOthers(s, h, account, purse.markets, MarketId.wrap(0), unit);
        close(h, account, purse.cash);
    }
}
