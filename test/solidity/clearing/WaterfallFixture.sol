// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FundView, RoundView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Two sides of a market, one of whose members goes bankrupt while its fund is empty: alice is long 1,000 lots with IM and no
/// more, frank 2,000; bob, carol and dave are short 700, 1,100 and 1,200.
abstract contract WaterfallFixture is RiskFixture {
    address internal frank;
    AccountId internal constant FRANK = AccountId.wrap(2054);

    function _sides() internal {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, bob, perp, 250, TICK);
        _trade(alice, carol, perp, 350, TICK);
        _trade(alice, dave, perp, 400, TICK);
        frank = vm.addr(_key(6));
        _open(frank, FUNDS);
        _trade(frank, bob, perp, 450, TICK);
        _trade(frank, carol, perp, 750, TICK);
        _trade(frank, dave, perp, 800, TICK);
    }

    /// The sides, alice bankrupt, and her position recorded as round 1: 1,000 lots of a side of 3,000.
    function _round() internal {
        _sides();
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).unfinished, 1);
    }

    /// A new trader with IM for `lots` and no more: long if `long`, against `other`.
    function _levered(uint256 number, uint256 lots, bool long, address other) internal returns (AccountId) {
        return _leveredAt(number, lots, long, other, TICK, 2000);
    }

    /// As `_levered` at a tick, with a share of the value instead of IM (basis points), the fee on top.
    function _leveredAt(
        uint256 number,
        uint256 lots,
        bool long,
        address other,
        uint256 tick,
        uint256 bps
    ) internal returns (AccountId account) {
        address who = vm.addr(_key(number));
        account = _open(who, (lots * tick * 500 * (bps + 5) + 9_999) / 10_000);
        if (long) _trade(who, other, perp, lots, tick);
        else _trade(other, who, perp, lots, tick);
    }

    /// Days on which usage halves or doubles while the mark goes with the index.
    function _days(uint256 count, bool up) internal {
        for (uint256 i = 0; i < count; ++i) {
            _nextPrint(up ? POINTS * 2 : POINTS / 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
    }

    function _riseUntilBankrupt(AccountId account) internal {
        for (uint256 i = 0; i < 12 && _equity(account) >= 0; ++i) _days(1, true);
        vm.assertTrue(_equity(account) < 0, "not bankrupt");
    }

    function _apply(AccountId account) internal returns (uint256 unfinished) {
        AccountId[] memory one = new AccountId[](1);
        one[0] = account;
        return house.applyRounds(perp, one);
    }

    function _served(uint256 number) internal view returns (uint256) {
        return house.round(perp, number).served;
    }

    /// Nothing of any round is left to do.
    function _assertNothingPending(MarketId market) internal view {
        FundView memory f = house.fund(market);
        vm.assertTrue(
            f.unfinished == 0 && f.pendingLongs == 0 && f.pendingShorts == 0 && f.pendingQuote == 0
        );
    }

    /// Every round of a market closed exactly its lots.
    function _assertClosedExactly(MarketId market) internal view {
        for (uint256 n = 1; n <= house.fund(market).rounds; ++n) {
            RoundView memory r = house.round(market, n);
            vm.assertEq(r.served, r.side, "everybody was served");
            vm.assertEq(r.closed, r.lots, "exactly its lots");
        }
        _assertNothingPending(market);
    }

    /// Everybody left takes his part; then the round is closed exactly and the books balance.
    function _finish() internal {
        _apply(DAVE);
        _apply(BOB);
        _apply(CAROL);
        _assertClosedExactly(perp);
        _assertConserved();
    }

    function _isBelowMaintenance(AccountId account) internal view returns (bool) {
        (int256 equity, , int256 mm) = _health(account);
        return equity < mm;
    }
}
