// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "../../index/interfaces/IIndexReader.sol";
import {IAccounts} from "./IAccounts.sol";
import {IAdministration} from "./IAdministration.sol";
import {IClearingErrors} from "./IClearingErrors.sol";
import {IClearingEvents} from "./IClearingEvents.sol";
import {ILens} from "./ILens.sol";
import {IClock} from "./IClock.sol";
import {ILiquidation} from "./ILiquidation.sol";
import {IListing} from "./IListing.sol";
import {IMargin} from "./IMargin.sol";
import {IOrders} from "./IOrders.sol";
import {ISettlement} from "./ISettlement.sol";
import {ITrading} from "./ITrading.sol";
import {IUpkeep} from "./IUpkeep.sol";
import {IWaterfall} from "./IWaterfall.sol";

/// @title IClearinghouse
/// @notice Everything that one address of the clearing house answers: accounts and trading in the contract itself,
///         settlement, liquidation, administration and views in immutable modules behind its fallback.
/// @dev Conservation, after every call, to the last unit:
///      tracked = Σ cash (owners, funds, escrows) + (Σ quote + Σ fundingPool) × tickValue + Σ feesPayable.
///      `tracked` is what came in minus what went out through calls of this contract; `balanceOf` ≥ tracked.
///      Per market: Σ size = 0 and open interest = Σ long lots = Σ short lots.
///      Rounding: fees ceil, funding floors per settlement (the remainder stays in the market's pool), equity floors
///      and requirements ceil once per account.
interface IClearinghouse is
    IAccounts,
    ITrading,
    IOrders,
    ISettlement,
    IClock,
    ILiquidation,
    IWaterfall,
    IUpkeep,
    IListing,
    IMargin,
    IAdministration,
    ILens,
    IIndexReader,
    IClearingEvents,
    IClearingErrors
{}
