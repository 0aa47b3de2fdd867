// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Print} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// Random posts, settlements and hours beside a naive ledger of the same days, written from the design's sentences.
contract UsageIndexReferenceTest is UsageIndexFixture {
    uint32 private constant FIRST = DAY - 10;
    uint256 private constant DAYS = 24;

    struct Entry {
        uint256 value;
        uint256 revision;
        uint256 revisedAt;
        bool filled;
    }

    Entry[DAYS] private _ledger;
    uint256 private _pushedValue;
    uint256 private _pushedDay;
    uint256 private _sequence;
    bool private _any;
    uint256 private _newest;

    /// hardhat-config: fuzz.runs = 48
    function test_fuzz_reference(uint256 seed) public {
        for (uint256 step; step < 60; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + ((seed >> 8) % 36 hours));
            if (seed % 4 == 0) _settle(seed >> 32);
            else _postOne(seed >> 32);
            if (step % 4 == 3) _compare(seed >> 32);
        }
    }

    // --------------------------------------------------------------------------------------------------------- actions

    function _postOne(uint256 seed) private {
        uint256 i = seed % DAYS;
        // Mostly recent days, as reporters do.
        uint256 today = block.timestamp / 1 days;
        if (seed & 0x300 != 0) i = today - 1 - ((seed >> 16) % 4) - FIRST;
        if (i >= DAYS) i = (seed >> 24) % DAYS;
        // Days that are nearly never posted, one of them beside another, so that settlements fill some.
        if ((i % 6 == 3 || i % 12 == 4) && (seed >> 48) % 16 != 0) return;
        Entry storage entry = _ledger[i];
        uint256 revision = (seed >> 32) % 6;
        uint256 value = (seed >> 64) % 5 == 0 ? 1000e18 : 1 + ((seed >> 64) % 2000e18);
        bool allowed =
            FIRST + i < today &&
                !entry.filled &&
                (entry.value == 0 || (block.timestamp < _finalAt(i) && revision > entry.revision));

        bool done = _tryPost(FIRST + uint32(i), uint32(revision), value);
        vm.assertTrue(done == allowed, "post");
        if (!done) return;
        (entry.value, entry.revision, entry.revisedAt) = (value, revision, block.timestamp);
        if (!_any || i > _newest) _newest = i;
        _any = true;
        (uint256 mean, uint256 present) = _mean(_newest);
        if (present < 5) return;
        if (_sequence != 0 && mean == _pushedValue && _newest == _pushedDay) return;
        (_pushedValue, _pushedDay) = (mean, _newest);
        ++_sequence;
    }

    function _settle(uint256 seed) private {
        uint256 a = seed % DAYS;
        uint256 b = a + ((seed >> 16) % 6);
        if (b >= DAYS) b = DAYS - 1;
        bool allowed = true;
        uint256 total;
        uint256[] memory values = new uint256[](b - a + 1);
        for (uint256 i = a; i <= b; ++i) {
            Entry storage entry = _ledger[i];
            values[i - a] = entry.value;
            if (entry.value == 0) {
                (uint256 guess, bool firm) = _missing(i);
                values[i - a] = guess;
                if (guess == 0 || !firm || block.timestamp < _end(FIRST + i) + 10 days) allowed = false;
            } else if (!entry.filled && block.timestamp < _finalAt(i)) {
                allowed = false;
            }
            total += values[i - a];
        }
        (uint32 first, uint32 last) = (FIRST + uint32(a), FIRST + uint32(b));
        (bool ready, uint256 preview, , uint64 readyAt) = target.previewSettlement(SOLO, first, last);
        vm.assertTrue(ready == allowed, "ready");
        vm.assertTrue(ready == (readyAt <= block.timestamp), "readyAt");
        vm.assertEq(preview, total, "preview");
        try reader.settle(SOLO, first, last) returns (uint256 sum, uint256 days_) {
            vm.assertTrue(allowed, "settle");
            vm.assertEq(sum, total);
            vm.assertEq(days_, b - a + 1);
            for (uint256 i = a; i <= b; ++i) {
                if (_ledger[i].value != 0) continue;
                _ledger[i].value = values[i - a];
                _ledger[i].filled = true;
            }
        } catch {
            vm.assertTrue(!allowed, "settle refused");
        }
    }

    function _tryPost(uint32 period, uint32 revision, uint256 value) private returns (bool) {
        try target.post(SOLO, period, revision, _soloReports(period, revision, value)) {
            return true;
        } catch {
            return false;
        }
    }

    // ------------------------------------------------------------------------------------------------------- reference

    function _finalAt(uint256 i) private view returns (uint256) {
        uint256 a = _end(FIRST + i) + 3 days;
        uint256 b = _ledger[i].revisedAt + 24 hours;
        return a > b ? a : b;
    }

    function _mean(uint256 last) private view returns (uint256 mean, uint256 present) {
        for (uint256 i = last < 6 ? 0 : last - 6; i <= last; ++i) {
            if (_ledger[i].value == 0 || _ledger[i].filled) continue;
            mean += _ledger[i].value;
            ++present;
        }
        if (present != 0) mean /= present;
    }

    function _missing(uint256 i) private view returns (uint256 guess, bool firm) {
        firm = true;
        uint256 before;
        uint256 later;
        for (uint256 j = i; j > 0; --j) {
            Entry storage entry = _ledger[j - 1];
            if (entry.value == 0 || entry.filled) continue;
            before = entry.value;
            if (block.timestamp < _finalAt(j - 1)) firm = false;
            break;
        }
        for (uint256 j = i + 1; j < DAYS; ++j) {
            if (_ledger[j].value == 0 || _ledger[j].filled) continue;
            later = _ledger[j].value;
            if (block.timestamp < _finalAt(j)) firm = false;
            break;
        }
        if (before == 0) return (later, firm);
        if (later == 0) return (before, firm);
        // Newton from above.
        uint256 square = before * later;
        guess = before > later ? before : later;
        while (guess > square / guess) guess = (guess + square / guess) / 2;
    }

    // --------------------------------------------------------------------------------------------------------- compare

    function _compare(uint256 seed) private view {
        (uint256 pushedValue, uint32 sequence, uint32 pushedDay, ) = target.pushed(SOLO);
        vm.assertEq(pushedValue, _pushedValue, "pushed value");
        vm.assertEq(sequence, _sequence, "sequence");
        if (_sequence != 0) vm.assertEq(pushedDay, FIRST + _pushedDay, "pushed day");
        (uint128 readValue, uint32 readSequence, , ) = reader.last(SOLO);
        vm.assertTrue(readValue == pushedValue && readSequence == sequence, "reader");
        if (_any) {
            (uint256 value, uint32 newest, , ) = target.latest(SOLO);
            vm.assertEq(value, _ledger[_newest].value, "latest");
            vm.assertEq(newest, FIRST + _newest, "newest");
        }

        for (uint256 i; i < DAYS; ++i) {
            Print memory print = target.print(SOLO, FIRST + uint32(i));
            Entry storage entry = _ledger[i];
            vm.assertEq(print.value, entry.value, "value");
            vm.assertTrue(print.filled == entry.filled, "filled");
            if (entry.filled || entry.value == 0) continue;
            vm.assertEq(print.revision, entry.revision, "revision");
            vm.assertEq(print.revisedAt, entry.revisedAt, "revisedAt");
            vm.assertEq(target.finalAt(SOLO, FIRST + uint32(i)), _finalAt(i), "finalAt");
            vm.assertTrue(print.isFinal == (block.timestamp >= _finalAt(i)), "isFinal");
        }
        _compareMeans(seed % DAYS, (seed >> 32) % DAYS);
    }

    function _compareMeans(uint256 a, uint256 b) private view {
        (uint256 expected, uint256 days_) = _mean(b);
        try target.trailingMean(SOLO, FIRST + uint32(b)) returns (uint256 mean, bool) {
            vm.assertTrue(days_ >= 5, "too few");
            vm.assertEq(mean, expected, "mean");
        } catch {
            vm.assertTrue(days_ < 5, "mean refused");
        }

        if (b < a) (a, b) = (b, a);
        uint256[4] memory naive;
        for (uint256 i = a; i <= b; ++i) {
            if (_ledger[i].value == 0) continue;
            naive[0] += _ledger[i].value;
            ++naive[1];
            if (!_ledger[i].filled && block.timestamp < _finalAt(i)) continue;
            naive[2] += _ledger[i].value;
            ++naive[3];
        }
        (uint256 sum, uint256 present, bool allFinal) = target.windowMean(
            SOLO,
            FIRST + uint32(a),
            FIRST + uint32(b)
        );
        vm.assertTrue(sum == naive[0] && present == naive[1], "window");
        vm.assertTrue(allFinal == (naive[3] == present), "all final");
        (sum, present) = target.lockedSum(SOLO, FIRST + uint32(a), FIRST + uint32(b));
        vm.assertTrue(sum == naive[2] && present == naive[3], "locked");
    }
}
