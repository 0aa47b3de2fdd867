// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountView, MarketView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Prices that move, and accounts that get into trouble by it.
abstract contract RiskFixture is ClearingFixture {
    AccountId internal constant KEEPER = AccountId.wrap(2053);

    /// Alice buys 1,000 lots (5,000 USD) from bob, with IM left and the fee paid.
    function _lever() internal {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
    }

    /// Brings a market's mark to a tick by quotes around it that stand for hours; they are cancelled afterwards.
    function _moveMark(MarketId market, uint256 tick) internal {
        for (uint256 i = 0; i < 12; ++i) {
            MarketView memory m = house.market(market);
            uint256 off = m.markX16 > tick << 16 ? m.markX16 - (tick << 16) : (tick << 16) - m.markX16;
            if (off < 1 << 14) return;
            uint256 mid = tick < m.lowestFill + 2 ? m.lowestFill + 2 : tick;
            if (mid > m.highestFill - 2) mid = m.highestFill - 2;
            OrderId bid = _place(traders[4], market, 1000, mid - 1);
            OrderId ask = _place(traders[5], market, -1000, mid + 1);
            _skip(2 hours);
            house.sync(market);
            vm.prank(traders[4]);
            house.cancel(bid);
            vm.prank(traders[5]);
            house.cancel(ask);
        }
    }

    /// The index loses 7 % in a day, and the market follows down to `tick`.
    function _fallTo(uint256 tick) internal {
        _nextPrint(POINTS / 2);
        _moveMark(perp, tick);
    }

    /// Alice's position falls until her equity is below zero.
    function _crash() internal {
        _lever();
        _fallUntilBankrupt(ALICE);
    }

    /// Days on which usage halves; mark goes with the index, so that hardly any funding is due.
    function _fallUntilBankrupt(AccountId account) internal {
        for (uint256 i = 0; i < 7 && _equity(account) >= 0; ++i) {
            _nextPrint(POINTS / 2);
            _moveMark(perp, house.market(perp).anchorX16 >> 16);
        }
        vm.assertTrue(_equity(account) < 0, "not bankrupt");
    }

    /// Gives an account money so that its equity is `equity`.
    function _topUp(AccountId account, int256 equity) internal {
        uint256 amount = uint256(equity - _equity(account));
        token.mint(address(this), amount);
        token.approve(address(house), amount);
        house.depositFor(account, amount);
        vm.assertEq(_equity(account), equity);
    }

    function _health(AccountId account) internal view returns (int256 equity, int256 im, int256 mm) {
        AccountView memory a = house.account(account);
        return (a.equity, int256(a.initialMargin), int256(a.maintenanceMargin));
    }

    function _markTick() internal view returns (uint256) {
        return _mark(perp) >> 16;
    }
}
