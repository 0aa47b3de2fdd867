// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book, Found} from "../../book/libraries/Book.sol";
import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {AccountId, MarketId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {DropReason} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Liquidations} from "../libraries/Liquidations.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Orders} from "../libraries/Orders.sol";

/// @title LiquidationModule
/// @notice What happens to accounts that fall short, behind the clearing house's fallback.
contract LiquidationModule is ClearingBase, ILiquidation, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc ILiquidation
    function cancelRiskRaising(AccountId account, OrderId[] calldata ids) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        DatedFutures.touchAll(s, account, UNIT);
        DatedFutures.requireValidMarks(s, account);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity >= int256(h.initial)) revert AccountHealthy(h.equity, h.initial);
        for (uint256 i = 0; i < ids.length && h.equity < int256(h.initial); ++i) {
            Found memory found = Book.find(s, ids[i]);
            uint256 open = found.order.lots;
            if (open == 0) continue;
            if (found.order.account != account.unwrap()) revert WrongAccount(ids[i], account);
            // Below MM also what closes at a price worse than mark: it would be paid for by the fund in the end.
            bool wider = h.equity < int256(h.maintenance) && Liquidations.isWorseThanMark(s, ids[i]);
            if (!wider && !Liquidations.raisesRisk(s, ids[i], account)) continue;
            if (Orders.remove(s, found, DropReason.RiskRaising, UNIT)) {
                lots += open;
                h = Margin.health(s, account, UNIT);
            }
        }
    }

    /// @inheritdoc ILiquidation
    function liquidate(
        AccountId account,
        MarketId market,
        uint16 maxFills,
        AccountId keeper
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
        DatedFutures.touchAll(s, account, UNIT);
        DatedFutures.requireValidMarks(s, account);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity >= int256(h.maintenance)) revert AccountHealthy(h.equity, h.maintenance);
        if (h.equity <= 0) revert AccountBankrupt(h.equity);
        return Liquidations.close(s, account, market, maxFills, keeper, h, UNIT);
    }

    /// @inheritdoc ILiquidation
    function absorb(AccountId account) external {
        ClearingState storage s = ClearingStorage.load();
        if (account.unwrap() < ClearingStorage.FIRST_ACCOUNT || !Accounts.exists(s, account)) {
            revert UnknownAccount(account);
        }
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        DatedFutures.touchAll(s, account, UNIT);
        DatedFutures.convertAll(s, account, UNIT);
        DatedFutures.requireValidMarks(s, account);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity > 0) revert AccountNotBankrupt(h.equity);
        if (Accounts.loadPurse(s, account).markets == 0) revert NoPosition(account, MarketId.wrap(0));
        Liquidations.absorb(s, account, h.equity, UNIT);
    }
}
