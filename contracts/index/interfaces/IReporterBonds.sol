// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {MarketId} from "../../types/Identifiers.sol";
import {IUsageIndex, SignedReport} from "./IUsageIndex.sol";

/// @notice What the bonds need of a clearing house.
interface IInsuranceFunds {
    /// @notice The token of its funds.
    function collateral() external view returns (address);

    /// @notice Brings money of the sender into a market's insurance fund.
    function topUpFund(MarketId market, uint256 amount) external;
}

/// @title IReporterBonds
/// @notice Bonds of reporters, and what they are lost for: equivocation alone, which anyone can prove.
/// @dev A bond is `AMOUNT` of `TOKEN`, which is the collateral of the clearing house whose insurance funds get what is slashed.
///
/// Equivocation is two reports that one reporter signed for the same index, period and revision of this chain's index
/// contract, with different values or different vintages. Reports that differ in their deadline alone are the same report:
/// an honest node may sign it again. Whether a value is right is nothing that anybody decides here.
///
/// What always holds:
/// - The balance of `TOKEN` is at least `AMOUNT` × bonds + `slashed`. A bond leaves only to the payee that was named with it,
///   or by a proof: `PROVER_BPS` of it, at most half, to whom the prover names, the rest to an insurance fund. Nobody who
///   governs can take a bond or send what was slashed anywhere but into an insurance fund.
/// - A reporter that equivocated loses at least half of its bond, also if it proves it itself.
/// - A bond can be slashed until it is withdrawn, which is at least `LEAVE_TIME` after its reporter's signatures stopped to count.
interface IReporterBonds {
    // ------------------------------------------------------------------------------------------------------- events

    /// @notice A reporter has a bond.
    event Bonded(address indexed reporter, address indexed payee, uint256 amount);

    /// @notice A reporter leaves; its seat, if it had one, is lost.
    event LeaveAnnounced(address indexed reporter, uint64 withdrawableAt);

    /// @notice A bond went back.
    event Withdrawn(address indexed reporter, address indexed payee, uint256 amount);

    /// @notice An equivocation was proven. Both amounts are zero for a reporter that had a seat but no bond.
    /// @param toProver Paid to `to`.
    /// @param toFunds Added to what the insurance funds get.
    event Slashed(
        address indexed reporter,
        bytes32 indexed index,
        uint32 period,
        uint32 revision,
        address to,
        uint256 toProver,
        uint256 toFunds
    );

    /// @notice What was slashed is in an insurance fund.
    event FundPaid(MarketId indexed market, uint256 amount);

    /// @notice Another market's fund gets what is slashed from now on.
    event FundMarketSet(MarketId indexed market);

    // ------------------------------------------------------------------------------------------------------- errors

    /// @notice A field of the deployment is out of its range.
    error BondTermsInvalid(bytes32 field, uint256 value, uint256 limit);
    /// @notice The zero address.
    error ZeroPayee();
    /// @notice The index contract does not know these bonds, but others or none.
    error BondsNotAttached(IReporterBonds attached);
    /// @notice The reporter has a bond.
    error AlreadyBonded(address reporter);
    /// @notice The reporter has none.
    error NotBonded(address reporter);
    /// @notice The token credited another amount than was asked.
    error BondMismatch(uint256 received, uint256 asked);
    /// @notice Only the reporter or its payee may announce that it leaves.
    error NotReporterOrPayee(address caller, address reporter, address payee);
    /// @notice It has been announced already.
    error AlreadyLeaving(address reporter, uint256 withdrawableAt);
    /// @notice It has not been announced.
    error NotLeaving(address reporter);
    /// @notice The bond can still be slashed.
    error BondLocked(uint256 timestamp, uint256 withdrawableAt);
    /// @notice A signature with a high `s`, or nobody's.
    error ProofInvalid(uint256 position);
    /// @notice The two reports are signed by two.
    error DifferentSigners(address first, address second);
    /// @notice The two reports say the same.
    error NoEquivocation(uint256 value, bytes32 vintage);
    /// @notice The signer has neither a bond nor a seat to lose.
    error NothingToSlash(address signer);
    /// @notice There is nothing for the funds.
    error NothingToPay();

    // --------------------------------------------------------------------------------------------------------- calls

    /// @notice Takes the sender's bond. The sender is a reporter's key, or will be one.
    /// @dev Errors: `ZeroPayee`, `BondsNotAttached`, `AlreadyBonded`, `BondMismatch` (fee on transfer), and those of the token.
    /// @param payee Who gets it back, fixed: whoever steals the key that signs reports gets no bond.
    function bond(address payee) external;

    /// @notice Announces that a reporter leaves: its seat is lost at once, its bond stays slashable for `LEAVE_TIME` more.
    /// @dev The reporter or its payee. The wait is longer than the time in which a print becomes final and a week: it
    /// begins when the signatures stop to count. Errors: `NotBonded`, `NotReporterOrPayee`, `AlreadyLeaving`.
    function announceLeave(address reporter) external;

    /// @notice Pays a bond back to its payee after the wait.
    /// @dev Anyone may call. Errors: `NotBonded`, `NotLeaving`, `BondLocked`.
    function withdraw(address reporter) external;

    /// @notice Proves an equivocation: the whole bond is lost, and the seat with it, at once.
    /// @dev Anyone may call, with reports of any age. The deadlines do not matter. Errors: `ZeroPayee`, `ProofInvalid`,
    /// `DifferentSigners`, `NoEquivocation`, `NothingToSlash`.
    /// @param to Who gets the prover's share, rounded down.
    function slash(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport calldata first,
        SignedReport calldata second,
        address to
    ) external;

    /// @notice Brings all that was slashed into the insurance fund.
    /// @dev Anyone may call; a separate call, so that a fund that takes no money does not protect a reporter. Errors:
    /// `NothingToPay`, and those of the clearing house.
    function payFund() external;

    /// @notice Chooses the market whose insurance fund gets what is slashed.
    /// @dev Restricted (AccessManager).
    function setFundMarket(MarketId market) external;

    // --------------------------------------------------------------------------------------------------------- views

    /// @notice The index contract whose reports count.
    function INDEX() external view returns (IUsageIndex);

    /// @notice The clearing house whose funds get what is slashed.
    function FUNDS() external view returns (IInsuranceFunds);

    /// @notice The token of bonds.
    function TOKEN() external view returns (IERC20);

    /// @notice A bond, in the smallest unit of the token.
    function AMOUNT() external view returns (uint256);

    /// @notice Share of a slashed bond that goes to the prover, in basis points, at most 5,000.
    function PROVER_BPS() external view returns (uint256);

    /// @notice Time from announcing to withdrawing.
    function LEAVE_TIME() external view returns (uint256);

    /// @notice Whether a reporter has a bond and does not leave.
    function isBonded(address reporter) external view returns (bool);

    /// @notice A reporter's bond; all zero without one.
    /// @return payee Who gets it back.
    /// @return withdrawableAt Unix time from which it may be withdrawn; zero while the reporter does not leave.
    function bondOf(address reporter) external view returns (address payee, uint64 withdrawableAt);

    /// @notice What was slashed for the funds and waits for `payFund`.
    function slashed() external view returns (uint256);

    /// @notice The market whose fund gets it.
    function fundMarket() external view returns (MarketId);
}
