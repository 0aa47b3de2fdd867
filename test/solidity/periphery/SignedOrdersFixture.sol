// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {
    Attempt,
    Execution,
    OrderState,
    SignedExecution,
    SignedOrder,
    Trigger
} from "../../../contracts/periphery/interfaces/ISignedOrders.sol";
import {SignedOrders} from "../../../contracts/periphery/SignedOrders.sol";
import {AccountId, MarketId, Tick} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "../clearing/OrdersFixture.sol";

/// Cheatcodes that only these tests use.
interface MoreVm {
    function chainId(uint256 id) external;
}

/// A wallet that is a contract: it vouches for what its key signed, as long as it knows the key.
contract ContractWallet is IERC1271 {
    address public key;

    constructor(address key_) {
        key = key_;
    }

    function setKey(address key_) external {
        key = key_;
    }

    function run(address target, bytes calldata data) external {
        (bool success, ) = target.call(data);
        require(success, "run");
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer != address(0) && signer == key ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// Alice has named the contract her operator and approved it for fees; bob makes the market, and anyone executes.
abstract contract SignedOrdersFixture is OrdersFixture {
    address internal constant EXECUTOR = address(0xE8EC);
    uint128 internal constant FEE = 1_000_003;

    SignedOrders internal orders;
    /// Alice's session key.
    uint256 internal constant SESSION_KEY = uint256(keccak256("session"));
    address internal session;
    uint64 private _nonce;

    function setUp() public virtual override {
        super.setUp();
        orders = _deployOrders(house);
        session = vm.addr(SESSION_KEY);
        _join(alice);
    }

    function _deployOrders(IClearinghouse house_) internal returns (SignedOrders) {
        return SignedOrders(deploy("SignedOrders.sol:SignedOrders", abi.encode(house_)));
    }

    /// A trader lets the contract trade and pay.
    function _join(address who) internal {
        AccountId account = _id(who);
        vm.prank(who);
        house.setOperator(account, address(orders), type(uint40).max);
        vm.prank(who);
        token.approve(address(orders), type(uint256).max);
        token.mint(who, 1_000 * USD);
    }

    function _nameSession(uint40 until) internal {
        vm.prank(alice);
        house.setOperator(ALICE, session, until);
    }

    /// Alice's order of her first account in the perpetual, good for an hour.
    function _orderOf(int256 lots, uint256 tick, OrderKind kind) internal returns (SignedOrder memory order) {
        order.owner = alice;
        order.signer = alice;
        order.market = perp;
        order.lots = int40(lots);
        order.tick = _tick(tick);
        order.kind = kind;
        order.maxFills = 100;
        order.expiry = uint40(block.timestamp + 1 hours);
        order.nonce = _nonce++;
        order.fee = FEE;
    }

    /// One that trades what it can at once.
    function _taking(int256 lots) internal returns (SignedOrder memory) {
        return _orderOf(lots, lots > 0 ? ASK : BID, OrderKind.ImmediateOrCancel);
    }

    function _waiting(
        int256 lots,
        Trigger trigger,
        uint256 triggerX16
    ) internal returns (SignedOrder memory order) {
        order = _taking(lots);
        order.trigger = trigger;
        order.triggerX16 = uint40(triggerX16);
    }

    function _sign(uint256 key, SignedOrder memory order) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, orders.hashOrder(order));
        return abi.encodePacked(r, s, v);
    }

    /// The signature of the order's signer, alice or her session key.
    function _signatureOf(SignedOrder memory order) internal view returns (bytes memory) {
        return _sign(order.signer == session ? SESSION_KEY : _key(0), order);
    }

    function _execute(SignedOrder memory order) internal returns (Execution memory) {
        bytes memory signature = _signatureOf(order);
        vm.prank(EXECUTOR);
        return orders.execute(order, signature);
    }

    function _refusedExecution(SignedOrder memory order, bytes memory expected) internal {
        _refusedExecution(order, _signatureOf(order), expected);
    }

    /// Asserts that an execution is refused with exactly that error and changes nothing.
    function _refusedExecution(
        SignedOrder memory order,
        bytes memory signature,
        bytes memory expected
    ) internal {
        bytes32 before = _fingerprint();
        OrderState memory state = orders.orderState(order);
        uint256 paid = token.balanceOf(EXECUTOR);
        vm.prank(EXECUTOR);
        (bool success, bytes memory answer) = address(orders).call(
            abi.encodeCall(orders.execute, (order, signature))
        );
        vm.assertTrue(!success, "should have been refused");
        vm.assertTrue(keccak256(answer) == keccak256(expected), _hexOf(answer));
        vm.assertTrue(_fingerprint() == before, "a refused execution changed something");
        vm.assertEq(orders.orderState(order).consumedLots, state.consumedLots);
        vm.assertEq(token.balanceOf(EXECUTOR), paid);
    }

    function _hexOf(bytes memory data) private pure returns (string memory) {
        bytes memory digits = "0123456789abcdef";
        bytes memory text = new bytes(2 * data.length);
        for (uint256 i = 0; i < data.length; ++i) {
            text[2 * i] = digits[uint8(data[i]) >> 4];
            text[2 * i + 1] = digits[uint8(data[i]) & 15];
        }
        return string.concat("another error: ", string(text));
    }

    function _consumed(SignedOrder memory order) internal view returns (uint256) {
        return orders.orderState(order).consumedLots;
    }

    function _batch(
        SignedOrder memory a,
        SignedOrder memory b
    ) internal view returns (SignedExecution[] memory all) {
        all = new SignedExecution[](2);
        all[0] = SignedExecution(a, _signatureOf(a));
        all[1] = SignedExecution(b, _signatureOf(b));
    }

    function _executeMany(SignedExecution[] memory all) internal returns (Attempt[] memory) {
        vm.prank(EXECUTOR);
        return orders.executeMany(all, 1_000_000);
    }

    function _tick(uint256 tick) internal pure returns (Tick) {
        return Tick.wrap(uint24(tick));
    }

    function _only(uint64 number) internal pure returns (uint64[] memory all) {
        all = new uint64[](1);
        all[0] = number;
    }

    function _cancelNonce(address sender, SignedOrder memory order) internal {
        vm.prank(sender);
        orders.cancel(order.owner, order.subaccount, order.signer, _only(order.nonce));
    }
}
