// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {MarketContext} from "../../instruments/libraries/Markets.sol";
import {AccountId, Tick} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Taker} from "./Matching.sol";
import {Orders} from "./Orders.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {MarketFlow, Position, Purse} from "./Words.sol";

/// @notice A keeper's account takes lots of an account below MM over at one tick, without the book and without taker or
///         maker fee.
/// @dev Open interest never rises by it: what one side opens, the same side of the other account closes. So it is no new
///      risk, and a market that takes none, by a deficit or by the guardian, still liquidates.
library TakeOvers {
    using Positions for Position;
    using Rounding for int256;

    /// @dev Moves `lots` from the account being closed to the keeper's. The keeper's rounds have been served; the caller
    ///      stores everything of the account and of the market, and checks the keeper's margin then.
    /// @param t The account being closed; lots, fills and notional go on from the book's.
    function run(
        ClearingState storage s,
        MarketContext memory c,
        Taker memory t,
        AccountId keeper,
        uint256 lots,
        uint256 tick
    ) internal {
        int256 signed = t.buys ? int256(lots) : -int256(lots);
        Position p = t.position.settleFunding(t.flow, c.risk.funding());
        int256 realised;
        (t.position, realised) = p.trade(t.flow, signed, lots * tick, lots * tick, 0);
        if (realised != 0) t.purse.cash += book(t.account, c, realised);
        t.lots -= lots;
        t.filled += lots;
        t.notional += lots * tick;
        take(s, c, t.flow, keeper, -signed, tick);
        emit IClearingEvents.TakenOver(t.account, c.id, keeper, -signed, Tick.wrap(uint24(tick)));
    }

    /// @dev The keeper's side.
    function take(
        ClearingState storage s,
        MarketContext memory c,
        MarketFlow memory flow,
        AccountId keeper,
        int256 lots,
        uint256 tick
    ) private {
        Position p = Positions.load(s, c.id, keeper);
        Purse memory purse = Accounts.loadPurse(s, keeper);
        bool wasActive = p.isActive();
        uint256 exposure = p.exposure();
        p = p.settleFunding(flow, c.risk.funding());
        int256 realised;
        (p, realised) = p.trade(flow, lots, lots.abs() * tick, p.size().abs() * tick, 0);
        if (p.exposure() > exposure) {
            uint256 limit = c.risk.maxPosition() * Orders.POSITION_UNIT;
            if (p.exposure() > limit) revert IClearingErrors.PositionLimit(p.exposure(), limit);
        }
        if (realised != 0) purse.cash += book(keeper, c, realised);
        if (p.isActive() != wasActive) {
            if (wasActive) Accounts.deactivate(purse, c.id);
            else Accounts.activate(purse, c.id);
        }
        Accounts.storePurse(s, keeper, purse);
        Positions.store(s, c.id, keeper, p);
    }

    function book(
        AccountId account,
        MarketContext memory c,
        int256 realised
    ) private returns (int256 amount) {
        amount = realised * int256(c.tickValue);
        emit IClearingEvents.Realised(account, c.id, amount);
    }
}
