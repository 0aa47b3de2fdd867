// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book, Found} from "../../../contracts/book/libraries/Book.sol";
import {ClearingState, ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {Level, RestingOrder, Words} from "../../../contracts/clearing/libraries/Words.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";

/// Levels and their queues against a plain list of orders.
contract BookTest is TestBase {
    MarketId private constant MARKET = MarketId.wrap(5);
    uint256 private constant TICK = 10_000;

    struct Listed {
        OrderId id;
        uint256 account;
        uint256 lots;
    }

    Listed[] private _listed;

    function test_push_numbersTheQueue() public {
        OrderId first = _push(1, 100);
        OrderId second = _push(2, 200);
        vm.assertTrue(first.epoch() == 0 && first.index() == 0 && second.index() == 1);
        vm.assertEq(_find(second).order.account, 2);
        vm.assertEq(_find(second).order.lots, 200);
        vm.assertEq(_level().lots(), 300);
    }

    function test_push_keepsEveryField() public {
        RestingOrder memory order = RestingOrder((1 << 28) - 1, type(uint32).max, (1 << 24) - 1, true);
        OrderId id = _push(order);
        OrderId next = _push(RestingOrder(1, 1, 0, false));
        RestingOrder memory found = _find(id).order;
        vm.assertTrue(found.account == order.account && found.lots == order.lots);
        vm.assertTrue(found.expiry == order.expiry && found.reduceOnly);
        found = _find(next).order;
        vm.assertTrue(found.account == 1 && found.lots == 1 && found.expiry == 0 && !found.reduceOnly);
    }

    function test_find_anotherEpochIsNothing() public {
        OrderId id = _push(1, 100);
        _remove(id);
        OrderId again = _push(2, 100);
        vm.assertEq(_find(id).order.lots, 0);
        vm.assertEq(again.epoch(), 1);
        // A dirty lane behind the tail is no order.
        vm.assertEq(_find(OrderId.wrap(OrderId.unwrap(again) + 1)).order.lots, 0);
    }

    function test_push_aWordThatIsUsedAgainHoldsNothingOld() public {
        OrderId[3] memory old = [_push(1, 100), _push(2, 100), _push(3, 100)];
        for (uint256 i = 3; i > 0; --i) _remove(old[i - 1]);
        _push(4, 100);
        vm.assertEq(_find(OrderId.wrap(OrderId.unwrap(old[1]) + (1 << 40))).order.lots, 0);
        _push(5, 500);
        vm.assertEq(_level().lots(), 600);
        vm.assertEq(_level().tail(), 2);
    }

    // ------------------------------------------------------------------------------------------------------ full ring

    function test_push_revertsWith_LevelFull() public {
        _fill(Book.CAPACITY - 2, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingErrors.LevelFull.selector, Book.CAPACITY - 2, Book.CAPACITY - 3)
        );
        this.push(9, 100);
    }

    function test_push_theLastPlaceOfTheRingOverwritesNobody() public {
        // Heads in each lane; the tail comes round the ring up to the word that the head is still in.
        for (uint256 head = 0; head < 6; ++head) {
            _fill(Book.CAPACITY - 3, head);
            OrderId id = _push(9, 700);
            RestingOrder memory first = Words.toRestingOrder(_state().orders[_word(head)], head);
            vm.assertTrue(first.account == 77 && first.lots == 100);
            vm.assertEq(_find(id).order.lots, 700);
        }
    }

    function test_push_goesOverCancelledPlacesOfAFullLevel() public {
        // Heads in each lane of a word; everything behind them is cancelled.
        for (uint256 head = 0; head < 3; ++head) {
            _fill(Book.CAPACITY - 2, head);
            _state().orders[_word(head)] = 0;
            OrderId id = _push(9, 700);
            vm.assertEq(id.index(), head + Book.CAPACITY - 2);
            vm.assertEq(_find(id).order.lots, 700);
            vm.assertEq(_level().head(), 3 * Book.MOST_PASSED);
            vm.assertEq(_level().headFilled(), 0);
        }
    }

    function test_push_goesOverNothingWhileThereIsAPlace() public {
        _fill(Book.CAPACITY - 3, 0);
        _state().orders[_word(0)] = 0;
        _push(9, 700);
        vm.assertEq(_level().head(), 0);
    }

    function test_push_stopsAtTheFirstOrderThatStands() public {
        for (uint256 live = 1; live < 9; ++live) {
            _fill(Book.CAPACITY - 2, 0);
            for (uint256 word = 0; word < 3; ++word) _state().orders[_word(3 * word)] = 0;
            _state().orders[_word(live)] = Words.toLane(55, 300, 0, false) << ((live % 3) * 85);
            _push(9, 700);
            vm.assertEq(_level().head(), live);
        }
        // What has traded of a head that stands is not forgotten.
        _fill(Book.CAPACITY - 2, 0);
        uint256 key = Book.levelKey(MARKET, TICK);
        _state().levels[key] |= 40 << 120;
        vm.expectRevert(
            abi.encodeWithSelector(IClearingErrors.LevelFull.selector, Book.CAPACITY - 2, Book.CAPACITY - 3)
        );
        this.push(9, 100);
        vm.assertEq(_level().headFilled(), 40);
    }

    function test_push_revertsWith_Overflow_ofLots() public {
        _fill(3, 0);
        uint256 key = Book.levelKey(MARKET, TICK);
        _state().levels[key] |= (uint256(1) << 40) - 1;
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.Overflow.selector, int256(1 << 40), 40));
        this.push(9, 1);
    }

    /// An epoch is a number of 40 bits and never starts again.
    function test_remove_revertsWith_Overflow_afterTheLastEpoch() public {
        _state().levels[Book.levelKey(MARKET, TICK)] = ((uint256(1) << 40) - 2) << 152;
        OrderId id = _push(9, 100);
        _remove(id);
        id = _push(9, 100);
        vm.assertEq(id.epoch(), (1 << 40) - 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.Overflow.selector, int256(1 << 40), 40));
        this.remove(id);
    }

    function test_push_indicesGoOnRoundTheRing() public {
        _fill(1, Book.CAPACITY * 5 + 1);
        OrderId id = _push(9, 700);
        vm.assertEq(id.index(), Book.CAPACITY * 5 + 2);
        vm.assertEq(_find(id).order.lots, 700);
    }

    // ----------------------------------------------------------------------------------------------------------- fuzz

    /// hardhat-config: fuzz.runs = 100
    function test_fuzz_aQueueIsAList(uint256 seed) public {
        uint256 sum = 0;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            if (random % 5 < 3 || _listed.length == 0) {
                uint256 lots = 1 + ((random >> 8) % 1000);
                _listed.push(Listed(_push(i + 1, lots), i + 1, lots));
                sum += lots;
            } else {
                uint256 place = (random >> 8) % _listed.length;
                sum -= _listed[place].lots;
                vm.assertEq(_remove(_listed[place].id), sum);
                for (uint256 k = place; k + 1 < _listed.length; ++k) _listed[k] = _listed[k + 1];
                _listed.pop();
            }
            vm.assertEq(_level().lots(), sum);
            vm.assertTrue((_state().ticks[(uint256(5) << 32) | (1 << 28)] != 0) == (sum != 0));
            for (uint256 k = 0; k < _listed.length; ++k) {
                RestingOrder memory order = _find(_listed[k].id).order;
                vm.assertTrue(order.account == _listed[k].account && order.lots == _listed[k].lots);
            }
        }
    }

    /// Impact prices of one side from a list of levels.
    function test_fuzz_impactTick_isOfTwoLevels(uint256 seed, bool bids) public {
        uint256 count = seed % 4;
        uint256 wanted = 1000;
        uint256 expected = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 lots = 100 + ((seed >> (i * 16 + 8)) % 1200);
            uint256 tick = bids ? TICK - i * 300 : TICK + i * 300;
            Book.push(_state(), MARKET, tick, Words.toLane(1, lots, 0, false), lots);
            if (i < 2 && expected == 0) {
                sum += lots;
                if (sum >= wanted) expected = tick;
            }
        }
        uint256 best = count != 0 ? TICK : (bids ? 0 : Words.NO_ASK);
        vm.assertEq(Book.impactTick(_state(), MARKET, best, wanted, bids), expected);
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function push(uint256 account, uint256 lots) external {
        _push(account, lots);
    }

    function remove(OrderId id) external {
        _remove(id);
    }

    /// A level with `waiting` orders of which only the first is written, as an index of the ring.
    function _fill(uint256 waiting, uint256 head) private {
        uint256 word = (waiting * 100) | (head << 40) | ((head + waiting) << 80) | (3 << 152);
        _state().levels[Book.levelKey(MARKET, TICK)] = word;
        _state().orders[_word(head)] = Words.toLane(77, 100, 0, false) << ((head % 3) * 85);
    }

    function _word(uint256 index) private pure returns (uint256) {
        return Book.wordKey(MARKET, TICK, index);
    }

    function _push(uint256 account, uint256 lots) private returns (OrderId) {
        return _push(RestingOrder(account, lots, 0, false));
    }

    function _push(RestingOrder memory o) private returns (OrderId id) {
        uint256 lane = Words.toLane(o.account, o.lots, o.expiry, o.reduceOnly);
        (id, ) = Book.push(_state(), MARKET, TICK, lane, o.lots);
    }

    function _find(OrderId id) private view returns (Found memory) {
        return Book.find(_state(), id);
    }

    function _remove(OrderId id) private returns (uint256) {
        return Book.remove(_state(), Book.find(_state(), id));
    }

    function _level() private view returns (Level) {
        return Level.wrap(_state().levels[Book.levelKey(MARKET, TICK)]);
    }

    function _state() private pure returns (ClearingState storage) {
        return ClearingStorage.load();
    }
}
