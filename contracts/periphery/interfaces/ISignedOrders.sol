// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IClearinghouse} from "../../clearing/interfaces/IClearinghouse.sol";
import {OrderKind} from "../../clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../types/Identifiers.sol";

/// @dev What mark must have reached before an order may be executed. A stop that sells and a take-profit that buys wait for
///      AtOrBelow, a stop that buys and a take-profit that sells for AtOrAbove; a plain limit order waits for nothing.
enum Trigger {
    None,
    AtOrAbove,
    AtOrBelow
}

/// @dev An order as it is signed (EIP-712, type `SignedOrder` with these fields in this order).
/// @param owner Owner of the account that trades.
/// @param subaccount Number of the account under its owner.
/// @param signer Who signs: the owner, or somebody whom the owner has named operator of the account. Nonces and groups are
///        told apart by account and signer. Orders of an operator that was revoked are good again, with what its budget has left,
///        once it is named again: revoke it together with `cancelAllBefore` and a budget of 0.
/// @param market Market to trade.
/// @param lots Signed size: above zero buys, below zero sells. Never more is traded or rests by this order.
/// @param tick Limit price.
/// @param kind How it meets the book. What ImmediateOrCancel leaves may be executed again; what Limit and PostOnly rest is
///        consumed: from then on it is an order of the clearing house and cancelled there.
/// @param reduceOnly Whether it may only bring the position nearer to zero. At execution it is cut to the position. What a cut leaves may
///        be executed against a later position until `expiry`: let that be soon, and cancel the nonce after closing.
/// @param restUntil Last second at which what rests is good, a multiple of 300; 0 until cancelled (Limit and PostOnly).
/// @param maxFills Most resting orders that one execution walks over.
/// @param clientOrderId Free number, repeated in the events of the clearing house.
/// @param trigger What mark must have reached.
/// @param triggerX16 Mark that the trigger compares with, ticks × 2^16. Equality triggers.
/// @param start First second at which it may be executed.
/// @param expiry Last second at which it may be executed.
/// @param nonce Number of the order under its account and signer. It belongs to the first order that is executed with it.
/// @param group Orders that are cancelled together; 0 for none.
/// @param oneCancelsOther Whether its first execution closes its group for every other order. It may go on itself. A part closes the group
///        as well as the whole, and whoever may execute it chooses the moment. What could rest needs a trigger: at any price
///        anyone could let it rest, and the group would be closed with nothing filled.
/// @param fee Collateral units that executing all of it pays, from the owner's wallet; a part pays its share.
/// @param executor Who may execute it; zero for anyone.
struct SignedOrder {
    address owner;
    uint16 subaccount;
    address signer;
    MarketId market;
    int40 lots;
    Tick tick;
    OrderKind kind;
    bool reduceOnly;
    uint40 restUntil;
    uint16 maxFills;
    uint64 clientOrderId;
    Trigger trigger;
    uint40 triggerX16;
    uint40 start;
    uint40 expiry;
    uint64 nonce;
    uint64 group;
    bool oneCancelsOther;
    uint128 fee;
    address executor;
}

/// @dev An order with its signature.
struct SignedExecution {
    SignedOrder order;
    bytes signature;
}

/// @dev What one execution did.
/// @param id Id of what rests; 0 when nothing does.
/// @param filledLots Lots traded, unsigned.
/// @param consumedLots Lots traded or resting, unsigned: what the order has less from now on.
/// @param fee Collateral units paid to the executor.
struct Execution {
    OrderId id;
    uint256 filledLots;
    uint256 consumedLots;
    uint256 fee;
}

/// @dev What became of one order of a batch.
/// @param success Whether it was executed.
/// @param done What that did; zero otherwise.
/// @param failure Revert data otherwise; may be empty.
struct Attempt {
    bool success;
    Execution done;
    bytes failure;
}

