// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {MarketId} from "../types/Identifiers.sol";
import {IInsuranceFunds, IReporterBonds} from "./interfaces/IReporterBonds.sol";
import {IUsageIndex, SignedReport} from "./interfaces/IUsageIndex.sol";

/// @title ReporterBonds
/// @notice Bonds of the reporters of one index contract; `IReporterBonds` says what they are lost for.
contract ReporterBonds is IReporterBonds, AccessManaged, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_PROVER_BPS = 5_000;

    /// @dev One slot. `withdrawableAt` is zero while the reporter does not leave.
    struct Bond {
        address payee;
        uint64 withdrawableAt;
    }

    /// @inheritdoc IReporterBonds
    /// @dev What is signed at the last moment is final three days later, if it is not revised; a week and a reserve come on top.
    uint256 public constant LEAVE_TIME = 14 days;
    /// @inheritdoc IReporterBonds
    IUsageIndex public immutable INDEX;
    /// @inheritdoc IReporterBonds
    IInsuranceFunds public immutable FUNDS;
    /// @inheritdoc IReporterBonds
    IERC20 public immutable TOKEN;
    /// @inheritdoc IReporterBonds
    uint256 public immutable AMOUNT;
    /// @inheritdoc IReporterBonds
    uint256 public immutable PROVER_BPS;

    /// @inheritdoc IReporterBonds
    MarketId public fundMarket;
    /// @inheritdoc IReporterBonds
    uint256 public slashed;
    mapping(address reporter => Bond) private _bonds;

    /// @param authority_ AccessManager that governs which fund gets what is slashed, and nothing else.
    /// @param proverBps Share of the prover, at most half.
    constructor(
        address authority_,
        IUsageIndex index,
        IInsuranceFunds funds,
        MarketId fundMarket_,
        uint256 amount,
        uint256 proverBps
    ) AccessManaged(authority_) {
        if (amount == 0) revert BondTermsInvalid("amount", amount, 1);
        if (proverBps > MAX_PROVER_BPS) revert BondTermsInvalid("proverBps", proverBps, MAX_PROVER_BPS);
        (INDEX, FUNDS, TOKEN) = (index, funds, IERC20(funds.collateral()));
        (AMOUNT, PROVER_BPS) = (amount, proverBps);
        fundMarket = fundMarket_;
        emit FundMarketSet(fundMarket_);
    }

    // --------------------------------------------------------------------------------------------------------- calls

    /// @inheritdoc IReporterBonds
    function bond(address payee) external nonReentrant {
        if (payee == address(0)) revert ZeroPayee();
        // Before that, leaving could not take a seat away, and the wait would begin while signatures still count.
        (IReporterBonds attached, ) = INDEX.bonds();
        if (address(attached) != address(this)) revert BondsNotAttached(attached);
        if (_bonds[msg.sender].payee != address(0)) revert AlreadyBonded(msg.sender);
        _bonds[msg.sender] = Bond(payee, 0);
        emit Bonded(msg.sender, payee, AMOUNT);

        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), AMOUNT);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received != AMOUNT) revert BondMismatch(received, AMOUNT);
    }

    /// @inheritdoc IReporterBonds
    function announceLeave(address reporter) external nonReentrant {
        Bond memory held = _bonded(reporter);
        if (msg.sender != reporter && msg.sender != held.payee) {
            revert NotReporterOrPayee(msg.sender, reporter, held.payee);
        }
        if (held.withdrawableAt != 0) revert AlreadyLeaving(reporter, held.withdrawableAt);
        held.withdrawableAt = (block.timestamp + LEAVE_TIME).toUint64();
        _bonds[reporter] = held;
        emit LeaveAnnounced(reporter, held.withdrawableAt);
        INDEX.retire(reporter);
    }

    /// @inheritdoc IReporterBonds
    function withdraw(address reporter) external nonReentrant {
        Bond memory held = _bonded(reporter);
        if (held.withdrawableAt == 0) revert NotLeaving(reporter);
        if (block.timestamp < held.withdrawableAt) revert BondLocked(block.timestamp, held.withdrawableAt);
        delete _bonds[reporter];
        emit Withdrawn(reporter, held.payee, AMOUNT);
        TOKEN.safeTransfer(held.payee, AMOUNT);
    }

    /// @inheritdoc IReporterBonds
    function slash(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport calldata first,
        SignedReport calldata second,
        address to
    ) external nonReentrant {
        if (to == address(0)) revert ZeroPayee();
        if (first.value == second.value && first.vintage == second.vintage) {
            revert NoEquivocation(first.value, first.vintage);
        }
        address signer = _signer(index, period, revision, first, 0);
        address other = _signer(index, period, revision, second, 1);
        if (signer != other) revert DifferentSigners(signer, other);

        bool hadBond = _bonds[signer].payee != address(0);
        if (!hadBond) {
            (bool seated, ) = INDEX.reporter(signer);
            if (!seated) revert NothingToSlash(signer);
        }
        uint256 toProver = hadBond ? (AMOUNT * PROVER_BPS) / BPS : 0;
        uint256 toFunds = hadBond ? AMOUNT - toProver : 0;
        delete _bonds[signer];
        slashed += toFunds;
        emit Slashed(signer, index, period, revision, to, toProver, toFunds);
        INDEX.expel(signer);
        if (toProver != 0) TOKEN.safeTransfer(to, toProver);
    }

    /// @inheritdoc IReporterBonds
    function payFund() external nonReentrant {
        uint256 amount = slashed;
        if (amount == 0) revert NothingToPay();
        slashed = 0;
        emit FundPaid(fundMarket, amount);
        TOKEN.forceApprove(address(FUNDS), amount);
        FUNDS.topUpFund(fundMarket, amount);
    }

    /// @inheritdoc IReporterBonds
    function setFundMarket(MarketId market) external restricted {
        fundMarket = market;
        emit FundMarketSet(market);
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IReporterBonds
    function isBonded(address reporter) external view returns (bool) {
        Bond memory held = _bonds[reporter];
        return held.payee != address(0) && held.withdrawableAt == 0;
    }

    /// @inheritdoc IReporterBonds
    function bondOf(address reporter) external view returns (address payee, uint64 withdrawableAt) {
        Bond memory held = _bonds[reporter];
        return (held.payee, held.withdrawableAt);
    }

    // ------------------------------------------------------------------------------------------------------ internal

    function _bonded(address reporter) private view returns (Bond memory held) {
        held = _bonds[reporter];
        if (held.payee == address(0)) revert NotBonded(reporter);
    }

    function _signer(
        bytes32 index,
        uint32 period,
        uint32 revision,
        SignedReport calldata report,
        uint256 position
    ) private view returns (address signer) {
        bytes32 digest = INDEX.hashReport(
            index,
            period,
            revision,
            report.value,
            report.vintage,
            report.deadline
        );
        (signer, , ) = ECDSA.tryRecover(digest, report.r, report.vs);
        if (signer == address(0)) revert ProofInvalid(position);
    }
}
