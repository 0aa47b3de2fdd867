// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IAdministration} from "../../../contracts/clearing/interfaces/IAdministration.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IListing} from "../../../contracts/clearing/interfaces/IListing.sol";
import {IMargin} from "../../../contracts/clearing/interfaces/IMargin.sol";
import {IWaterfall} from "../../../contracts/clearing/interfaces/IWaterfall.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Who may trade for an account: its owner, and operators until their expiry; withdrawing is the owner's alone. And who may
/// call what is restricted: the holder of its role, after the role's delay, and nobody else on any way.
contract ClearinghouseAccessTest is ClearingFixture {
    address private constant OPERATOR = address(0x0b);

    struct Restricted {
        bytes4 selector;
        address holder;
    }

    function test_setOperator_lastSecond() public {
        uint40 expiry = uint40(block.timestamp + 100);
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, expiry);
        vm.assertEq(house.operatorExpiry(ALICE, OPERATOR), expiry);
        vm.warp(expiry);
        vm.prank(OPERATOR);
        (OrderId id, ) = house.place(ALICE, _order(perp, 100, TICK, OrderKind.Limit));
        vm.prank(OPERATOR);
        vm.assertEq(house.cancel(id), 100);
        vm.warp(expiry + 1);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_isOfOneSubaccount() public {
        token.mint(alice, FUNDS);
        vm.prank(alice);
        AccountId second = house.deposit(1, FUNDS);
        vm.prank(alice);
        house.setOperator(second, OPERATOR, type(uint40).max);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_revoked() public {
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, type(uint40).max);
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, 0);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_revertsWith_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice);
        _refused(bob, abi.encodeCall(house.setOperator, (ALICE, bob, type(uint40).max)), refused);
        // An operator names no operators.
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        _refused(bob, abi.encodeCall(house.setOperator, (ALICE, carol, type(uint40).max)), refused);
    }

    function test_withdraw_operatorsNeverWithdraw() public {
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, type(uint40).max);
        _refused(
            OPERATOR,
            abi.encodeCall(house.withdraw, (ALICE, 1, OPERATOR)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, OPERATOR, alice)
        );
    }

    function test_place_revertsWith_NotAuthorised() public {
        _notAuthorised(bob);
        AccountId nobody = AccountId.wrap(9999);
        _refused(
            bob,
            abi.encodeCall(house.place, (nobody, _order(perp, 100, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, nobody)
        );
    }

    function test_place_nobodyTradesForAFund() public {
        AccountId fund = _fund(perp);
        _refused(
            bob,
            abi.encodeCall(house.place, (fund, _order(perp, 100, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, fund)
        );
        _feedFund(perp, USD);
        _refused(
            bob,
            abi.encodeCall(house.withdraw, (fund, 1, bob)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, address(0))
        );
    }

    function test_cancel_revertsWith_NotAuthorised() public {
        OrderId id = _place(alice, perp, 100, TICK);
        _refused(
            bob,
            abi.encodeCall(house.cancel, (id)),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, ALICE)
        );
    }

    function test_fallback_revertsWith_UnknownFunction() public {
        _refused(
            alice,
            hex"12345678",
            abi.encodeWithSelector(IClearingErrors.UnknownFunction.selector, bytes4(0x12345678))
        );
    }

    // ----------------------------------------------------------------------------------------- restricted functions

    /// Every restricted function; that the list is whole is tested against the ABI in test/deploy/governance.test.ts.
    function _restricted() private pure returns (Restricted[] memory all) {
        all = new Restricted[](13);
        all[0] = Restricted(IListing.addFeed.selector, LISTER);
        all[1] = Restricted(IListing.listMarket.selector, LISTER);
        all[2] = Restricted(IAdministration.setFees.selector, RISK_OFFICER);
        all[3] = Restricted(IAdministration.setLimits.selector, RISK_OFFICER);
        all[4] = Restricted(IAdministration.setFundTerms.selector, RISK_OFFICER);
        all[5] = Restricted(IAdministration.resumeNewRisk.selector, RISK_OFFICER);
        all[6] = Restricted(IAdministration.stopNewRisk.selector, GUARD);
        all[7] = Restricted(IAdministration.collectFees.selector, TREASURER);
        all[8] = Restricted(IAdministration.skim.selector, TREASURER);
        all[9] = Restricted(IWaterfall.topUpFund.selector, TREASURER);
        all[10] = Restricted(IWaterfall.drainFund.selector, TREASURER);
        all[11] = Restricted(IMargin.scheduleMargins.selector, RISK_OFFICER);
        all[12] = Restricted(IMargin.cancelMargins.selector, GUARD);
    }

    /// A call with zeros for whatever it takes: access is decided before any of them is looked at.
    function _zeros(bytes4 selector) private pure returns (bytes memory) {
        return bytes.concat(selector, new bytes(64 * 32));
    }

    function test_restricted_refusedToEveryoneElse() public {
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, type(uint40).max);
        address[8] memory senders = [
            alice,
            OPERATOR,
            LISTER,
            RISK_OFFICER,
            TREASURER,
            GUARD,
            address(house),
            address(token)
        ];
        Restricted[] memory all = _restricted();
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 k = 0; k < senders.length; ++k) {
                if (senders[k] == all[i].holder) continue;
                // Whoever may announce margins may take them back.
                if (all[i].selector == IMargin.cancelMargins.selector && senders[k] == RISK_OFFICER) continue;
                _refused(senders[k], _zeros(all[i].selector), _unauthorised(senders[k]));
                // Several calls in one are refused as each of them alone.
                bytes[] memory calls = new bytes[](1);
                calls[0] = _zeros(all[i].selector);
                _refused(senders[k], abi.encodeCall(house.multicall, (calls)), _unauthorised(senders[k]));
            }
        }
    }

    function test_restricted_openToTheHolderOfItsRole() public {
        Restricted[] memory all = _restricted();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.prank(all[i].holder);
            (, bytes memory answer) = address(house).call(_zeros(all[i].selector));
            vm.assertTrue(
                keccak256(answer) != keccak256(_unauthorised(all[i].holder)),
                "its holder was refused"
            );
        }
    }

    /// A function that nobody was given belongs to the administrator alone.
    function test_restricted_refusedWhereNobodyWasGivenIt() public {
        Restricted[] memory all = _restricted();
        bytes4[] memory selectors = new bytes4[](1);
        for (uint256 i = 0; i < all.length; ++i) {
            selectors[0] = all[i].selector;
            manager.setTargetFunctionRole(address(house), selectors, manager.ADMIN_ROLE());
            _refused(all[i].holder, _zeros(all[i].selector), _unauthorised(all[i].holder));
        }
    }

    function test_restricted_waitsForItsDelay() public {
        bytes memory call_ = abi.encodeCall(house.setFees, (perp, 40, 10));
        manager.grantRole(RISK, RISK_OFFICER, 2 days);
        bytes32 id = manager.hashOperation(RISK_OFFICER, address(house), call_);
        bytes memory unscheduled = abi.encodeWithSelector(
            IAccessManager.AccessManagerNotScheduled.selector,
            id
        );
        _refused(RISK_OFFICER, call_, unscheduled);
        vm.prank(RISK_OFFICER);
        manager.schedule(address(house), call_, 0);
        uint256 ready = block.timestamp + 2 days;
        vm.warp(ready - 1);
        _refused(
            RISK_OFFICER,
            call_,
            abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id)
        );
        vm.warp(ready);
        // Other arguments are another operation, and another sender too.
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.setFees, (perp, 41, 10)),
            abi.encodeWithSelector(
                IAccessManager.AccessManagerNotScheduled.selector,
                manager.hashOperation(
                    RISK_OFFICER,
                    address(house),
                    abi.encodeCall(house.setFees, (perp, 41, 10))
                )
            )
        );
        _refused(bob, call_, _unauthorised(bob));
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 40, 10);
        vm.assertEq(house.listing(perp).takerFee, 40);
        _refused(RISK_OFFICER, call_, unscheduled);
    }

    /// What the manager executes is what was scheduled: no other call can ride along in it.
    function test_restricted_executeRunsNothingElse() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.skim, (RISK_OFFICER));
        bytes memory batch = abi.encodeCall(house.multicall, (calls));
        // The administrator may execute a function that nobody was given, but not another one inside of it.
        vm.expectRevert(_unauthorised(address(manager)));
        manager.execute(address(house), batch);
        vm.prank(TREASURER);
        manager.execute(address(house), abi.encodeCall(house.skim, (TREASURER)));
    }

    function test_setAuthority_onlyByTheAuthority() public {
        AccessManager other = new AccessManager(bob);
        address[5] memory senders = [alice, LISTER, RISK_OFFICER, GUARD, address(this)];
        for (uint256 i = 0; i < senders.length; ++i) {
            _refused(
                senders[i],
                abi.encodeCall(IAccessManaged.setAuthority, (address(other))),
                _unauthorised(senders[i])
            );
        }
    }

    function _unauthorised(address sender) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, sender);
    }

    function _notAuthorised(address sender) private {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, sender, ALICE);
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        _refused(sender, abi.encodeCall(house.place, (ALICE, order)), refused);
        _refused(
            sender,
            abi.encodeCall(house.batch, (ALICE, new OrderId[](0), new OrderParameters[](0))),
            refused
        );
    }
}
