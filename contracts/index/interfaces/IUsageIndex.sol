// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "./IIndexReader.sol";
import {IReporterBonds} from "./IReporterBonds.sol";

/// @notice Terms of an index, fixed when it is listed.
/// @param quorum Signed reports of distinct active reporters that a print needs, 1 to 31.
/// @param maxDispersionBps Largest (max − min) / median of the values of one post, in basis points.
/// @param trailingDays Days of the trailing mean, 1 to 31.
/// @param minTrailingDays Prints among those days without which there is no trailing mean, 1 to `trailingDays`.
/// @param firstPeriod First UTC day number that may be posted.
/// @param maxValue Largest value that is not absurd, WAD, 1 to 2^83 − 1 (about 9.6 million points).
/// @param superQuorum Reports with which a print is never held: above `quorum`, and no more than the panel has seats at the first print of
/// all, or when the index is listed after that. Seats may be left below it later, down to the largest quorum.
/// @param breakerBps Furthest that a print may move the trailing mean in one day without being held, in basis points of the
/// mean one day before, 1 or more.
/// @param breakerFourBps The same over four days, `breakerBps` or more.
struct IndexConfig {
    uint8 quorum;
    uint16 maxDispersionBps;
    uint8 trailingDays;
    uint8 minTrailingDays;
    uint32 firstPeriod;
    uint128 maxValue;
    uint8 superQuorum;
    uint16 breakerBps;
    uint16 breakerFourBps;
}

/// @notice One reporter's signed report; index, period and revision are those of the post.
/// @param value Value that the reporter computed, WAD.
/// @param deadline Last second (Unix time) at which the report may be posted.
/// @param vintage Hash that pins the data and the method that the value was computed from.
/// @param r First half of the signature.
/// @param vs Second half: `s` with the parity of `v` in the top bit (EIP-2098). From 65 bytes:
/// `vs = s | (v - 27) << 255`.
struct SignedReport {
    uint128 value;
    uint64 deadline;
    bytes32 vintage;
    bytes32 r;
    bytes32 vs;
}

/// @notice The print of one day. All zero when there is none.
/// @param value WAD; never zero in a print.
/// @param revision Revision that stands; zero for a filled day.
/// @param revisedAt Unix time of that revision's post; zero for a filled day.
/// @param vintage First 23 bytes of the vintage of the median report, all of which `PrintPosted` has; zero for a filled day.
/// These three are kept for the 66 days that end with the newest one, and for ever where the print was last revised more than two
/// days after the day's end, since its finality hangs on that. Of other days they read zero, and stand in the event.
/// @param isFinal Whether the print can no longer change.
/// @param filled Whether a settlement set it by the missing-day rule.
struct Print {
    uint128 value;
    uint32 revision;
    uint64 revisedAt;
    bytes23 vintage;
    bool isFinal;
    bool filled;
}

/// @notice A print that the circuit breaker holds. All zero when there is none.
/// @param value WAD; never zero in a held print.
/// @param revision Its revision.
/// @param heldAt Unix time from which it has been held with this value.
/// @param releasableAt Unix time from which anyone may release it; `type(uint64).max` where only a super-quorum can bring it in: the
/// day may be filled by then, or the print that stands for it final.
/// @param vintage Vintage of the median report.
/// @param reporters Seats of the reporters who signed for it, each a report of a set whose median is this value: one bit each, as they
/// were taken at `heldAt`.
struct HeldPrint {
    uint128 value;
    uint32 revision;
    uint64 heldAt;
    uint64 releasableAt;
    bytes32 vintage;
    uint32 reporters;
}

