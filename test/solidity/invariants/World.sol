// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Configuration} from "../../../contracts/clearing/ClearingBase.sol";
import {MarketListing} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {CollateralToken} from "../../../contracts/token/CollateralToken.sol";
import {AccountId, FeedId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";
import {Inspector, MarketFacts, Picture} from "./Inspector.sol";

/// Who a call speaks for: its own account's cash may fall without a position.
struct Actor {
    address owner;
    AccountId account;
}

/// Two perpetuals, three dated futures, eight accounts of six owners, keepers and officers: the exchange that all handlers act on. Every call
/// goes through `act`, which compares the whole exchange before and after it.
contract World is ClearingFixture {
    uint256 public constant MARKETS = 5;
    address public constant STRANGER = address(0xBAD);

    Inspector private inspector;
    AccountId[] private accounts_;
    address[] private owners_;

    OrderId[] private live;
    mapping(uint256 order => uint256) private openOf;
    OrderId[] private gone;
    uint256[] private touchedTicks;
    mapping(uint256 marketAndTick => bool) private isTouched;

    /// Id and sentence of what a call broke; empty as long as nothing did.
    string public failure;
    uint256 public actions;
    uint256 public peakDeficit;
    uint256 public donated;
    uint256 private lastPrint = POINTS;
    mapping(bytes4 selector => uint256) public done;
    mapping(bytes4 selector => uint256) public refused;

    function setUp() public override {
        super.setUp();
        inspector = Inspector(address(house));
        _listMore();
        for (uint256 i = 0; i < TRADERS; ++i) {
            AccountId account = _id(traders[i]);
            _admit(traders[i], account);
            // Half of the traders are poor enough to be liquidated.
            vm.prank(traders[i]);
            house.withdraw(account, FUNDS - (i % 2 == 0 ? 6_000 : 60_000) * USD, traders[i]);
        }
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(traders[i]);
            _admit(traders[i], house.deposit(1, 5_000 * USD));
        }
        for (uint16 m = 1; m <= MARKETS; ++m) _feedFund(MarketId.wrap(m), 200 * USD);
        _open_();
    }

    function _deployLens(Configuration memory c) internal override returns (address) {
        return deploy("Inspector.sol:Inspector", abi.encode(c));
    }

    /// A successor perpetual with another divisor, a rebate and tight limits, and the two months behind the first.
    function _listMore() private {
        MarketListing memory l = _perpetual();
        (l.indexPerTick, l.tickValue, l.markMinutes, l.impactLots) = (1e18, 1000, 1, 500);
        (l.takerFee, l.makerFee) = (60, -20);
        (l.concentrationLots, l.maxPositionLots) = (16_384, 32_768);
        (l.openInterestBaseLots, l.maxOpenInterestLots) = (9_000, 40_000);
        vm.prank(LISTER);
        house.listMarket(l);
        l = _dated();
        (l.nextFromPeriod, l.firstPeriod, l.lastPeriod) = (WINDOW_FIRST, WINDOW_LAST + 1, WINDOW_LAST + 7);
        vm.prank(LISTER);
        house.listMarket(l);
        (l.nextFromPeriod, l.firstPeriod, l.lastPeriod) = (
            WINDOW_LAST + 1,
            WINDOW_LAST + 8,
            WINDOW_LAST + 21
        );
        vm.prank(LISTER);
        house.listMarket(l);
    }

    function _admit(address owner, AccountId account) private {
        owners_.push(owner);
        accounts_.push(account);
    }

    /// Three traders begin as near to IM as one gets, two with a calendar spread; then a book in every market.
    function _open_() private {
        _trade(traders[0], traders[1], perp, 5800, TICK);
        _trade(traders[3], traders[2], perp, 5800, TICK);
        _trade(traders[4], traders[5], dated, 2000, TICK);
        _trade(traders[5], traders[4], MarketId.wrap(4), 2000, TICK);
        _trade(traders[1], traders[3], MarketId.wrap(5), 1500, TICK);
        _trade(traders[3], traders[5], MarketId.wrap(3), 1500, TICK / 2);
        for (uint16 m = 1; m <= MARKETS; ++m) {
            MarketId id = MarketId.wrap(m);
            uint256 mid = house.market(id).markX16 >> 16;
            for (uint256 k = 1; k <= 2; ++k) {
                remember(_place(traders[1], id, 800, mid - 20 * k));
                remember(_place(traders[3], id, -800, mid + 20 * k));
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- acting

    /// Calls the clearing house as `sender` and checks what no call may do.
    function act(address sender, bytes memory data) public returns (bool success, bytes memory answer) {
        ++actions;
        Picture memory before = inspector.picture();
        vm.prank(sender);
        (success, answer) = address(house).call(data);
        _judge(success, answer, data);
        if (!success) return (success, answer);
        Picture memory after_ = inspector.picture();
        if (after_.totalDeficit > peakDeficit) peakDeficit = after_.totalDeficit;
        _oneWay(before, after_);
        _flat(before, after_, sender);
        _orders();
    }

    /// Calls that change no account and no position: keeping time moves no money.
    function keepTime(bytes memory data) external returns (bool success) {
        Picture memory before = inspector.picture();
        (success, ) = act(STRANGER, data);
        if (success) _still(before);
    }

    function fail(string memory why) public {
        if (bytes(failure).length == 0) failure = why;
    }

    function _judge(bool success, bytes memory answer, bytes memory data) private {
        if (success) {
            done[bytes4(data)] += 1;
            return;
        }
        refused[bytes4(data)] += 1;
        bytes4 selector = bytes4(answer);
        if (answer.length < 4) fail("H-01: a call failed without an error");
        if (selector == bytes4(0x4e487b71)) fail("H-02: a call panicked");
        if (selector == IClearingErrors.Overflow.selector) fail("H-03: a word overflowed");
    }

    /// Numbers that only grow, and phases that never go back.
    function _oneWay(Picture memory a, Picture memory b) private {
        if (b.sequence < a.sequence) fail("T-03: a feed went back");
        for (uint256 i = 0; i < a.markets.length; ++i) {
            MarketFacts memory m = a.markets[i];
            MarketFacts memory n = b.markets[i];
            if (n.minute < m.minute) fail("T-01: a market's minute went back");
            if (m.phase >= 2 && n.phase < m.phase) fail("T-02: a market that had ended traded again");
            if (m.settlementTick != 0 && n.settlementTick != m.settlementTick)
                fail("T-04: a settlement price was written twice");
            if (n.newestRound < m.newestRound || n.finishedRounds < m.finishedRounds)
                fail("T-05: a round was taken back");
            if (n.openInterest > m.openInterest && n.openInterest > n.openInterestLimit)
                fail("L-08: open interest rose above its limit");
        }
        for (uint256 i = 0; i < a.heads.length; ++i) {
            if ((a.heads[i] >> 176) & 1 != 0 && b.heads[i] != a.heads[i])
                fail("T-06: a retired account changed");
            if (uint176(a.heads[i]) != uint176(b.heads[i])) fail("T-07: an account changed its owner");
        }
    }

    /// Who had nothing in any market loses nothing by what others do.
    function _flat(Picture memory a, Picture memory b, address sender) private {
        for (uint256 i = 0; i < a.purses.length; ++i) {
            if (a.purses[i] >> 96 != 0 || address(uint160(a.heads[i])) == sender) continue;
            int96 before = int96(uint96(a.purses[i]));
            int96 after_ = int96(uint96(b.purses[i]));
            if (after_ >= before) continue;
            uint40 operates = house.operatorExpiry(AccountId.wrap(uint32(2048 + i)), sender);
            if (operates < block.timestamp) fail("W-01: a flat account paid");
        }
    }

    function _still(Picture memory a) private {
        Picture memory b = inspector.picture();
        if (
            keccak256(abi.encode(a.purses, a.positions, a.tracked)) !=
            keccak256(abi.encode(b.purses, b.positions, b.tracked))
        ) fail("T-08: keeping time moved money");
    }

    // -------------------------------------------------------------------------------------------------------- orders

    function remember(OrderId id) public {
        if (OrderId.unwrap(id) == 0) return;
        uint256 key = (uint256(MarketId.unwrap(id.market())) << 24) | id.tick();
        if (!isTouched[key]) {
            isTouched[key] = true;
            touchedTicks.push(key);
        }
        if (openOf[OrderId.unwrap(id)] != 0) fail("B-09: an order id was given twice");
        openOf[OrderId.unwrap(id)] = type(uint32).max;
        live.push(id);
    }

    /// Open lots of an order only fall, and an order that has gone stays away.
    function _orders() private {
        uint256[] memory lots = inspector.openLots(live);
        for (uint256 i = live.length; i > 0; --i) {
            OrderId id = live[i - 1];
            if (lots[i - 1] > openOf[OrderId.unwrap(id)]) fail("B-10: an order grew");
            openOf[OrderId.unwrap(id)] = lots[i - 1];
            if (lots[i - 1] != 0) continue;
            openOf[OrderId.unwrap(id)] = 1;
            live[i - 1] = live[live.length - 1];
            lots[i - 1] = lots[live.length - 1];
            live.pop();
            gone.push(id);
        }
        uint256 count = gone.length < 12 ? gone.length : 12;
        OrderId[] memory last = new OrderId[](count);
        for (uint256 i = 0; i < count; ++i) last[i] = gone[gone.length - 1 - i];
        lots = inspector.openLots(last);
        for (uint256 i = 0; i < count; ++i) if (lots[i] != 0) fail("B-08: an order id became valid again");
    }

    /// Up to `most` of an account's orders, the newest first.
    function ordersOf(AccountId account, uint256 most) external view returns (OrderId[] memory ids) {
        AccountId[] memory holders = inspector.accountsOfOrders(live);
        ids = new OrderId[](most);
        uint256 count = 0;
        for (uint256 i = live.length; i > 0 && count < most; --i) {
            if (AccountId.unwrap(holders[i - 1]) == AccountId.unwrap(account)) ids[count++] = live[i - 1];
        }
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }

    function anyOrder(uint256 which) external view returns (OrderId id) {
        uint256 count = live.length + gone.length;
        if (count == 0) return id;
        which %= count;
        return which < live.length ? live[which] : gone[which - live.length];
    }

    // ---------------------------------------------------------------------------------------------------------- time

    function skip_(uint256 seconds_) external {
        _skip(seconds_);
    }

    /// The day whose print is next, and when it is due.
    function nextDue() external view returns (uint256) {
        return _due(day + 1);
    }

    function newestDay() external view returns (uint32) {
        return day;
    }

    function warpTo(uint256 timestamp) external {
        if (timestamp > block.timestamp) vm.warp(timestamp);
    }

    /// Posts the next day's print, `change` away from the last one; it must be due.
    function nextPrint(uint256 change) external {
        lastPrint = bound((lastPrint * (6_000 + (change % 9_001))) / 10_000, 2_500e18, 10_000e18);
        day += 1;
        try this.post(day, 0, lastPrint) {} catch (bytes memory reason) {
            if (bytes4(reason) == bytes4(0x4e487b71)) fail("H-04: a print panicked");
        }
    }

    /// Leaves a day out, or comes back to it.
    function skipDay() external {
        day += 1;
    }

    function post(uint32 period, uint32 revision, uint256 value) external {
        Picture memory before = inspector.picture();
        _print(period, revision, value);
        _still(before);
    }

    // --------------------------------------------------------------------------------------------------------- views

    function exchange() external view returns (IClearinghouse) {
        return house;
    }

    function inspect() external view returns (Inspector) {
        return inspector;
    }

    function collateral() external view returns (CollateralToken) {
        return token;
    }

    function feed() external view returns (FeedId) {
        return feedId;
    }

    function actorCount() external view returns (uint256) {
        return accounts_.length;
    }

    function actor(uint256 i) external view returns (Actor memory) {
        i %= accounts_.length;
        return Actor(owners_[i], accounts_[i]);
    }

    function touched() external view returns (uint256[] memory) {
        return touchedTicks;
    }

    function donate(uint256 amount) external {
        token.mint(address(house), amount);
        donated += amount;
    }

    function skimmed() external {
        donated = 0;
    }

    function feedFund(MarketId market, uint256 amount) external {
        _feedFund(market, amount);
    }

    function officer(uint256 which) external pure returns (address) {
        return which == 0 ? GUARD : (which == 1 ? TREASURER : (which == 2 ? RISK_OFFICER : LISTER));
    }
}
