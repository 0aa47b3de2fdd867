// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexReader} from "./IIndexReader.sol";

/// @notice Terms of an index, fixed when it is listed.
/// @param quorum Signed reports of distinct active reporters that a print needs, 1 to 32.
/// @param maxDispersionBps Largest (max − min) / median of the values of one post, in basis points.
/// @param trailingDays Days of the trailing mean, 1 to 31.
/// @param minTrailingDays Prints among those days without which there is no trailing mean, 1 to `trailingDays`.
/// @param firstPeriod First UTC day number that may be posted.
/// @param maxValue Largest value that is not absurd, WAD, 1 to 2^83 − 1 (about 9.6 million points).
struct IndexConfig {
    uint8 quorum;
    uint16 maxDispersionBps;
    uint8 trailingDays;
    uint8 minTrailingDays;
    uint32 firstPeriod;
    uint128 maxValue;
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
/// @param vintage Vintage of the median report; zero for a filled day.
/// @param isFinal Whether the print can no longer change.
/// @param filled Whether a settlement set it by the missing-day rule.
struct Print {
    uint128 value;
    uint32 revision;
    uint64 revisedAt;
    bytes32 vintage;
    bool isFinal;
    bool filled;
}

/// @title IUsageIndex
/// @notice Daily prints of one or more indices, each the median of a quorum of signed reports, with their revisions,
/// finality and means, and the push of every change to the markets that read them.
/// @dev Values are WAD (1e18 = one index point). A period is a UTC day number (Unix time / 1 days); its end is
/// `(period + 1) * 1 days`. A print is final at the later of period end + 3 days and its last revision + 24 hours.
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

    /// @notice The newest trailing mean changed and was pushed.
    /// @param value Trailing mean, WAD, rounded down.
    event IndexPushed(bytes32 indexed index, uint32 sequence, uint256 value, uint32 newestPeriod);

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
    /// @notice The zero address cannot be a reporter.
    error ReporterIsZero();
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
    /// @notice The print already stands at this revision or a higher one.
    error StaleRevision(uint32 revision, uint32 stored);
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

    /// @notice Lists an index. Its terms never change.
    /// @dev Restricted (AccessManager). Errors: `IndexAlreadyListed`, `ConfigTooSmall`, `ConfigTooLarge`.
    function listIndex(bytes32 index, IndexConfig calldata config) external;

    /// @notice Gives a reporter a seat on the panel (at most 32) or takes it away. Signatures of a reporter without a
    /// seat do not count, whenever they were made.
    /// @dev Restricted. Errors: `ReporterIsZero`, `ReporterUnchanged`, `PanelIsFull`.
    function setReporter(address reporter, bool active) external;

    /// @notice Adds a reader (at most four an index). It gets the next push; `repush` brings it the last one.
    /// @dev Restricted. Errors: `IndexNotListed`, `ReaderHasNoCode`, `ReaderAlreadyAdded`, `TooManyReaders`.
    function addReader(bytes32 index, IIndexReader reader) external;

    /// @notice Removes a reader, which can then no longer settle windows of the index.
    /// @dev Restricted. Errors: `IndexNotListed`, `NotReader`.
    function removeReader(bytes32 index, IIndexReader reader) external;

    // ------------------------------------------------------------------------------------------------------- prints

    /// @notice Posts the print of an ended day, or a higher revision of it, and pushes the newest trailing mean to the
    /// readers if the post changed it.
    /// @dev Anyone may call. The value is the median of the reports (the lower one for an even count; equal
    /// values count in the order of their signers), the vintage that of the median report. Days may come in any order and revision numbers may skip;
    /// the first print of a day may carry any revision. A higher revision may repeat the value: it then corrects the
    /// vintage, and refusing it would protect nothing, since a quorum that wants to postpone finality can change the
    /// last digit. Reports of a sender's choice above the quorum are welcome, up to the panel.
    /// Each reader gets `PUSH_GAS`; what it does with it cannot fail the post.
    /// Errors: `IndexNotListed`, `PeriodTooEarly`, `FuturePeriod`, `PeriodIsSettled`, `PrintIsFinal`, `StaleRevision`,
    /// `TooFewReports`, `ReportExpired`, `ZeroValue`, `ValueTooLarge`, `MalleableSignature`, `InvalidSignature`,
    /// `ReporterInactive`, `DuplicateReporter`, `UnsortedReporters`, `DispersionTooHigh`, `NotEnoughGasToPush`.
    /// @param reports Sorted by recovered signer, strictly ascending.
    function post(bytes32 index, uint32 period, uint32 revision, SignedReport[] calldata reports) external;

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
