// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    FeedView,
    FundView,
    LevelView,
    MarketPhase,
    MarketView,
    OrderView,
    PositionView
} from "../clearing/interfaces/ClearingTypes.sol";
import {IClearinghouse} from "../clearing/interfaces/IClearinghouse.sol";
import {ClearingStorage} from "../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../clearing/libraries/Rounding.sol";
import {Position} from "../clearing/libraries/Words.sol";
import {HeldPrint, IUsageIndex} from "../index/interfaces/IUsageIndex.sol";
import {AccountId, FeedId, MarketId, OrderId} from "../types/Identifiers.sol";
import {
    Action,
    Assignment,
    IAutomationCompatible,
    IKeeperAutomation,
    Job
} from "./interfaces/IKeeperAutomation.sol";
import {Step, UpkeepSteps} from "./libraries/UpkeepSteps.sol";

/// @dev Steps that an upkeep has found so far.
/// @param data As `performUpkeep` takes them.
/// @param used Gas that they took in the simulation.
/// @param short Whether the last step that was tried ran out of the gas that it was given.
/// @param reserve Gas that the check keeps back from its steps.
struct Plan {
    bytes data;
    uint256 used;
    bool short;
    uint256 reserve;
}

/// @dev An account below IM.
/// @param cost Gas of judging it.
struct Judged {
    AccountId id;
    PositionView[] positions;
    uint256 cost;
}

