// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book, Found} from "../../book/libraries/Book.sol";
import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId, OrderId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {DropReason, MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IUpkeep} from "../interfaces/IUpkeep.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Orders} from "../libraries/Orders.sol";
import {Upkeep} from "../libraries/Upkeep.sol";

/// @title UpkeepModule
/// @notice Takes orders out of the book that may no longer stand there, behind the clearing house's fallback.
contract UpkeepModule is ClearingBase, IUpkeep, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IUpkeep
    function cancelRiskRaising(AccountId account, OrderId[] calldata ids) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        DatedFutures.touchAll(s, account, UNIT);
        for (uint256 i = 0; i < ids.length; ++i) Ladder.requireEnforced(s, ids[i].market(), account);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity >= int256(h.initial)) revert AccountHealthy(h.equity, h.initial);
        for (uint256 i = 0; i < ids.length && h.equity < int256(h.initial); ++i) {
            Found memory found = Book.find(s, ids[i]);
            uint256 open = found.order.lots;
            if (open == 0) continue;
            if (found.order.account != account.unwrap()) revert WrongAccount(ids[i], account);
            // Below MM also what closes at a price worse than mark: it would be paid for by the fund in the end.
            bool wider = h.equity < int256(h.maintenance) && Upkeep.isWorseThanMark(s, ids[i]);
            if (!wider && !Upkeep.raisesRisk(s, ids[i], account) && !Upkeep.breaksHedge(s, found, account))
                continue;
            if (Orders.remove(s, found, DropReason.RiskRaising, UNIT)) {
                lots += open;
                h = Margin.health(s, account, UNIT);
            }
        }
    }

    /// @inheritdoc IUpkeep
    function sweep(MarketId market, bool bids, uint16 maxOrders) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        if (maxOrders == 0) revert ZeroMaxFills();
        MarketContext memory c = Markets.load(s, market, UNIT);
        Markets.touch(s, c);
        if (c.risk.phase() >= uint256(MarketPhase.Expired)) {
            revert MarketNotOpen(market, MarketPhase(c.risk.phase()));
        }
        lots = Upkeep.sweep(s, c, bids, maxOrders);
        Markets.store(s, c);
    }

    /// @inheritdoc IUpkeep
    function sweepOrders(OrderId[] calldata ids) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        for (uint256 i = 0; i < ids.length; ++i) {
            Found memory found = Book.find(s, ids[i]);
            if (found.order.lots == 0) continue;
            (bool dead, DropReason reason) = Upkeep.isDead(s, found);
            if (dead && Orders.remove(s, found, reason, UNIT)) lots += found.order.lots;
        }
    }

    /// @inheritdoc IUpkeep
    function cancelFired(AccountId account, OrderId[] calldata ids) external returns (uint256 lots) {
        ClearingState storage s = ClearingStorage.load();
        if (!Accounts.hasFired(s, account)) {
            revert SwitchNotFired(account, Accounts.deadlineOf(s, account));
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            Found memory found = Book.find(s, ids[i]);
            if (found.order.lots == 0) continue;
            if (found.order.account != account.unwrap()) revert WrongAccount(ids[i], account);
            if (Orders.remove(s, found, DropReason.SwitchFired, UNIT)) lots += found.order.lots;
        }
    }
}
