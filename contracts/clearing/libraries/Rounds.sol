// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {AccountId, MarketId, Tick} from "../../types/Identifiers.sol";
import {Accounts} from "./Accounts.sol";
import {ClearingState} from "./ClearingStorage.sol";
import {Positions} from "./Positions.sol";
import {Rounding} from "./Rounding.sol";
import {Round, RoundHead, RoundHeads} from "./RoundWords.sol";
import {MarketFlow, MarketRisk, Position, Purse, Words} from "./Words.sol";

/// @notice Deleveraging rounds: how a position takes its share of those that it has not seen yet.
/// @dev Each position of the winning side closes ⌊(T + |size|) × N / S⌋ − ⌊T × N / S⌋ lots at its next touch, T being the lots
///      served before it: exactly N in all once T = S, and nobody is a lot away from pro rata. S is the side's true open
///      interest: sizes net of what earlier rounds still take from them, because a position takes its rounds in order.
///      Open interest in the flow word fell when the round was recorded; until they are touched, positions still store
///      their old size, and the escrow stands for the difference.
///      Safe against escape: a position cannot change before its touch has served it, and one that is opened or first
///      touched later knows the newest number, so no earlier round concerns it.
library Rounds {
    using Positions for Position;
    using Rounding for int256;
    using Words for MarketFlow;

    /// @dev Most rounds of a market that are unfinished at once: what bounds the first touch of an old position.
    uint256 internal constant MOST_UNFINISHED = 16;

    // ------------------------------------------------------------------------------------- before a position is touched

    /// @dev Applies the pending rounds of a position in storage. Call it before the position, its account's purse or the
    ///      market's flow are read, for accounts without a position too: what they open is then none of the rounds' business.
    /// @param hasRounds From the market's risk word.
    function serve(ClearingState storage s, MarketId market, AccountId account, bool hasRounds) internal {
        if (hasRounds && isBehind(s, market, Positions.load(s, market, account))) {
            IWaterfall(address(this)).serve(market, account);
        }
    }

    /// @dev `serve` in every market of an account.
    function serveAll(ClearingState storage s, AccountId account) internal {
        uint256 markets = Accounts.loadPurse(s, account).markets;
        for (; markets != 0; markets >>= 10) {
            uint256 id = markets & 1023;
            bool hasRounds = MarketRisk.wrap(s.markets[id].risk).hasRounds();
            serve(s, MarketId.wrap(uint16(id)), account, hasRounds);
        }
    }

    /// @dev A position as its pending rounds leave it, for views and margin.
    /// @param p The position as stored.
    function viewApplied(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        Position p,
        bool hasRounds
    ) internal view returns (Position) {
        if (!hasRounds || p.size() == 0 || !isBehind(s, market, p)) return p;
        return Position.wrap(IWaterfall(address(this)).served(market, account));
    }

    function isBehind(ClearingState storage s, MarketId market, Position p) private view returns (bool) {
        return p.round() < head(s, market).newest();
    }

    // ------------------------------------------------------------------------------------------------ applying (module)

    function key(MarketId market, uint256 number) internal pure returns (uint256) {
        return (market.unwrap() << 16) | number;
    }

    function head(ClearingState storage s, MarketId market) internal view returns (RoundHead) {
        return RoundHead.wrap(s.roundHeads[market.unwrap()]);
    }

    /// @dev The head with every finished round counted: a touch leaves that to whoever next needs it.
    function current(ClearingState storage s, MarketId market) internal view returns (RoundHead) {
        RoundHead h = head(s, market);
        uint256 finished = h.finished();
        while (finished < h.newest() && Round.wrap(s.rounds[key(market, finished + 1)]).isFinished()) {
            ++finished;
        }
        return RoundHeads.make(h.newest(), finished);
    }

    /// @dev Applies the pending rounds of one position and stores it. The risk word stays as it is: whoever trades holds
    ///      it in memory meanwhile.
    function apply_(ClearingState storage s, MarketId market, AccountId account, uint256 unit) internal {
        RoundHead h = head(s, market);
        Position p = Positions.load(s, market, account);
        if (p.round() >= h.newest()) return;
        if (p.size() != 0) {
            // Of the flow nothing but the pool changes, and where there is no funding not even that.
            MarketFlow memory moved;
            p = take(s, market, account, p, h, moved);
            if (moved.fundingPool != 0) {
                MarketFlow memory flow = Words.toMarketFlow(s.markets[market.unwrap()].flow);
                flow.fundingPool += moved.fundingPool;
                s.markets[market.unwrap()].flow = flow.pack();
            }
            if (p.size() == 0) p = realise(s, market, account, p, unit);
        }
        Positions.store(s, market, account, p.withRound(h.newest()));
    }

    /// @dev Takes the shares of one position, in order.
    function take(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        Position p,
        RoundHead h,
        MarketFlow memory moved
    ) private returns (Position) {
        int256 size = p.size();
        for (uint256 n = Rounding.max(p.round(), h.finished()) + 1; n <= h.newest(); ++n) {
            Round r = Round.wrap(s.rounds[key(market, n)]);
            if (!concerns(r, p)) continue;
            int256 lots;
            (r, p, lots) = share(r, p, moved);
            s.rounds[key(market, n)] = Round.unwrap(r);
            emit IClearingEvents.Deleveraged(account, market, n, lots, Tick.wrap(uint24(r.tick())));
        }
        // What its orders were placed to do no longer holds: from here on they only reduce.
        return p.size() != size && p.openOrders() != 0 ? p.withReducing(true) : p;
    }

    /// @dev A position that a round closed whole: its quote becomes cash.
    function realise(
        ClearingState storage s,
        MarketId market,
        AccountId account,
        Position p,
        uint256 unit
    ) private returns (Position) {
        Purse memory purse = Accounts.loadPurse(s, account);
        int256 realised =
            p.quote() * int256(MarketRisk.wrap(s.markets[market.unwrap()].risk).tickValue() * unit);
        purse.cash += realised;
        emit IClearingEvents.Realised(account, market, realised);
        p = p.withTrade(0, 0);
        if (!p.isActive()) Accounts.deactivate(purse, market);
        // A fund that this empties is found by `deleverage`.
        Accounts.payShortfall(s, account, purse, market);
        Accounts.storePurse(s, account, purse);
        return p;
    }

    /// @dev A position as its pending rounds leave it. Where nothing of it is left its quote still stands in it.
    function applied(
        ClearingState storage s,
        MarketId market,
        AccountId account
    ) internal view returns (Position p) {
        RoundHead h = head(s, market);
        p = Positions.load(s, market, account);
        int256 size = p.size();
        MarketFlow memory flow;
        for (uint256 n = Rounding.max(p.round(), h.finished()) + 1; n <= h.newest(); ++n) {
            Round r = Round.wrap(s.rounds[key(market, n)]);
            if (concerns(r, p)) (, p, ) = share(r, p, flow);
        }
        if (p.size() != size && p.openOrders() != 0) p = p.withReducing(true);
    }

    /// @dev A finished round has served everybody whom it concerns, whatever number they carry.
    function concerns(Round r, Position p) private pure returns (bool) {
        int256 size = p.size();
        return size != 0 && r.longs() == (size > 0) && !r.isFinished();
    }

    /// @dev One position's share of one round: funding up to the round with the size that it had, then the lots.
    function share(
        Round r,
        Position p,
        MarketFlow memory flow
    ) private pure returns (Round after_, Position closed, int256 lots) {
        p = p.settleFunding(flow, r.funding());
        uint256 served = r.served();
        uint256 total = served + p.size().abs();
        lots = int256(r.closed(total) - r.closed(served));
        if (r.longs()) lots = -lots;
        after_ = r.withServed(total);
        closed = p.withTrade(p.size() + lots, p.quote() - lots * int256(r.tick()));
    }
}
