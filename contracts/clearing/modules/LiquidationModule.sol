// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Closing, Liquidations} from "../libraries/Liquidations.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {Unwinding} from "../libraries/Unwinding.sol";

/// @title LiquidationModule
/// @notice Closes accounts below MM and the positions of funds, behind the clearing house's fallback.
contract LiquidationModule is ClearingBase, ILiquidation, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc ILiquidation
    function liquidate(
        AccountId account,
        MarketId market,
        uint16 maxFills,
        AccountId keeper,
        uint40 takeOverLots
    ) external returns (uint256 closedLots, uint256 keeperFee) {
        ClearingState storage s = ClearingStorage.load();
        if (maxFills == 0) revert ZeroMaxFills();
        // Funds are unwound under rules of their own.
        if (account.unwrap() < ClearingStorage.FIRST_ACCOUNT || !Accounts.exists(s, account)) {
            revert UnknownAccount(account);
        }
        if (!Accounts.exists(s, keeper) || keeper.unwrap() < ClearingStorage.FIRST_ACCOUNT) {
            revert UnknownAccount(keeper);
        }
        if (Accounts.isRetired(s, keeper)) revert AccountIsRetired(keeper);
        if (Accounts.ownerOf(s, account) == Accounts.ownerOf(s, keeper))
            revert SelfLiquidation(account, keeper);
        // Its fee anyone may give it; what it takes over it must want.
        if (takeOverLots != 0) Accounts.requireTrader(s, keeper);
        DatedFutures.touchAll(s, account, UNIT);
        // Its own list has to have a place for what it takes over.
        if (takeOverLots != 0 && Accounts.isFull(Accounts.loadPurse(s, keeper).markets)) {
            ISettlement(address(this)).convertSettled(keeper);
        }
        Rounds.serveAll(s, account);
        Ladder.requireEnforced(s, market, account);
        Health memory h = Margin.health(s, account, UNIT);
        // Where it holds lots that have to wait, it is judged by what the others need; see IMargin.enforceableMaintenance.
        bool waits = Ladder.holdsWaiting(s, account);
        uint256 required = waits ? IMargin(address(this)).enforceableMaintenance(account) : h.maintenance;
        if (h.equity >= int256(required)) revert AccountHealthy(h.equity, required);
        // The funds may not have it before all of its marks are valid. Until then what can be closed is, at mark.
        if (h.equity <= 0 && !waits) revert AccountBankrupt(h.equity);
        Closing memory k = Closing(account, market, keeper, maxFills, takeOverLots, 0, false);
        (k.elapsed, k.started) = Accounts.auction(s, account);
        return Liquidations.close(s, k, h, UNIT);
    }

    /// @inheritdoc ILiquidation
    function unwind(MarketId market, uint16 maxFills) external returns (uint256 lots, uint256 lost) {
        ClearingState storage s = ClearingStorage.load();
        if (maxFills == 0) revert ZeroMaxFills();
        MarketContext memory c = Markets.load(s, market, UNIT);
        Markets.touch(s, c);
        Ladder.requireValid(s, c.top, c.risk);
        return Unwinding.unwind(s, c, maxFills, UNIT);
    }
}
