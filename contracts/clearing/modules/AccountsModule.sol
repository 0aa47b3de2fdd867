// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {IAccounts} from "../interfaces/IAccounts.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Funds} from "../libraries/Funds.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {Positions} from "../libraries/Positions.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {Position, Purse} from "../libraries/Words.sol";

/// @title AccountsModule
/// @notice Collateral in, out and across, who may trade for whom, and until when orders are good, behind the clearing house's fallback.
contract AccountsModule is ClearingBase, IAccounts, IClearingEvents, IClearingErrors {
    using SafeERC20 for IERC20;

    /// @dev Shortest and longest time of a dead-man switch, seconds.
    int256 private constant MIN_SWITCH = 5;
    int256 private constant MAX_SWITCH = 30 days;
    /// @dev Tenths of a basis point.
    uint256 private constant MAX_BUILDER_FEE = 100;

    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IAccounts
    function deposit(uint16 subaccount, uint256 amount) external nonReentrant returns (AccountId account) {
        return _deposit(subaccount, amount);
    }

    /// @inheritdoc IAccounts
    function depositWithPermit(
        uint16 subaccount,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (AccountId account) {
        // Somebody may have used the permit before us: then the allowance is there and the transfer decides.
        try IERC20Permit(COLLATERAL).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(subaccount, amount);
    }

    /// @inheritdoc IAccounts
    function depositFor(AccountId account, uint256 amount) external nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        // Money of a fund is governed, and a deficit comes before it: `topUpFund`.
        if (account.unwrap() < ClearingStorage.FIRST_ACCOUNT || !Accounts.exists(s, account)) {
            revert UnknownAccount(account);
        }
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        _receive(s, account, amount);
    }

    /// @inheritdoc IAccounts
    function withdraw(AccountId account, uint256 amount, address to) external nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, account);
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroAddress();
        uint256 unbooked = Funds.settleSpent(s);
        _debit(s, account, amount);
        uint256 paid = amount - Funds.leaveClaim(s, account, amount, unbooked);
        // More than everybody has can only be asked for while debts stand that nobody has booked.
        if (paid > s.tracked) revert InsufficientCash(int256(s.tracked), paid);
        s.tracked -= paid;
        emit Withdrawn(account, to, paid);
        IERC20(COLLATERAL).safeTransfer(to, paid);
    }

    /// @inheritdoc IAccounts
    function redeemClaim(AccountId account) external returns (uint256 amount) {
        return Funds.redeem(ClearingStorage.load(), account);
    }

    /// @inheritdoc IAccounts
    function transfer(AccountId from, AccountId to, uint256 amount) external nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, from);
        Accounts.requireOwner(s, to);
        if (from.unwrap() == to.unwrap()) revert SameAccount(from);
        if (Accounts.isRetired(s, to)) revert AccountIsRetired(to);
        if (amount == 0) revert ZeroAmount();
        _debit(s, from, amount);
        Accounts.credit(s, to, int256(amount));
        emit Transferred(from, to, amount);
    }

    /// @inheritdoc IAccounts
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            results[i] = Address.functionDelegateCall(address(this), calls[i]);
        }
    }

    /// @inheritdoc IAccounts
    function cancelAllAfter(AccountId account, uint32 seconds_) external returns (uint40 deadline) {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireTrader(s, account);
        if (seconds_ != 0) {
            int256 value = int256(uint256(seconds_));
            if (value < MIN_SWITCH || value > MAX_SWITCH) {
                revert ParameterOutOfRange("seconds", value, MIN_SWITCH, MAX_SWITCH);
            }
            deadline = uint40(block.timestamp + seconds_);
        }
        bool fired = Accounts.hasFired(s, account);
        for (uint256 markets = Accounts.loadPurse(s, account).markets; markets != 0; markets >>= 10) {
            MarketId market = MarketId.wrap(uint16(markets & 1023));
            Position p = Positions.load(s, market, account);
            if (fired && p.openOrders() != 0) revert OrdersOpen(market, p.openOrders());
            // Makers that say nothing cost the taker no look at their switch.
            Positions.store(s, market, account, p.withGuarded(deadline != 0));
        }
        Accounts.setDeadline(s, account, deadline);
        emit SwitchSet(account, deadline);
    }

    /// @inheritdoc IAccounts
    function setBuilder(AccountId account, AccountId builder, uint16 cap) external {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, account);
        if (account.unwrap() == builder.unwrap()) revert SameAccount(account);
        if (builder.unwrap() < ClearingStorage.FIRST_ACCOUNT || !Accounts.exists(s, builder)) {
            revert UnknownAccount(builder);
        }
        if (cap > MAX_BUILDER_FEE) revert BuilderFeeTooHigh(cap, MAX_BUILDER_FEE);
        s.builderCaps[Accounts.builderKey(account, builder)] = cap;
        emit BuilderSet(account, builder, cap);
    }

    /// @inheritdoc IAccounts
    function setOperator(AccountId account, address operator, uint40 expiry) external {
        ClearingState storage s = ClearingStorage.load();
        Accounts.requireOwner(s, account);
        s.operators[account.unwrap()][operator] = expiry;
        emit OperatorSet(account, operator, expiry);
    }

    /// @inheritdoc IAccounts
    function accountOf(address owner, uint16 subaccount) external view returns (AccountId account) {
        uint256 key = (uint256(uint160(owner)) << 16) | subaccount;
        return AccountId.wrap(uint32(ClearingStorage.load().accounts[key]));
    }

    /// @inheritdoc IAccounts
    function builderCap(AccountId account, AccountId builder) external view returns (uint16 cap) {
        return uint16(ClearingStorage.load().builderCaps[Accounts.builderKey(account, builder)]);
    }

    /// @inheritdoc IAccounts
    function switchDeadline(AccountId account) external view returns (uint40 deadline) {
        return uint40(Accounts.deadlineOf(ClearingStorage.load(), account));
    }

    /// @inheritdoc IAccounts
    function operatorExpiry(AccountId account, address operator) external view returns (uint40 expiry) {
        return ClearingStorage.load().operators[account.unwrap()][operator];
    }

    /// @inheritdoc IAccounts
    function collateral() external view returns (address token) {
        return COLLATERAL;
    }

    /// @inheritdoc IAccounts
    function tracked() external view returns (uint256 amount) {
        return ClearingStorage.load().tracked;
    }

    /// @dev Takes cash from an account, as far as its margin allows: marks must be valid, and equity without gains in expired
    ///      markets must cover IM afterwards.
    function _debit(ClearingState storage s, AccountId account, uint256 amount) private {
        DatedFutures.touchAll(s, account, UNIT);
        Rounds.serveAll(s, account);
        Ladder.requireValidMarks(s, account);
        Purse memory purse = Accounts.loadPurse(s, account);
        if (purse.cash < 0 || uint256(purse.cash) < amount) revert InsufficientCash(purse.cash, amount);
        purse.cash -= int256(amount);
        Accounts.storePurse(s, account, purse);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity - h.expiredGain < int256(h.initial)) {
            revert InsufficientMargin(h.equity - h.expiredGain, h.initial);
        }
    }

    function _deposit(uint16 subaccount, uint256 amount) private returns (AccountId account) {
        ClearingState storage s = ClearingStorage.load();
        account = Accounts.openFor(s, msg.sender, subaccount);
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        _receive(s, account, amount);
    }

    /// @dev Takes tokens from the sender. What is credited is what was asked for, and only if exactly that arrived.
    function _receive(ClearingState storage s, AccountId account, uint256 amount) private {
        _pull(amount);
        s.tracked += amount;
        Accounts.credit(s, account, int256(amount));
        emit Deposited(account, msg.sender, amount);
    }
}
