// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId, OrderId} from "../../types/Identifiers.sol";
import {Action, IKeeperAutomation} from "../interfaces/IKeeperAutomation.sol";

/// @dev One step of an upkeep; which fields count hangs on the action.
struct Step {
    Action action;
    MarketId market;
    FeedId feed;
    AccountId account;
    uint32 period;
    bool bids;
    OrderId[] orders;
    AccountId[] accounts;
}

/// @notice Steps as they lie in performData: a head, then its items. The ABI's own form takes five times as much, and networks take
///         2,000 bytes.
///
///      head: | 255..112 – | 111..104 items | 103..97 – | 96 bids | 95..64 period | 63..32 account | 31..24 feed | 23..8 market | 7..0 action |
library UpkeepSteps {
    function encode(Step memory s) internal pure returns (bytes memory data) {
        uint256 items = s.orders.length + s.accounts.length;
        uint256 head =
            uint256(s.action) |
                (s.market.unwrap() << 8) |
                (s.feed.unwrap() << 24) |
                (s.account.unwrap() << 32) |
                (uint256(s.period) << 64) |
                (s.bids ? 1 << 96 : 0) |
                (items << 104);
        uint256 perWord = itemsPerWord(s.action);
        data = new bytes(32 * words(s.action, items));
        store(data, 0, head);
        for (uint256 i = 0; i < items; ++i) {
            uint256 item = perWord == 2 ? uint256(OrderId.unwrap(s.orders[i])) : s.accounts[i].unwrap();
            uint256 position = 1 + i / perWord;
            store(data, position, load(data, position) | (item << ((i % perWord) * (256 / perWord))));
        }
    }

    /// @dev Errors: StepCutOff, UnknownAction.
    function decode(bytes calldata data) internal pure returns (Step memory s) {
        if (next(data, 0) != data.length) revert IKeeperAutomation.StepCutOff(0, data.length);
        uint256 head = uint256(bytes32(data[:32]));
        s.action = actionOf(head);
        s.market = MarketId.wrap(uint16(head >> 8));
        s.feed = FeedId.wrap(uint8(head >> 24));
        s.account = AccountId.wrap(uint32(head >> 32));
        s.period = uint32(head >> 64);
        s.bids = (head >> 96) & 1 != 0;
        uint256 perWord = itemsPerWord(s.action);
        if (perWord == 0) return s;
        uint256 items = uint8(head >> 104);
        if (perWord == 2) s.orders = new OrderId[](items);
        else s.accounts = new AccountId[](items);
        for (uint256 i = 0; i < items; ++i) {
            uint256 position = 32 * (1 + i / perWord);
            uint256 item =
                uint256(bytes32(data[position:position + 32])) >> ((i % perWord) * (256 / perWord));
            if (perWord == 2) s.orders[i] = OrderId.wrap(uint128(item));
            else s.accounts[i] = AccountId.wrap(uint32(item));
        }
    }

    /// @dev Where the step after the one at `position` begins. Errors: StepCutOff, UnknownAction.
    function next(bytes calldata data, uint256 position) internal pure returns (uint256 end) {
        if (data.length < position + 32) revert IKeeperAutomation.StepCutOff(position, data.length);
        uint256 head = uint256(bytes32(data[position:position + 32]));
        end = position + 32 * words(actionOf(head), uint8(head >> 104));
        if (data.length < end) revert IKeeperAutomation.StepCutOff(position, data.length);
    }

    function actionOf(uint256 head) private pure returns (Action) {
        uint256 action = uint8(head);
        if (action > uint256(type(Action).max)) revert IKeeperAutomation.UnknownAction(action);
        return Action(action);
    }

    /// @dev Words of a step, its head included.
    function words(Action action, uint256 items) private pure returns (uint256) {
        uint256 perWord = itemsPerWord(action);
        return perWord == 0 ? 1 : 1 + (items + perWord - 1) / perWord;
    }

    /// @dev Order ids have 128 bits, accounts 32; 0 for actions without items.
    function itemsPerWord(Action action) private pure returns (uint256) {
        if (action == Action.CancelRiskRaising || action == Action.SweepOrders) return 2;
        return action == Action.ApplyRounds || action == Action.SettleAccounts ? 8 : 0;
    }

    function load(bytes memory data, uint256 word) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            // `encode` has made it long enough, here as below.
            value := mload(add(data, mul(add(word, 1), 32)))
        }
    }

    function store(bytes memory data, uint256 word, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(data, mul(add(word, 1), 32)), value)
        }
    }
}