/// @dev What this contract knows of an order, before anybody asks whether its signature is good.
/// @param orderHash What is signed.
/// @param account Account that trades; 0 when it has not been opened.
/// @param consumedLots Lots that were executed so far.
/// @param feePaid Collateral units paid for them.
/// @param nonceCancelled Whether its nonce was cancelled, alone or with all below another one.
/// @param nonceTaken Whether another order was executed with its nonce.
/// @param groupCancelled Whether its group was cancelled.
/// @param groupTaken Whether another order has closed its group.
/// @param signerUntil Last second at which the signer may sign for the account: for ever for its owner.
/// @param markX16 Mark now, ticks × 2^16.
/// @param triggered Whether mark has reached the trigger.
struct OrderState {
    bytes32 orderHash;
    AccountId account;
    uint256 consumedLots;
    uint256 feePaid;
    bool nonceCancelled;
    bool nonceTaken;
    bool groupCancelled;
    bool groupTaken;
    uint256 signerUntil;
    uint256 markX16;
    bool triggered;
}

/// @title ISignedOrders
/// @notice Orders that are signed off chain and executed by anyone for the fee that they offer: limit orders, stops and
///         take-profits on mark. The owner of an account names this contract its operator (`setOperator`), which may end or be taken
///         back like any other; it trades through `place` alone and holds nothing.
/// @dev State, for each account and signer: the least nonce that is good, the nonces cancelled one by one, the order and the
///      lots consumed under a nonce, who a group belongs to, and what a signer other than the owner may spend on fees.
///
///      Invariants. An order consumes at most |lots| in all, whatever is executed in which order, and under one nonce only one
///      order consumes anything. Fees paid for it are ⌊fee × consumed ÷ |lots|⌋ at every moment: exact over any split, rounded
///      in the owner's favour, whole at the end. Nothing is executed after its nonce or group was cancelled, outside of
///      [start, expiry], without its trigger, or by a signature that does not hold at that moment: a revoked operator, one whose
///      time is over, a contract that no longer vouches for its signature (ERC-1271), another chain or another contract. No
///      token moves but an owner's to the executor, by the owner's signature or out of the budget that the owner gave a signer.
interface ISignedOrders {
    error NoAccount(address owner, uint16 subaccount);
    error NotNamedExecutor(address sender, address executor);
    error TooEarly(uint256 timestamp, uint256 start);
    error TooLate(uint256 timestamp, uint256 expiry);
    error NotTriggered(uint256 markX16, uint256 triggerX16);
    error NonceIsCancelled(uint256 nonce);
    error NonceBelowLeast(uint256 nonce, uint256 least);
    /// @dev `order` is the hash of the order that has it, without its last five bytes.
    error NonceTaken(uint256 nonce, bytes27 order);
    /// @dev `by` is the order that has closed the group, or all ones when it was cancelled.
    error GroupClosed(uint256 group, bytes32 by);
    error GroupMissing();
    /// @dev An order of this kind may rest, and without a trigger it may not close its group.
    error TriggerMissing(OrderKind kind);
    error AlreadyConsumed(uint256 consumed, uint256 lots);
    error NothingConsumed();
    error SignerNotAuthorised(address signer, uint256 timestamp, uint256 until);
    error SignatureInvalid(address signer, bytes32 orderHash);
    error FeeBudgetExceeded(uint256 fee, uint256 budget);
    error FeeAllowanceTooLow(uint256 allowance, uint256 needed);
    error NotSignerOrOwner(address sender, address signer, address owner);
    error NonceNotHigher(uint256 nonce, uint256 least);
    error NotEnoughGasToExecute(uint256 available, uint256 needed);

    /// @notice An order was executed, wholly or in part.
    /// @param id Id of what rests; 0 when nothing does.
    /// @param filledLots Lots traded now.
    /// @param consumedLots Lots consumed in all.
    /// @param fee Collateral units paid now.
    event OrderExecuted(
        bytes32 indexed orderHash,
        AccountId indexed account,
        address indexed executor,
        OrderId id,
        uint256 filledLots,
        uint256 consumedLots,
        uint256 fee
    );

    /// @notice An order of a batch was not executed.
    /// @param reason Revert data.
    event ExecutionFailed(bytes32 indexed orderHash, address indexed executor, bytes reason);

    /// @notice The order with this nonce is never executed (again).
    event NonceCancelled(AccountId indexed account, address indexed signer, uint256 nonce);

    /// @notice No order with a nonce below `least` is executed any more.
    event NoncesCancelled(AccountId indexed account, address indexed signer, uint256 least);

