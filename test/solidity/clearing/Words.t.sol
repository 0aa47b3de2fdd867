// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {Rounding} from "../../../contracts/clearing/libraries/Rounding.sol";
import {
    Feed,
    MarketFlow,
    Position,
    Purse,
    RestingOrder,
    Words
} from "../../../contracts/clearing/libraries/Words.sol";
import {MarketId, OrderId, Identifiers} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";

/// Packing comes back whole at every extreme, and what does not fit is refused instead of cut; rounding as it is named.
contract WordsTest is TestBase {
    // -------------------------------------------------------------------------------------------------- round trips

    function test_fuzz_flow(uint40 interest, uint40 most, int80 pool, uint96 fees) public pure {
        _flow(MarketFlow(interest, most, pool, fees));
    }

    function test_flow_extremes() public pure {
        _flow(MarketFlow(type(uint40).max, type(uint40).max, type(int80).min, type(uint96).max));
        _flow(MarketFlow(0, 0, type(int80).max, 0));
        _flow(MarketFlow(1, 0, -1, 1));
    }

    function test_fuzz_purse(int96 cash, uint160 markets) public pure {
        _purse(Purse(cash, markets));
    }

    function test_purse_extremes() public pure {
        _purse(Purse(type(int96).min, type(uint160).max));
        _purse(Purse(type(int96).max, 0));
        _purse(Purse(-1, type(uint160).max));
    }

    function test_fuzz_restingOrder(uint32 account, uint32 lots, uint24 expiry, bool reduceOnly) public pure {
        RestingOrder memory order = RestingOrder(account & 0xfffffff, lots, expiry, reduceOnly);
        uint256 bits = Words.toLane(order.account, order.lots, order.expiry, order.reduceOnly);
        uint256 noise = (1 << 85) - 1;
        for (uint256 lane = 0; lane < 3; ++lane) {
            uint256 word = ~(noise << (lane * 85)) | (bits << (lane * 85));
            RestingOrder memory back = Words.toRestingOrder(word, 3 * 7 + lane);
            vm.assertTrue(keccak256(abi.encode(back)) == keccak256(abi.encode(order)));
        }
    }

    function test_fuzz_feed(
        uint256 target,
        uint256 followed,
        uint32 sequence,
        uint256 period,
        uint8 hours_,
        uint256 step
    ) public pure {
        uint256 most = (1 << 84) - 1;
        Feed memory feed = Feed(
            target & most,
            followed & most,
            sequence,
            period & 0xfffff,
            hours_,
            step & 7,
            (step >> 8) & 0xfffff,
            step >> 255 != 0
        );
        Feed memory back = Words.toFeed(Words.pack(feed));
        vm.assertTrue(keccak256(abi.encode(back)) == keccak256(abi.encode(feed)));
    }

    function test_fuzz_orderId(uint16 market, uint24 tick, uint40 epoch, uint40 index) public pure {
        OrderId id = Identifiers.toOrderId(MarketId.wrap(market), tick, epoch, index);
        vm.assertEq(MarketId.unwrap(id.market()), market);
        vm.assertTrue(id.tick() == tick && id.epoch() == epoch && id.index() == index);
    }

    function test_fuzz_position(
        uint256 word,
        int256 size,
        int256 quote,
        int56 snapshot,
        uint256 round
    ) public pure {
        _position(word, size % (1 << 35), quote % (1 << 67), snapshot, round & 0x3fff);
    }

    function test_position_extremes() public pure {
        uint256 all = type(uint256).max;
        _position(all, -(1 << 35), -(1 << 67), type(int56).min, 0);
        _position(all, (1 << 35) - 1, (1 << 67) - 1, type(int56).max, (1 << 14) - 1);
        _position(0, -(1 << 35), (1 << 67) - 1, -1, (1 << 14) - 1);
        _position(0, (1 << 35) - 1, -(1 << 67), 0, 0);
        _position(all, 0, 0, 0, 0);
    }

    // ------------------------------------------------------------------------------------------------------ overflow

    function test_pack_revertsWith_Overflow() public {
        uint256 most = uint256(type(uint40).max) + 1;
        _overflows(int256(most), 40);
        this.packFlow(MarketFlow(most, 0, 0, 0));
        _overflows(int256(type(int80).max) + 1, 80);
        this.packFlow(MarketFlow(0, 0, int256(type(int80).max) + 1, 0));
        _overflows(int256(type(int80).min) - 1, 80);
        this.packFlow(MarketFlow(0, 0, int256(type(int80).min) - 1, 0));
        _overflows(1 << 96, 96);
        this.packFlow(MarketFlow(0, 0, 0, 1 << 96));
        _overflows(int256(type(int96).max) + 1, 96);
        this.packPurse(Purse(int256(type(int96).max) + 1, 0));
        _overflows(int256(type(int96).min) - 1, 96);
        this.packPurse(Purse(int256(type(int96).min) - 1, 0));
        _overflows(1 << 24, 24);
        this.packOrder(RestingOrder(0, 0, 1 << 24, false));
        _overflows(1 << 84, 84);
        this.packFeed(Feed(1 << 84, 0, 0, 0, 0, 0, 0, false));
        _overflows(1 << 20, 20);
        this.packFeed(Feed(0, 0, 0, 1 << 20, 0, 0, 0, false));
        _overflows(1 << 20, 20);
        this.packFeed(Feed(0, 0, 0, 0, 0, 0, 1 << 20, false));
    }

    function test_position_revertsWith_Overflow() public {
        int256 size = 1 << 35;
        int256 quote = 1 << 67;
        _overflows(size, 36);
        this.trade(size, 0);
        _overflows(-size - 1, 36);
        this.trade(-size - 1, 0);
        _overflows(quote, 68);
        this.trade(0, quote);
        _overflows(-quote - 1, 68);
        this.trade(0, -quote - 1);
        // The size is named first.
        _overflows(size, 36);
        this.trade(size, quote);
        // However large, also where nothing but the highest bits says so.
        _overflows((1 << 220) - size, 36);
        this.trade((1 << 220) - size, 0);
        _overflows((1 << 188) - quote, 68);
        this.trade(0, (1 << 188) - quote);
    }

    // ------------------------------------------------------------------------------------------------------ rounding

    function test_floorDiv_goesDown() public pure {
        vm.assertEq(Rounding.floorDiv(7, 2), int256(3));
        vm.assertEq(Rounding.floorDiv(-7, 2), -int256(4));
        vm.assertEq(Rounding.floorDiv(-8, 2), -int256(4));
        vm.assertEq(Rounding.floorDiv(-1, type(int256).max), -int256(1));
    }

    function test_fuzz_floorDiv(int128 a, uint64 b) public pure {
        int256 divisor = int256(uint256(b)) + 1;
        int256 q = Rounding.floorDiv(a, divisor);
        vm.assertTrue(q * divisor <= a && (q + 1) * divisor > a);
    }

    function test_fuzz_floorShift(int200 a, uint8 bits) public pure {
        int256 unit = int256(1) << (bits % 40);
        int256 q = Rounding.floorShift(a, bits % 40);
        vm.assertTrue(q * unit <= a && (q + 1) * unit > a);
    }

    function test_fuzz_mulDivUp(uint128 a, uint64 b, uint64 d) public pure {
        uint256 divisor = uint256(d) + 1;
        uint256 product = uint256(a) * b;
        uint256 q = Rounding.mulDivUp(a, b, divisor);
        vm.assertTrue(q * divisor >= product && (q == 0 || (q - 1) * divisor < product));
    }

    function test_fuzz_ceilShift(uint128 a, uint8 bits) public pure {
        uint256 unit = 1 << (bits % 40);
        uint256 q = Rounding.ceilShift(a, bits % 40);
        vm.assertTrue(q * unit >= a && (q == 0 || (q - 1) * unit < a));
    }

    function test_fuzz_divHalfEven(uint128 a, uint64 b) public pure {
        uint256 divisor = uint256(b) + 1;
        uint256 q = Rounding.divHalfEven(a, divisor);
        uint256 off = q * divisor > a ? q * divisor - a : a - q * divisor;
        vm.assertTrue(2 * off < divisor || (2 * off == divisor && q % 2 == 0));
    }

    function test_divHalfEven_ties() public pure {
        vm.assertEq(Rounding.divHalfEven(1, 2), 0);
        vm.assertEq(Rounding.divHalfEven(3, 2), 2);
        vm.assertEq(Rounding.divHalfEven(5, 2), 2);
        vm.assertEq(Rounding.divHalfEven(7, 2), 4);
        vm.assertEq(Rounding.divHalfEven(0, 2), 0);
    }

    function test_fuzz_signed(int256 value, uint256 bits) public pure {
        bits = bound(bits, 2, 200);
        int256 limit = int256(1) << (bits - 1);
        int256 cut = value % limit;
        vm.assertEq(Rounding.signed(Rounding.fitSigned(cut, bits), bits), cut);
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function trade(int256 size, int256 quote) external pure returns (Position) {
        return Position.wrap(0).withTrade(size, quote);
    }

    function packFlow(MarketFlow memory f) external pure returns (uint256) {
        return Words.pack(f);
    }

    function packPurse(Purse memory p) external pure returns (uint256) {
        return Words.pack(p);
    }

    function packOrder(RestingOrder memory o) external pure returns (uint256) {
        return Words.toLane(o.account, o.lots, o.expiry, o.reduceOnly);
    }

    function packFeed(Feed memory f) external pure returns (uint256) {
        return Words.pack(f);
    }

    function _overflows(int256 value, uint256 bits) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.Overflow.selector, value, bits));
    }

    /// What is written comes back, and nothing else has changed.
    function _position(uint256 word, int256 size, int256 quote, int56 snapshot, uint256 round) private pure {
        Position before = Position.wrap(word);
        Position p = before.withTrade(size, quote).withSnapshot(snapshot).withRound(round);
        vm.assertTrue(
            p.size() == size && p.quote() == quote && p.snapshot() == snapshot && p.round() == round
        );
        vm.assertTrue(p.bids() == before.bids() && p.asks() == before.asks());
        vm.assertTrue(p.openOrders() == before.openOrders());
        vm.assertTrue(p.isReducing() == before.isReducing() && p.isGuarded() == before.isGuarded());
        vm.assertTrue(p.withReducing(true).isReducing() && !p.withReducing(false).isReducing());
        vm.assertTrue(p.withGuarded(true).isGuarded() && !p.withGuarded(false).isGuarded());
        vm.assertEq(Position.unwrap(p.withGuarded(before.isGuarded())), Position.unwrap(p));
    }

    function _flow(MarketFlow memory f) private pure {
        vm.assertTrue(keccak256(abi.encode(Words.toMarketFlow(Words.pack(f)))) == keccak256(abi.encode(f)));
    }

    function _purse(Purse memory p) private pure {
        vm.assertTrue(keccak256(abi.encode(Words.toPurse(Words.pack(p)))) == keccak256(abi.encode(p)));
    }
}
