// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    LevelView,
    OrderKind,
    OrderParameters,
    OrderPreview,
    OrderView,
    RoundView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ILens} from "../../../contracts/clearing/interfaces/ILens.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Views, and the preview of an order: what is shown is what happens.
contract ClearinghouseLensTest is ClearingFixture {
    // -------------------------------------------------------------------------------------------------------- preview

    function test_previewOrder_saysWhatWillHappen() public {
        _place(bob, perp, -300, TICK + 10);
        _asPreviewed(_order(perp, 500, TICK + 10, OrderKind.Limit));
    }

    function test_previewOrder_ofARestingOrder() public {
        _asPreviewed(_order(dated, -500, TICK + 10, OrderKind.PostOnly));
    }

    function test_previewOrder_isOpenToAll() public {
        OrderParameters memory order = _order(perp, 500, TICK, OrderKind.Limit);
        vm.prank(carol);
        (, bytes memory answer) = address(house).call(abi.encodeCall(house.previewOrder, (ALICE, order)));
        vm.assertTrue(bytes4(answer) == ILens.Previewed.selector);
    }

    function test_previewOrder_revertsWithTheErrorOfTheOrder() public {
        _refused(
            alice,
            abi.encodeCall(house.previewOrder, (ALICE, _order(perp, 99, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.OrderTooSmall.selector, 99, 100)
        );
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - USD, alice);
        _refused(
            alice,
            abi.encodeCall(house.previewOrder, (ALICE, _order(perp, 100, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, USD, 100 * USD)
        );
    }

    function test_fuzz_previewOrder_equalsTheOrder(
        uint256 lots,
        uint256 tick,
        uint256 kind,
        bool buys
    ) public {
        for (uint256 i = 1; i <= 3; ++i) {
            _place(bob, perp, -400, TICK + 20 * i);
            _place(bob, perp, 400, TICK - 20 * i);
        }
        _trade(alice, carol, perp, 700, TICK);
        int256 size = int256(bound(lots, 100, 3000));
        OrderParameters memory order = _order(
            perp,
            buys ? size : -size,
            bound(tick, TICK - 80, TICK + 80),
            OrderKind(kind % 3)
        );
        order.maxFills = uint16(1 + ((kind >> 8) % 4));
        bytes memory data = abi.encodeCall(house.place, (ALICE, order));
        (bool previewed, ) = _preview(order);
        if (previewed) {
            _asPreviewed(order);
        } else {
            vm.prank(alice);
            (bool success, ) = address(house).call(data);
            vm.assertTrue(!success);
        }
    }

    /// Places an order and compares everything with its preview.
    function _asPreviewed(OrderParameters memory order) private {
        bytes32 before = _fingerprint();
        (bool previewed, OrderPreview memory p) = _preview(order);
        vm.assertTrue(previewed && _fingerprint() == before);
        uint256 fees = house.market(order.market).feesPayable;
        int256 size = _size(ALICE, order.market);
        (OrderId id, uint256 filled) = _send(alice, order);
        vm.assertTrue(OrderId.unwrap(id) == OrderId.unwrap(p.id));
        vm.assertEq(filled, uint256(p.filledLots < 0 ? -p.filledLots : p.filledLots));
        vm.assertEq(_size(ALICE, order.market) - size, p.filledLots);
        vm.assertTrue(house.market(order.market).feesPayable >= fees + p.fee);
        if (OrderId.unwrap(id) != 0) vm.assertEq(house.order(id).lots, p.restingLots);
        else vm.assertEq(p.restingLots, int256(0));
        AccountView memory a = house.account(ALICE);
        vm.assertEq(a.equity, p.equity);
        vm.assertEq(a.initialMargin, p.initialMargin);
    }

    function _preview(OrderParameters memory order) private returns (bool previewed, OrderPreview memory p) {
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.previewOrder, (ALICE, order))
        );
        vm.assertTrue(!success, "a preview returned");
        if (bytes4(answer) != ILens.Previewed.selector) return (false, p);
        bytes memory body = new bytes(answer.length - 4);
        for (uint256 i = 0; i < body.length; ++i) body[i] = answer[i + 4];
        return (true, abi.decode(body, (OrderPreview)));
    }

    // ----------------------------------------------------------------------------------------------------------- book

    function test_levels_fromTheBestPriceAway() public {
        for (uint256 i = 0; i < 4; ++i) {
            _place(alice, perp, int256(100 + i), TICK - 10 - 700 * i);
            _place(bob, perp, -int256(200 + i), TICK + 10 + 700 * i);
        }
        LevelView[] memory bids = house.levels(perp, true, 3);
        LevelView[] memory asks = house.levels(perp, false, 10);
        vm.assertTrue(bids.length == 3 && asks.length == 4);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(bids[i].tick == TICK - 10 - 700 * i && bids[i].lots == 100 + i);
        }
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertTrue(asks[i].tick == TICK + 10 + 700 * i && asks[i].lots == 200 + i);
        }
        vm.assertEq(house.levels(dated, true, 10).length, 0);
        vm.assertEq(house.levels(perp, true, 0).length, 0);
    }

    function test_ordersAt_inTheOrderOfTheQueue() public {
        _place(alice, perp, 100, TICK);
        OrderId second = _place(bob, perp, 200, TICK);
        _place(carol, perp, 300, TICK);
        vm.prank(bob);
        house.cancel(second);
        OrderView[] memory orders = house.ordersAt(perp, uint24(TICK), 10);
        vm.assertEq(orders.length, 2);
        vm.assertTrue(orders[0].lots == 100 && orders[1].lots == 300);
        vm.assertTrue(AccountId.unwrap(orders[1].account) == AccountId.unwrap(CAROL));
        vm.assertEq(house.ordersAt(perp, uint24(TICK), 1).length, 1);
        vm.assertEq(house.ordersAt(perp, uint24(TICK + 1), 10).length, 0);
    }

    // ------------------------------------------------------------------------------------------------------- accounts

    function test_accounts_manyInOneCall() public view {
        AccountId[] memory ids = new AccountId[](3);
        (ids[0], ids[1], ids[2]) = (BOB, ALICE, _fund(perp));
        AccountView[] memory views = house.accounts(ids);
        vm.assertTrue(views[0].owner == bob && views[1].owner == alice && views[2].owner == address(0));
        vm.assertTrue(keccak256(abi.encode(views[1])) == keccak256(abi.encode(house.account(ALICE))));
        vm.assertEq(views[2].withdrawable, 0);
    }

    function test_account_standsAtTheCurrentMinute() public {
        _trade(alice, bob, perp, 1000, TICK);
        _place(traders[4], perp, 1000, TICK + 199);
        _place(traders[5], perp, -1000, TICK + 201);
        _skip(3 hours);
        AccountView memory shown = house.account(ALICE);
        house.sync(perp);
        vm.assertTrue(keccak256(abi.encode(shown)) == keccak256(abi.encode(house.account(ALICE))));
        vm.assertTrue(shown.equity > int256(FUNDS));
    }

    function test_round_thatWasNeverRecordedIsEmpty() public view {
        RoundView memory r = house.round(perp, 1);
        RoundView memory none;
        vm.assertTrue(keccak256(abi.encode(r)) == keccak256(abi.encode(none)));
    }

    function test_account_revertsWith_UnknownAccount() public {
        uint32[4] memory unknown = [uint32(0), 3, 1024, 2048 + 6];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, AccountId.wrap(unknown[i]))
            );
            house.account(AccountId.wrap(unknown[i]));
        }
    }

    function test_market_revertsWith_UnknownMarket() public {
        bytes memory refused = abi.encodeWithSelector(
            IClearingErrors.UnknownMarket.selector,
            MarketId.wrap(3)
        );
        vm.expectRevert(refused);
        house.levels(MarketId.wrap(3), true, 1);
        vm.expectRevert(refused);
        house.ordersAt(MarketId.wrap(3), 1, 1);
    }
}
