// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {MarginChange, MarketKind, MarketListing, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ClearingState, MarketTerms, ScheduledMargins} from "./ClearingStorage.sol";
import {Listings} from "./Listings.sol";
import {ParameterChecks} from "./ParameterChecks.sol";

/// @notice Margins change a week after they were announced, so that everyone can reduce or deposit before they hold.
library MarginSchedule {
    uint256 internal constant NOTICE_DAYS = 7;

    function schedule(
        ClearingState storage s,
        MarketId market,
        MarginChange memory change,
        uint32 fromPeriod,
        uint256 unit
    ) internal {
        MarketContext memory c = Markets.load(s, market, unit);
        Markets.advance(s, c);
        requireTrading(c);
        // The first midnight that is the whole notice away.
        uint256 earliest = (block.timestamp + (NOTICE_DAYS + 1) * 1 days - 1) / 1 days;
        if (fromPeriod < earliest) revert IClearingErrors.NoticeTooShort(fromPeriod, earliest);
        Listings.check(s, changed(s, market, change));
        ScheduledMargins storage pending = s.scheduled[market.unwrap()];
        pending.fromPeriod = fromPeriod;
        write(pending.change, change);
        emit IClearingEvents.MarginsScheduled(market, fromPeriod, change);
    }

    function cancel(ClearingState storage s, MarketId market) internal {
        requireScheduled(s, market);
        delete s.scheduled[market.unwrap()];
        emit IClearingEvents.MarginsCancelled(market);
    }

    function apply_(ClearingState storage s, MarketId market, uint256 unit) internal {
        uint256 due = requireScheduled(s, market) * 1 days;
        if (block.timestamp < due) revert IClearingErrors.NotYetDue(market, block.timestamp, due);
        MarketContext memory c = Markets.load(s, market, unit);
        // What has been until this minute was under the old terms.
        Markets.touch(s, c);
        requireTrading(c);
        // A mark that stands still must not move with its clamp.
        Ladder.requireValid(s, c.top, c.risk);
        MarginChange memory change = s.scheduled[market.unwrap()].change;
        MarketListing memory l = changed(s, market, change);
        // Fees may have changed since.
        Listings.check(s, l);
        delete s.scheduled[market.unwrap()];
        store(s, c, l);
        Markets.store(s, c);
        emit IClearingEvents.MarginsApplied(market, change);
        emit IClearingEvents.ParametersChanged(market, l);
    }

    function requireScheduled(ClearingState storage s, MarketId market) private view returns (uint256 from) {
        from = s.scheduled[market.unwrap()].fromPeriod;
        if (from == 0) revert IClearingErrors.NothingScheduled(market);
    }

    function requireTrading(MarketContext memory c) private pure {
        uint256 phase = c.risk.phase();
        if (phase >= uint256(MarketPhase.Expired))
            revert IClearingErrors.MarketNotOpen(c.id, MarketPhase(phase));
    }

    /// @dev The listing as it will be.
    function changed(
        ClearingState storage s,
        MarketId market,
        MarginChange memory change
    ) private view returns (MarketListing memory l) {
        l = Listings.read(s, market);
        l.tiers = change.tiers;
        l.clampBps = change.clampBps;
        l.concentrationLots = change.concentrationLots;
        l.spreadInitialBps = change.spreadInitialBps;
        l.spreadMaintenanceBps = change.spreadMaintenanceBps;
        l.fundingCapBps = change.fundingCapBps;
        l.fundingInterestBps = change.fundingInterestBps;
    }

    /// @dev Puts the new set in the terms of a touched market and in its words.
    function store(ClearingState storage s, MarketContext memory c, MarketListing memory l) private {
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        for (uint256 i = 0; i < 3; ++i) terms.tiers[i] = l.tiers[i];
        terms.baseClampBps = l.clampBps;
        terms.spreadInitialBps = l.spreadInitialBps;
        terms.spreadMaintenanceBps = l.spreadMaintenanceBps;
        s.markets[c.id.unwrap()].funding.capBps = l.fundingCapBps;
        s.markets[c.id.unwrap()].funding.interestBps = l.fundingInterestBps;
        c.risk = c.risk.withConcentration(l.concentrationLots / ParameterChecks.LOT_UNIT);
        uint256 tier = 0;
        if (l.kind == MarketKind.Dated) {
            uint256 today = block.timestamp / 1 days;
            // Inside the window margins, clamp and band are those of the day, made from these at 00:00.
            if (today >= l.firstPeriod) return;
            tier = today >= l.nextFromPeriod ? 1 : 2;
        }
        c.risk = c
            .risk
            .withClampBps(l.clampBps)
            .withInitialBps(l.tiers[tier].initialMarginBps)
            .withMaintenanceBps(l.tiers[tier].maintenanceMarginBps);
        c.top = c.top.withFillBandBps(l.tiers[tier].fillBandBps);
    }

    function write(MarginChange storage to, MarginChange memory change) private {
        for (uint256 i = 0; i < 3; ++i) to.tiers[i] = change.tiers[i];
        to.clampBps = change.clampBps;
        to.concentrationLots = change.concentrationLots;
        to.spreadInitialBps = change.spreadInitialBps;
        to.spreadMaintenanceBps = change.spreadMaintenanceBps;
        to.fundingCapBps = change.fundingCapBps;
        to.fundingInterestBps = change.fundingInterestBps;
    }
}
