// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    MarketPhase,
    MarketView,
    OrderKind,
    OrderParameters,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Six traders, two markets, prints, keepers and the officers, driven by random numbers. Every call of the clearing house
/// goes through `_try`, which remembers what no call may ever do.
contract ClearingHandler is ClearingFixture {
    OrderId[] internal orders;
    uint256[] internal touchedTicks;
    mapping(uint256 marketAndTick => bool) internal isTouched;
    uint256 internal lastPrint = POINTS;
    /// Sentences of what went wrong inside a call; empty as long as nothing did.
    string public failure;
    mapping(bytes4 selector => uint256) public done;

    function setUp() public override {
        super.setUp();
        // Half of the traders are poor enough to be liquidated.
        for (uint256 i = 0; i < TRADERS; ++i) {
            AccountId account = _id(traders[i]);
            vm.prank(traders[i]);
            house.withdraw(account, i % 2 == 0 ? FUNDS - 6_000 * USD : FUNDS - 60_000 * USD, traders[i]);
        }
        _feedFund(perp, 200 * USD);
        _feedFund(dated, 200 * USD);
        // Three of them begin as near to IM as one gets.
        _trade(traders[0], traders[1], perp, 5800, TICK);
        _trade(traders[3], traders[2], perp, 5800, TICK);
        _trade(traders[4], traders[5], dated, 4100, TICK);
        // A book to begin with.
        for (uint256 m = 1; m <= 2; ++m) {
            for (uint256 k = 1; k <= 3; ++k) {
                _remember(_place(traders[1], MarketId.wrap(uint16(m)), 800, TICK - 20 * k));
                _remember(_place(traders[3], MarketId.wrap(uint16(m)), -800, TICK + 20 * k));
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- actions

    function place(uint256 actor, uint256 market, uint256 price, uint256 lots, uint256 flags) external {
        (address who, AccountId account) = _actor(actor);
        MarketId id = _market(market);
        bool synced = flags & 3 != 0;
        // Margin stands at the last touch of the other market: only if that is now can the views be compared.
        if (synced) _syncBoth();
        OrderParameters memory order = _random(id, price, lots, flags >> 2);
        PositionView memory before = _position(account, id);
        (bool success, bytes memory answer) = _try(who, abi.encodeCall(house.place, (account, order)));
        if (!success) return;
        OrderId placed = abi.decode(answer, (OrderId));
        if (OrderId.unwrap(placed) != 0) _remember(placed);
        if (synced) _mustBeCovered(account, id, before);
    }

    function take(uint256 actor, uint256 market, uint256 lots, bool buys) external {
        (address who, AccountId account) = _actor(actor);
        MarketView memory m = house.market(_market(market));
        int256 signedLots = int256(bound(lots, 100, 3000));
        OrderParameters memory order = _order(
            m.id,
            buys ? signedLots : -signedLots,
            buys ? m.highestFill : m.lowestFill,
            OrderKind.ImmediateOrCancel
        );
        _try(who, abi.encodeCall(house.place, (account, order)));
    }

    function cancel(uint256 which) external {
        if (orders.length == 0) return;
        OrderId id = orders[which % orders.length];
        (bool found, bytes memory answer) = address(house).staticcall(abi.encodeCall(house.order, (id)));
        // The first word of the view is the id, the second the account.
        AccountId account = found ? AccountId.wrap(uint32(_word(answer, 1))) : ALICE;
        address owner = house.account(account).owner;
        _try(owner, abi.encodeCall(house.cancel, (id)));
    }

    function batch(uint256 actor, uint256 market, uint256 price, uint256 lots, uint256 flags) external {
        (address who, AccountId account) = _actor(actor);
        MarketId id = _market(market);
        _syncBoth();
        OrderParameters[] memory placed = new OrderParameters[](2);
        placed[0] = _random(id, price, lots, flags);
        placed[1] = _random(_market(market / 3), price >> 8, lots >> 8, flags >> 8);
        PositionView memory first = _position(account, perp);
        PositionView memory second = _position(account, dated);
        (bool success, bytes memory answer) = _try(
            who,
            abi.encodeCall(house.batch, (account, _ordersOf(account), placed))
        );
        if (!success) return;
        OrderId[] memory ids = abi.decode(answer, (OrderId[]));
        for (uint256 i = 0; i < ids.length; ++i) if (OrderId.unwrap(ids[i]) != 0) _remember(ids[i]);
        _mustBeCovered(account, perp, first);
        _mustBeCovered(account, dated, second);
    }

    function deposit(uint256 actor, uint256 amount) external {
        (address who, AccountId account) = _actor(actor);
        _try(who, abi.encodeCall(house.depositFor, (account, bound(amount, 0, 500 * USD))));
    }

    function withdraw(uint256 actor, uint256 amount) external {
        (address who, AccountId account) = _actor(actor);
        _try(who, abi.encodeCall(house.withdraw, (account, bound(amount, 0, 5_000 * USD), who)));
        AccountView memory a = house.account(account);
        (bool success, ) = _try(who, abi.encodeCall(house.withdraw, (account, a.withdrawable + 1, who)));
        if (success) failure = "more than `withdrawable` was withdrawn";
    }

    function donate(uint256 amount) external {
        token.mint(address(house), bound(amount, 1, 1_000));
    }

    function jump(uint256 seconds_) external {
        _skip(bound(seconds_, 1, 300));
        // Prints come in when they are due, however long the jumps are.
        if (block.timestamp >= _due(day + 1)) _newPrint(0);
    }

    /// One to three days go by with their prints, and those who make the market follow them.
    function newDay(uint256 change) external {
        for (uint256 i = 0; i <= change % 3; ++i) {
            vm.warp(_due(day + 1) + (change % 3600));
            _newPrint(change >> (8 + 32 * i));
        }
        for (uint16 m = 1; m <= 2; ++m) {
            MarketId id = MarketId.wrap(m);
            house.sync(id);
            MarketView memory v = house.market(id);
            uint256 mid =
                m == 1 ? v.anchorX16 >> 16 : (v.markX16 * (90 + ((change >> 128) % 21))) / (100 << 16);
            _requote(v, traders[1], 1000, mid - 5);
            _requote(v, traders[3], -1000, mid + 5);
        }
        _skip(1 hours);
    }

    function sync(uint256 market) external {
        _try(traders[0], abi.encodeCall(house.sync, (_market(market))));
        _try(traders[0], abi.encodeCall(house.follow, (feedId)));
    }

    function guard(uint256 market, uint256 which) external {
        MarketId id = _market(market);
        if (which % 4 == 0) _try(GUARD, abi.encodeCall(house.stopNewRisk, (id)));
        else if (which % 4 == 1) _try(TREASURER, abi.encodeCall(house.collectFees, (id, address(0xFEE5))));
        else _try(RISK_OFFICER, abi.encodeCall(house.resumeNewRisk, (id)));
    }

    /// Whatever keepers do with accounts, in the order in which they would.
    function keep(uint256 actor, uint256 keeper) external {
        _keep(actor, keeper);
        for (uint256 poor = 0; poor < TRADERS; poor += 2) _keep(poor, keeper);
    }

    function _keep(uint256 actor, uint256 keeper) private {
        (, AccountId account) = _actor(actor);
        (address who, AccountId earner) = _actor(keeper);
        AccountView memory a = house.account(account);
        (bool success, ) = _try(who, abi.encodeCall(house.cancelRiskRaising, (account, _ordersOf(account))));
        if (success && a.equity >= int256(a.initialMargin))
            failure = "orders of a healthy account were cancelled";
        for (uint16 m = 1; m <= 2; ++m) {
            a = house.account(account);
            (success, ) = _try(
                who,
                abi.encodeCall(house.liquidate, (account, MarketId.wrap(m), 100, earner, 0))
            );
            if (!success) continue;
            if (a.equity >= int256(a.maintenanceMargin)) failure = "a healthy account was liquidated";
            if (_equity(account) < 0) failure = "a liquidation took equity below zero";
        }
        for (uint16 m = 1; m <= 2; ++m) _rounds(MarketId.wrap(m), who, account);
        a = house.account(account);
        (success, ) = _try(who, abi.encodeCall(house.absorb, (account)));
        if (success && a.equity > 0) failure = "a solvent account was absorbed";
    }

    /// A round where the fund is below zero, its share for some, and a little of what the fund took over back into the book.
    function _rounds(MarketId id, address who, AccountId account) private {
        _try(who, abi.encodeCall(house.deleverage, (id)));
        _try(who, abi.encodeCall(house.unwind, (id, 100)));
        AccountId[] memory some = new AccountId[](1);
        some[0] = account;
        _try(who, abi.encodeCall(house.applyRounds, (id, some)));
    }

    function settle(uint256 actor) external {
        (, AccountId account) = _actor(actor);
        _try(traders[0], abi.encodeCall(house.settle, (dated)));
        AccountId[] memory accounts = new AccountId[](3);
        (accounts[0], accounts[1], accounts[2]) = (account, _fund(dated), account);
        _try(traders[0], abi.encodeCall(house.settleAccounts, (dated, accounts)));
    }

    // ---------------------------------------------------------------------------------------------------------- views

    function touched() external view returns (uint256[] memory) {
        return touchedTicks;
    }

    function exchange() external view returns (IClearinghouse, MarketId, MarketId) {
        return (house, perp, dated);
    }

    function assertConserved() external view {
        _assertConserved();
    }

    // -------------------------------------------------------------------------------------------------------- private

    function _try(address sender, bytes memory data) private returns (bool success, bytes memory answer) {
        vm.prank(sender);
        (success, answer) = address(house).call(data);
        if (success) {
            done[bytes4(data)] += 1;
            return (success, answer);
        }
        bytes4 selector = bytes4(answer);
        if (answer.length < 4) failure = "a call failed without an error";
        if (selector == bytes4(0x4e487b71)) failure = "a call panicked";
        if (selector == IClearingErrors.Overflow.selector) failure = "a word overflowed";
    }

    /// Whoever raised his worst side, or turned his position round, must be covered by IM.
    function _mustBeCovered(AccountId account, MarketId market, PositionView memory before) private {
        PositionView memory p = _position(account, market);
        bool turned = before.size != 0 && p.size != 0 && (before.size > 0) != (p.size > 0);
        if (_exposure(p) <= _exposure(before) && !turned) return;
        AccountView memory a = house.account(account);
        if (a.equity < int256(a.initialMargin)) failure = "risk was raised below IM";
    }

    function _exposure(PositionView memory p) private pure returns (uint256) {
        uint256 up = _abs(p.size + int256(p.bidLots));
        uint256 down = _abs(p.size - int256(p.askLots));
        return up > down ? up : down;
    }

    function _random(
        MarketId market,
        uint256 price,
        uint256 lots,
        uint256 flags
    ) private view returns (OrderParameters memory order) {
        MarketView memory m = house.market(market);
        uint256 mid = m.markX16 >> 16;
        // Mostly near the mark on a coarse grid, so that levels are shared; sometimes anywhere.
        uint256 tick =
            flags & 7 == 0
                ? bound(price, m.lowestFill - 5, m.highestFill + 5)
                : ((mid + bound(price, 0, 160) - 80) / 20) * 20;
        int256 signedLots = int256(bound(lots, 99, 2500));
        order = _order(market, flags & 8 == 0 ? signedLots : -signedLots, tick, OrderKind((flags >> 4) % 4));
        if (flags & 192 != 0) order.kind = OrderKind.Limit;
        order.reduceOnly = flags & 256 != 0 && flags & 512 != 0;
        if (flags & 1024 != 0 && order.kind <= OrderKind.PostOnly) {
            order.expiry = uint40((block.timestamp / 300 + 1 + ((flags >> 11) % 3)) * 300);
        }
        order.maxFills = uint16(1 + ((flags >> 13) % 20));
    }

    /// Up to four of the orders that were placed last, so far as they are the account's.
    function _ordersOf(AccountId account) private view returns (OrderId[] memory ids) {
        ids = new OrderId[](4);
        uint256 count = 0;
        for (uint256 i = orders.length; i > 0 && orders.length - i < 40 && count < 4; --i) {
            (bool found, bytes memory answer) = address(house).staticcall(
                abi.encodeCall(house.order, (orders[i - 1]))
            );
            if (found && _word(answer, 1) == AccountId.unwrap(account)) ids[count++] = orders[i - 1];
        }
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }

    function _remember(OrderId id) private {
        orders.push(id);
        uint256 key = (uint256(MarketId.unwrap(id.market())) << 24) | id.tick();
        if (isTouched[key]) return;
        isTouched[key] = true;
        touchedTicks.push(key);
    }

    function _requote(MarketView memory v, address who, int256 lots, uint256 tick) private {
        if (tick < v.lowestFill) tick = v.lowestFill;
        if (tick > v.highestFill) tick = v.highestFill;
        OrderParameters memory order = _order(v.id, lots, tick, OrderKind.Limit);
        AccountId account = _id(who);
        (bool success, bytes memory answer) = _try(who, abi.encodeCall(house.place, (account, order)));
        if (success && _word(answer, 0) != 0) _remember(abi.decode(answer, (OrderId)));
    }

    function _newPrint(uint256 change) private {
        lastPrint = bound((lastPrint * (6_000 + (change % 9_001))) / 10_000, 2_500e18, 10_000e18);
        _nextPrint(lastPrint);
    }

    function _syncBoth() private {
        house.sync(perp);
        house.sync(dated);
    }

    function _actor(uint256 actor) private view returns (address who, AccountId account) {
        who = traders[actor % TRADERS];
        account = _id(who);
    }

    function _market(uint256 market) private view returns (MarketId) {
        return market % 3 == 2 ? dated : perp;
    }

    function _abs(int256 a) private pure returns (uint256) {
        return a < 0 ? uint256(-a) : uint256(a);
    }

    function _word(bytes memory data, uint256 i) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), mul(32, i)))
        }
    }
}
