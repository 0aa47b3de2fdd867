// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketId} from "../../types/Identifiers.sol";

/// @notice Parameters, fees and the guardian. Each function is restricted by the AccessManager.
interface IAdministration {
    /// @notice Changes fees of a market, within their hard limits.
    /// @dev Risk role. Errors: UnknownMarket, ParameterOutOfRange, UnsafeParameters.
    /// @param takerFee Tenths of a basis point of notional.
    /// @param makerFee Tenths of a basis point; below zero is a rebate, at most the taker fee.
    function setFees(MarketId market, uint16 takerFee, int16 makerFee) external;

    /// @notice Changes position and open-interest limits of a market. Standing positions are not touched.
    /// @dev Risk role. Errors: UnknownMarket, ParameterOutOfRange.
    /// @param maxPositionLots Largest worst-side exposure of one account, a multiple of 16,384.
    /// @param maxOpenInterestLots Largest open interest, whatever the fund holds.
    function setLimits(MarketId market, uint40 maxPositionLots, uint40 maxOpenInterestLots) external;

    /// @notice Changes what ties a market to its insurance fund.
    /// @dev Risk role. Errors: UnknownMarket, ParameterOutOfRange, UnsafeParameters.
    /// @param openInterestBaseLots Open interest that needs no fund behind it.
    /// @param fundCoverBps Share of the value of further open interest that the fund must hold, basis points.
    /// @param insuranceShareBps Share of collected fees that goes to the fund.
    /// @param liquidationFeeBps Basis points of notional that a liquidation pays, half to the keeper, half to the fund.
    function setFundTerms(
        MarketId market,
        uint40 openInterestBaseLots,
        uint16 fundCoverBps,
        uint16 insuranceShareBps,
        uint16 liquidationFeeBps
    ) external;

    /// @notice Stops new risk in a market: orders may only reduce. Cancels, withdrawals, liquidation and settlement go on.
    /// @dev Guardian role. Errors: UnknownMarket, MarketNotOpen.
    function stopNewRisk(MarketId market) external;

    /// @notice Allows new risk again.
    /// @dev Risk role, not the guardian. Errors: UnknownMarket, MarketNotOpen (also for a perpetual whose end is set),
    ///      FundInDeficit.
    function resumeNewRisk(MarketId market) external;

    /// @notice Pays the fees of a market out: what the market owes is repaid first; of the rest the insurance share goes to its
    ///         fund, the remainder to the treasury. While any market owes something the treasury leaves the share behind that
    ///         every withdrawal leaves, as a claim of this market's fund.
    /// @dev Treasury role; the fund's share is what is left after the treasury's was floored. Errors: UnknownMarket.
    /// @return toFund Collateral units credited to the fund.
    /// @return toTreasury Collateral units sent to `treasury`.
    function collectFees(
        MarketId market,
        address treasury
    ) external returns (uint256 toFund, uint256 toTreasury);

    /// @notice Sends tokens that came in without a call (balance above `tracked`) to `to`.
    /// @dev Treasury role.
    function skim(address to) external returns (uint256 amount);
}
