// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FeedListing,
    MarginTier,
    MarketListing,
    MarketView,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// Marks at either end of the tick range: fills stay between the first tick and the last.
contract MarketsEndsTest is ClearingFixture {
    uint256 private constant LAST = 16_777_214;

    function test_fillBand_endsAtTheLastTick() public {
        MarketListing memory l = _dated();
        (l.firstMarkTick, l.tickValue) = (Tick.wrap(16_700_000), 1);
        vm.prank(LISTER);
        MarketId high = house.listMarket(l);
        MarketView memory m = house.market(high);
        vm.assertEq(m.highestFill, LAST);
        // 6 % below 16.7 million.
        vm.assertEq(m.lowestFill, 15_698_000);
        OrderId bid = _place(alice, high, 100, LAST);
        vm.assertEq(house.market(high).bestBid, LAST);
        _refusedOrder(
            bob,
            _order(high, 100, LAST + 1, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TickOutOfRange.selector, LAST + 1, LAST)
        );
        _send(bob, _order(high, -100, LAST, OrderKind.ImmediateOrCancel));
        vm.assertTrue(_size(ALICE, high) == 100 && _size(BOB, high) == -100);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, bid));
        house.order(bid);
        _assertConserved();
    }

    /// Quotes at both ends count at the edges that a mark may have, which stop at the last tick as well.
    function test_standing_countsAtTheLastTickAtMost() public {
        MarketListing memory l = _dated();
        (l.firstMarkTick, l.tickValue) = (Tick.wrap(16_777_214), 1);
        vm.prank(LISTER);
        MarketId high = house.listMarket(l);
        _place(alice, high, 1000, LAST - 1);
        _place(bob, high, -1000, LAST);
        _skip(30 minutes);
        house.sync(high);
        // Mean goes towards the middle of the two, and mark with it.
        vm.assertTrue(_mark(high) < LAST << 16 && _mark(high) > ((LAST - 1) << 16) + (1 << 15));
    }

    /// An index that has become next to nothing: a lot is worth nothing, so nothing limits open interest, and only asks at
    /// the first tick may stand.
    function test_mark_ofNothing() public {
        bytes32 index = "GPX";
        MarketListing memory l = _perpetual();
        vm.prank(LISTER);
        l.feed = house.addFeed(FeedListing(index, 5000, 30 hours, 54 hours, 7 days));
        l.tiers[0] = l.tiers[1] = l.tiers[2] = MarginTier(9000, 4000, 1000);
        // The whole index is one tick.
        l.indexPerTick = uint128(POINTS);
        _push(index, POINTS, 1);
        vm.prank(LISTER);
        MarketId low = house.listMarket(l);
        vm.assertEq(house.market(low).openInterestLimit, 20_000_000);
        // It halves every day, until a tick has been divided by 2^17.
        for (uint32 i = 2; i < 20; ++i) {
            _skip(1 days);
            _push(index, 1, i);
        }
        house.sync(low);
        MarketView memory m = house.market(low);
        vm.assertEq(m.markX16, 0);
        vm.assertTrue(m.lowestFill == 1 && m.highestFill == 0);
        vm.assertEq(m.openInterestLimit, 100_000_000);
        _refusedOrder(
            alice,
            _order(low, 100, 1, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TickOutsideBand.selector, 1, 1, 0)
        );
        _place(alice, low, -100, 1);
        vm.assertEq(house.market(low).bestAsk, 1);
        vm.assertEq(house.account(ALICE).initialMargin, 0);
        // It comes back like any other.
        for (uint32 i = 20; i < 50; ++i) {
            _skip(1 days);
            _push(index, POINTS, i);
        }
        house.sync(low);
        vm.assertTrue(house.market(low).anchorX16 > 1 << 14);
        vm.assertTrue(house.account(ALICE).initialMargin > 0);
        _assertConserved();
    }

    function _push(bytes32 index, uint256 value, uint32 sequence) private {
        vm.prank(address(usage));
        house.onIndexPushed(index, value, sequence, uint32(block.timestamp / 1 days - 1));
    }
}