/// @title IUsageIndex
/// @notice Daily prints of one or more indices, each the median of a quorum of signed reports, with their revisions,
/// finality and means, the circuit breaker that holds what moves too far, and the push of every change to the markets
/// that read them.
/// @dev Values are WAD (1e18 = one index point). A period is a UTC day number (Unix time / 1 days); its end is
/// `(period + 1) * 1 days`. A print is final at the later of period end + 3 days and its last revision + 24 hours.
///
/// What always holds:
/// - A print is the median of a quorum's reports, so it lies within the range of the honest ones as long as at most
///   (quorum − 1) / 2 reporters collude.
/// - A held print changes no print, mean, finality or push. It counts once a super-quorum posts it or seven days have passed;
///   then it is a print of that moment, which may be revised for another 24 hours. Until then its day is missing, or keeps
///   the print that it has: one held on top of a standing print lapses when that becomes final. A hold lapses once fewer than a quorum
///   of its signers stand behind it: those who were convicted or removed do not, those who left of themselves do.
/// - What is pushed is the trailing mean at the newest day, rounded down. How far a market follows it in a day is bounded where
///   the market is: a queue of releases may push far at once.
interface IUsageIndex {
    // ------------------------------------------------------------------------------------------------------- events

    /// @notice An index was listed.
    event IndexListed(bytes32 indexed index, IndexConfig config);

    /// @notice A reporter took (`active`) or left a seat on the panel.
    /// @param seat Bit of the reporter in `PrintPosted.reporters` from now on (until it is left).
    event ReporterSet(address indexed reporter, bool active, uint8 seat);

    /// @notice A reader was added to an index.
    event ReaderAdded(bytes32 indexed index, IIndexReader indexed reader);

    /// @notice A reader was removed from an index.
    event ReaderRemoved(bytes32 indexed index, IIndexReader indexed reader);

    /// @notice A print was posted or revised.
    /// @param value Median, WAD.
    /// @param vintage Vintage of the median report.
    /// @param reporters Seats of the reporters who signed, one bit each.
    event PrintPosted(
        bytes32 indexed index,
        uint32 indexed period,
        uint32 revision,
        uint128 value,
        bytes32 vintage,
        uint32 reporters
    );

    /// @notice A print broke the limits of the circuit breaker and is held; nothing else has changed.
    /// @param value Median, WAD.
    /// @param vintage Vintage of the median report.
    /// @param reporters Seats of the reporters who signed, one bit each.
    /// @param releasableAt Unix time from which anyone may release it.
    event PrintHeld(
        bytes32 indexed index,
        uint32 indexed period,
        uint32 revision,
        uint128 value,
        bytes32 vintage,
        uint32 reporters,
        uint64 releasableAt
    );

    /// @notice A held print was released after its time; `PrintPosted` follows.
    event PrintReleased(bytes32 indexed index, uint32 indexed period, uint32 revision);

    /// @notice The newest trailing mean or its day changed and was pushed.
    /// @param value Trailing mean, WAD, rounded down.
    event IndexPushed(bytes32 indexed index, uint32 sequence, uint256 value, uint32 newestPeriod);

    /// @notice Bonds were attached: from now on a seat needs one, and seats given before must have one by `dueAt`.
    event BondsSet(IReporterBonds indexed bonds, uint64 dueAt);

    /// @notice A reader did not take a push; `repush` repeats it.
    event PushFailed(bytes32 indexed index, IIndexReader indexed reader, uint32 sequence);

    /// @notice A failed push was repeated and taken.
    event IndexRepushed(bytes32 indexed index, IIndexReader indexed reader, uint32 sequence);

    /// @notice A missing day was filled at settlement; it is final.
    event DayFilled(bytes32 indexed index, uint32 indexed period, uint128 value);

    // ------------------------------------------------------------------------------------------------------- errors

