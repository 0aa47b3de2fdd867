// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Health} from "./Margin.sol";
import {Matching, Taker} from "./Matching.sol";
import {Orders} from "./Orders.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, MarketRisk, Position, Words} from "./Words.sol";

/// @notice Closing into the book. Callers have touched every market of the account.
library Liquidations {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    uint256 private constant BPS = 10_000;
    /// @dev Furthest that a liquidation trades from mark, basis points.
    uint256 private constant MAX_DISTANCE_BPS = 300;

    /// @dev Closes lots of one position into the book; see ILiquidation.liquidate.
    function close(
        ClearingState storage s,
        AccountId account,
        MarketId market,
        uint16 maxFills,
        AccountId keeper,
        Health memory h,
        uint256 unit
    ) internal returns (uint256 closedLots, uint256 keeperFee) {
        MarketContext memory c = Markets.load(s, market, unit);
        Markets.advance(s, c);
        if (c.risk.phase() >= uint256(MarketPhase.Expired)) {
            revert IClearingErrors.MarketNotOpen(market, MarketPhase(c.risk.phase()));
        }
        Taker memory t;
        t.account = account;
        t.position = Positions.load(s, market, account);
        if (t.position.size() == 0) revert IClearingErrors.NoPosition(account, market);
        t.purse = Accounts.loadPurse(s, account);
        t.flow = Words.toMarketFlow(s.markets[market.unwrap()].flow);
        t.buys = t.position.size() < 0;
        t.walk = maxFills;
        t.limit = limitTick(c, h, t.buys);
        uint256 feeBps = s.markets[market.unwrap()].terms.liquidationFeeBps;
        t.lots = lotsToClose(s, c, t, h.equity, feeBps, unit);

        Matching.run(s, c, t);
        // Where the walk ended among dead orders, what it cleared is kept and the next call goes on from there.
        if (t.filled == 0 && t.walk != 0) revert IClearingErrors.NothingToFill(t.limit);
        if (t.filled != 0) keeperFee = settleClose(s, c, t, keeper, feeBps, unit);
        if (!t.position.isActive()) {
            Accounts.deactivate(t.purse, market);
            Markets.stopIfSpent(c, Accounts.payShortfall(s, account, t.purse, market));
        }
        Positions.store(s, market, account, t.position);
        Accounts.storePurse(s, account, t.purse);
        s.markets[market.unwrap()].flow = t.flow.pack();
        Markets.store(s, c);
        return (t.filled, keeperFee);
    }

    /// @dev Charges the liquidation fee, half to the keeper and half to the fund, never more than the equity left.
    function settleClose(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId keeper,
        uint256 feeBps,
        uint256 unit
    ) private returns (uint256 keeperFee) {
        int256 equity = Orders.health(s, c, t, unit).equity;
        uint256 fee = Rounding.mulDivUp(t.notional * c.tickValue, feeBps, BPS);
        fee = Rounding.min(fee, equity > 0 ? uint256(equity) : 0);
        keeperFee = fee / 2;
        t.purse.cash -= int256(fee);
        Accounts.credit(s, keeper, int256(keeperFee));
        Accounts.credit(s, Accounts.fundOf(c.id), int256(fee - keeperFee));
        int256 lots = int256(t.filled);
        int256 quote = int256(t.notional);
        emit IClearingEvents.Liquidated(
            t.account,
            c.id,
            keeper,
            t.buys ? lots : -lots,
            t.buys ? -quote : quote,
            keeperFee,
            fee - keeperFee
        );
    }

    /// @dev Worst tick of a liquidation, rounded towards mark: the smallest of 3 %, a quarter of MM, the fill band and the
    ///      lot's share of equity. That share is equity × (MM of this market / MM of all) per lot:
    ///      equity × mark × rate / MM in ticks, so that no fill takes equity below zero.
    function limitTick(MarketContext memory c, Health memory h, bool buys) private pure returns (uint256) {
        uint256 bps = Rounding.min(MAX_DISTANCE_BPS, c.risk.maintenanceBps() / 4);
        uint256 distance = (c.mark * bps) / BPS;
        uint256 share = (uint256(h.equity) * c.mark * c.risk.maintenanceBps()) / (BPS * h.maintenance);
        distance = Rounding.min(distance, share);
        (uint256 lowest, uint256 highest) = Markets.fillBand(c);
        if (buys) return Rounding.min((c.mark + distance) >> 16, highest);
        return Rounding.max(Rounding.ceilShift(c.mark - distance, 16), lowest);
    }

    /// @dev Lots that bring the account back to IM of its positions if they trade at mark: ⌈(IM − equity) / (IM − fee) of
    ///      a lot⌉. A rest below the smallest order is closed too.
    function lotsToClose(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        int256 equity,
        uint256 feeBps,
        uint256 unit
    ) private view returns (uint256 lots) {
        uint256 size = t.position.size().abs();
        int256 short = int256(positionsInitial(s, t, unit)) - equity;
        uint256 perLot = c.mark * c.tickValue * (c.risk.initialBps() - feeBps);
        lots = (uint256(short) * (BPS << 16) + perLot - 1) / perLot;
        if (lots >= size || size - lots < c.top.minLots()) lots = size;
    }

    /// @dev IM of the positions alone, ceiled: orders are cancelled, they are no reason to close more.
    function positionsInitial(
        ClearingState storage s,
        Taker memory t,
        uint256 unit
    ) private view returns (uint256 sum) {
        for (uint256 markets = t.purse.markets; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            MarketRisk r = MarketRisk.wrap(s.markets[id].risk);
            if (r.phase() == uint256(MarketPhase.Settled)) continue;
            Position p = Positions.load(s, MarketId.wrap(uint16(id)), t.account);
            sum += p.size().abs() * r.initialBps() * Markets.markOf(r) * r.tickValue() * unit;
        }
        return (sum + (BPS << 16) - 1) / (BPS << 16);
    }
}
