// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "../../index/interfaces/IIndexReader.sol";
import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Feeds} from "../../instruments/libraries/Feeds.sol";
import {FinalPrice} from "../../instruments/libraries/FinalPrice.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, FeedId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage, Following} from "../libraries/ClearingStorage.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {Words} from "../libraries/Words.sol";

/// @title SettlementModule
/// @notice The clock of the markets, behind the clearing house's fallback: pushes, minutes, expiry, settlement.
contract SettlementModule is ClearingBase, ISettlement, IIndexReader, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IIndexReader
    function onIndexPushed(bytes32 index, uint256 value, uint32 sequence, uint32 newestPeriod) external {
        if (msg.sender != address(INDEX)) revert NotIndex(msg.sender, address(INDEX));
        ClearingState storage s = ClearingStorage.load();
        Following memory terms = s.following[index];
        if (terms.feed == 0) revert UnknownFeed(FeedId.wrap(0));
        Feeds.take(s, terms, value, sequence, newestPeriod);
    }

    /// @inheritdoc ISettlement
    function sync(MarketId market) external {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, market, UNIT);
        Markets.touch(s, c);
        DatedFutures.markExpired(s, c);
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
    }

    /// @inheritdoc ISettlement
    function follow(FeedId feed) external {
        ClearingState storage s = ClearingStorage.load();
        uint256 id = feed.unwrap();
        if (id == 0 || id > s.feedCount) revert UnknownFeed(feed);
        Feeds.catchUp(s, s.following[s.feedTerms[id].index], Words.toFeed(s.feeds[id]));
    }

    /// @inheritdoc ISettlement
    function settle(MarketId market) external returns (uint256 settlementTick) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, market, UNIT);
        if (c.risk.phase() == uint256(MarketPhase.Settled)) {
            revert AlreadySettled(market, s.markets[market.unwrap()].terms.settlementTick);
        }
        Markets.touch(s, c);
        DatedFutures.markExpired(s, c);
        settlementTick = FinalPrice.settle(s, c);
        Markets.store(s, c);
    }

    /// @inheritdoc ISettlement
    function settleAccounts(
        MarketId market,
        AccountId[] calldata accounts
    ) external returns (uint256 converted) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = Markets.load(s, market, UNIT);
        if (c.risk.phase() != uint256(MarketPhase.Settled)) {
            revert NotSettled(market, MarketPhase(c.risk.phase()));
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            Accounts.requireNumber(accounts[i]);
            if (DatedFutures.convert(s, market, accounts[i], c.risk.anchor() >> 16, c.tickValue)) ++converted;
        }
    }

    /// @inheritdoc ISettlement
    function convertSettled(AccountId account) external returns (uint256 converted) {
        return DatedFutures.convertAll(ClearingStorage.load(), account, UNIT);
    }
}