    /// @notice The index is already listed.
    error IndexAlreadyListed(bytes32 index);
    /// @notice The index is not listed.
    error IndexNotListed(bytes32 index);
    /// @notice A field of the configuration is below its lowest allowed value.
    error ConfigTooSmall(bytes32 field, uint256 value, uint256 min);
    /// @notice A field of the configuration is above its highest allowed value.
    error ConfigTooLarge(bytes32 field, uint256 value, uint256 max);
    /// @notice The reporter is already in that state.
    error ReporterUnchanged(address reporter, bool active);
    /// @notice The four-day limit of the circuit breaker is below that of one day.
    error BreakerReversed(uint256 breakerFourBps, uint256 breakerBps);
    /// @notice The zero address cannot be a reporter.
    error ReporterIsZero();
    /// @notice A seat was given a short time ago; the next one may be given from `allowedFrom` on.
    error SeatingTooSoon(uint256 timestamp, uint256 allowedFrom);
    /// @notice Fewer seats would be left than the largest quorum of a listed index, or the first print finds fewer than it takes.
    error PanelTooSmall(uint256 seats, uint256 needed);
    /// @notice The reporter has no bond, or has announced to take it back.
    error ReporterNotBonded(address reporter);
    /// @notice The reporter has a bond, so its seat is not free to be dropped.
    error ReporterIsBonded(address reporter);
    /// @notice Seats that were given before there were bonds have until then to have one.
    error BondNotDue(uint256 timestamp, uint256 dueAt);
    /// @notice Bonds are attached once.
    error BondsAlreadySet(IReporterBonds bonds);
    /// @notice The bonds are those of another index contract.
    error BondsOfAnotherIndex(IReporterBonds bonds, address index);
    /// @notice Only the bonds may take away a seat at once.
    error NotBonds(address caller, IReporterBonds bonds);
    /// @notice Every seat of the panel is taken.
    error PanelIsFull(uint256 seats);
    /// @notice The index has the most readers that it may have.
    error TooManyReaders(uint256 readers, uint256 max);
    /// @notice The reader is already registered with the index.
    error ReaderAlreadyAdded(bytes32 index, IIndexReader reader);
    /// @notice The address is not a reader of the index.
    error NotReader(bytes32 index, address account);
    /// @notice A reader must be a contract.
    error ReaderHasNoCode(IIndexReader reader);

    /// @notice Fewer reports than the quorum.
    error TooFewReports(uint256 reports, uint256 quorum);
    /// @notice The signer holds no seat on the panel. A report signed for another chain, contract, index, period or
    /// revision recovers to a signer that nobody knows.
    error ReporterInactive(address signer);
    /// @notice Two reports of one reporter.
    error DuplicateReporter(address signer);
    /// @notice Reports must come in ascending order of their signers.
    error UnsortedReporters(address signer, address previous);
    /// @notice The signature has a high `s`.
    error MalleableSignature(uint256 position, bytes32 s);
    /// @notice Nobody's signature.
    error InvalidSignature(uint256 position);
    /// @notice The report's deadline has passed.
    error ReportExpired(uint256 timestamp, uint64 deadline);
    /// @notice A value of zero.
    error ZeroValue(uint256 position);
    /// @notice A value above the index's bound.
    error ValueTooLarge(uint256 value, uint256 maxValue);
    /// @notice The reports are further apart than the index allows.
    error DispersionTooHigh(uint256 dispersionBps, uint256 maxDispersionBps);
    /// @notice The period has not ended: it is today's or later.
    error FuturePeriod(uint32 period, uint256 today);
    /// @notice The period lies before the index's first one.
    error PeriodTooEarly(uint32 period, uint32 firstPeriod);
    /// @notice The print already stands, or is held, at this revision or a higher one.
    error StaleRevision(uint32 revision, uint32 stored);
    /// @notice No print of the day is held: none was, it was released or replaced, the day's own print became final, the day may be
    /// filled by now, or fewer than a quorum of its signers still stand behind it.
    error NoHeldPrint(bytes32 index, uint32 period);
    /// @notice The print moves the mean too far for a bare quorum, and its day may be filled by now: only a super-quorum can post it.
    error TooLateToHold(uint256 timestamp, uint256 fillableAt);
    /// @notice The held print may not be released yet.
    error PrintStillHeld(uint256 timestamp, uint256 releasableAt);
    /// @notice The print can no longer be revised.
    error PrintIsFinal(bytes32 index, uint32 period, uint256 finalAt);
    /// @notice The day was filled at settlement.
    error PeriodIsSettled(bytes32 index, uint32 period);

    /// @notice The transaction carries too little gas for a reader's stipend.
    error NotEnoughGasToPush(uint256 available, uint256 needed);
    /// @notice The reader still does not take the push.
    error RepushFailed(bytes32 index, IIndexReader reader, uint32 sequence);
    /// @notice The index has had no trailing mean yet.
    error NothingPushed(bytes32 index);

