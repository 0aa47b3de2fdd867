// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketKind,
    MarketListing,
    MarginTier,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, FeedId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Three months next to each other, all at 10,000 ticks (a lot is worth 5 USD): `front` in the first day of its window
/// (16 / 12 %, band 2.5 %), `next` (20 / 15 %, 4 %) and `third` (28 / 21 %, 6 %).
abstract contract MonthsFixture is RiskFixture {
    uint32 internal constant TODAY = FIRST_DAY + 7;
    MarketId internal front;
    MarketId internal next;
    MarketId internal third;

    function setUp() public virtual override {
        super.setUp();
        front = _month(feedId, TODAY, TODAY, TICK);
        next = _month(feedId, TODAY + 5, TODAY, TICK);
        third = _month(feedId, TODAY + 10, TODAY + 5, TICK);
    }

    /// Lists a month of five days.
    function _month(FeedId feed, uint32 first, uint32 nextFrom, uint256 mark) internal returns (MarketId) {
        MarketListing memory l = _dated();
        l.feed = feed;
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (first, first + 4, nextFrom);
        l.firstMarkTick = Tick.wrap(uint24(mark));
        vm.prank(LISTER);
        return house.listMarket(l);
    }

    /// A trade at mark that gives `who` signed lots; dave is on the other side.
    function _hold(address who, MarketId market, int256 lots) internal {
        if (lots == 0) return;
        uint256 tick = _mark(market) >> 16;
        if (lots > 0) _trade(who, dave, market, uint256(lots), tick);
        else _trade(dave, who, market, uint256(-lots), tick);
    }

    /// Withdraws what an account has above `equity`.
    function _leave(address who, uint256 equity) internal {
        AccountId account = _id(who);
        uint256 amount = uint256(_equity(account)) - equity;
        vm.prank(who);
        house.withdraw(account, amount, who);
    }

    function _initial(AccountId account) internal view returns (uint256) {
        return house.account(account).initialMargin;
    }

    function _maintenance(AccountId account) internal view returns (uint256) {
        return house.account(account).maintenanceMargin;
    }
}
