// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";

import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {MarginChange} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {CalendarCredit} from "../libraries/CalendarCredit.sol";
import {ClearingStorage} from "../libraries/ClearingStorage.sol";
import {MarginSchedule} from "../libraries/MarginSchedule.sol";
import {Position} from "../libraries/Words.sol";

/// @title MarginModule
/// @notice Calendar credit and announced changes of margins, behind the clearing house's fallback. Margin asks it for the
///         credit only of accounts that hold dated futures on both sides.
contract MarginModule is ClearingBase, IMargin, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IMargin
    function calendarCredit(AccountId account) external view returns (uint256 initial, uint256 maintenance) {
        return CalendarCredit.credit(ClearingStorage.load(), account, UNIT);
    }

    /// @inheritdoc IMargin
    function enforceableMaintenance(AccountId account) external view returns (uint256 maintenance) {
        return CalendarCredit.enforceable(ClearingStorage.load(), account, UNIT);
    }

    /// @inheritdoc IMargin
    function raisesInitial(
        AccountId account,
        MarketId market,
        uint256 before,
        uint256 after_
    ) external view returns (bool) {
        return
            CalendarCredit.raisesInitial(
                ClearingStorage.load(),
                account,
                market,
                Position.wrap(before),
                Position.wrap(after_),
                UNIT
            );
    }

    /// @inheritdoc IMargin
    function hedgedLots(
        AccountId account,
        MarketId market
    ) external view returns (uint256 lots, MarketId partner) {
        return CalendarCredit.hedgedLots(ClearingStorage.load(), account, market, UNIT);
    }

    /// @inheritdoc IMargin
    function scheduleMargins(
        MarketId market,
        MarginChange calldata change,
        uint32 fromPeriod
    ) external restricted {
        MarginSchedule.schedule(ClearingStorage.load(), market, change, fromPeriod, UNIT);
    }

    /// @inheritdoc IMargin
    function cancelMargins(MarketId market) external {
        // The role that announces may take back, without the delay that announcing has; a function has one role, so this one's
        // is the guardian's.
        (bool immediate, uint32 delay) = AuthorityUtils.canCallWithDelay(
            authority(),
            msg.sender,
            address(this),
            IMargin.scheduleMargins.selector
        );
        if (!immediate && delay == 0) _checkCanCall(msg.sender, msg.data);
        MarginSchedule.cancel(ClearingStorage.load(), market);
    }

    /// @inheritdoc IMargin
    function applyMargins(MarketId market) external {
        MarginSchedule.apply_(ClearingStorage.load(), market, UNIT);
    }

    /// @inheritdoc IMargin
    function pendingMargins(
        MarketId market
    ) external view returns (MarginChange memory change, uint256 fromPeriod) {
        return (
            ClearingStorage.load().scheduled[market.unwrap()].change,
            ClearingStorage.load().scheduled[market.unwrap()].fromPeriod
        );
    }
}
