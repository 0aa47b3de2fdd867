// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {MarginTier, MarketKind, MarketListing, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage, MarketTerms} from "../libraries/ClearingStorage.sol";
import {Funds} from "../libraries/Funds.sol";
import {Listings} from "../libraries/Listings.sol";
import {Margin} from "../libraries/Margin.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {ParameterChecks} from "../libraries/ParameterChecks.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {MarketFlow, Words} from "../libraries/Words.sol";

/// @title AdministrationModule
/// @notice Parameters, fees and the guardian, behind the clearing house's fallback. Nothing here moves an owner's
///         cash or position.
contract AdministrationModule is ClearingBase, IAdministration, IClearingEvents, IClearingErrors {
    using SafeERC20 for IERC20;
    using Words for MarketFlow;

    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IAdministration
    function setFees(MarketId market, uint16 takerFee, int16 makerFee) external restricted {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        MarketListing memory l = Listings.read(s, market);
        (l.takerFee, l.makerFee) = (takerFee, makerFee);
        Listings.check(s, l);
        // Margins announced for a day inside a delivery window are in the terms before they are in force.
        ParameterChecks.checkDistances(
            l,
            MarginTier(
                uint16(c.risk.initialBps()),
                uint16(c.risk.maintenanceBps()),
                uint16(c.top.fillBandBps())
            )
        );
        c.top = c.top.withTakerFee(takerFee);
        c.top = c.top.withMakerFee(makerFee);
        Markets.store(s, c);
        emit ParametersChanged(market, l);
    }

    /// @inheritdoc IAdministration
    function setLimits(
        MarketId market,
        uint40 maxPositionLots,
        uint40 maxOpenInterestLots
    ) external restricted {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        MarketListing memory l = Listings.read(s, market);
        (l.maxPositionLots, l.maxOpenInterestLots) = (maxPositionLots, maxOpenInterestLots);
        Listings.check(s, l);
        c.risk = c.risk.withMaxPosition(maxPositionLots / ParameterChecks.LOT_UNIT);
        s.markets[market.unwrap()].terms.maxOpenInterestLots = maxOpenInterestLots;
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
        emit ParametersChanged(market, l);
    }

    /// @inheritdoc IAdministration
    function setFundTerms(
        MarketId market,
        uint40 openInterestBaseLots,
        uint16 fundCoverBps,
        uint16 insuranceShareBps,
        uint16 liquidationFeeBps
    ) external restricted {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        MarketListing memory l = Listings.read(s, market);
        (l.openInterestBaseLots, l.fundCoverBps) = (openInterestBaseLots, fundCoverBps);
        (l.insuranceShareBps, l.liquidationFeeBps) = (insuranceShareBps, liquidationFeeBps);
        Listings.check(s, l);
        MarketTerms storage terms = s.markets[market.unwrap()].terms;
        (terms.openInterestBaseLots, terms.fundCoverBps) = (openInterestBaseLots, fundCoverBps);
        (terms.insuranceShareBps, terms.liquidationFeeBps) = (insuranceShareBps, liquidationFeeBps);
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
        emit ParametersChanged(market, l);
    }

    /// @inheritdoc IAdministration
    function stopNewRisk(MarketId market) external restricted {
        _setPhase(market, MarketPhase.Open, MarketPhase.ReduceOnly);
    }

    /// @inheritdoc IAdministration
    function resumeNewRisk(MarketId market) external restricted {
        ClearingState storage s = ClearingStorage.load();
        // What the market still owes is the fund's debt, and is repaid before anybody adds to it.
        uint256 deficit = s.deficits[market.unwrap()];
        int256 equity = Margin.health(s, Accounts.fundOf(market), UNIT).equity - int256(deficit);
        if (equity < 0 || deficit != 0) revert FundInDeficit(market, equity);
        // A perpetual that ends (EndSet) does so for good.
        MarketContext memory c = Markets.load(s, market, UNIT);
        if (c.risk.kind() == uint256(MarketKind.Perpetual) && c.top.expiryPeriod() != 0) {
            revert MarketNotOpen(market, MarketPhase(c.risk.phase()));
        }
        _setPhase(market, MarketPhase.ReduceOnly, MarketPhase.Open);
    }

    /// @inheritdoc IAdministration
    function collectFees(
        MarketId market,
        address treasury
    ) external restricted nonReentrant returns (uint256 toFund, uint256 toTreasury) {
        ClearingState storage s = ClearingStorage.load();
        uint256 unbooked = Funds.settleSpent(s);
        MarketContext memory c = _touched(s, market);
        Markets.store(s, c);
        if (treasury == address(0)) revert ZeroAddress();
        MarketFlow memory flow = Words.toMarketFlow(s.markets[market.unwrap()].flow);
        uint256 fees = flow.feesPayable;
        // What the market owes comes before anybody's share.
        toTreasury = fees - Rounding.min(fees, s.deficits[market.unwrap()]);
        toTreasury = (toTreasury * (10_000 - s.markets[market.unwrap()].terms.insuranceShareBps)) / 10_000;
        toFund = fees - toTreasury;
        flow.feesPayable = 0;
        s.markets[market.unwrap()].flow = flow.pack();
        Funds.credit(s, market, toFund);
        OpenInterest.refresh(s, c);
        // While anything is owed the treasury leaves the same share behind as everybody does, for the fund.
        toTreasury -= Funds.leaveClaim(s, Accounts.fundOf(market), toTreasury, unbooked);
        s.tracked -= toTreasury;
        emit FeesCollected(market, treasury, toFund, toTreasury);
        if (toTreasury != 0) IERC20(COLLATERAL).safeTransfer(treasury, toTreasury);
    }

    /// @inheritdoc IAdministration
    function skim(address to) external restricted nonReentrant returns (uint256 amount) {
        if (to == address(0)) revert ZeroAddress();
        amount = IERC20(COLLATERAL).balanceOf(address(this)) - ClearingStorage.load().tracked;
        emit Skimmed(to, amount);
        if (amount != 0) IERC20(COLLATERAL).safeTransfer(to, amount);
    }

    function _setPhase(MarketId market, MarketPhase from, MarketPhase to) private {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        if (c.risk.phase() != uint256(from)) revert MarketNotOpen(market, MarketPhase(c.risk.phase()));
        c.risk = c.risk.withPhase(uint256(to));
        Markets.store(s, c);
        emit PhaseChanged(market, to);
    }

    /// @dev A market at the current minute; the caller stores it.
    function _touched(ClearingState storage s, MarketId market) private returns (MarketContext memory c) {
        c = Markets.load(s, market, UNIT);
        Markets.touch(s, c);
    }
}
