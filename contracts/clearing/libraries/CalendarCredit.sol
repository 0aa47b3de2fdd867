// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeliveryWindow, Window} from "../../instruments/libraries/DeliveryWindow.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {MarketKind, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState, MarketTerms} from "./ClearingStorage.sol";
import {Margin} from "./Margin.sol";
import {ParameterChecks} from "./ParameterChecks.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {MarketRisk, Position} from "./Words.sol";

/// @dev A dated month in which an account is active.
/// @param first First day of its delivery window.
/// @param last Last day of it.
/// @param value Collateral units × 2^16 of one lot at mark.
/// @param initialBps IM of the month, before its window makes it smaller.
/// @param maintenanceBps MM likewise.
/// @param unlocked Days of the window that are not locked, of `days_`.
struct Month {
    MarketId market;
    MarketRisk risk;
    Position position;
    uint256 first;
    uint256 last;
    uint256 value;
    uint256 initialBps;
    uint256 maintenanceBps;
    uint256 spreadInitialBps;
    uint256 spreadMaintenanceBps;
    uint256 bandBps;
    uint256 makerFeeBps;
    uint256 unlocked;
    uint256 days_;
}

/// @dev What the lots of a month are worth to the pair before it: in ascending order, `price` is the credit that is lost by
///      giving up one of `lots`.
struct Offers {
    uint256[] lots;
    uint256[] price;
}

