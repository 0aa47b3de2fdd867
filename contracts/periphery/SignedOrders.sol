// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {OrderKind, OrderParameters} from "../clearing/interfaces/ClearingTypes.sol";
import {IClearinghouse} from "../clearing/interfaces/IClearinghouse.sol";
import {Rounding} from "../clearing/libraries/Rounding.sol";
import {MarketRisk, Position} from "../clearing/libraries/Words.sol";
import {Markets} from "../instruments/libraries/Markets.sol";
import {AccountId, MarketId, OrderId} from "../types/Identifiers.sol";
import {
    Attempt,
    Execution,
    ISignedOrders,
    OrderState,
    SignedExecution,
    SignedOrder,
    Trigger
} from "./interfaces/ISignedOrders.sol";

/// @title SignedOrders
/// @notice Executes orders that were signed off chain; `ISignedOrders` says under which rules.
contract SignedOrders is ISignedOrders, EIP712, Multicall, ReentrancyGuardTransient {
    using Rounding for int256;
    using SafeERC20 for IERC20;

    bytes32 private constant ORDER_TYPE = keccak256(
        "SignedOrder(address owner,uint16 subaccount,address signer,uint16 market,int40 lots,uint24 tick,uint8 kind,bool reduceOnly,uint40 restUntil,uint16 maxFills,uint64 clientOrderId,uint8 trigger,uint40 triggerX16,uint40 start,uint40 expiry,uint64 nonce,uint64 group,bool oneCancelsOther,uint128 fee,address executor)"
    );
    /// @dev In place of an order that has closed a group. No order has this hash.
    bytes32 private constant CANCELLED = bytes32(type(uint256).max);

    /// @dev What was executed under a nonce. One slot.
    /// @param order Hash of the order without its last five bytes; zero while there is none.
    /// @param lots Lots consumed, unsigned.
    struct Consumed {
        bytes27 order;
        uint40 lots;
    }

    /// @dev Orders of one signer for one account.
    /// @param least Least nonce that is good.
    /// @param feeBudget What fees may still cost, where the signer is not the owner.
    /// @param cancelled Nonces cancelled one by one: 256 to a word.
    /// @param groups Hash of the order that has closed a group, or CANCELLED; zero while it is open.
    struct Ledger {
        uint64 least;
        uint128 feeBudget;
        mapping(uint256 word => uint256) cancelled;
        mapping(uint64 nonce => Consumed) consumed;
        mapping(uint64 group => bytes32) groups;
    }

    /// @inheritdoc ISignedOrders
    IClearinghouse public immutable CLEARINGHOUSE;
    /// @inheritdoc ISignedOrders
    IERC20 public immutable TOKEN;

    mapping(AccountId account => mapping(address signer => Ledger)) private _ledgers;

    constructor(IClearinghouse clearinghouse) EIP712("Usance Signed Orders", "1") {
        (CLEARINGHOUSE, TOKEN) = (clearinghouse, IERC20(clearinghouse.collateral()));
    }

    // ------------------------------------------------------------------------------------------------------ execution

    /// @inheritdoc ISignedOrders
    function execute(
        SignedOrder calldata order,
        bytes calldata signature
    ) external nonReentrant returns (Execution memory done) {
        _requireCircumstances(order);
        AccountId account = _accountOf(order.owner, order.subaccount);
        Ledger storage ledger = _ledgers[account][order.signer];
        bytes32 orderHash = hashOrder(order);
        uint256 before = _requireOpen(ledger, order, orderHash);
        _requireSigned(account, order, orderHash, signature);
        _requireTriggered(order);

        done = _place(account, order, before);
        uint256 consumed = before + done.consumedLots;
        done.fee = _share(order, consumed) - _share(order, before);
        ledger.consumed[order.nonce] = Consumed(bytes27(orderHash), uint40(consumed));
        if (order.oneCancelsOther && before == 0) {
            ledger.groups[order.group] = orderHash;
            emit GroupTaken(account, order.signer, order.group, orderHash);
        }
        if (order.signer != order.owner) _spend(ledger, done.fee);
        emit OrderExecuted(orderHash, account, msg.sender, done.id, done.filledLots, consumed, done.fee);
        if (done.fee != 0) TOKEN.safeTransferFrom(order.owner, msg.sender, done.fee);
    }

    /// @inheritdoc ISignedOrders
    /// @dev Each order is a call of this contract's own `execute` for the same sender, as in `multicall`.
    function executeMany(
        SignedExecution[] calldata executions,
        uint256 gasEach
    ) external returns (Attempt[] memory attempts) {
        attempts = new Attempt[](executions.length);
        for (uint256 i = 0; i < executions.length; ++i) {
            SignedExecution calldata e = executions[i];
            bytes memory data = abi.encodeCall(this.execute, (e.order, e.signature));
            // A call gets at most all but a 64th of what is left.
            uint256 available = gasleft() - gasleft() / 64;
            if (available < gasEach) revert NotEnoughGasToExecute(available, gasEach);
            // A typed call would come from this contract, and an order that fails would undo the others.
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory answer) = address(this).delegatecall{gas: gasEach}(data);
            attempts[i].success = success;
            if (success) {
                attempts[i].done = abi.decode(answer, (Execution));
            } else {
                attempts[i].failure = answer;
                emit ExecutionFailed(hashOrder(e.order), msg.sender, answer);
            }
        }
    }

    // --------------------------------------------------------------------------------------------------- cancellation

    /// @inheritdoc ISignedOrders
    function cancel(address owner, uint16 subaccount, address signer, uint64[] calldata nonces) external {
        AccountId account = _requireCanceller(owner, subaccount, signer);
        Ledger storage ledger = _ledgers[account][signer];
        for (uint256 i = 0; i < nonces.length; ++i) {
            ledger.cancelled[nonces[i] >> 8] |= 1 << (nonces[i] & 255);
            emit NonceCancelled(account, signer, nonces[i]);
        }
    }

    /// @inheritdoc ISignedOrders
    function cancelAllBefore(address owner, uint16 subaccount, address signer, uint64 least) external {
        AccountId account = _requireCanceller(owner, subaccount, signer);
        Ledger storage ledger = _ledgers[account][signer];
        if (least <= ledger.least) revert NonceNotHigher(least, ledger.least);
        ledger.least = least;
        emit NoncesCancelled(account, signer, least);
    }

    /// @inheritdoc ISignedOrders
    function cancelGroups(
        address owner,
        uint16 subaccount,
        address signer,
        uint64[] calldata groups
    ) external {
        AccountId account = _requireCanceller(owner, subaccount, signer);
        Ledger storage ledger = _ledgers[account][signer];
        for (uint256 i = 0; i < groups.length; ++i) {
            if (groups[i] == 0) revert GroupMissing();
            ledger.groups[groups[i]] = CANCELLED;
            emit GroupCancelled(account, signer, groups[i]);
        }
    }

    // ----------------------------------------------------------------------------------------------------------- fees

    /// @inheritdoc ISignedOrders
    function setFeeBudget(uint16 subaccount, address signer, uint128 budget) external {
        AccountId account = _accountOf(msg.sender, subaccount);
        _ledgers[account][signer].feeBudget = budget;
        emit FeeBudgetSet(account, signer, budget);
    }

    /// @inheritdoc ISignedOrders
    function permitFees(
        address owner,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // Somebody may have used the permit before us: then the allowance is there.
        try IERC20Permit(address(TOKEN)).permit(owner, address(this), value, deadline, v, r, s) {} catch {}
        uint256 allowance = TOKEN.allowance(owner, address(this));
        if (allowance < value) revert FeeAllowanceTooLow(allowance, value);
    }

    // ---------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ISignedOrders
    function hashOrder(SignedOrder calldata order) public view returns (bytes32 orderHash) {
        // Every field is a word of its own, as the struct is encoded.
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPE, order)));
    }

    /// @inheritdoc ISignedOrders
    function orderState(SignedOrder calldata order) external view returns (OrderState memory state) {
        state.orderHash = hashOrder(order);
        state.account = CLEARINGHOUSE.accountOf(order.owner, order.subaccount);
        Ledger storage ledger = _ledgers[state.account][order.signer];
        Consumed memory c = ledger.consumed[order.nonce];
        if (c.order == bytes27(state.orderHash)) state.consumedLots = c.lots;
        else state.nonceTaken = c.order != 0;
        state.feePaid = _share(order, state.consumedLots);
        state.nonceCancelled = order.nonce < ledger.least || _isCancelled(ledger, order.nonce);
        bytes32 by = order.group == 0 ? bytes32(0) : ledger.groups[order.group];
        state.groupCancelled = by == CANCELLED;
        state.groupTaken = by != 0 && by != CANCELLED && by != state.orderHash;
        state.signerUntil = _signerUntil(state.account, order);
        state.markX16 = _mark(order.market);
        state.triggered = _isTriggered(order, state.markX16);
    }

    /// @inheritdoc ISignedOrders
    function leastNonce(AccountId account, address signer) external view returns (uint256 least) {
        return _ledgers[account][signer].least;
    }

    /// @inheritdoc ISignedOrders
    function feeBudget(AccountId account, address signer) external view returns (uint256 budget) {
        return _ledgers[account][signer].feeBudget;
    }

    // ------------------------------------------------------------------------------------------------------- internal

    /// @dev Places what is left of an order. The clearing house judges everything else: terms, margin, whether this contract is
    ///      the account's operator.
    function _place(
        AccountId account,
        SignedOrder calldata order,
        uint256 before
    ) private returns (Execution memory done) {
        int256 wanted = order.lots;
        uint256 lots = wanted.abs() - before;
        if (order.reduceOnly) lots = _cut(account, order, lots);
        (done.id, done.filledLots) = CLEARINGHOUSE.place(
            account,
            OrderParameters({
                market: order.market,
                lots: int40(wanted > 0 ? int256(lots) : -int256(lots)),
                tick: order.tick,
                kind: order.kind,
                reduceOnly: order.reduceOnly,
                expiry: order.restUntil,
                maxFills: order.maxFills,
                clientOrderId: order.clientOrderId
            })
        );
        // Where a remainder rests, it is all that was not filled.
        done.consumedLots = OrderId.unwrap(done.id) == 0 ? done.filledLots : lots;
        if (done.consumedLots == 0) revert NothingConsumed();
    }

    /// @dev Lots that still reduce the position. Where none do, the clearing house refuses the order as it is.
    function _cut(
        AccountId account,
        SignedOrder calldata order,
        uint256 lots
    ) private view returns (uint256) {
        int256 size = Position.wrap(CLEARINGHOUSE.served(order.market, account)).size();
        if (size == 0 || size > 0 == order.lots > 0) return lots;
        return Rounding.min(lots, size.abs());
    }

    function _spend(Ledger storage ledger, uint256 fee) private {
        uint256 budget = ledger.feeBudget;
        if (fee > budget) revert FeeBudgetExceeded(fee, budget);
        if (fee != 0) ledger.feeBudget = uint128(budget - fee);
    }

    /// @dev Fee for the first `consumed` lots of an order, floored.
    function _share(SignedOrder calldata order, uint256 consumed) private pure returns (uint256) {
        return consumed == 0 ? 0 : (uint256(order.fee) * consumed) / int256(order.lots).abs();
    }

    function _accountOf(address owner, uint16 subaccount) private view returns (AccountId account) {
        account = CLEARINGHOUSE.accountOf(owner, subaccount);
        if (account.unwrap() == 0) revert NoAccount(owner, subaccount);
    }

    /// @dev Who cancels may do so without the clearing house's leave: an operator of the past, too.
    function _requireCanceller(
        address owner,
        uint16 subaccount,
        address signer
    ) private view returns (AccountId) {
        if (msg.sender != signer && msg.sender != owner) revert NotSignerOrOwner(msg.sender, signer, owner);
        return _accountOf(owner, subaccount);
    }

    /// @dev Who executes, and when.
    function _requireCircumstances(SignedOrder calldata order) private view {
        if (order.executor != address(0) && order.executor != msg.sender) {
            revert NotNamedExecutor(msg.sender, order.executor);
        }
        if (block.timestamp < order.start) revert TooEarly(block.timestamp, order.start);
        if (block.timestamp > order.expiry) revert TooLate(block.timestamp, order.expiry);
        if (!order.oneCancelsOther) return;
        if (order.group == 0) revert GroupMissing();
        bool rests = order.kind == OrderKind.Limit || order.kind == OrderKind.PostOnly;
        if (rests && order.trigger == Trigger.None) revert TriggerMissing(order.kind);
    }

    /// @return before Lots consumed so far.
    function _requireOpen(
        Ledger storage ledger,
        SignedOrder calldata order,
        bytes32 orderHash
    ) private view returns (uint256 before) {
        uint64 nonce = order.nonce;
        if (nonce < ledger.least) revert NonceBelowLeast(nonce, ledger.least);
        if (_isCancelled(ledger, nonce)) revert NonceIsCancelled(nonce);
        Consumed memory c = ledger.consumed[nonce];
        if (c.order != 0 && c.order != bytes27(orderHash)) revert NonceTaken(nonce, c.order);
        before = c.lots;
        uint256 lots = int256(order.lots).abs();
        if (before >= lots) revert AlreadyConsumed(before, lots);
        if (order.group != 0) {
            bytes32 by = ledger.groups[order.group];
            if (by != 0 && by != orderHash) revert GroupClosed(order.group, by);
        }
    }

    function _requireSigned(
        AccountId account,
        SignedOrder calldata order,
        bytes32 orderHash,
        bytes calldata signature
    ) private view {
        uint256 until = _signerUntil(account, order);
        if (until < block.timestamp) revert SignerNotAuthorised(order.signer, block.timestamp, until);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.signer, orderHash, signature)) {
            revert SignatureInvalid(order.signer, orderHash);
        }
    }

    function _requireTriggered(SignedOrder calldata order) private view {
        if (order.trigger == Trigger.None) return;
        uint256 mark = _mark(order.market);
        if (!_isTriggered(order, mark)) revert NotTriggered(mark, order.triggerX16);
    }

    function _isTriggered(SignedOrder calldata order, uint256 mark) private pure returns (bool) {
        if (order.trigger == Trigger.None) return true;
        return order.trigger == Trigger.AtOrAbove ? mark >= order.triggerX16 : mark <= order.triggerX16;
    }

    function _isCancelled(Ledger storage ledger, uint64 nonce) private view returns (bool) {
        return ledger.cancelled[nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    /// @dev Last second at which the signer may sign for the account.
    function _signerUntil(AccountId account, SignedOrder calldata order) private view returns (uint256) {
        if (order.signer == order.owner) return type(uint256).max;
        return CLEARINGHOUSE.operatorExpiry(account, order.signer);
    }

    /// @dev Mark at this minute, ticks × 2^16: what `market` shows, without the rest of it.
    function _mark(MarketId market) private view returns (uint256) {
        (, uint256 risk, ) = CLEARINGHOUSE.advanced(market);
        return Markets.markOf(MarketRisk.wrap(risk));
    }
}
