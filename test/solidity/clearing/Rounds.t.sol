// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeleveragingShares} from "../../../contracts/clearing/libraries/DeleveragingShares.sol";
import {Round, RoundHead, RoundHeads, RoundWords} from "../../../contracts/clearing/libraries/RoundWords.sol";
import {TestBase} from "../Vm.sol";

/// The arithmetic of deleveraging rounds: shares of a side, several rounds on top of one another, and their words.
contract RoundsTest is TestBase {
    uint256 private constant MOST_LOTS = (1 << 35) - 1;

    // -------------------------------------------------------------------------------------------------------- one round

    function test_shares_aThousandEqualWinners() public pure {
        // 333 of 1,000 × 7 lots: nobody closes two lots more than another.
        uint256 sum = _shareOut(_equal(1000, 7), 333);
        vm.assertEq(sum, 333);
    }

    function test_shares_mixedSizes() public pure {
        uint256[] memory sizes = new uint256[](1000);
        for (uint256 i = 0; i < 1000; ++i) sizes[i] = 1 + ((i * i * 7919) % 100_000);
        uint256 side = _sum(sizes);
        _shareOut(sizes, 1);
        _shareOut(sizes, side / 3);
        _shareOut(sizes, side - 1);
        _shareOut(sizes, side);
    }

    function test_shares_oneLotAmongMany() public pure {
        uint256[] memory sizes = _equal(1000, 1);
        for (uint256 lots = 1; lots <= 1000; lots += 111) vm.assertEq(_shareOut(sizes, lots), lots);
    }

    function test_shares_atTheEdgeOfTheTypes() public pure {
        uint256 side = (1 << 40) - 1;
        vm.assertEq(DeleveragingShares.closed(side, MOST_LOTS, side), MOST_LOTS);
        vm.assertEq(DeleveragingShares.closed(0, MOST_LOTS, side), 0);
        vm.assertEq(DeleveragingShares.closed(side - 1, MOST_LOTS, side), ((side - 1) * MOST_LOTS) / side);
    }

    /// hardhat-config: fuzz.runs = 2000
    function test_fuzz_shares(uint256 seed, uint256 count, uint256 lots) public pure {
        uint256[] memory sizes = _random(seed, bound(count, 1, 40));
        lots = bound(lots, 1, _sum(sizes));
        vm.assertEq(_shareOut(sizes, lots), lots);
    }

    /// Who comes first gains or loses less than a lot by it.
    function test_fuzz_shares_orderChangesLessThanALot(uint256 seed, uint256 lots) public pure {
        uint256[] memory sizes = _random(seed, 12);
        uint256 side = _sum(sizes);
        lots = bound(lots, 1, side);
        uint256 size = sizes[0];
        uint256 first = DeleveragingShares.closed(size, lots, side);
        uint256 last = lots - DeleveragingShares.closed(side - size, lots, side);
        vm.assertTrue(first <= last ? last - first <= 1 : first - last <= 1);
    }

    // ---------------------------------------------------------------------------------------------------- several rounds

    /// Several rounds pending at once. Each position takes all of them, in order, at its one touch, and the positions come in
    /// any order: every round closes exactly its lots, because its side was counted net of the rounds before it.
    function test_fuzz_shares_severalRoundsPending(uint256 seed, uint256 rounds) public pure {
        uint256[] memory sizes = _random(seed, 1 + (seed % 30));
        rounds = bound(rounds, 2, 16);
        uint256[] memory lots = new uint256[](rounds);
        uint256[] memory sides = new uint256[](rounds);
        uint256 side = _sum(sizes);
        for (uint256 n = 0; n < rounds; ++n) {
            sides[n] = side;
            lots[n] = side == 0 ? 0 : uint256(keccak256(abi.encode(seed, n))) % (side + 1);
            side -= lots[n];
        }
        uint256[] memory served = new uint256[](rounds);
        uint256[] memory closed = new uint256[](rounds);
        uint256 start = uint256(keccak256(abi.encode(seed))) % sizes.length;
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 size = sizes[(start + i) % sizes.length];
            for (uint256 n = 0; n < rounds && sides[n] != 0; ++n) {
                uint256 share =
                    DeleveragingShares.closed(served[n] + size, lots[n], sides[n]) -
                        DeleveragingShares.closed(served[n], lots[n], sides[n]);
                served[n] += size;
                closed[n] += share;
                size -= share;
            }
        }
        for (uint256 n = 0; n < rounds; ++n) {
            vm.assertEq(served[n], sides[n], "everybody was served");
            vm.assertEq(closed[n], lots[n], "exactly its lots");
        }
    }

    // -------------------------------------------------------------------------------------------------------------- words

    /// hardhat-config: fuzz.runs = 1000
    function test_fuzz_round_fields(
        uint256 lots,
        uint256 side,
        uint256 served,
        uint24 tick,
        bool longs,
        int56 funding
    ) public pure {
        side = bound(side, 1, (1 << 40) - 1);
        lots = bound(lots, 1, side < MOST_LOTS ? side : MOST_LOTS);
        served = bound(served, 0, side);
        Round r = RoundWords.make(lots, side, tick, longs, funding);
        vm.assertEq(r.served(), 0);
        vm.assertTrue(!r.isFinished());
        r = r.withServed(served);
        vm.assertEq(r.lots(), lots);
        vm.assertEq(r.side(), side);
        vm.assertEq(r.served(), served);
        vm.assertEq(r.tick(), tick);
        vm.assertTrue(r.longs() == longs);
        vm.assertEq(r.funding(), int256(funding));
        vm.assertTrue(r.isFinished() == (served == side));
        vm.assertEq(r.closed(served), (served * lots) / side);
    }

    function test_fuzz_head_fields(uint256 newest, uint256 finished) public pure {
        newest = bound(newest, 0, (1 << 14) - 1);
        finished = bound(finished, 0, newest);
        RoundHead h = RoundHeads.make(newest, finished);
        vm.assertEq(h.newest(), newest);
        vm.assertEq(h.finished(), finished);
        vm.assertEq(h.unfinished(), newest - finished);
    }

    // ------------------------------------------------------------------------------------------------------------ private

    /// Serves positions one after the other and checks each against its pro-rata share.
    function _shareOut(uint256[] memory sizes, uint256 lots) private pure returns (uint256 sum) {
        uint256 side = _sum(sizes);
        uint256 served = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 share =
                DeleveragingShares.closed(served + sizes[i], lots, side) -
                    DeleveragingShares.closed(served, lots, side);
            served += sizes[i];
            uint256 exact = sizes[i] * lots;
            vm.assertTrue(share >= exact / side && share <= (exact + side - 1) / side, "a lot from pro rata");
            vm.assertTrue(share <= sizes[i], "more than it has");
            sum += share;
        }
        vm.assertEq(sum, lots, "not all, or more");
    }

    function _equal(uint256 count, uint256 size) private pure returns (uint256[] memory sizes) {
        sizes = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) sizes[i] = size;
    }

    function _random(uint256 seed, uint256 count) private pure returns (uint256[] memory sizes) {
        sizes = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, "size", i)));
            // Sizes of every magnitude, from one lot to the largest position.
            sizes[i] = 1 + (r % (1 << (1 + ((r >> 200) % 33))));
        }
    }

    function _sum(uint256[] memory sizes) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < sizes.length; ++i) sum += sizes[i];
    }
}
