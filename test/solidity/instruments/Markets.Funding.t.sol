// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketView,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// Funding: what longs pay is what shorts get and the pool keeps, for the minutes of an index that is fresh.
contract MarketsFundingTest is ClearingFixture {
    function test_funding_paidIsReceivedPlusPool() public {
        _free();
        _trade(alice, bob, perp, 1001, TICK);
        _trade(alice, carol, perp, 777, TICK);
        _premium(300, 5 hours);
        // Settled into quote by the next fill of each.
        _trade(dave, alice, perp, 1778, TICK);
        _trade(bob, dave, perp, 1001, TICK);
        _trade(carol, dave, perp, 777, TICK);
        MarketView memory m = house.market(perp);
        vm.assertEq(m.openInterest, 0);
        int256 paid = int256(FUNDS) - _cash(ALICE);
        int256 received = _cash(BOB) + _cash(CAROL) + _cash(DAVE) - 3 * int256(FUNDS);
        vm.assertTrue(paid > 0);
        vm.assertEq(paid, received + m.fundingPool * TICK_VALUE);
        // The pool keeps roundings only: less than a tick of a lot for each settlement.
        vm.assertTrue(m.fundingPool >= 0 && m.fundingPool <= 6);
        _assertConserved();
    }

    function test_funding_isSettledLazily() public {
        _free();
        _trade(alice, bob, perp, 1000, TICK);
        int256 quote = _position(ALICE, perp).quote;
        _premium(300, 5 hours);
        PositionView memory p = _position(ALICE, perp);
        vm.assertEq(p.quote, quote);
        vm.assertTrue(p.pendingFunding < 0);
        // Equity knows it already.
        int256 value = p.quote * TICK_VALUE + p.pendingFunding * TICK_VALUE;
        int256 equity = int256(FUNDS) + value + (1000 * int256(_mark(perp)) * TICK_VALUE) / 65_536;
        int256 off = _equity(ALICE) - equity;
        vm.assertTrue(off >= -1 && off <= TICK_VALUE);
        int256 pending = p.pendingFunding;
        _trade(alice, dave, perp, 100, TICK + 300);
        p = _position(ALICE, perp);
        vm.assertEq(p.quote, quote + pending - 100 * int256(TICK + 300));
        vm.assertEq(p.pendingFunding, int256(0));
    }

    function test_funding_followsThePremium() public {
        _premium(150, 12 hours);
        int256 before = house.market(perp).cumulativeFunding;
        _premium(150, 1 hours);
        // 150 ticks over 8 hours for one: in ticks × 2^20.
        int256 expected = (150 << 20) / 8;
        int256 off = house.market(perp).cumulativeFunding - before - expected;
        vm.assertTrue(off <= 60 && off > -expected / 500);
    }

    function test_funding_isCapped() public {
        _premium(550, 12 hours);
        int256 before = house.market(perp).cumulativeFunding;
        _premium(550, 8 hours);
        // 2 % of the index each 8 hours, whatever the premium.
        vm.assertEq(house.market(perp).cumulativeFunding - before, 200 << 20);
    }

    function test_funding_shortsPayBelowTheIndex() public {
        _premium(-550, 12 hours);
        int256 before = house.market(perp).cumulativeFunding;
        _premium(-550, 8 hours);
        vm.assertEq(house.market(perp).cumulativeFunding - before, -200 << 20);
    }

    /// Where the clamp of mark is narrower than the cap, what mark cannot show is not charged either.
    function test_funding_isWithinTheClampOfMark() public {
        MarketListing memory l = _perpetual();
        l.clampBps = 100;
        vm.prank(LISTER);
        MarketId id = house.listMarket(l);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 mid = i == 0 ? TICK - 550 : TICK + 550;
            uint256 snapshot = vm.snapshotState();
            _place(traders[4], id, 1000, mid - 1);
            _place(traders[5], id, -1000, mid + 1);
            _skip(12 hours);
            house.sync(id);
            int256 before = house.market(id).cumulativeFunding;
            _skip(8 hours);
            house.sync(id);
            vm.assertEq(house.market(id).cumulativeFunding - before, i == 0 ? -100 << 20 : int256(100 << 20));
            vm.revertToState(snapshot);
        }
    }

    function test_funding_interestIsAdded() public {
        MarketListing memory l = _perpetual();
        l.fundingInterestBps = 10;
        vm.prank(LISTER);
        MarketId id = house.listMarket(l);
        _skip(8 hours);
        house.sync(id);
        // No premium: 10 basis points of 10,000 ticks.
        vm.assertEq(house.market(id).cumulativeFunding, 10 << 20);
    }

    function test_funding_isFrozenWhileTheIndexIsStale() public {
        _premium(300, 12 hours);
        uint256 staleAt = house.feed(feedId).staleAt;
        _quote(300);
        vm.warp(staleAt);
        house.sync(perp);
        int256 frozen = house.market(perp).cumulativeFunding;
        vm.warp(staleAt + 3 hours);
        house.sync(perp);
        vm.assertEq(house.market(perp).cumulativeFunding, frozen);
    }

    function test_funding_aGapAcrossTheLimitIsChargedToTheLimitOnly() public {
        _quote(300);
        uint256 staleAt = house.feed(feedId).staleAt;
        uint256 snapshot = vm.snapshotState();
        vm.warp(staleAt);
        house.sync(perp);
        int256 frozen = house.market(perp).cumulativeFunding;
        vm.revertToState(snapshot);
        vm.warp(staleAt + 9 days);
        house.sync(perp);
        vm.assertEq(house.market(perp).cumulativeFunding, frozen);
    }

    function test_funding_minutesBeforeAPrintAreDueAtTheOldIndex() public {
        _premium(300, 6 hours);
        _quote(300);
        vm.warp(_due(day + 1));
        uint256 snapshot = vm.snapshotState();
        house.sync(perp);
        int256 expected = house.market(perp).cumulativeFunding;
        vm.revertToState(snapshot);
        // Nobody touches the market: the print itself brings it to the minute before its index changes.
        _nextPrint(POINTS * 2);
        vm.assertEq(house.market(perp).cumulativeFunding, expected);
    }

    /// A touch that anyone may cause never costs an account more than one unit of rounding in its interval.
    function test_fuzz_funding_conserves(uint256 lots, uint256 premium, uint256 hours_) public {
        _free();
        lots = bound(lots, 500, 20_000);
        _trade(alice, bob, perp, lots, TICK);
        for (uint256 i = 0; i < 3; ++i) {
            int256 ticks = int256(bound(premium >> (i * 16), 0, 500)) - 250;
            _premium(ticks, bound(hours_ >> (i * 8), 1, 6) * 1 hours);
            _trade(carol, alice, perp, 100, uint256(int256(TICK) + ticks));
            _assertConserved();
        }
        // Once nobody has a position the pool holds what roundings left, less than a tick of a lot each.
        uint256 mark = _mark(perp) >> 16;
        _trade(bob, alice, perp, lots - 300, mark);
        _trade(bob, carol, perp, 300, mark);
        int256 pool = house.market(perp).fundingPool;
        vm.assertTrue(pool >= 0 && pool < 12);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    OrderId private _bid;
    OrderId private _ask;

    /// Quotes that stand `ticks` from the index for a while, then go.
    function _premium(int256 ticks, uint256 seconds_) private {
        _quote(ticks);
        _skip(seconds_);
        house.sync(perp);
        vm.prank(traders[4]);
        house.cancel(_bid);
        vm.prank(traders[5]);
        house.cancel(_ask);
    }

    function _quote(int256 ticks) private {
        uint256 mid = uint256(int256(TICK) + ticks);
        _bid = _place(traders[4], perp, 1000, mid - 1);
        _ask = _place(traders[5], perp, -1000, mid + 1);
    }

    function _free() private {
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 0, 0);
    }
}
