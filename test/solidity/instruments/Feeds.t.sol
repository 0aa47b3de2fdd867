// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedListing, FeedView, MarketListing} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {FeedId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// How markets follow an index: at once, but never further than `maxMove` within any 24 hours.
contract FeedsTest is ClearingFixture {
    function test_push_movesThePerpetualsAnchorAtOnce() public {
        _nextPrint(POINTS * 2 - POINTS / 2);
        // (6 × 5,000 + 7,500) / 7 points.
        uint256 mean = (6 * POINTS + (POINTS * 3) / 2) / 7;
        FeedView memory f = house.feed(feedId);
        vm.assertEq(f.target, mean);
        vm.assertEq(f.followed, mean);
        vm.assertEq(f.newestPeriod, day);
        vm.assertEq(house.market(perp).anchorX16, (mean << 16) / 0.5e18);
    }

    function test_push_isLimitedToMaxMove() public {
        _nextPrint(POINTS * 2);
        FeedView memory f = house.feed(feedId);
        vm.assertEq(f.followed, (POINTS * 108) / 100);
        vm.assertTrue(f.target > f.followed);
        // Nothing more within the day, whoever calls.
        house.follow(feedId);
        _skip(1 days - 1);
        house.follow(feedId);
        vm.assertEq(house.feed(feedId).followed, (POINTS * 108) / 100);
        _skip(1);
        house.follow(feedId);
        vm.assertEq(house.feed(feedId).followed, f.target);
        vm.assertEq(house.market(perp).anchorX16, (f.target << 16) / 0.5e18);
    }

    function test_push_aRevisionInTheSameDaySharesTheBound() public {
        _nextPrint(POINTS + POINTS / 2);
        uint256 first = house.feed(feedId).followed;
        vm.assertTrue(first > (POINTS * 107) / 100);
        _print(day, 1, POINTS * 4);
        vm.assertEq(house.feed(feedId).followed, (POINTS * 108) / 100);
        // Down again, too, no further than the bound from the highest of the day.
        _print(day, 2, POINTS / 10);
        uint256 high = (POINTS * 108) / 100;
        vm.assertEq(house.feed(feedId).followed, (high * 92 + 99) / 100);
    }

    /// More moves than the ring has places are no way around the bound: the value waits until the oldest of them is a day old.
    function test_push_aFullRingHoldsTheValue() public {
        (uint256 value, uint32 sequence, , ) = usage.pushed(TU1D);
        uint256 first = block.timestamp + 1 hours;
        for (uint256 i = 1; i <= 8; ++i) {
            _skip(1 hours);
            _push(TU1D, value + i * 1e18, sequence + uint32(i));
            vm.assertEq(house.feed(feedId).followed, value + i * 1e18);
        }
        _skip(1 hours);
        _push(TU1D, value + 9e18, sequence + 9);
        vm.assertEq(house.feed(feedId).target, value + 9e18);
        vm.assertEq(house.feed(feedId).followed, value + 8e18);
        vm.warp(first + 1 days - 1);
        house.follow(feedId);
        vm.assertEq(house.feed(feedId).followed, value + 8e18);
        _skip(1);
        house.follow(feedId);
        vm.assertEq(house.feed(feedId).followed, value + 9e18);
    }

    function test_push_theSecondOfAYoungFeedIsHeldToTheFirst() public {
        vm.prank(LISTER);
        FeedId young = house.addFeed(FeedListing("GPX", 500, 30 hours, 54 hours, 7 days));
        _push("GPX", 1_000e18, 1);
        vm.assertEq(house.feed(young).followed, 1_000e18);
        _skip(1 hours);
        _push("GPX", 2_000e18, 2);
        vm.assertEq(house.feed(young).followed, 1_050e18);
        vm.assertEq(house.feed(young).target, 2_000e18);
    }

    function test_push_aRepeatedSequenceChangesNothing() public {
        _nextPrint(POINTS + POINTS / 10);
        bytes32 before = _fingerprint();
        usage.repush(TU1D, house);
        vm.assertTrue(_fingerprint() == before);
        (uint256 value, uint32 sequence, uint32 newest, ) = usage.pushed(TU1D);
        vm.prank(address(usage));
        house.onIndexPushed(TU1D, value * 2, sequence, newest);
        vm.assertTrue(_fingerprint() == before);
        // An older one neither.
        vm.prank(address(usage));
        house.onIndexPushed(TU1D, value * 2, sequence - 1, newest);
        vm.assertTrue(_fingerprint() == before);
    }

    function test_push_mayRepeatedlyCatchUp() public {
        _nextPrint(POINTS * 2);
        _skip(1 days);
        uint256 target = house.feed(feedId).target;
        usage.repush(TU1D, house);
        vm.assertEq(house.feed(feedId).followed, target);
    }

    function test_push_fitsItsStipendAfterADayOfSilence() public {
        _place(traders[4], perp, 1000, TICK + 500);
        _place(traders[5], perp, -1000, TICK + 540);
        uint256 sequence = house.feed(feedId).sequence;
        vm.warp(_due(day + 1));
        _nextPrint(POINTS * 2);
        vm.assertEq(house.feed(feedId).sequence, sequence + 1);
    }

    function test_push_fitsItsStipendWithTwoPerpetualsThatCrossTheirLimits() public {
        // Both perpetuals of the feed have quotes far from the index, and nobody has touched them for ten days.
        vm.prank(LISTER);
        MarketId second = house.listMarket(_perpetual());
        for (uint256 i = 0; i < 2; ++i) {
            _place(traders[4], i == 0 ? perp : second, 1000, TICK + 500);
            _place(traders[5], i == 0 ? perp : second, -1000, TICK + 540);
        }
        vm.warp(block.timestamp + 10 days);
        for (uint32 i = 7; i <= 10; ++i) _print(day + i, 0, POINTS * 2);
        (, uint32 sequence, , ) = usage.pushed(TU1D);
        vm.assertEq(house.feed(feedId).sequence, sequence);
        vm.assertEq(house.market(perp).anchorX16, 10_800 << 16);
        vm.assertEq(house.market(second).anchorX16, 10_800 << 16);
    }

    function test_onIndexPushed_revertsWith_NotIndex() public {
        _refused(
            alice,
            abi.encodeCall(house.onIndexPushed, (TU1D, POINTS * 2, 100, day + 1)),
            abi.encodeWithSelector(IClearingErrors.NotIndex.selector, alice, address(usage))
        );
    }

    function test_onIndexPushed_revertsWith_UnknownFeed() public {
        _refused(
            address(usage),
            abi.encodeCall(house.onIndexPushed, (bytes32("OTHER"), POINTS, 1, day)),
            abi.encodeWithSelector(IClearingErrors.UnknownFeed.selector, FeedId.wrap(0))
        );
    }

    function test_follow_revertsWith_UnknownFeed() public {
        bytes4 selector = IClearingErrors.UnknownFeed.selector;
        for (uint8 i = 0; i <= 2; i += 2) {
            FeedId unknown = FeedId.wrap(i);
            _refused(
                alice,
                abi.encodeCall(house.follow, (unknown)),
                abi.encodeWithSelector(selector, unknown)
            );
            vm.expectRevert(abi.encodeWithSelector(selector, unknown));
            house.feed(unknown);
        }
    }

    /// Whatever is pushed, whenever anybody calls: within any 24 hours the followed values stay within maxMove of each other.
    /// hardhat-config: fuzz.runs = 100
    function test_fuzz_followed_staysWithinTheBoundInAnyDay(uint256 seed) public {
        uint256[30] memory values;
        uint256[30] memory times;
        (uint256 value, uint32 sequence, , ) = usage.pushed(TU1D);
        values[0] = house.feed(feedId).followed;
        times[0] = block.timestamp;
        for (uint256 i = 1; i < 30; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            _skip(bound(random >> 160, 1, 16 hours));
            if (random & 3 == 0) {
                house.follow(feedId);
            } else {
                value = bound((value * (7000 + (random % 6000))) / 10_000, 1_000e18, 50_000e18);
                vm.prank(address(usage));
                house.onIndexPushed(TU1D, value, ++sequence, uint32(block.timestamp / 1 days - 1));
            }
            values[i] = house.feed(feedId).followed;
            times[i] = block.timestamp;
            // Value k stood until time k + 1: it counts if that was within the last day.
            for (uint256 k = 0; k < i; ++k) {
                if (times[k + 1] + 1 days <= times[i]) continue;
                uint256 high = values[k] > values[i] ? values[k] : values[i];
                uint256 low = values[k] > values[i] ? values[i] : values[k];
                vm.assertTrue(
                    high * 10_000 <= low * 10_800 || low * 10_000 >= high * 9_200,
                    "further than maxMove within a day"
                );
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------- listing

    function test_addFeed() public {
        FeedListing memory f = FeedListing("GPX", 500, 10 hours, 20 hours, 3 days);
        vm.prank(LISTER);
        FeedId id = house.addFeed(f);
        vm.assertEq(FeedId.unwrap(id), 2);
        vm.assertEq(house.feedCount(), 2);
        vm.assertTrue(house.feed(id).index == "GPX" && house.feed(id).followed == 0);
    }

    function test_addFeed_revertsWith_FeedExists() public {
        _refused(
            LISTER,
            abi.encodeCall(house.addFeed, (_feedListing())),
            abi.encodeWithSelector(IClearingErrors.FeedExists.selector, TU1D)
        );
    }

    function test_addFeed_revertsWith_ParameterOutOfRange() public {
        FeedListing memory f = FeedListing("GPX", 0, 10 hours, 20 hours, 3 days);
        _refusedFeed(f, "maxMoveBps", 0, 1, 5000);
        f.maxMoveBps = 5001;
        _refusedFeed(f, "maxMoveBps", 5001, 1, 5000);
        f.maxMoveBps = 500;
        f.limit1 = 10 hours + 1;
        _refusedFeed(f, "limit1", 36_001, 36_000, 39_600);
        f.limit1 = 256 hours;
        _refusedFeed(f, "limit1", 256 * 3600, 3600, 255 * 3600);
        f.limit1 = 20 hours;
        _refusedFeed(f, "limit2", 72_000, 72_001, 365 days);
        f.limit2 = 20 hours + 1;
        _refusedFeed(f, "limit2", 72_001, 72_000, 72_060);
        f.limit2 = 3 days;
        _refusedFeed(f, "limit3", 3 days, 3 days + 1, 365 days);
        f.limit3 = 3 days + 61;
        _refusedFeed(f, "limit3", 3 days + 61, 3 days + 60, 3 days + 120);
    }

    /// What the index contract would push today.
    function _push(bytes32 index, uint256 value, uint32 sequence) private {
        vm.prank(address(usage));
        house.onIndexPushed(index, value, sequence, uint32(block.timestamp / 1 days - 1));
    }

    function _refusedFeed(
        FeedListing memory f,
        string memory what,
        int256 value,
        int256 min,
        int256 max
    ) private {
        _refused(
            LISTER,
            abi.encodeCall(house.addFeed, (f)),
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, what, value, min, max)
        );
    }
}