    /// @notice The index has no print yet.
    error NoPrints(bytes32 index);
    /// @notice Too few prints for a trailing mean.
    error TooFewDays(uint256 present, uint256 minTrailingDays);
    /// @notice The last day lies before the first.
    error WindowReversed(uint32 first, uint32 last);
    /// @notice The window has more days than a call may walk.
    error WindowTooLong(uint256 days_, uint256 max);
    /// @notice A print that the settlement needs (in the window, or a missing day's neighbour) is not final yet.
    error WindowNotFinal(uint32 period, uint256 finalAt);
    /// @notice A day of the window is missing and may not be filled yet.
    error DayStillMissing(uint32 period, uint256 fillableAt);
    /// @notice A missing day has no known neighbour within `maxDistance` days on either side.
    error NoKnownNeighbour(uint32 period, uint256 maxDistance);

    // --------------------------------------------------------------------------------------------------- governance

    /// @notice Lists an index. Its terms never change. Once there is a print, the panel must have seats for the super-quorum.
    /// @dev Restricted (AccessManager). Errors: `IndexAlreadyListed`, `ConfigTooSmall`, `ConfigTooLarge`, `BreakerReversed`.
    function listIndex(bytes32 index, IndexConfig calldata config) external;

    /// @notice Gives a reporter a seat on the panel (at most 32) or takes it away. Signatures of a reporter without a
    /// seat do not count, whenever they were made.
    /// @dev Restricted, which brings the delay between announcing a change and making it. Beyond that, once there is a print:
    /// seats are given at least `SEATING_INTERVAL` apart, so that a panel is not replaced at one stroke, and no seat is taken
    /// if that leaves fewer than the largest quorum. Once bonds are attached, a seat needs one. Of a reporter that has left of itself, taking
    /// the seat away takes its support from held prints, as of one that sits.
    /// Errors: `ReporterIsZero`, `ReporterUnchanged`, `PanelIsFull`, `SeatingTooSoon`, `PanelTooSmall`, `ReporterNotBonded`.
    function setReporter(address reporter, bool active) external;

    /// @notice Attaches the contract that keeps the reporters' bonds, once and for ever.
    /// @dev Restricted. Errors: `BondsAlreadySet`, `BondsOfAnotherIndex`.
    function setBonds(IReporterBonds bonds) external;

    /// @notice Takes away the seat of a reporter that was convicted of an equivocation, if it has one. Held prints that it signed lose its
    /// support, also where it had left of itself before.
    /// @dev Only the bonds. Errors: `NotBonds`.
    function expel(address reporter) external;

    /// @notice Takes the seat of a reporter that leaves of itself, if it has one. Held prints that it signed keep its support: its bond stays
    /// for longer than they do, and nobody shall end a hold by leaving.
    /// @dev Only the bonds. Errors: `NotBonds`.
    function retire(address reporter) external;

    /// @notice Takes away the seat of a reporter that has no bond, seven days after bonds were attached.
    /// @dev Anyone may call. Errors: `BondNotDue` (`type(uint256).max` without bonds), `ReporterIsBonded`,
    /// `ReporterUnchanged`.
    function dropUnbonded(address reporter) external;

    /// @notice Adds a reader (at most four an index). It gets the next push; `repush` brings it the last one.
    /// @dev Restricted. Errors: `IndexNotListed`, `ReaderHasNoCode`, `ReaderAlreadyAdded`, `TooManyReaders`.
    function addReader(bytes32 index, IIndexReader reader) external;

    /// @notice Removes a reader, which can then no longer settle windows of the index.
    /// @dev Restricted. Errors: `IndexNotListed`, `NotReader`.
    function removeReader(bytes32 index, IIndexReader reader) external;

    // ------------------------------------------------------------------------------------------------------- prints

