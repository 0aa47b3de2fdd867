// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";

import {IIndexReader} from "./interfaces/IIndexReader.sol";
import {IReporterBonds} from "./interfaces/IReporterBonds.sol";
import {HeldPrint, IndexConfig, IUsageIndex, Print, SignedReport} from "./interfaces/IUsageIndex.sol";
import {Breaker} from "./libraries/Breaker.sol";
import {Holds} from "./libraries/Holds.sol";
import {Panel, PanelLib} from "./libraries/Panel.sol";
import {Hold, PrintStore, PrintStoreLib} from "./libraries/PrintStore.sol";
import {ReaderCall} from "./libraries/ReaderCall.sol";
import {ReportDraft, Reports, Verdict} from "./libraries/Reports.sol";
import {Settlement, SettlementPlan} from "./libraries/Settlement.sol";
import {FeedSlot} from "./types/FeedSlot.sol";
import {PrintCell, PrintCellLib} from "./types/PrintWord.sol";
import {Tally} from "./types/Tally.sol";

/// @title UsageIndex
/// @notice Prints of several indices, signed by one panel of reporters; `IUsageIndex` says how.
contract UsageIndex is IUsageIndex, AccessManaged, EIP712 {
    using Breaker for PrintStore;
    using Holds for PrintStore;
    using PanelLib for Panel;
    using PrintStoreLib for PrintStore;
    using ReaderCall for IIndexReader;
    using Reports for ReportDraft;
    using SafeCast for uint256;
    using Settlement for SettlementPlan;

    uint256 private constant MAX_READERS = 4;
    uint256 private constant MAX_TRAILING_DAYS = 31;
    uint256 private constant MAX_WINDOW_DAYS = 366;
    /// @dev Time that seats of before the bonds have to bond.
    uint256 private constant BOND_GRACE = 7 days;

    /// @dev Slot 0: terms. Slot 1: feed. Slots 2 to 5: readers. Then the prints.
    struct IndexState {
        IndexConfig terms;
        FeedSlot feed;
        IIndexReader[MAX_READERS] readers;
        PrintStore prints;
    }

    /// @inheritdoc IUsageIndex
    uint256 public constant PUSH_GAS = ReaderCall.PUSH_GAS;
    /// @inheritdoc IUsageIndex
    uint256 public constant SEATING_INTERVAL = PanelLib.SEATING_INTERVAL;

    Panel private _panel;
    mapping(bytes32 index => IndexState) private _indices;
    IReporterBonds private _bonds;
    uint40 private _bondsDueAt;

    /// @param authority_ AccessManager that governs listing, panel and readers.
    constructor(address authority_) AccessManaged(authority_) EIP712("Usance Index", "1") {}

    // --------------------------------------------------------------------------------------------------- governance

    /// @inheritdoc IUsageIndex
    function listIndex(bytes32 index, IndexConfig calldata terms) external restricted {
        IndexState storage state = _indices[index];
        if (state.terms.quorum != 0) revert IndexAlreadyListed(index);
        _requireWithin("quorum", terms.quorum, 1, PanelLib.SEATS - 1);
        _requireWithin("trailingDays", terms.trailingDays, 1, MAX_TRAILING_DAYS);
        _requireWithin("minTrailingDays", terms.minTrailingDays, 1, terms.trailingDays);
        _requireWithin("maxValue", terms.maxValue, 1, PrintCellLib.MAX_VALUE);
        uint256 seats = _panel.started ? LibBit.popCount(_panel.seats) : PanelLib.SEATS;
        _requireWithin("superQuorum", terms.superQuorum, terms.quorum + uint256(1), seats);
        _requireWithin("breakerBps", terms.breakerBps, 1, type(uint16).max);
        if (terms.breakerFourBps < terms.breakerBps) {
            revert BreakerReversed(terms.breakerFourBps, terms.breakerBps);
        }
        state.terms = terms;
        if (terms.quorum > _panel.quorum) _panel.quorum = terms.quorum;
        if (terms.superQuorum > _panel.superQuorum) _panel.superQuorum = terms.superQuorum;
        emit IndexListed(index, terms);
    }

    /// @inheritdoc IUsageIndex
    function setReporter(address reporter_, bool active) external restricted {
        uint32 bit;
        if (active) {
            _panel.requireRested();
            if (address(_bonds) != address(0) && !_bonds.isBonded(reporter_)) {
                revert ReporterNotBonded(reporter_);
            }
            bit = _panel.seat(reporter_);
        } else {
            bit = _panel.forget(reporter_);
            if (bit == 0 || _seatOf(reporter_) != 0) {
                bit = _panel.unseat(reporter_);
                _panel.requireQuorum();
            }
        }
        emit ReporterSet(reporter_, active, uint8(Math.log2(bit)));
    }

    /// @inheritdoc IUsageIndex
    function setBonds(IReporterBonds bonds_) external restricted {
        if (address(_bonds) != address(0)) revert BondsAlreadySet(_bonds);
        address index = address(bonds_.INDEX());
        if (index != address(this)) revert BondsOfAnotherIndex(bonds_, index);
        _bonds = bonds_;
        _bondsDueAt = (block.timestamp + BOND_GRACE).toUint40();
        emit BondsSet(bonds_, _bondsDueAt);
    }

    /// @inheritdoc IUsageIndex
    function expel(address reporter_) external {
        _requireBonds();
        if (_seatOf(reporter_) != 0) _unseat(reporter_);
        _panel.forget(reporter_);
    }

    /// @inheritdoc IUsageIndex
    function retire(address reporter_) external {
        _requireBonds();
        if (_seatOf(reporter_) == 0) return;
        uint32 bit = _panel.leave(reporter_);
        emit ReporterSet(reporter_, false, uint8(Math.log2(bit)));
    }

    /// @inheritdoc IUsageIndex
    function dropUnbonded(address reporter_) external {
        uint256 dueAt = address(_bonds) == address(0) ? type(uint256).max : _bondsDueAt;
        if (block.timestamp < dueAt) revert BondNotDue(block.timestamp, dueAt);
        if (_bonds.isBonded(reporter_)) revert ReporterIsBonded(reporter_);
        _unseat(reporter_);
    }

    /// @inheritdoc IUsageIndex
    function addReader(bytes32 index, IIndexReader reader) external restricted {
        IndexState storage state = _listed(index);
        if (address(reader).code.length == 0) revert ReaderHasNoCode(reader);
        uint256 count = state.feed.readers();
        if (_readerPlace(state, address(reader)) < count) revert ReaderAlreadyAdded(index, reader);
        if (count == MAX_READERS) revert TooManyReaders(count, MAX_READERS);
        state.readers[count] = reader;
        state.feed = state.feed.withReaders(count + 1);
        emit ReaderAdded(index, reader);
    }

    /// @inheritdoc IUsageIndex
    function removeReader(bytes32 index, IIndexReader reader) external restricted {
        IndexState storage state = _listed(index);
        uint256 place = _requireReader(state, index, address(reader));
        uint256 lastPlace = state.feed.readers() - 1;
        state.readers[place] = state.readers[lastPlace];
        delete state.readers[lastPlace];
        state.feed = state.feed.withReaders(lastPlace);
        emit ReaderRemoved(index, reader);
    }

    // ------------------------------------------------------------------------------------------------------- prints

    /// @inheritdoc IUsageIndex
    function post(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport[] calldata reports
    ) external returns (bool held) {
        IndexState storage state = _indices[index];
        IndexConfig memory terms = state.terms;
        if (terms.quorum == 0) revert IndexNotListed(index);
        if (period < terms.firstPeriod) revert PeriodTooEarly(period, terms.firstPeriod);
        uint256 today = block.timestamp / 1 days;
        if (period >= today) revert FuturePeriod(period, today);
        state.prints.requireRevisable(index, period, revision);
        bool isSuperQuorum = reports.length >= terms.superQuorum;
        if (period <= state.feed.newestHeld()) {
            state.prints.requireAbove(_panel, terms.quorum, period, revision, isSuperQuorum);
        }
        Verdict memory verdict = Reports.verify(
            _panel.members(),
            terms,
            Reports.start(_domainSeparatorV4(), index, period, revision),
            reports
        );

        Entry memory entry = Entry(index, period, revision, !isSuperQuorum);
        return _enter(state, terms, entry, verdict);
    }

    /// @inheritdoc IUsageIndex
    function releasePrint(bytes32 index, uint32 period) external {
        IndexState storage state = _listed(index);
        Hold memory held = state.prints.release(_panel, state.terms.quorum, index, period);
        emit PrintReleased(index, period, held.revision);
        Verdict memory verdict = Verdict(held.value, held.vintage, held.reporters);
        _enter(state, state.terms, Entry(index, period, held.revision, false), verdict);
    }

    /// @inheritdoc IUsageIndex
    function repush(bytes32 index, IIndexReader reader) external {
        IndexState storage state = _listed(index);
        _requireReader(state, index, address(reader));
        FeedSlot feed = state.feed;
        uint32 sequence = feed.sequence();
        if (sequence == 0) revert NothingPushed(index);
        if (!reader.push(index, feed.value(), sequence, feed.period())) {
            revert RepushFailed(index, reader, sequence);
        }
        emit IndexRepushed(index, reader, sequence);
    }

    /// @inheritdoc IUsageIndex
    function settleWindow(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external returns (uint256 sum, uint256 days_) {
        IndexState storage state = _listed(index);
        _requireReader(state, index, msg.sender);
        SettlementPlan memory plan = _plan(state, first, last);
        plan.requireReady();

        days_ = plan.fills.length;
        for (uint256 i; i < days_; ++i) {
            uint256 value = plan.fills[i];
            if (value == 0) continue;
            state.prints.fill(first + i, value);
            emit DayFilled(index, uint32(first + i), uint128(value));
        }
        sum = plan.sum;
    }

    // -------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IUsageIndex
    function print(bytes32 index, uint32 period) external view returns (Print memory) {
        IndexState storage state = _indices[index];
        return state.prints.read(period, state.feed.newest());
    }

    /// @inheritdoc IUsageIndex
    function heldPrint(bytes32 index, uint32 period) external view returns (HeldPrint memory result) {
        IndexState storage state = _indices[index];
        Hold memory held = state.prints.find(_panel, state.terms.quorum, period);
        if (held.value == 0) return result;
        result = HeldPrint(
            held.value,
            held.revision,
            held.heldAt,
            uint64(Holds.endsAt(held, period)),
            held.vintage,
            held.reporters
        );
    }

    /// @inheritdoc IUsageIndex
    function latest(
        bytes32 index
    ) external view returns (uint256 value, uint32 period, uint32 sequence, bool isFinal) {
        IndexState storage state = _indices[index];
        FeedSlot feed = state.feed;
        (period, sequence) = (feed.newest(), feed.sequence());
        PrintCell cell = state.prints.cellOf(period);
        if (!cell.isPresent()) revert NoPrints(index);
        value = cell.value();
        // The newest day was posted, so it is not a filled one.
        isFinal = block.timestamp >= state.prints.finalAt(cell, period);
    }

    /// @inheritdoc IUsageIndex
    function pushed(
        bytes32 index
    ) external view returns (uint256 value, uint32 sequence, uint32 newestPeriod, uint64 pushedAt) {
        FeedSlot feed = _indices[index].feed;
        return (feed.value(), feed.sequence(), feed.period(), feed.pushedAt());
    }

    /// @inheritdoc IUsageIndex
    function trailingMean(
        bytes32 index,
        uint32 endPeriod
    ) external view returns (uint256 mean, bool allFinal) {
        IndexState storage state = _listed(index);
        IndexConfig memory terms = state.terms;
        uint256 first = Math.saturatingSub(uint256(endPeriod) + 1, terms.trailingDays);
        (Tally all, Tally locked) = state.prints.tally(first, endPeriod, PrintCellLib.FILLED);
        uint256 present = all.count();
        if (present < terms.minTrailingDays) revert TooFewDays(present, terms.minTrailingDays);
        return (all.sum() / present, locked.count() == present);
    }

    /// @inheritdoc IUsageIndex
    function windowMean(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (uint256 sum, uint256 present, bool allFinal) {
        (Tally all, Tally locked) = _window(index, first, last);
        return (all.sum(), all.count(), locked.count() == all.count());
    }

    /// @inheritdoc IUsageIndex
    function lockedSum(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (uint256 sum, uint256 finalDays) {
        (, Tally locked) = _window(index, first, last);
        return (locked.sum(), locked.count());
    }

    /// @inheritdoc IUsageIndex
    function lockedSumAt(
        bytes32 index,
        uint32 first,
        uint32 last,
        uint64 time
    ) external view returns (uint256 sum, uint256 finalDays) {
        _requireWindow(first, last);
        (, Tally locked) = _indices[index].prints.tallyAt(
            first,
            last,
            PrintCellLib.FILLED,
            Math.min(time, block.timestamp)
        );
        return (locked.sum(), locked.count());
    }

    /// @inheritdoc IUsageIndex
    function finalAt(bytes32 index, uint32 period) external view returns (uint64) {
        PrintStore storage prints = _indices[index].prints;
        PrintCell cell = prints.cellOf(period);
        return cell.isPresent() ? prints.finalAt(cell, period).toUint64() : type(uint64).max;
    }

    /// @inheritdoc IUsageIndex
    function previewSettlement(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (bool ready, uint256 sum, uint256 days_, uint64 readyAt) {
        SettlementPlan memory plan = _plan(_listed(index), first, last);
        readyAt = plan.orphaned ? type(uint64).max : plan.readyAt.toUint64();
        return (block.timestamp >= readyAt, plan.sum, plan.fills.length, readyAt);
    }

    /// @inheritdoc IUsageIndex
    function config(bytes32 index) external view returns (IndexConfig memory) {
        return _listed(index).terms;
    }

    /// @inheritdoc IUsageIndex
    function readers(bytes32 index) external view returns (IIndexReader[] memory list) {
        IndexState storage state = _indices[index];
        list = new IIndexReader[](state.feed.readers());
        for (uint256 i; i < list.length; ++i) list[i] = state.readers[i];
    }

    /// @inheritdoc IUsageIndex
    function bonds() external view returns (IReporterBonds keeper, uint64 dueAt) {
        return (_bonds, _bondsDueAt);
    }

    /// @inheritdoc IUsageIndex
    function reporter(address account) external view returns (bool active, uint8 seat) {
        uint32 bit = _seatOf(account);
        return (bit != 0, uint8(Math.log2(bit)));
    }

    /// @inheritdoc IUsageIndex
    function panel() external view returns (uint32 seats) {
        return _panel.seats;
    }

    /// @inheritdoc IUsageIndex
    function hashReport(
        bytes32 index,
        uint32 period,
        uint32 revision,
        uint128 value,
        bytes32 vintage,
        uint64 deadline
    ) external view returns (bytes32) {
        ReportDraft memory draft = Reports.start(_domainSeparatorV4(), index, period, revision);
        return draft.digest(value, vintage, deadline);
    }

    // ----------------------------------------------------------------------------------------------------- internal

    /// @dev What is posted, besides the reports' verdict, and whether the circuit breaker may hold it.
    struct Entry {
        bytes32 index;
        uint32 period;
        uint32 revision;
        bool holdable;
    }

    /// @dev Holds a print, or writes it and pushes what it changes.
    function _enter(
        IndexState storage state,
        IndexConfig memory terms,
        Entry memory entry,
        Verdict memory verdict
    ) private returns (bool held) {
        FeedSlot feed = state.feed;
        uint256 mean;
        (held, mean) = state.prints.judge(terms, feed, entry.period, verdict.value);
        if (held && entry.holdable) {
            if (entry.period > feed.newestHeld()) state.feed = feed.withNewestHeld(entry.period);
            _hold(state, terms.quorum, entry, verdict);
            return true;
        }
        if (!_panel.started) _panel.start();
        uint32 newest = feed.newest();
        if (entry.period > newest) newest = entry.period;
        state.prints.write(entry.period, entry.revision, verdict.value, verdict.vintage);
        emit PrintPosted(
            entry.index,
            entry.period,
            entry.revision,
            verdict.value,
            verdict.vintage,
            verdict.reporters
        );
        // Zero: the print is not in the newest mean, or that has too few days.
        if (mean != 0) _push(state, entry.index, feed, newest, mean);
        else if (entry.period == newest) state.feed = feed.withNewest(newest);
        return false;
    }

    function _hold(
        IndexState storage state,
        uint256 quorum,
        Entry memory entry,
        Verdict memory verdict
    ) private {
        uint64 releasableAt = state
            .prints
            .hold(_panel, quorum, entry.period, entry.revision, verdict)
            .toUint64();
        emit PrintHeld(
            entry.index,
            entry.period,
            entry.revision,
            verdict.value,
            verdict.vintage,
            verdict.reporters,
            releasableAt
        );
    }

    /// @dev Pushes the newest mean if it is another one, or of another day. All state is written before the first call; a reader
    /// that calls back finds it so, and has too little gas to push in its turn.
    function _push(
        IndexState storage state,
        bytes32 index,
        FeedSlot feed,
        uint32 newest,
        uint256 mean
    ) private {
        uint32 sequence = feed.sequence();
        if (sequence != 0 && newest == feed.period() && mean == feed.value()) return;
        ++sequence;
        state.feed = feed.withPush(mean, sequence, newest, block.timestamp.toUint40());

        emit IndexPushed(index, sequence, mean, newest);
        uint256 count = feed.readers();
        for (uint256 i; i < count; ++i) {
            IIndexReader reader = state.readers[i];
            if (!reader.push(index, mean, sequence, newest)) emit PushFailed(index, reader, sequence);
        }
    }

    function _seatOf(address account) private view returns (uint32) {
        (uint256 bit, ) = PanelLib.seatFrom(_panel.members(), account, 0);
        return uint32(bit);
    }

    function _unseat(address reporter_) private {
        uint32 bit = _panel.unseat(reporter_);
        emit ReporterSet(reporter_, false, uint8(Math.log2(bit)));
    }

    function _requireBonds() private view {
        if (msg.sender != address(_bonds)) revert NotBonds(msg.sender, _bonds);
    }

    function _window(
        bytes32 index,
        uint32 first,
        uint32 last
    ) private view returns (Tally all, Tally locked) {
        _requireWindow(first, last);
        return _indices[index].prints.tally(first, last, 0);
    }

    function _plan(
        IndexState storage state,
        uint32 first,
        uint32 last
    ) private view returns (SettlementPlan memory) {
        _requireWindow(first, last);
        if (first < state.terms.firstPeriod) revert PeriodTooEarly(first, state.terms.firstPeriod);
        return Settlement.plan(state.prints, first, last);
    }

    function _listed(bytes32 index) private view returns (IndexState storage state) {
        state = _indices[index];
        if (state.terms.quorum == 0) revert IndexNotListed(index);
    }

    /// @dev Place of a reader, or the number of readers if it is none.
    function _readerPlace(IndexState storage state, address account) private view returns (uint256 place) {
        uint256 count = state.feed.readers();
        while (place < count && address(state.readers[place]) != account) ++place;
    }

    function _requireReader(
        IndexState storage state,
        bytes32 index,
        address account
    ) private view returns (uint256 place) {
        place = _readerPlace(state, account);
        if (place == state.feed.readers()) revert NotReader(index, account);
    }

    function _requireWindow(uint32 first, uint32 last) private pure {
        if (last < first) revert WindowReversed(first, last);
        uint256 length = uint256(last) - first + 1;
        if (length > MAX_WINDOW_DAYS) revert WindowTooLong(length, MAX_WINDOW_DAYS);
    }

    function _requireWithin(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min) revert ConfigTooSmall(field, value, min);
        if (value > max) revert ConfigTooLarge(field, value, max);
    }
}
