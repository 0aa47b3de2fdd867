// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {BookTop, Level, MarketRisk, Position} from "../../../contracts/clearing/libraries/Words.sol";
import {TestBase} from "../Vm.sol";

/// Every field that is written in place: it comes back, the bits around it stay, and what does not fit is refused.
contract WordFieldsTest is TestBase {
    // -------------------------------------------------------------------------------------------------------- BookTop

    function test_fuzz_bookTop(uint256 word, uint24 tick, uint16 bps, int16 fee) public pure {
        BookTop w = BookTop.wrap(word);
        uint256 band = bps & 0x3fff;
        int256 maker = int256(fee) % 2048;
        _kept(word, BookTop.unwrap(w.withBestBid(tick)), 0, 24, tick);
        _kept(word, BookTop.unwrap(w.withBestAsk(tick)), 24, 24, tick);
        _kept(word, BookTop.unwrap(w.withImpactBid(tick)), 48, 24, tick);
        _kept(word, BookTop.unwrap(w.withImpactAsk(tick)), 72, 24, tick);
        _kept(word, BookTop.unwrap(w.withFillBandBps(band)), 140, 14, band);
        _kept(word, BookTop.unwrap(w.withTakerFee(band & 0xfff)), 154, 12, band & 0xfff);
        _kept(word, BookTop.unwrap(w.withMakerFee(maker)), 166, 12, uint256(maker) & 0xfff);
        _kept(word, BookTop.unwrap(w.withExpiryPeriod(tick & 0xfffff)), 202, 20, tick & 0xfffff);
        _kept(word, BookTop.unwrap(w.withStage(bps & 3)), 250, 2, bps & 3);
        vm.assertEq(w.withStage(bps & 3).stage(), bps & 3);
        vm.assertEq(w.withExpiryPeriod(tick & 0xfffff).expiryPeriod(), tick & 0xfffff);
        vm.assertEq(w.withMakerFee(maker).makerFee(), maker);
        vm.assertEq(w.withBestBid(tick).bestBid(), tick);
        vm.assertEq(w.withBestAsk(tick).bestAsk(), tick);
        vm.assertEq(w.withImpactBid(tick).impactBid(), tick);
        vm.assertEq(w.withImpactAsk(tick).impactAsk(), tick);
    }

    function test_fuzz_bookTop_observation(
        uint256 word,
        uint32 midSeconds,
        uint8 depth,
        uint8 second
    ) public pure {
        BookTop w = BookTop.wrap(word).withObservation(midSeconds, depth & 63, second & 63);
        vm.assertEq(w.midSeconds(), midSeconds);
        vm.assertEq(w.depthSeconds(), depth & 63);
        vm.assertEq(w.observedSecond(), second & 63);
        uint256 mask = ~(((uint256(1) << 44) - 1) << 96);
        vm.assertEq(BookTop.unwrap(w) & mask, word & mask);
    }

    // ----------------------------------------------------------------------------------------------------- MarketRisk

    function test_fuzz_marketRisk(
        uint256 word,
        uint40 price,
        int56 funding,
        uint32 minute,
        uint16 bps
    ) public pure {
        MarketRisk w = MarketRisk.wrap(word);
        uint256 short = bps & 0x3fff;
        _kept(word, MarketRisk.unwrap(w.withMean(price)), 0, 40, price);
        uint256 both = MarketRisk.unwrap(w.withMeanAt(price, minute & 0xfffffff));
        _kept(MarketRisk.unwrap(w.withMean(price)), both, 96, 28, minute & 0xfffffff);
        _kept(word, MarketRisk.unwrap(w.withFunding(funding)), 40, 56, uint56(funding));
        _kept(word, MarketRisk.unwrap(w.withMinute(minute & 0xfffffff)), 96, 28, minute & 0xfffffff);
        _kept(word, MarketRisk.unwrap(w.withAnchor(price)), 124, 40, price);
        _kept(word, MarketRisk.unwrap(w.withInitialBps(short)), 164, 14, short);
        _kept(word, MarketRisk.unwrap(w.withMaintenanceBps(short)), 178, 14, short);
        _kept(word, MarketRisk.unwrap(w.withClampBps(short)), 192, 14, short);
        _kept(word, MarketRisk.unwrap(w.withPhase(short & 3)), 229, 2, short & 3);
        _kept(word, MarketRisk.unwrap(w.withMaxPosition(price & 0xfff)), 231, 12, price & 0xfff);
        _kept(word, MarketRisk.unwrap(w.withConcentration(price & 0xfff)), 243, 12, price & 0xfff);
        _kept(word, MarketRisk.unwrap(w.withRounds(price & 1 == 1)), 255, 1, price & 1);
        vm.assertEq(w.withFunding(funding).funding(), int256(funding));
        vm.assertEq(w.withMean(price).mean(), price);
        vm.assertEq(w.withAnchor(price).anchor(), price);
    }

    // ------------------------------------------------------------------------------------------------------- Position

    function test_fuzz_position(uint256 word, int40 size, int72 quote, int56 snapshot) public pure {
        int256 lots = int256(size) % (int256(1) << 35);
        int256 paid = int256(quote) % (int256(1) << 67);
        Position p = Position.wrap(word).withTrade(lots, paid);
        vm.assertEq(p.size(), lots);
        vm.assertEq(p.quote(), paid);
        vm.assertEq(Position.unwrap(p) >> 104, word >> 104);
        p = p.withSnapshot(snapshot);
        vm.assertEq(p.snapshot(), int256(snapshot));
        vm.assertTrue(p.size() == lots && p.quote() == paid && Position.unwrap(p) >> 160 == word >> 160);
    }

    function test_position_extremes() public pure {
        int256 size = (int256(1) << 35) - 1;
        int256 quote = (int256(1) << 67) - 1;
        Position p = Position.wrap(0).withTrade(size, -quote - 1).withSnapshot(type(int56).min);
        vm.assertTrue(p.size() == size && p.quote() == -quote - 1 && p.snapshot() == type(int56).min);
        p = p.withTrade(-size - 1, quote).withSnapshot(type(int56).max);
        vm.assertTrue(p.size() == -size - 1 && p.quote() == quote && p.snapshot() == type(int56).max);
        vm.assertTrue(p.bids() == 0 && p.asks() == 0 && p.openOrders() == 0);
    }

    function test_fuzz_position_reserveAndRelease(
        uint32 lots,
        uint32 part,
        bool bid,
        uint256 word
    ) public pure {
        // Below the checks of their callers: at most 200 orders, 2^35 lots a side.
        word &= ~((((uint256(1) << 72) - 1) << 160) | (uint256(0xff) << 248));
        Position p = Position.wrap(word);
        Position full = p.reserve(bid, lots);
        vm.assertEq(bid ? full.bids() : full.asks(), lots);
        vm.assertEq(bid ? full.asks() : full.bids(), 0);
        vm.assertEq(full.openOrders(), 1);
        uint256 taken = lots == 0 ? 0 : part % lots;
        Position less = full.release(bid, taken, false);
        vm.assertEq(bid ? less.bids() : less.asks(), lots - taken);
        vm.assertEq(less.openOrders(), 1);
        vm.assertEq(Position.unwrap(less.release(bid, lots - taken, true)), word);
    }

    // ---------------------------------------------------------------------------------------------------------- Level

    function test_fuzz_level(uint32 first, uint32 second, uint32 part, uint40 epoch) public pure {
        Level l = Level.wrap((uint256(epoch) << 152) | (uint256(7) << 40) | (uint256(7) << 80));
        l = l.append(first).append(second);
        vm.assertTrue(l.lots() == uint256(first) + second && l.head() == 7 && l.tail() == 9);
        uint256 taken = first == 0 ? 0 : part % first;
        l = l.less(taken).fillHead(taken);
        vm.assertTrue(l.headFilled() == taken && l.lots() == uint256(first) + second - taken);
        l = l.less(first - taken).pass(1);
        vm.assertTrue(l.headFilled() == 0 && l.lots() == second && l.head() == 8 && l.tail() == 9);
        vm.assertEq(l.epoch(), epoch);
        if (epoch == type(uint40).max) return;
        l = l.emptied();
        vm.assertTrue(l.lots() == 0 && l.head() == 0 && l.tail() == 0 && l.headFilled() == 0);
        vm.assertEq(l.epoch(), uint256(epoch) + 1);
    }

    // ------------------------------------------------------------------------------------------------------- overflow

    function test_write_revertsWith_Overflow() public {
        _overflows(1 << 24, 24);
        this.writeBestBid(1 << 24);
        _overflows(1 << 40, 40);
        this.writeMean(1 << 40);
        _overflows(1 << 55, 56);
        this.writeFunding(1 << 55);
        _overflows(-(1 << 55) - 1, 56);
        this.writeFunding(-(1 << 55) - 1);
        _overflows(1 << 28, 28);
        this.writeMinute(1 << 28);
        _overflows(1 << 40, 40);
        this.writeMeanAt(1 << 40, 1);
        _overflows(1 << 28, 28);
        this.writeMeanAt(1, 1 << 28);
        _overflows(1 << 35, 36);
        this.writeTrade(1 << 35, 0);
        _overflows(-(1 << 35) - 1, 36);
        this.writeTrade(-(1 << 35) - 1, 0);
        _overflows(1 << 67, 68);
        this.writeTrade(0, 1 << 67);
        _overflows(-(1 << 67) - 1, 68);
        this.writeTrade(0, -(1 << 67) - 1);
        _overflows(1 << 36, 36);
        this.writeReserve(true, 1 << 36);
        _overflows(1 << 36, 36);
        this.writeReserve(false, 1 << 36);
        _overflows(1 << 40, 40);
        this.writeAppend(1 << 40);
        _overflows(1 << 40, 40);
        this.writeEmptied(((uint256(1) << 40) - 1) << 152);
    }

    function writeBestBid(uint256 value) external pure returns (BookTop) {
        return BookTop.wrap(0).withBestBid(value);
    }

    function writeMean(uint256 value) external pure returns (MarketRisk) {
        return MarketRisk.wrap(0).withMean(value);
    }

    function writeFunding(int256 value) external pure returns (MarketRisk) {
        return MarketRisk.wrap(0).withFunding(value);
    }

    function writeMinute(uint256 value) external pure returns (MarketRisk) {
        return MarketRisk.wrap(0).withMinute(value);
    }

    function writeMeanAt(uint256 value, uint256 minute) external pure returns (MarketRisk) {
        return MarketRisk.wrap(0).withMeanAt(value, minute);
    }

    function writeTrade(int256 size, int256 quote) external pure returns (Position) {
        return Position.wrap(0).withTrade(size, quote);
    }

    function writeReserve(bool bid, uint256 lots) external pure returns (Position) {
        return Position.wrap(0).reserve(bid, lots);
    }

    function writeAppend(uint256 lots) external pure returns (Level) {
        return Level.wrap(0).append(lots);
    }

    function writeEmptied(uint256 word) external pure returns (Level) {
        return Level.wrap(word).emptied();
    }

    function _overflows(int256 value, uint256 bits) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.Overflow.selector, value, bits));
    }

    /// `after_` is `before` with `value` in `bits` bits from `shift` on, and nothing else changed.
    function _kept(uint256 before, uint256 after_, uint256 shift, uint256 bits, uint256 value) private pure {
        uint256 mask = ((uint256(1) << bits) - 1) << shift;
        vm.assertEq(after_ & ~mask, before & ~mask);
        vm.assertEq((after_ & mask) >> shift, value);
    }
}