    /// @notice Posts the print of an ended day, or a higher revision of it, and pushes the newest trailing mean to the readers if
    /// the post changed it or its day. A print that moves the trailing mean too far is held instead.
    /// @dev Anyone may call. The value is the median of the reports (the lower one for an even count; equal
    /// values count in the order of their signers), the vintage that of the median report. Days may come in any order and revision numbers may skip;
    /// the first print of a day may carry any revision. A higher revision may repeat the value: it then corrects the
    /// vintage, and refusing it would protect nothing, since a quorum that wants to postpone finality can change the
    /// last digit. Reports of a sender's choice above the quorum are welcome, up to the panel.
    /// Breaker.sol says which prints break the limits: a post of fewer than `superQuorum` reports is then held (`PrintHeld`),
    /// which changes nothing else. A higher revision takes the place of a held one, or makes it lapse where it becomes a print; a lower
    /// one counts no more, and the held one itself only from a super-quorum, whose post is never held. A quorum that finds its held value within
    /// the limits by now signs it at a higher revision.
    /// Each reader gets `PUSH_GAS`; what it does with it cannot fail the post.
    /// Errors: `IndexNotListed`, `PeriodTooEarly`, `FuturePeriod`, `PeriodIsSettled`, `PrintIsFinal`, `StaleRevision`,
    /// `TooFewReports`, `ReportExpired`, `ZeroValue`, `ValueTooLarge`, `MalleableSignature`, `InvalidSignature`,
    /// `ReporterInactive`, `DuplicateReporter`, `UnsortedReporters`, `DispersionTooHigh`, `TooLateToHold`,
    /// `NotEnoughGasToPush`; for the very first print `PanelTooSmall`, while the panel has fewer seats than the largest super-quorum of
    /// all indices.
    /// @param reports Sorted by recovered signer, strictly ascending.
    /// @return held Whether the print is held.
    function post(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport[] calldata reports
    ) external returns (bool held);

    /// @notice Makes a print of what has been held for seven days, and pushes as a post does.
    /// @dev Anyone may call, as long as a quorum of its signers stand behind it, and until the day may be filled as a missing one, ten days
    /// after its end. Errors: `IndexNotListed`, `NoHeldPrint`, `PrintStillHeld`, `NotEnoughGasToPush`.
    function releasePrint(bytes32 index, uint32 period) external;

    /// @notice Repeats the last push to one reader, with the same sequence.
    /// @dev Anyone may call. Errors: `IndexNotListed`, `NotReader`, `NothingPushed`, `NotEnoughGasToPush`,
    /// `RepushFailed`.
    function repush(bytes32 index, IIndexReader reader) external;

