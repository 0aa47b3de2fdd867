// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../../../contracts/book/libraries/Book.sol";
import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// The places of a price level form a ring: what happens when it is full, when it comes round, and when the level empties.
contract ClearinghouseRingTest is OrdersFixture {
    OrderId[] private _dead;

    function test_place_revertsWith_LevelFull() public {
        _fullBehind(true);
        _refusedOrder(
            carol,
            _order(perp, -100, ASK, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.LevelFull.selector, Book.CAPACITY - 2, Book.CAPACITY - 3)
        );
        // The next tick is free.
        _place(carol, perp, -100, ASK + 1);
    }

    /// A place becomes free when the head is taken, cancelled or dead.
    function test_place_afterTheHeadOfAFullLevelHasLeft() public {
        (OrderId head, ) = _fullBehind(true);
        uint256 snapshot = vm.snapshotState();
        _take(alice, perp, 100);
        _place(carol, perp, -100, ASK);
        vm.revertToState(snapshot);
        _cancel(bob, head);
        _place(carol, perp, -100, ASK);
        _assertConserved();
    }

    /// Cancelled places at the head of a full level are gone over by the order that needs one.
    function test_place_goesOverCancelledPlacesOfAFullLevel() public {
        (OrderId head, OrderId last) = _fullBehind(false);
        // The head's word is cancelled whole; behind it lie thousands of empty ones, and the last order is live.
        uint256 gas = gasleft();
        OrderId id = _place(carol, perp, -100, ASK);
        vm.assertTrue(gas - gasleft() < 800_000, "bounded");
        _assertOpen(id, -100);
        _assertGone(head);
        _assertOpen(last, -100);
        // 64 words were gone over, of three places each, so as many orders find a place at the usual price.
        vm.assertEq((_levelWord(perp, ASK) >> 40) & ((1 << 40) - 1), 192);
        _place(carol, perp, -100, ASK);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 300);
        house.sweep(perp, false, type(uint16).max);
        vm.assertEq(_take(alice, perp, 1000), 300);
        _assertConserved();
    }

    /// One live order keeps its place, and nothing is gone over behind it.
    function test_place_neverGoesOverALiveOrder() public {
        (OrderId head, ) = _fullBehind(true);
        (bool success, ) = _try(_order(perp, -100, ASK, OrderKind.Limit));
        vm.assertTrue(!success);
        _assertOpen(head, -100);
        vm.assertEq(_take(alice, perp, 100), 100);
        _assertGone(head);
    }

    /// Indices go on round the ring: words are used again, ids are not.
    function test_place_comesRoundTheRing() public {
        OrderId[3] memory first;
        for (uint256 i = 0; i < 3; ++i) first[i] = _place(bob, perp, -100, ASK);
        _cancelledPlaces(perp, ASK, Book.CAPACITY - 6);
        OrderId beforeEnd = _place(carol, perp, -101, ASK);
        vm.assertEq(beforeEnd.index(), Book.CAPACITY - 3);
        // The first word is taken whole, and the empty words behind it are gone over.
        vm.assertEq(_take(alice, perp, 300), 300);
        house.sweep(perp, false, type(uint16).max);
        OrderId[7] memory round;
        for (uint256 i = 0; i < 7; ++i) round[i] = _place(dave, perp, -int256(200 + i), ASK);
        vm.assertEq(round[2].index(), Book.CAPACITY);
        vm.assertEq(round[6].index(), Book.CAPACITY + 4);
        _assertOpen(beforeEnd, -101);
        for (uint256 i = 0; i < 7; ++i) _assertOpen(round[i], -int256(200 + i));
        for (uint256 i = 0; i < 3; ++i) _assertGone(first[i]);
        // Cancelling and amending find the right lane of a word that was used before.
        vm.assertEq(_cancel(dave, round[4]), 204);
        vm.prank(dave);
        house.amend(round[5], _order(perp, -150, ASK, OrderKind.Limit));
        vm.assertEq(_take(alice, perp, 5000), 101 + 200 + 201 + 202 + 203 + 150 + 206);
        vm.assertEq(_position(DAVE, perp).openOrders, 0);
        _assertConserved();
    }

    /// An emptied level begins again at its first place, under a new epoch.
    function test_place_anEmptiedLevelHasANewEpoch() public {
        OrderId first = _place(bob, perp, -100, ASK);
        OrderId second = _place(bob, perp, -100, ASK);
        _take(alice, perp, 200);
        OrderId again = _place(carol, perp, -100, ASK);
        vm.assertTrue(again.epoch() == first.epoch() + 1 && again.index() == 0);
        // What bob still knows of that level is nobody's.
        _assertGone(first);
        _assertGone(second);
        _assertGone(OrderId.wrap(OrderId.unwrap(again) + 1));
        _assertGone(OrderId.wrap(OrderId.unwrap(again) + (1 << 40)));
    }

    /// A level changes its side only when it is empty, so one epoch is never both.
    function test_place_aLevelChangesSides() public {
        OrderId ask = _place(bob, perp, -100, TICK);
        _take(alice, perp, 100);
        OrderId bid = _place(bob, perp, 100, TICK);
        vm.assertTrue(bid.epoch() == ask.epoch() + 1 && house.order(bid).lots == 100);
        // What remains of a taker rests where it took.
        (OrderId rest, ) = _send(alice, _order(perp, -300, TICK, OrderKind.Limit));
        vm.assertTrue(
            rest.tick() == TICK && rest.epoch() == bid.epoch() + 1 && house.order(rest).lots == -200
        );
        _assertGone(bid);
        _assertConserved();
    }

    /// Whatever happens at one tick, a number that was an order's is never another's.
    /// hardhat-config: fuzz.runs = 60
    function test_fuzz_anIdIsNeverValidTwice(uint256 seed) public {
        OrderId[] memory open = new OrderId[](64);
        uint256 count = 0;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            if (random % 8 < 4) {
                OrderId id = _place(traders[random % 3], perp, -100, ASK);
                for (uint256 k = 0; k < _dead.length; ++k) {
                    vm.assertTrue(OrderId.unwrap(_dead[k]) != OrderId.unwrap(id), "an id came again");
                }
                open[count++] = id;
            } else if (random % 8 < 6 && count != 0) {
                uint256 place = (random >> 8) % count;
                address owner = traders[_ownerOf(open[place]) - 2048];
                _cancel(owner, open[place]);
                _dead.push(open[place]);
                open[place] = open[--count];
            } else {
                _send(
                    dave,
                    _order(perp, 100 + int256((random >> 8) % 3) * 100, ASK, OrderKind.ImmediateOrCancel)
                );
                count = _sortOut(open, count);
            }
        }
        for (uint256 k = 0; k < _dead.length; ++k) _assertGone(_dead[k]);
        uint256 lots = 0;
        for (uint256 k = 0; k < count; ++k) lots += uint256(-house.order(open[k]).lots);
        vm.assertEq(_take(traders[5], perp, int256(lots) + 100), lots);
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    /// A level as full as it can be, on which only its first word (if it is to live) and its last order are not cancelled.
    function _fullBehind(bool alive) private returns (OrderId head, OrderId last) {
        OrderId[3] memory first;
        for (uint256 i = 0; i < 3; ++i) first[i] = _place(bob, perp, -100, ASK);
        _cancelledPlaces(perp, ASK, Book.CAPACITY - 6);
        last = _place(bob, perp, -100, ASK);
        head = first[0];
        // Not the head first: it alone would leave by the head pointer.
        if (!alive) for (uint256 i = 3; i > 0; --i) _cancel(bob, first[i - 1]);
        // The head that was cancelled last has moved on by one place, which the next order takes.
        if (!alive) {
            OrderId filler = _place(bob, perp, -100, ASK);
            _cancel(bob, filler);
        }
    }

    function _try(OrderParameters memory order) private returns (bool, bytes memory) {
        vm.prank(carol);
        return address(house).call(abi.encodeCall(house.place, (CAROL, order)));
    }

    function _ownerOf(OrderId id) private view returns (uint256) {
        return AccountId.unwrap(house.order(id).account);
    }

    /// Takes the filled ones out of the list.
    function _sortOut(OrderId[] memory open, uint256 count) private returns (uint256 left) {
        for (uint256 k = 0; k < count; ++k) {
            (bool success, ) = address(house).staticcall(abi.encodeCall(house.order, (open[k])));
            if (success) open[left++] = open[k];
            else _dead.push(open[k]);
        }
    }
}
