// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {
    Execution,
    ISignedOrders,
    SignedOrder,
    Trigger
} from "../../../contracts/periphery/interfaces/ISignedOrders.sol";
import {SignedOrders} from "../../../contracts/periphery/SignedOrders.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {ContractWallet, MoreVm, SignedOrdersFixture} from "./SignedOrdersFixture.sol";

/// What must not go wrong with signatures: each of these broke somebody.
contract SignedOrdersHazardsTest is SignedOrdersFixture {
    function setUp() public override {
        super.setUp();
        _place(bob, perp, -50_000, ASK);
    }

    // ---------------------------------------------------------------------------------------------------------- replay

    function test_hazard_replayAfterFill() public {
        SignedOrder memory order = _taking(500);
        _execute(order);
        bytes memory expected = abi.encodeWithSelector(ISignedOrders.AlreadyConsumed.selector, 500, 500);
        _refusedExecution(order, expected);
        // Nor by the other form of the same signature: the compact one, or its malleable twin.
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(0), orders.hashOrder(order));
        _refusedExecution(
            order,
            abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))),
            expected
        );
        // A twin of the order under the same nonce is another order, whose nonce is taken.
        bytes27 taken = bytes27(orders.hashOrder(order));
        order.lots = 700;
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.NonceTaken.selector, order.nonce, taken)
        );
    }

    function test_hazard_replayAfterCancel() public {
        SignedOrder memory order = _taking(500);
        _cancelNonce(alice, order);
        bytes memory expected = abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, order.nonce);
        _refusedExecution(order, expected);
        _skip(order.expiry - block.timestamp);
        _refusedExecution(order, expected);
    }

    function test_hazard_malleableSignature() public {
        SignedOrder memory order = _taking(500);
        bytes32 hash = orders.hashOrder(order);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(0), hash);
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        _refusedExecution(
            order,
            abi.encodePacked(r, bytes32(n - uint256(s)), v == 27 ? uint8(28) : uint8(27)),
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, alice, hash)
        );
        _refusedExecution(
            order,
            "",
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, alice, hash)
        );
    }

    function test_hazard_anotherChain() public {
        SignedOrder memory order = _taking(500);
        bytes memory signature = _signatureOf(order);
        MoreVm(address(vm)).chainId(block.chainid + 1);
        _refusedExecution(
            order,
            signature,
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, alice, orders.hashOrder(order))
        );
    }

    function test_hazard_anotherContract() public {
        SignedOrder memory order = _taking(500);
        bytes memory signature = _signatureOf(order);
        orders = _deployOrders(house);
        _join(alice);
        _refusedExecution(
            order,
            signature,
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, alice, orders.hashOrder(order))
        );
    }

    /// Nonces need not come in order, and one that is left out is good later.
    function test_hazard_nonceGap() public {
        SignedOrder memory late = _taking(500);
        SignedOrder memory early = _taking(500);
        (late.nonce, early.nonce) = (1 << 40, 3);
        _execute(late);
        _execute(early);
        vm.assertEq(_size(ALICE, perp), 1000);
    }

    function test_hazard_expiryEdge() public {
        SignedOrder memory order = _taking(500);
        SignedOrder memory second = _taking(500);
        vm.warp(order.expiry);
        _execute(order);
        _skip(1);
        _refusedExecution(
            second,
            abi.encodeWithSelector(ISignedOrders.TooLate.selector, second.expiry + 1, second.expiry)
        );
        // An order that names no time is over from the beginning.
        second.expiry = 0;
        _refusedExecution(second, abi.encodeWithSelector(ISignedOrders.TooLate.selector, block.timestamp, 0));
    }

    /// Whatever field an executor changes, the signature does not hold any more.
    function test_hazard_everyFieldIsSigned() public {
        for (uint256 field = 0; field < 20; ++field) {
            SignedOrder memory order = _taking(500);
            bytes memory signature = _signatureOf(order);
            bytes32 hash = orders.hashOrder(order);
            if (field == 0) order.owner = bob;
            else if (field == 1) order.subaccount = 1;
            else if (field == 2) order.signer = bob;
            else if (field == 3) order.market = dated;
            else if (field == 4) order.lots = 501;
            else if (field == 5) order.tick = _tick(ASK + 1);
            else if (field == 6) order.kind = OrderKind.FillOrKill;
            else if (field == 7) order.reduceOnly = true;
            else if (field == 8) order.restUntil = 300;
            else if (field == 9) order.maxFills = 1;
            else if (field == 10) order.clientOrderId = 1;
            else if (field == 11) order.trigger = Trigger.AtOrAbove;
            else if (field == 12) order.triggerX16 = 1;
            else if (field == 13) order.start = 1;
            else if (field == 14) order.expiry += 1;
            else if (field == 15) order.nonce += 1000;
            else if (field == 16) order.group = 1;
            else if (field == 17) (order.oneCancelsOther, order.group) = (true, 1);
            else if (field == 18) order.fee += 1;
            else order.executor = EXECUTOR;
            vm.assertTrue(orders.hashOrder(order) != hash);
            (bool success, ) = address(orders).call(abi.encodeCall(orders.execute, (order, signature)));
            vm.assertTrue(!success);
        }
        vm.assertEq(_size(ALICE, perp), 0);
    }

    // --------------------------------------------------------------------------------------------------------- signers

    function test_execute_ofASessionKey_untilItsLastSecond() public {
        uint40 until = uint40(block.timestamp + 100);
        _nameSession(until);
        SignedOrder memory order = _ofSession(500);
        vm.warp(until);
        _execute(order);
        _skip(1);
        order = _ofSession(500);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.SignerNotAuthorised.selector, session, until + 1, until)
        );
    }

    function test_hazard_revokedSessionKey() public {
        _nameSession(type(uint40).max);
        SignedOrder memory order = _ofSession(500);
        _nameSession(0);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.SignerNotAuthorised.selector, session, block.timestamp, 0)
        );
    }

    /// An operator of one account is nobody in another one of the same owner.
    function test_hazard_sessionKeyOfAnotherAccount() public {
        AccountId second = _second(alice, FUNDS);
        vm.prank(alice);
        house.setOperator(second, session, type(uint40).max);
        SignedOrder memory order = _ofSession(500);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.SignerNotAuthorised.selector, session, block.timestamp, 0)
        );
    }

    function test_hazard_ownerTakesTheContractBack() public {
        SignedOrder memory order = _taking(500);
        vm.prank(alice);
        house.setOperator(ALICE, address(orders), 0);
        _refusedExecution(
            order,
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, orders, ALICE)
        );
    }

    /// Somebody else's account is traded by its owner's signature alone.
    function test_hazard_ordersOfAnotherOwner() public {
        _join(carol);
        SignedOrder memory order = _taking(500);
        order.owner = carol;
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.SignerNotAuthorised.selector, alice, block.timestamp, 0)
        );
        order.signer = carol;
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, carol, orders.hashOrder(order))
        );
    }

    // --------------------------------------------------------------------------------------------------------- ERC-1271

    function test_execute_ofAContractsSignature() public {
        (ContractWallet wallet, SignedOrder memory order) = _walletOrder();
        Execution memory done = _executeAs(order);
        vm.assertEq(done.filledLots, 500);
        vm.assertEq(_size(_id(address(wallet)), perp), 500);
    }

    function test_hazard_revokedErc1271Key() public {
        (ContractWallet wallet, SignedOrder memory order) = _walletOrder();
        wallet.setKey(address(0xBAD));
        _refusedExecution(
            order,
            _sign(SESSION_KEY, order),
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, wallet, orders.hashOrder(order))
        );
        wallet.setKey(session);
        _executeAs(order);
    }

    /// A contract as session key, revoked by itself.
    function test_hazard_revokedErc1271SessionKey() public {
        ContractWallet key = new ContractWallet(session);
        vm.prank(alice);
        house.setOperator(ALICE, address(key), type(uint40).max);
        SignedOrder memory order = _ofSession(500);
        order.signer = address(key);
        _executeAs(order);
        SignedOrder memory second = _ofSession(500);
        second.signer = address(key);
        key.setKey(address(0xBAD));
        _refusedExecution(
            second,
            _sign(SESSION_KEY, second),
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, key, orders.hashOrder(second))
        );
    }

    /// One key that speaks for two contracts, both operators of an account: the signer is part of what is signed.
    function test_hazard_oneSignatureForTwoContracts() public {
        ContractWallet first = new ContractWallet(session);
        ContractWallet second = new ContractWallet(session);
        vm.startPrank(alice);
        house.setOperator(ALICE, address(first), type(uint40).max);
        house.setOperator(ALICE, address(second), type(uint40).max);
        vm.stopPrank();
        SignedOrder memory order = _ofSession(500);
        order.signer = address(first);
        bytes memory signature = _sign(SESSION_KEY, order);
        _executeAs(order);
        order.signer = address(second);
        _refusedExecution(
            order,
            signature,
            abi.encodeWithSelector(ISignedOrders.SignatureInvalid.selector, second, orders.hashOrder(order))
        );
    }

    // ------------------------------------------------------------------------------------------------------------- fees

    /// An operator never moves its owner's money: not by a fee to a friend either.
    function test_hazard_delegateWithdrawsByFees() public {
        _nameSession(type(uint40).max);
        SignedOrder memory order = _ofSession(500);
        order.fee = uint128(500 * USD);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.FeeBudgetExceeded.selector, 500 * USD, 0)
        );
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.FeeBudgetSet(ALICE, session, 3 * USD);
        vm.prank(alice);
        orders.setFeeBudget(0, session, uint128(3 * USD));
        order.fee = uint128(2 * USD);
        _execute(order);
        vm.assertEq(orders.feeBudget(ALICE, session), USD);
        SignedOrder memory second = _ofSession(500);
        second.fee = uint128(2 * USD);
        _refusedExecution(
            second,
            abi.encodeWithSelector(ISignedOrders.FeeBudgetExceeded.selector, 2 * USD, USD)
        );
        second.fee = uint128(USD);
        _execute(second);
        vm.assertEq(orders.feeBudget(ALICE, session), 0);
        vm.assertEq(token.balanceOf(EXECUTOR), 3 * USD);
    }

    function test_setFeeBudget_revertsWith_NoAccount_whereTheSenderOwnsNone() public {
        vm.expectRevert(abi.encodeWithSelector(ISignedOrders.NoAccount.selector, session, 0));
        vm.prank(session);
        orders.setFeeBudget(0, session, 1);
    }

    function test_hazard_feeThatCannotBePaid() public {
        SignedOrder memory order = _taking(500);
        vm.prank(alice);
        token.approve(address(orders), FEE - 1);
        _refusedExecution(
            order,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, orders, FEE - 1, FEE)
        );
        vm.prank(alice);
        token.approve(address(orders), FEE);
        _execute(order);
    }

    /// Deposits are no means to pay fees: they are in the clearing house, and nothing here can take them out.
    function test_hazard_feeIsNeverTakenFromTheAccount() public {
        SignedOrder memory order = _taking(500);
        order.fee = type(uint128).max;
        uint256 wallet = token.balanceOf(alice);
        _refusedExecution(
            order,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector,
                alice,
                wallet,
                type(uint128).max
            )
        );
    }

    function test_hazard_permitFrontRun() public {
        SignedOrder memory order = _taking(500);
        vm.prank(alice);
        token.approve(address(orders), 0);
        uint256 deadline = block.timestamp + 100;
        bytes32 digest = keccak256(
            abi.encodePacked(
                "\x19\x01",
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256(
                            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                        ),
                        alice,
                        orders,
                        FEE,
                        token.nonces(alice),
                        deadline
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(0), digest);
        // Somebody sends the permit alone, before the executor joins it with the execution.
        token.permit(alice, address(orders), FEE, deadline, v, r, s);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(orders.permitFees, (alice, FEE, deadline, v, r, s));
        calls[1] = abi.encodeCall(orders.execute, (order, _signatureOf(order)));
        vm.prank(EXECUTOR);
        orders.multicall(calls);
        vm.assertEq(token.balanceOf(EXECUTOR), FEE);
        // Used up, it gives nothing more.
        vm.expectRevert(abi.encodeWithSelector(ISignedOrders.FeeAllowanceTooLow.selector, 0, FEE));
        orders.permitFees(alice, FEE, deadline, v, r, s);
    }

    /// An executor that lets an order be filled lot by lot earns no more by it, and less than the whole until the end.
    function test_hazard_feesForOneLotAtATime() public {
        SignedOrder memory order = _taking(300);
        order.tick = _tick(BID + 1);
        order.fee = 100;
        uint256 paid = 0;
        for (uint256 i = 0; i < 3; ++i) {
            // A maker leaves one lot at the price: the rest of its order is gone when the executor comes.
            _place(carol, perp, -101, BID + 1);
            _take(dave, perp, 100);
            uint256 fee = _execute(order).fee;
            vm.assertTrue(fee <= 34);
            paid += fee;
            vm.assertEq(paid, (100 * (i + 1)) / 300);
        }
        vm.assertEq(_size(ALICE, perp), 3);
    }

    // ----------------------------------------------------------------------------------------------------------- helper

    function _ofSession(int256 lots) private returns (SignedOrder memory order) {
        order = _taking(lots);
        (order.signer, order.fee) = (session, 0);
    }

    function _executeAs(SignedOrder memory order) private returns (Execution memory) {
        bytes memory signature = _sign(SESSION_KEY, order);
        vm.prank(EXECUTOR);
        return orders.execute(order, signature);
    }

    /// A contract that owns an account, and an order that its key has signed.
    function _walletOrder() private returns (ContractWallet wallet, SignedOrder memory order) {
        wallet = new ContractWallet(session);
        token.mint(address(wallet), FUNDS + 100 * USD);
        wallet.run(address(token), abi.encodeCall(token.approve, (address(house), FUNDS)));
        wallet.run(address(token), abi.encodeCall(token.approve, (address(orders), 100 * USD)));
        wallet.run(address(house), abi.encodeCall(house.deposit, (0, FUNDS)));
        AccountId account = _id(address(wallet));
        wallet.run(
            address(house),
            abi.encodeCall(house.setOperator, (account, address(orders), type(uint40).max))
        );
        order = _taking(500);
        (order.owner, order.signer) = (address(wallet), address(wallet));
    }
}
