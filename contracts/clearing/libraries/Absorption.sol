// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Rounds} from "./Rounds.sol";
import {MarketFlow, MarketRisk, Position, Purse, Words} from "./Words.sol";

/// @notice What bankrupt accounts leave goes to the funds of their markets. Callers have touched every market of the account.
library Absorption {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    /// @dev Hands every position to its market's fund and the cash with them: fund i gets −value_i − share_i, where share_i
    ///      is its part of the shortfall by MM, so that each is worse off by exactly its share; roundings are the last
    ///      fund's that takes a position. Σ of what the funds get is the account's cash, to the unit.
    function absorb(ClearingState storage s, AccountId account, int256 equity, uint256 unit) internal {
        Purse memory purse = Accounts.loadPurse(s, account);
        uint256 weights = 0;
        uint256 last = purse.markets & 1023;
        for (uint256 markets = purse.markets; markets != 0; markets >>= 10) {
            uint256 own = weight(s, markets & 1023, account);
            weights += own;
            if (own != 0) last = markets & 1023;
        }
        int256 cash = purse.cash;
        for (uint256 markets = purse.markets; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            if (id == last) continue;
            uint256 share = weights == 0 ? 0 : (uint256(-equity) * weight(s, id, account)) / weights;
            cash -= takeOver(s, MarketId.wrap(uint16(id)), account, share, cash, false, unit);
        }
        // The one that takes what is left held a position, if any did.
        uint256 rest =
            weights == 0 ? uint256(-equity) : (uint256(-equity) * weight(s, last, account)) / weights;
        takeOver(s, MarketId.wrap(uint16(last)), account, rest, cash, true, unit);
        s.purses[account.unwrap()] = 0;
        Accounts.retire(s, account);
    }

    function weight(
        ClearingState storage s,
        uint256 market,
        AccountId account
    ) private view returns (uint256) {
        MarketRisk r = MarketRisk.wrap(s.markets[market].risk);
        Position p = Positions.load(s, MarketId.wrap(uint16(market)), account);
        return p.size().abs() * r.maintenanceBps() * Markets.markOf(r) * r.tickValue();
    }

    /// @dev Moves one position to the fund.
    /// @param left Cash of the account not yet handed out; the last fund takes all of it.
    /// @return given Cash that went with the position.
    function takeOver(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        uint256 share,
        int256 left,
        bool last,
        uint256 unit
    ) private returns (int256 given) {
        MarketRisk r = MarketRisk.wrap(s.markets[market.unwrap()].risk);
        MarketFlow memory flow = Words.toMarketFlow(s.markets[market.unwrap()].flow);
        int256 tickValue = int256(r.tickValue() * unit);
        Position p = Positions.load(s, market, account);
        p = p.settleFunding(flow, r.funding());
        int256 value = ((p.quote() << 16) + p.size() * int256(Markets.markOf(r))) * tickValue;
        given = last ? left : -value.floorShift(16) - int256(share);
        emit IClearingEvents.Absorbed(account, market, p.size(), p.quote(), share);
        s.positions[Positions.key(market, account)] = 0;
        join(s, market, p, flow, r.funding(), given, tickValue);
        s.markets[market.unwrap()].flow = flow.pack();
        Deleveraging.settleFund(s, market, unit);
    }

    /// @dev Adds a position and cash to the fund's.
    function join(
        ClearingState storage s,
        MarketId market,
        Position p,
        MarketFlow memory flow,
        int256 funding,
        int256 given,
        int256 tickValue
    ) private {
        AccountId fund = Accounts.fundOf(market);
        // The fund's own position is never on a round's winning side, but what it takes now must not look as if it had been.
        Position f = Positions.load(s, market, fund).settleFunding(flow, funding);
        f = f.withRound(Rounds.head(s, market).newest());
        Purse memory purse = Accounts.loadPurse(s, fund);
        purse.cash += given;

        // Two positions become one: what they held against each other is no longer open.
        bool wasActive = f.isActive();
        int256 size = f.size() + p.size();
        int256 quote = f.quote() + p.quote();
        uint256 longs = Positions.positive(f.size()) + Positions.positive(p.size());
        flow.openInterest = flow.openInterest + Positions.positive(size) - longs;
        if (size == 0 && quote != 0) {
            purse.cash += quote * tickValue;
            emit IClearingEvents.Realised(fund, market, quote * tickValue);
            quote = 0;
        }
        f = f.withTrade(size, quote);
        if (wasActive && size == 0) Accounts.deactivate(purse, market);
        else if (!wasActive && size != 0) Accounts.activate(purse, market);
        Accounts.storePurse(s, fund, purse);
        Positions.store(s, market, fund, f);
    }
}
