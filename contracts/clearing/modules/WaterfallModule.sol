// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Absorption} from "../libraries/Absorption.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Health, Margin} from "../libraries/Margin.sol";

/// @title WaterfallModule
/// @notice What happens to accounts and funds that have nothing left, behind the clearing house's fallback.
contract WaterfallModule is ClearingBase, IWaterfall, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IWaterfall
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
        Absorption.absorb(s, account, h.equity, UNIT);
    }
}