/// @title KeeperAutomation
/// @notice The keepers' jobs for Chainlink Automation; `IKeeperAutomation` says under which rules.
contract KeeperAutomation is IKeeperAutomation {
    /// @dev Where simulations of Automation come from; the second on networks whose nodes know no zero address.
    address private constant SIMULATION = 0x1111111111111111111111111111111111111111;
    /// @dev Bytes of performData that every network takes.
    uint256 private constant MOST_DATA = 2_000;
    /// @dev Gas of all steps in the simulation, in which storage is warm that is cold when they are performed: three fifths of the limit.
    uint256 private constant MOST_GAS = 3_000_000;
    /// @dev Most gas of all steps with the last one, which cold storage may make half as dear again: the limit without its own costs.
    uint256 private constant MOST_STEP_GAS = 3_500_000;
    /// @dev What a check keeps back from its steps: more than `account` of any account takes. Once none is judged any more, a look
    ///      into a book is the dearest.
    uint256 private constant RESERVE = 2_500_000;
    uint256 private constant LAST_RESERVE = 500_000;
    /// @dev Gas below which no step begins, and what is kept back of it for the end of the upkeep.
    uint256 private constant LAST_GAS = 60_000;
    uint256 private constant END_GAS = 30_000;
    /// @dev Resting orders that a liquidation, an unwinding or a sweep walks over.
    uint16 private constant MOST_FILLS = 30;
    /// @dev How far a book is searched for orders.
    uint256 private constant MOST_LEVELS = 16;
    uint256 private constant MOST_ORDERS = 16;
    /// @dev Orders that one step cancels: each costs the health of the account, which a calendar of months makes dear.
    uint256 private constant MOST_CANCELLED = 4;
    /// @dev Accounts that one step serves or converts, and that wait for their orders to be cancelled.
    uint256 private constant MOST_ACCOUNTS = 16;
    /// @dev Days after whose end a held print may be released.
    uint256 private constant DAYS_HELD = 11;

    /// @inheritdoc IKeeperAutomation
    IClearinghouse public immutable CLEARINGHOUSE;
    /// @inheritdoc IKeeperAutomation
    IUsageIndex public immutable INDEX;
    /// @inheritdoc IKeeperAutomation
    address public immutable KEEPER;

    /// @inheritdoc IKeeperAutomation
    mapping(uint16 market => uint256) public syncedAt;
    /// @inheritdoc IKeeperAutomation
    mapping(uint8 feed => uint256) public followedAt;

    constructor(IClearinghouse clearinghouse, IUsageIndex index, address keeper) {
        (CLEARINGHOUSE, INDEX, KEEPER) = (clearinghouse, index, keeper);
    }

    // --------------------------------------------------------------------------------------------------------- upkeeps

    /// @inheritdoc IAutomationCompatible
    function checkUpkeep(
        bytes calldata checkData
    ) external returns (bool upkeepNeeded, bytes memory performData) {
        // It would do no harm in a transaction, but it is not meant for one, and its gas is not bounded for one.
        // solhint-disable-next-line avoid-tx-origin
        if (tx.origin != address(0) && tx.origin != SIMULATION) revert OnlySimulated(tx.origin);
        Assignment memory a = abi.decode(checkData, (Assignment));
        a.lastMarket = uint16(Rounding.min(a.lastMarket, CLEARINGHOUSE.marketCount()));
        uint256 end = ClearingStorage.FIRST_ACCOUNT + CLEARINGHOUSE.accountCount();
        a.firstAccount = uint32(Rounding.max(a.firstAccount, ClearingStorage.FIRST_ACCOUNT));
        a.lastAccount = uint32(Rounding.min(a.lastAccount, end - 1));
        Plan memory plan;
        plan.reserve = RESERVE;
        if (a.job == Job.Clock) _planClock(plan, a);
        else if (a.job == Job.Liquidation) _planLiquidation(plan, a);
        else if (a.job == Job.Waterfall) _planWaterfall(plan, a);
        else if (a.job == Job.Settlement) _planSettlement(plan, a);
        else _planPurge(plan, a);
        return (plan.data.length != 0, plan.data);
    }

    /// @inheritdoc IAutomationCompatible
    function performUpkeep(bytes calldata performData) external {
        uint256 done = 0;
        uint256 failed = 0;
        uint256 position = 0;
        // Whoever sends too little gas keeps what was done.
        while (position < performData.length && gasleft() >= LAST_GAS) {
            uint256 next = UpkeepSteps.next(performData, position);
            if (_attempt(performData[position:next], gasleft() - END_GAS)) ++done;
            else ++failed;
            position = next;
        }
        if (done == 0) revert NothingDone(failed);
        emit UpkeepPerformed(msg.sender, done, failed, performData.length - position);
    }

    /// @inheritdoc IKeeperAutomation
    function run(bytes calldata step) external {
        Step memory s = UpkeepSteps.decode(step);
        if (s.action < Action.CancelRiskRaising) _runClock(s);
        else if (s.action < Action.Deleverage) _runLiquidation(s);
        else if (s.action < Action.Settle) _runWaterfall(s);
        else _runRest(s);
    }

    // ------------------------------------------------------------------------------------------------------- performing

    function _runClock(Step memory s) private {
        if (s.action == Action.Sync) {
            syncedAt[MarketId.unwrap(s.market)] = block.timestamp;
            CLEARINGHOUSE.sync(s.market);
        } else if (s.action == Action.Follow) {
            followedAt[FeedId.unwrap(s.feed)] = block.timestamp;
            uint256 followed = CLEARINGHOUSE.feed(s.feed).followed;
            CLEARINGHOUSE.follow(s.feed);
            if (CLEARINGHOUSE.feed(s.feed).followed == followed) revert NothingChanged();
        } else if (s.action == Action.Repush) {
            FeedView memory f = CLEARINGHOUSE.feed(s.feed);
            INDEX.repush(f.index, CLEARINGHOUSE);
            if (CLEARINGHOUSE.feed(s.feed).sequence == f.sequence) revert NothingChanged();
        } else if (s.action == Action.ReleasePrint) {
            INDEX.releasePrint(CLEARINGHOUSE.feed(s.feed).index, s.period);
        } else {
            CLEARINGHOUSE.applyMargins(s.market);
        }
    }

    function _runLiquidation(Step memory s) private {
        if (s.action == Action.CancelRiskRaising) {
            if (CLEARINGHOUSE.cancelRiskRaising(s.account, s.orders) == 0) revert NothingChanged();
        } else if (s.action == Action.Liquidate) {
            // It may close nothing and yet start the account's auction.
            AccountId keeper = CLEARINGHOUSE.accountOf(KEEPER, 0);
            CLEARINGHOUSE.liquidate(s.account, s.market, MOST_FILLS, keeper, 0);
        } else {
            CLEARINGHOUSE.absorb(s.account);
        }
    }

    function _runWaterfall(Step memory s) private {
        if (s.action == Action.Deleverage) CLEARINGHOUSE.deleverage(s.market);
        else if (s.action == Action.Unwind) CLEARINGHOUSE.unwind(s.market, MOST_FILLS);
        else CLEARINGHOUSE.applyRounds(s.market, s.accounts);
    }

    function _runRest(Step memory s) private {
        uint256 done = 1;
        if (s.action == Action.Settle) CLEARINGHOUSE.settle(s.market);
        else if (s.action == Action.SettleAccounts) done = CLEARINGHOUSE.settleAccounts(s.market, s.accounts);
        else if (s.action == Action.Sweep) done = CLEARINGHOUSE.sweep(s.market, s.bids, MOST_FILLS);
        else done = CLEARINGHOUSE.sweepOrders(s.orders);
        if (done == 0) revert NothingChanged();
    }

    function _attempt(bytes memory step, uint256 gas) private returns (bool done) {
        // Its own call, so that what a failing step did is undone.
        try this.run{gas: gas}(step) {
            return true;
        } catch {
            return false;
        }
    }

    // --------------------------------------------------------------------------------------------------------- checking

    /// @dev Tries a step, and plans it where it did something.
    function _try(Plan memory plan, Step memory step) private returns (bool done) {
        plan.short = false;
        bytes memory data = UpkeepSteps.encode(step);
        uint256 gas = _budget(plan);
        if (gas == 0 || plan.data.length + data.length > MOST_DATA) return false;
        uint256 left = gasleft();
        done = _attempt(data, gas);
        uint256 used = left - gasleft();
        if (done) {
            plan.used += used;
            plan.data = bytes.concat(plan.data, data);
        } else {
            // Each call inside keeps a 64th back, and a refusal leaves far more.
            plan.short = used >= gas - gas / 8;
        }
    }

    /// @dev Gas that the next step may take, so that neither the check nor the upkeep gets to its limit.
    function _budget(Plan memory plan) private view returns (uint256) {
        uint256 left = gasleft();
        if (plan.used >= MOST_GAS || left <= plan.reserve) return 0;
        return Rounding.min(left - plan.reserve, MOST_STEP_GAS - plan.used);
    }

    /// @dev Whether the upkeep has enough to do, or the check no gas for more. What is left comes with the next one.
    function _isFull(Plan memory plan) private view returns (bool) {
        return plan.used >= MOST_GAS || gasleft() < plan.reserve;
    }

    function _planClock(Plan memory plan, Assignment memory a) private {
        uint256 feeds = CLEARINGHOUSE.feedCount();
        for (uint256 id = 1; id <= feeds && !_isFull(plan); ++id) _planFeed(plan, uint8(id), a.interval);
        for (uint256 id = a.firstMarket; id <= a.lastMarket && !_isFull(plan); ++id) {
            MarketId market = MarketId.wrap(uint16(id));
            if (id == 0 || CLEARINGHOUSE.market(market).phase == MarketPhase.Settled) continue;
            (, uint256 fromPeriod) = CLEARINGHOUSE.pendingMargins(market);
            if (fromPeriod != 0 && block.timestamp >= fromPeriod * 1 days) {
                _try(plan, _step(Action.ApplyMargins, market));
            }
            if (block.timestamp >= syncedAt[uint16(id)] + a.interval) _try(plan, _step(Action.Sync, market));
        }
    }

    function _planFeed(Plan memory plan, uint8 id, uint256 interval) private {
        Step memory step;
        step.feed = FeedId.wrap(id);
        FeedView memory f = CLEARINGHOUSE.feed(step.feed);
        step.action = Action.ReleasePrint;
        uint256 today = block.timestamp / 1 days;
        for (uint256 back = 1; back <= DAYS_HELD; ++back) {
            step.period = uint32(today - back);
            HeldPrint memory held = INDEX.heldPrint(f.index, step.period);
            if (held.value != 0 && block.timestamp >= held.releasableAt) _try(plan, step);
        }
        step.period = 0;
        (, uint256 sequence, , ) = INDEX.pushed(f.index);
        step.action = Action.Repush;
        if (sequence > f.sequence) _try(plan, step);
        f = CLEARINGHOUSE.feed(step.feed);
        step.action = Action.Follow;
        if (f.target != f.followed && block.timestamp >= followedAt[id] + interval) _try(plan, step);
    }

    function _planLiquidation(Plan memory plan, Assignment memory a) private {
        Judged[] memory waiting = new Judged[](MOST_ACCOUNTS);
        uint256 count = 0;
        uint256 span = _span(a);
        for (uint256 i = 0; i < span && !_isFull(plan); ++i) {
            // However long the range is, those that wait come before its end.
            if (count != 0 && gasleft() < RESERVE + MOST_GAS) break;
            uint256 left = gasleft();
            AccountId id = _accountAt(a, span, i);
            AccountView memory v = CLEARINGHOUSE.account(id);
            if (v.retired || v.equity >= int256(v.initialMargin) || v.positions.length == 0) continue;
            Judged memory judged = Judged(id, v.positions, left - gasleft());
            if (v.equity <= 0 || v.equity < int256(v.maintenanceMargin))
                _planClosing(plan, judged, v);
                // Its orders may cost more than all others: they are no reason to close nobody.
            else if (count < MOST_ACCOUNTS) waiting[count++] = judged;
        }
        plan.reserve = LAST_RESERVE;
        for (uint256 i = 0; i < count && !_isFull(plan); ++i) _planCancelling(plan, waiting[i]);
    }

    /// @dev Absorbs an account, or cancels its orders and closes its positions as long as it is below MM.
    function _planClosing(Plan memory plan, Judged memory judged, AccountView memory v) private {
        Step memory step;
        step.account = judged.id;
        step.action = Action.Absorb;
        if (v.equity <= 0 && _try(plan, step)) return;
        if (_planCancelling(plan, judged)) {
            if (_isFull(plan)) return;
            v = CLEARINGHOUSE.account(judged.id);
        }
        step.action = Action.Liquidate;
        for (uint256 i = 0; i < v.positions.length && v.equity < int256(v.maintenanceMargin); ++i) {
            PositionView memory p = _positionAt(v.positions, i);
            step.market = p.market;
            if (p.size != 0) _try(plan, step);
        }
    }

    /// @dev Steps for each market of their own: one whose index is silent would refuse the orders of all.
    function _planCancelling(Plan memory plan, Judged memory judged) private returns (bool done) {
        for (uint256 i = 0; i < judged.positions.length && !_isFull(plan); ++i) {
            PositionView memory p = _positionAt(judged.positions, i);
            if (p.openOrders == 0) continue;
            if (_planOrders(plan, judged, p.market, true)) done = true;
            if (_planOrders(plan, judged, p.market, false)) done = true;
        }
    }

    /// @dev Cancels some orders at a time, and fewer where the gas is short.
    function _planOrders(
        Plan memory plan,
        Judged memory judged,
        MarketId market,
        bool bids
    ) private returns (bool done) {
        if (_isFull(plan)) return false;
        OrderId[] memory ids = _ordersIn(plan, market, judged.id, bids);
        Step memory step = _step(Action.CancelRiskRaising, MarketId.wrap(0));
        step.account = judged.id;
        uint256 most = MOST_CANCELLED;
        for (uint256 from = 0; from < ids.length && most != 0 && !_isFull(plan);) {
            // The account is judged once, and a part of it again for each order. Trying what cannot be done would use up the check.
            while (most > 1 && (judged.cost * (4 + most)) / 4 > _budget(plan)) most /= 2;
            step.orders = new OrderId[](Rounding.min(most, ids.length - from));
            for (uint256 k = 0; k < step.orders.length; ++k) step.orders[k] = ids[from + k];
            if (_try(plan, step)) done = true;
            if (plan.short) most = step.orders.length / 2;
            else from += step.orders.length;
        }
    }

    /// @dev Place `i` of an account's positions, which begin elsewhere every few blocks, since one check may not get to all.
    function _positionAt(
        PositionView[] memory positions,
        uint256 i
    ) private view returns (PositionView memory) {
        return positions[(block.number / 3 + i) % positions.length];
    }

    function _planWaterfall(Plan memory plan, Assignment memory a) private {
        for (uint256 id = a.firstMarket; id <= a.lastMarket && !_isFull(plan); ++id) {
            if (id == 0) continue;
            MarketId market = MarketId.wrap(uint16(id));
            FundView memory f = CLEARINGHOUSE.fund(market);
            if (f.unfinished != 0) _planAccounts(plan, a, _step(Action.ApplyRounds, market), f);
            if (f.equity < 0) _try(plan, _step(Action.Deleverage, market));
            if (f.size != 0) _try(plan, _step(Action.Unwind, market));
        }
    }

    function _planSettlement(Plan memory plan, Assignment memory a) private {
        for (uint256 id = a.firstMarket; id <= a.lastMarket && !_isFull(plan); ++id) {
            if (id == 0) continue;
            MarketId market = MarketId.wrap(uint16(id));
            MarketView memory v = CLEARINGHOUSE.market(market);
            bool settled = v.phase == MarketPhase.Settled;
            bool ended = v.expiry != 0 && block.timestamp >= v.expiry;
            if (!settled && (ended || block.timestamp >= CLEARINGHOUSE.feed(v.feed).settledAt)) {
                settled = _try(plan, _step(Action.Settle, market));
            }
            if (!settled) continue;
            Step memory step = _step(Action.SettleAccounts, market);
            // A fund that took a position over converts like anybody.
            step.accounts = new AccountId[](1);
            step.accounts[0] = AccountId.wrap(uint32(id));
            FundView memory none;
            if (_concerns(step, step.accounts[0], none)) _try(plan, step);
            _planAccounts(plan, a, step, none);
        }
    }

    /// @dev Plans a step for the accounts of the range that it concerns, some at a time.
    function _planAccounts(
        Plan memory plan,
        Assignment memory a,
        Step memory step,
        FundView memory f
    ) private {
        AccountId[] memory found = new AccountId[](MOST_ACCOUNTS);
        uint256 count = 0;
        uint256 span = _span(a);
        for (uint256 i = 0; i < span && !_isFull(plan); ++i) {
            AccountId account = _accountAt(a, span, i);
            if (_concerns(step, account, f)) found[count++] = account;
            if (count != MOST_ACCOUNTS && (i != span - 1 || count == 0)) continue;
            step.accounts = found;
            _shorten(found, count);
            _try(plan, step);
            found = new AccountId[](MOST_ACCOUNTS);
            count = 0;
        }
    }

    /// @dev Accounts of a range.
    function _span(Assignment memory a) private pure returns (uint256) {
        return a.lastAccount < a.firstAccount ? 0 : uint256(a.lastAccount) - a.firstAccount + 1;
    }

    /// @dev Place `i` of a range, which begins elsewhere in every block: where it is too long for one check, it is looked at over
    ///      several.
    function _accountAt(Assignment memory a, uint256 span, uint256 i) private view returns (AccountId) {
        return AccountId.wrap(uint32(a.firstAccount + ((block.number * 97 + i) % span)));
    }

    /// @dev Whether an account has a position to convert, or one that a round still waits for: also where its share is no lot, since
    ///      a round ends when every lot of its side was served.
    function _concerns(Step memory step, AccountId account, FundView memory f) private view returns (bool) {
        Position position = Position.wrap(CLEARINGHOUSE.positionWord(step.market, account));
        if (step.action == Action.SettleAccounts) return position.isActive();
        int256 size = position.size();
        if (size == 0 || position.round() >= f.rounds) return false;
        return (size > 0 ? f.pendingLongs : f.pendingShorts) != 0;
    }

    function _planPurge(Plan memory plan, Assignment memory a) private {
        for (uint256 id = a.firstMarket; id <= a.lastMarket && !_isFull(plan); ++id) {
            MarketId market = MarketId.wrap(uint16(id));
            if (id == 0 || CLEARINGHOUSE.market(market).phase > MarketPhase.ReduceOnly) continue;
            for (uint256 side = 0; side < 2; ++side) {
                Step memory step = _step(Action.Sweep, market);
                step.bids = side == 0;
                _try(plan, step);
                if (!_isFull(plan)) _planLevels(plan, market, step.bids);
            }
        }
    }

    /// @dev Dead orders behind those that may trade.
    function _planLevels(Plan memory plan, MarketId market, bool bids) private {
        LevelView[] memory levels = CLEARINGHOUSE.levels(market, bids, MOST_LEVELS);
        for (uint256 i = 0; i < levels.length && !_isFull(plan); ++i) {
            OrderView[] memory orders = CLEARINGHOUSE.ordersAt(market, uint24(levels[i].tick), MOST_ORDERS);
            Step memory step = _step(Action.SweepOrders, MarketId.wrap(0));
            step.orders = new OrderId[](orders.length);
            for (uint256 k = 0; k < orders.length; ++k) step.orders[k] = orders[k].id;
            if (orders.length != 0) _try(plan, step);
        }
    }

    /// @dev Resting orders of an account on one side near the top of a book.
    function _ordersIn(
        Plan memory plan,
        MarketId market,
        AccountId account,
        bool bids
    ) private view returns (OrderId[] memory ids) {
        ids = new OrderId[](MOST_ORDERS);
        uint256 count = 0;
        LevelView[] memory levels = CLEARINGHOUSE.levels(market, bids, MOST_LEVELS);
        for (uint256 i = 0; i < levels.length && gasleft() > plan.reserve; ++i) {
            OrderView[] memory orders = CLEARINGHOUSE.ordersAt(market, uint24(levels[i].tick), MOST_ORDERS);
            for (uint256 k = 0; k < orders.length && count < MOST_ORDERS; ++k) {
                if (orders[k].account.unwrap() == account.unwrap()) ids[count++] = orders[k].id;
            }
        }
        assembly ("memory-safe") {
            // Makes the list as long as what it holds.
            mstore(ids, count)
        }
    }

    function _shorten(AccountId[] memory list, uint256 count) private pure {
        assembly ("memory-safe") {
            // The same.
            mstore(list, count)
        }
    }

    function _step(Action action, MarketId market) private pure returns (Step memory step) {
        (step.action, step.market) = (action, market);
    }
}