    /// @notice No order of this group is executed any more.
    event GroupCancelled(AccountId indexed account, address indexed signer, uint256 group);

    /// @notice The first execution of an order closed its group for all others.
    event GroupTaken(AccountId indexed account, address indexed signer, uint256 group, bytes32 orderHash);

    /// @notice Orders of this signer may cost the owner `budget` collateral units of fees from now on.
    event FeeBudgetSet(AccountId indexed account, address indexed signer, uint256 budget);

    /// @notice Executes what is left of an order now and pays its fee to the sender.
    /// @dev Anyone whom the order allows. Errors: NoAccount, NotNamedExecutor, TooEarly, TooLate, GroupMissing,
    ///      TriggerMissing, NonceBelowLeast, NonceIsCancelled, NonceTaken, AlreadyConsumed, GroupClosed, SignerNotAuthorised,
    ///      SignatureInvalid, NotTriggered, NothingConsumed, FeeBudgetExceeded, those of `place` (NotAuthorised: the owner has
    ///      not named this contract, or its time is over) and the token's own where the fee cannot be paid.
    function execute(
        SignedOrder calldata order,
        bytes calldata signature
    ) external returns (Execution memory done);

    /// @notice Executes several orders, each as `execute` would: one that fails undoes nothing of the others.
    /// @param gasEach Most gas that one order may use. The call must have that much left before each, so that nobody's order
    ///        fails for want of it, whoever estimates the gas.
    /// @dev Errors: NotEnoughGasToExecute.
    function executeMany(
        SignedExecution[] calldata executions,
        uint256 gasEach
    ) external returns (Attempt[] memory attempts);

    /// @notice Cancels orders by their nonces. What of them rests in the book is cancelled in the clearing house.
    /// @dev The signer, or the account's owner. Errors: NotSignerOrOwner, NoAccount.
    function cancel(address owner, uint16 subaccount, address signer, uint64[] calldata nonces) external;

    /// @notice Cancels every order of a signer whose nonce is below `least`.
    /// @dev The signer, or the account's owner. Errors: NotSignerOrOwner, NoAccount, NonceNotHigher.
    function cancelAllBefore(address owner, uint16 subaccount, address signer, uint64 least) external;

    /// @notice Cancels every order of a signer in some groups.
    /// @dev The signer, or the account's owner. Errors: NotSignerOrOwner, NoAccount, GroupMissing.
    function cancelGroups(
        address owner,
        uint16 subaccount,
        address signer,
        uint64[] calldata groups
    ) external;

    /// @notice Sets what orders of a signer may still cost the sender in fees. The owner's own signature needs no budget; an
    ///         operator's has none until it is given one, since an operator never moves the owner's money.
    ///         It outlasts the operator's right: whoever revokes one sets it to 0 and calls `cancelAllBefore`.
    /// @param budget Collateral units; every fee paid lowers it.
    /// @dev The account's owner. Errors: NoAccount.
    function setFeeBudget(uint16 subaccount, address signer, uint128 budget) external;

    /// @notice Uses an owner's ERC-2612 permit that lets this contract pay fees. One that somebody has already submitted does
    ///         no harm: the allowance counts. `multicall` joins it with an execution.
    /// @dev Anyone. Errors: FeeAllowanceTooLow.
    function permitFees(
        address owner,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice What is signed for an order: its EIP-712 digest.
    function hashOrder(SignedOrder calldata order) external view returns (bytes32 orderHash);

    /// @notice State of an order. Whether its signature is good and the clearing house would take it, a simulated `execute` tells.
    /// @dev Errors: UnknownMarket.
    function orderState(SignedOrder calldata order) external view returns (OrderState memory state);

    /// @notice Least nonce of a signer that is good.
    function leastNonce(AccountId account, address signer) external view returns (uint256 least);

    /// @notice What orders of a signer other than the owner may still cost in fees, collateral units.
    function feeBudget(AccountId account, address signer) external view returns (uint256 budget);

    /// @notice Clearing house whose operator this contract is.
    function CLEARINGHOUSE() external view returns (IClearinghouse);

    /// @notice Collateral token that fees are paid in.
    function TOKEN() external view returns (IERC20);
}