    /// @notice Fixes the days `first` to `last` for a settlement and returns their sum.
    /// @dev Only a reader of the index. Every print in the window must be final. A missing day takes the integer square
    /// root of the product of its nearest known neighbours, or the one known neighbour, at most 31 days away, once seven
    /// days have passed since it should have been final (period end + 10 days); neighbours must be final, and filled days
    /// are no neighbours. A filled day is final, is skipped by trailing means and can never be posted. Calling again
    /// changes nothing and returns the same.
    /// Errors: `IndexNotListed`, `NotReader`, `WindowReversed`, `WindowTooLong` (366 days), `PeriodTooEarly`,
    /// `WindowNotFinal`, `DayStillMissing`, `NoKnownNeighbour`.
    /// @return sum Sum of the values of all days, filled ones included, WAD, exact.
    /// @return days_ Number of days: `last - first + 1`.
    function settleWindow(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external returns (uint256 sum, uint256 days_);

    // -------------------------------------------------------------------------------------------------------- views

    /// @notice The print of a day; all zero when there is none.
    function print(bytes32 index, uint32 period) external view returns (Print memory);

    /// @notice The newest day that has a print.
    /// @dev Errors: `NoPrints`.
    /// @return value Its value (of the day, not the trailing mean), WAD.
    /// @return period Its UTC day number.
    /// @return sequence Sequence of the last push, zero before the first.
    /// @return isFinal Whether the print is final.
    function latest(
        bytes32 index
    ) external view returns (uint256 value, uint32 period, uint32 sequence, bool isFinal);

    /// @notice The last push; all zero before the first.
    /// @return value Trailing mean at `newestPeriod`, WAD, rounded down.
    /// @return sequence Its number, from 1.
    /// @return newestPeriod Newest day with a print at that time.
    /// @return pushedAt Unix time of the post.
    function pushed(
        bytes32 index
    ) external view returns (uint256 value, uint32 sequence, uint32 newestPeriod, uint64 pushedAt);

    /// @notice The print of a day that is held; all zero when there is none. From the time on at which the day may be filled it shows none, but
    /// what was held then still overrules lower revisions of a day that has no print.
    function heldPrint(bytes32 index, uint32 period) external view returns (HeldPrint memory);

    /// @notice Mean of the prints among the `trailingDays` days that end with `endPeriod`; missing and filled days are
    /// skipped.
    /// @dev Errors: `IndexNotListed`, `TooFewDays`.
    /// @return mean WAD, rounded down.
    /// @return allFinal Whether every print in it is final.
    function trailingMean(
        bytes32 index,
        uint32 endPeriod
    ) external view returns (uint256 mean, bool allFinal);

    /// @notice Sum and number of the prints from `first` to `last`, filled days included; their quotient is the mean.
    /// @dev Errors: `WindowReversed`, `WindowTooLong` (366 days). Zero for an index that is not listed.
    /// @return sum WAD, exact.
    /// @return present Days that have a print.
    /// @return allFinal Whether every print in it is final (true when there is none).
    function windowMean(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (uint256 sum, uint256 present, bool allFinal);

    /// @notice Sum and number of the final prints from `first` to `last`, filled days included.
    /// @dev Errors: `WindowReversed`, `WindowTooLong` (366 days). Zero for an index that is not listed.
    /// @return sum WAD, exact.
    /// @return finalDays Days whose print is final.
    function lockedSum(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (uint256 sum, uint256 finalDays);

    /// @notice Sum and number of the prints from `first` to `last` that were final at a moment, without filled days: what a
    /// reader that asked at that moment would have been told, whenever it is asked.
    /// @dev Errors: `WindowReversed`, `WindowTooLong` (366 days). Zero for an index that is not listed.
    /// @param time Unix time; one that lies ahead counts as now.
    /// @return sum WAD, exact.
    /// @return finalDays Days whose print was final.
    function lockedSumAt(
        bytes32 index,
        uint32 first,
        uint32 last,
        uint64 time
    ) external view returns (uint256 sum, uint256 finalDays);

    /// @notice Unix time from which the print of a day cannot change, as things stand: a revision before then moves it.
    /// For a filled day the time from which it could be filled. `type(uint64).max` when there is no print.
    function finalAt(bytes32 index, uint32 period) external view returns (uint64);

    /// @notice What `settleWindow` would do now.
    /// @dev Errors: `IndexNotListed`, `WindowReversed`, `WindowTooLong` (366 days), `PeriodTooEarly`.
    /// @return ready Whether it would succeed.
    /// @return sum Sum that it would return, WAD; while not ready, the sum as things stand, without the days that have
    /// no known neighbour.
    /// @return days_ Number of days of the window.
    /// @return readyAt Unix time from which it would succeed if nothing more is posted; `type(uint64).max` while a
    /// missing day has no known neighbour.
    function previewSettlement(
        bytes32 index,
        uint32 first,
        uint32 last
    ) external view returns (bool ready, uint256 sum, uint256 days_, uint64 readyAt);

    /// @notice Terms of an index.
    /// @dev Errors: `IndexNotListed`.
    function config(bytes32 index) external view returns (IndexConfig memory);

    /// @notice Readers of an index, in no promised order.
    function readers(bytes32 index) external view returns (IIndexReader[] memory);

    /// @notice Gas that each reader is given for a push.
    function PUSH_GAS() external view returns (uint256);

    /// @notice Least time between two seats that are given, once there is a print.
    function SEATING_INTERVAL() external view returns (uint256);

    /// @notice The contract that keeps the reporters' bonds; zero while there is none.
    /// @return keeper The contract.
    /// @return dueAt Unix time by which seats that were given before must have a bond.
    function bonds() external view returns (IReporterBonds keeper, uint64 dueAt);

    /// @notice Whether a reporter holds a seat, and which.
    function reporter(address account) external view returns (bool active, uint8 seat);

    /// @notice Seats of the panel that are taken, one bit each.
    function panel() external view returns (uint32 seats);

    /// @notice The EIP-712 digest that a reporter signs.
    function hashReport(
        bytes32 index,
        uint32 period,
        uint32 revision,
        uint128 value,
        bytes32 vintage,
        uint64 deadline
    ) external view returns (bytes32);
}
