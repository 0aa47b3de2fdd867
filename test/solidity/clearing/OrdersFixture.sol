// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../../../contracts/book/libraries/Book.sol";
import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ClearingState, ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Orders of every kind, and what is left of them.
abstract contract OrdersFixture is RiskFixture {
    uint256 internal constant ASK = TICK + 10;
    uint256 internal constant BID = TICK - 10;

    /// A limit order that dies within ten minutes.
    function _dying(
        MarketId market,
        int256 lots,
        uint256 tick
    ) internal view returns (OrderParameters memory order) {
        order = _order(market, lots, tick, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300);
    }

    function _reducing(
        MarketId market,
        int256 lots,
        uint256 tick
    ) internal pure returns (OrderParameters memory order) {
        order = _order(market, lots, tick, OrderKind.Limit);
        order.reduceOnly = true;
    }

    /// Opens the second subaccount of a trader.
    function _second(address who, uint256 amount) internal returns (AccountId account) {
        token.mint(who, amount);
        vm.prank(who);
        account = house.deposit(1, amount);
    }

    function _withdrawTo(address who, uint256 cash) internal {
        AccountId account = _id(who);
        uint256 amount = uint256(_cash(account)) - cash;
        vm.prank(who);
        house.withdraw(account, amount, who);
    }

    function _cancel(address who, OrderId id) internal returns (uint256 lots) {
        vm.prank(who);
        lots = house.cancel(id);
        _assertGone(id);
    }

    function _assertGone(OrderId id) internal {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id));
        house.order(id);
    }

    function _assertOpen(OrderId id, int256 lots) internal view {
        vm.assertEq(house.order(id).lots, lots);
    }

    function _one(OrderId id) internal pure returns (OrderId[] memory ids) {
        ids = new OrderId[](1);
        ids[0] = id;
    }

    function _none() internal pure returns (OrderId[] memory) {
        return new OrderId[](0);
    }

    /// Where the word of a level stands in the clearing house's storage.
    function _levelSlot(MarketId market, uint256 tick) internal view returns (bytes32) {
        ClearingState storage s = ClearingStorage.load();
        mapping(uint256 => uint256) storage levels = s.levels;
        uint256 slot;
        assembly ("memory-safe") {
            slot := levels.slot
        }
        return keccak256(abi.encode(Book.levelKey(market, tick), slot));
    }

    function _levelWord(MarketId market, uint256 tick) internal view returns (uint256) {
        return uint256(vm.load(address(house), _levelSlot(market, tick)));
    }

    /// Makes a level look as if `places` more orders had been placed at its end and cancelled: a multiple of three, behind a
    /// full word, so that the words in between are as empty as cancelling leaves them.
    function _cancelledPlaces(MarketId market, uint256 tick, uint256 places) internal {
        uint256 word = _levelWord(market, tick);
        uint256 tail = (word >> 80) & ((1 << 40) - 1);
        vm.assertTrue(places % 3 == 0 && tail % 3 == 0, "scene");
        vm.store(address(house), _levelSlot(market, tick), bytes32(word + (places << 80)));
    }
}
