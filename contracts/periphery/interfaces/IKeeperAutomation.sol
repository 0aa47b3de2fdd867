// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearinghouse} from "../../clearing/interfaces/IClearinghouse.sol";
import {IUsageIndex} from "../../index/interfaces/IUsageIndex.sol";

/// @notice What Chainlink Automation asks of a contract. Its nodes simulate `checkUpkeep` at every block, from the zero address, with a
///         limit of gas (10 million on the large networks), and send what it returns to `performUpkeep` (5 million, 2,000 bytes).
interface IAutomationCompatible {
    /// @param checkData What the upkeep was registered with.
    /// @return upkeepNeeded Whether `performUpkeep` should be sent.
    /// @return performData What to send it with.
    function checkUpkeep(
        bytes calldata checkData
    ) external returns (bool upkeepNeeded, bytes memory performData);

    /// @param performData Anything: the sender may be anybody.
    function performUpkeep(bytes calldata performData) external;
}

/// @dev What an upkeep looks after; the jobs are those of the keepers.
///      Clock: held prints, pushes that were missed, feeds that catch up, announced margins, markets brought up to date.
///      Liquidation: risk-raising orders below IM, closing below MM, absorption at zero equity.
///      Waterfall: pending rounds of positions, deleveraging, unwinding of funds.
///      Settlement: settlement prices, and conversion of positions.
///      Purge: dead orders.
enum Job {
    Clock,
    Liquidation,
    Waterfall,
    Settlement,
    Purge
}

/// @dev One step of an upkeep: the functions of the same names.
enum Action {
    Sync,
    Follow,
    Repush,
    ReleasePrint,
    ApplyMargins,
    CancelRiskRaising,
    Liquidate,
    Absorb,
    Deleverage,
    ApplyRounds,
    Unwind,
    Settle,
    SettleAccounts,
    Sweep,
    SweepOrders
}

/// @dev What an upkeep is registered with: `abi.encode(Assignment)` is its `checkData`.
/// @param firstMarket First market of the range; last ones beyond the listed markets are no error.
/// @param firstAccount First account of the range, at least 2048, likewise (Liquidation, Waterfall, Settlement). Ranges shard the accounts.
/// @param interval Seconds between two touches of a market or feed by this contract (Clock). Anyone may `run` a step that moves a feed by
///        dust, which puts its next one off by an interval; any touch of the feed's markets lets it catch up all the same.
struct Assignment {
    Job job;
    uint16 firstMarket;
    uint16 lastMarket;
    uint32 firstAccount;
    uint32 lastAccount;
    uint32 interval;
}

/// @title IKeeperAutomation
/// @notice Every job of the keepers as an upkeep of Chainlink Automation. `checkUpkeep` tries steps, in its simulation, by the very code that
///         performs them, and returns those that did something.
/// @dev State: when this contract last touched a market or feed, which only spaces its own touches. It holds no money and no role, and
///      nobody has named it operator. `performData` is untrusted: a step is one of the calls that anyone may make, which
///      the clearing house and the index judge anew; a liquidation's share goes to the account of the owner that the contract was
///      deployed with, and it takes nothing over. Steps are independent of each other: one that fails undoes nothing.
///
///      performData is a sequence of steps, each a head and its items, in words of 32 bytes:
///
///      head: | 255..112 – | 111..104 items | 103..97 – | 96 bids | 95..64 period | 63..32 account | 31..24 feed | 23..8 market | 7..0 action |
///
///      Items are order ids, two a word (CancelRiskRaising, SweepOrders), or accounts, eight a word (ApplyRounds, SettleAccounts), the
///      first one in the lowest bits.
interface IKeeperAutomation is IAutomationCompatible {
    /// @dev `checkUpkeep` was sent in a transaction.
    error OnlySimulated(address origin);
    /// @dev The data end in the middle of the step that begins there.
    error StepCutOff(uint256 position, uint256 length);
    /// @dev A head names no action.
    error UnknownAction(uint256 action);
    error NothingChanged();
    /// @dev None of the steps that were tried did anything.
    error NothingDone(uint256 steps);

    /// @notice An upkeep was performed.
    /// @param done Steps that did something.
    /// @param failed Steps that failed: somebody else was first, or the gas was short.
    /// @param left Bytes of performData whose steps were not tried, since too little gas was left.
    event UpkeepPerformed(address indexed sender, uint256 done, uint256 failed, uint256 left);

    /// @notice Performs one step, as `performUpkeep` does each of its own.
    /// @dev Anyone. Errors: StepCutOff, UnknownAction, NothingChanged, and those of what it calls.
    function run(bytes calldata step) external;

    /// @notice Unix time at which this contract last brought a market up to date.
    function syncedAt(uint16 market) external view returns (uint256 timestamp);

    /// @notice Unix time at which this contract last let a feed catch up.
    function followedAt(uint8 feed) external view returns (uint256 timestamp);

    function CLEARINGHOUSE() external view returns (IClearinghouse);

    function INDEX() external view returns (IUsageIndex);

    /// @notice Whose subaccount 0 earns the keeper's share of liquidations. Until it is open, upkeeps liquidate nobody.
    function KEEPER() external view returns (address owner);
}