/// @notice Credit of calendar hedges.
/// @dev Months of one feed in order of maturity are a path whose edges are the adjacent months held on opposite sides. An
///      edge gives a credit per lot and a month has so many lots for its two edges: the largest credit is found exactly by
///      going along the path once, with the lots of a month that an earlier edge has taken offered to the later one at what
///      the earlier would lose. The largest credit never falls when a month gets more lots (a fill), and requirement less
///      credit never rises when a rate falls (a day), as it is the least over all pairings; pairing month by month in order
///      of maturity does not have the first of these properties.
library CalendarCredit {
    using Positions for Position;
    using Rounding for int256;

    /// @dev The largest credit on IM and MM, collateral units × 2^16 × 10^4.
    function credit(
        ClearingState storage s,
        AccountId account,
        uint256 unit
    ) internal view returns (uint256 initial, uint256 maintenance) {
        Month[] memory months = read(s, account, unit, false);
        initial = total(months, true);
        maintenance = total(months, false);
    }

    /// @dev MM of the positions in markets that do not wait (see Ladder), ceiled. Those markets have been touched in this call and
    ///      their rounds served.
    function enforceable(
        ClearingState storage s,
        AccountId account,
        uint256 unit
    ) internal view returns (uint256 sum) {
        for (uint256 markets = Accounts.loadPurse(s, account).markets; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            MarketRisk r = MarketRisk.wrap(s.markets[id].risk);
            if (r.phase() == uint256(MarketPhase.Settled) || Ladder.waits(s, id)) continue;
            Position p = Positions.load(s, MarketId.wrap(uint16(id)), account);
            sum += p.size().abs() * r.maintenanceBps() * Markets.markOf(r) * r.tickValue() * unit;
        }
        sum -= total(read(s, account, unit, true), false);
        sum = (sum + (10_000 << 16) - 1) / (10_000 << 16);
    }

    /// @dev Whether IM is higher with `after_` than with `before` as the position in a market.
    function raisesInitial(
        ClearingState storage s,
        AccountId account,
        MarketId market,
        Position before,
        Position after_,
        uint256 unit
    ) internal view returns (bool) {
        Month[] memory months = read(s, account, unit, false);
        uint256 i = find(months, market);
        // Without a spread margin, or after the end of trading, there is no credit to lose.
        if (i == months.length) return false;
        Month memory m = months[i];
        m.position = before;
        uint256 lost = total(months, true);
        m.position = after_;
        uint256 kept = total(months, true);
        return
            m.value * Margin.initialOf(after_, m.risk) + lost >
            m.value * Margin.initialOf(before, m.risk) + kept;
    }

    /// @dev Lots of a position that are the cheaper leg of hedges, and the market of the dearer one.
    function hedgedLots(
        ClearingState storage s,
        AccountId account,
        MarketId market,
        uint256 unit
    ) internal view returns (uint256 lots, MarketId partner) {
        Month[] memory months = read(s, account, unit, false);
        uint256 i = find(months, market);
        if (i == months.length) return (0, partner);
        (, uint256[] memory hedged) = matched(months, false);
        uint256 own = months[i].value * months[i].maintenanceBps;
        uint256 dearest = own;
        for (uint256 side = 0; side < 2; ++side) {
            if (side == 0 ? i == 0 : i + 1 == months.length) continue;
            (uint256 j, uint256 edge) = side == 0 ? (i - 1, i - 1) : (i + 1, i);
            uint256 other = months[j].value * months[j].maintenanceBps;
            if (hedged[edge] == 0 || other <= own) continue;
            lots += hedged[edge];
            if (other > dearest) (dearest, partner) = (other, months[j].market);
        }
        // The whole lots behind what counts of them.
        if (lots != 0) lots = Rounding.mulDivUp(lots, months[i].days_, months[i].unlocked);
    }

    // ---------------------------------------------------------------------------------------------------------- months

    /// @dev The account's dated months that trade and have a spread margin, by feed and maturity.
    /// @param enforced Whether those are left out that wait.
    function read(
        ClearingState storage s,
        AccountId account,
        uint256 unit,
        bool enforced
    ) private view returns (Month[] memory months) {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        uint256 count = 0;
        for (uint256 rest = markets; rest != 0; rest >>= 10) {
            if (isMonth(s, rest & 1023, enforced)) ++count;
        }
        months = new Month[](count);
        count = 0;
        for (uint256 rest = markets; rest != 0; rest >>= 10) {
            if (!isMonth(s, rest & 1023, enforced)) continue;
            Month memory m = load(s, MarketId.wrap(uint16(rest & 1023)), account, unit);
            uint256 i = count++;
            for (; i != 0 && later(months[i - 1], m); --i) months[i] = months[i - 1];
            months[i] = m;
        }
    }

    function isMonth(ClearingState storage s, uint256 market, bool enforced) private view returns (bool) {
        if (enforced && Ladder.waits(s, market)) return false;
        return
            MarketRisk.wrap(s.markets[market].risk).kind() == uint256(MarketKind.Dated) &&
            s.markets[market].terms.spreadMaintenanceBps != 0;
    }

    function later(Month memory a, Month memory b) private pure returns (bool) {
        if (a.risk.feed() != b.risk.feed()) return a.risk.feed() > b.risk.feed();
        return a.first > b.first;
    }

    function load(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        uint256 unit
    ) private view returns (Month memory m) {
        MarketContext memory c = Markets.load(s, market, unit);
        (, uint256 window) = Markets.advance(s, c);
        // A midnight that no touch has stored yet counts as well.
        if (window == 0) window = s.windows[market.unwrap()];
        MarketTerms storage terms = s.markets[market.unwrap()].terms;
        (m.market, m.risk) = (market, c.risk);
        Position p = Positions.load(s, market, account);
        m.position = Rounds.viewApplied(s, market, account, p, c.risk.hasRounds());
        (m.first, m.last) = (terms.firstPeriod, terms.lastPeriod);
        m.value = c.mark * c.tickValue;
        (m.spreadInitialBps, m.spreadMaintenanceBps) = (terms.spreadInitialBps, terms.spreadMaintenanceBps);
        m.bandBps = c.top.fillBandBps();
        m.makerFeeBps = ParameterChecks.makerFeeBps(c.top.makerFee(), m.bandBps);
        (m.unlocked, m.days_) = DeliveryWindow.shareOf(Window.wrap(window));
        if (m.unlocked == m.days_) {
            (m.initialBps, m.maintenanceBps) = (c.risk.initialBps(), c.risk.maintenanceBps());
        } else {
            // Only the lots that are not locked count, so each of them with the whole rate: the one of which the day's was made, also
            // where another has been applied since and holds from the next midnight.
            m.initialBps = Window.wrap(window).initialBps();
            m.maintenanceBps = Window.wrap(window).maintenanceBps();
        }
    }

    function find(Month[] memory months, MarketId market) private pure returns (uint256 i) {
        while (i < months.length && months[i].market.unwrap() != market.unwrap()) ++i;
    }

    /// @dev Signed lots of a month that may count: for IM what its orders leave, for MM all; none after the end of trading.
    function countedLots(Month memory m, bool forInitial) private pure returns (int256 lots) {
        if (m.risk.phase() >= uint256(MarketPhase.Expired)) return 0;
        lots = forInitial ? m.position.surviving() : m.position.size();
        // Rounded towards zero on either side.
        return (lots * int256(m.unlocked)) / int256(m.days_);
    }

    /// @dev Credit per lot of a hedge in two months: both legs' margins less the spread margin on the larger leg.
    function gain(Month memory a, Month memory b, bool forInitial) private pure returns (uint256) {
        if (a.risk.feed() != b.risk.feed() || b.first != a.last + 1) return 0;
        uint256 spread = Rounding.max(a.spreadMaintenanceBps, b.spreadMaintenanceBps);
        uint256 legs = a.maintenanceBps * a.value + b.maintenanceBps * b.value;
        if (forInitial) {
            legs = a.initialBps * a.value + b.initialBps * b.value;
            // A fill of either leg at the edge of its band must not bring a hedge from IM below MM.
            spread += Rounding.max(a.bandBps, b.bandBps) + Rounding.max(a.makerFeeBps, b.makerFeeBps);
            spread = Rounding.max(spread, Rounding.max(a.spreadInitialBps, b.spreadInitialBps));
        }
        uint256 needed = spread * Rounding.max(a.value, b.value);
        return legs > needed ? legs - needed : 0;
    }

    // --------------------------------------------------------------------------------------------------------- pairing

    function total(Month[] memory months, bool forInitial) private pure returns (uint256 sum) {
        (uint256[] memory gains, uint256[] memory hedged) = matched(months, forInitial);
        for (uint256 i = 0; i < gains.length; ++i) sum += gains[i] * hedged[i];
    }

    /// @return gains Credit per lot of the pair of months i and i + 1, 0 where they are no hedge.
    /// @return hedged Lots of that pair.
    function matched(
        Month[] memory months,
        bool forInitial
    ) private pure returns (uint256[] memory gains, uint256[] memory hedged) {
        if (months.length < 2) return (gains, hedged);
        uint256[] memory lots = new uint256[](months.length);
        gains = new uint256[](months.length - 1);
        int256 previous;
        for (uint256 i = 0; i < months.length; ++i) {
            int256 counted = countedLots(months[i], forInitial);
            lots[i] = counted.abs();
            if (i != 0 && previous != 0 && counted != 0 && (previous > 0) != (counted > 0)) {
                gains[i - 1] = gain(months[i - 1], months[i], forInitial);
            }
            previous = counted;
        }
        hedged = pair(lots, gains);
    }

    /// @dev Lots of each pair of neighbours that bring the largest Σ hedged × gain, where a month's lots are shared by its two
    ///      pairs.
    function pair(
        uint256[] memory lots,
        uint256[] memory gains
    ) internal pure returns (uint256[] memory hedged) {
        uint256 count = gains.length;
        hedged = new uint256[](count);
        Offers[] memory offers = new Offers[](count);
        for (uint256 i = 0; i < count; ++i) {
            offers[i] = i == 0 ? whole(lots[0]) : offered(offers[i - 1], gains[i - 1], lots[i]);
        }
        // From the last pair back: what a later pair takes of a month is not there for the earlier one.
        uint256 reserved = 0;
        for (uint256 i = count; i != 0; --i) {
            uint256 room = lots[i] - reserved;
            reserved = taken(offers[i - 1], gains[i - 1], room);
            hedged[i - 1] = reserved;
        }
    }

    function whole(uint256 lots) private pure returns (Offers memory o) {
        (o.lots, o.price) = (new uint256[](1), new uint256[](1));
        o.lots[0] = lots;
    }

    /// @dev Lots that a pair with so much credit takes of what is offered, at most `room`: the cheapest, as long as they gain.
    function taken(Offers memory o, uint256 gain_, uint256 room) private pure returns (uint256 sum) {
        for (uint256 k = 0; k < o.lots.length && o.price[k] < gain_; ++k) sum += o.lots[k];
        return Rounding.min(sum, room);
    }

    /// @dev What a month with `lots` offers behind a pair that has taken from `before`: first its free lots, then those of the
    ///      pair, the last taken first.
    function offered(
        Offers memory before,
        uint256 gain_,
        uint256 lots
    ) private pure returns (Offers memory o) {
        uint256 free = lots;
        uint256 used = 0;
        while (used < before.lots.length && before.price[used] < gain_ && free != 0) {
            free -= Rounding.min(before.lots[used], free);
            ++used;
        }
        (o.lots, o.price) = (new uint256[](used + 1), new uint256[](used + 1));
        o.lots[0] = free;
        uint256 left = lots - free;
        for (uint256 k = 0; k < used; ++k) {
            uint256 part = Rounding.min(before.lots[k], left);
            left -= part;
            o.lots[used - k] = part;
            o.price[used - k] = gain_ - before.price[k];
        }
    }
}
