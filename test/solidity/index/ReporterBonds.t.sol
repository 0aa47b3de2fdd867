// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IReporterBonds} from "../../../contracts/index/interfaces/IReporterBonds.sol";
import {IUsageIndex, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {FalseToken, FeeToken} from "../tokens/HostileTokens.sol";
import {ReporterBondsFixture, TestFunds} from "./ReporterBondsFixture.sol";

contract ReporterBondsTest is ReporterBondsFixture {
    // ------------------------------------------------------------------------------------------------------ deployment

    function test_deployment_keepsItsTerms() public view {
        vm.assertEq(address(bonds.INDEX()), address(target));
        vm.assertEq(address(bonds.FUNDS()), address(funds));
        vm.assertEq(address(bonds.TOKEN()), address(money));
        vm.assertTrue(bonds.AMOUNT() == AMOUNT && bonds.PROVER_BPS() == PROVER_BPS);
        vm.assertEq(bonds.LEAVE_TIME(), 14 days);
        vm.assertEq(bonds.fundMarket().unwrap(), MARKET.unwrap());
    }

    function test_deployment_revertsWith_BondTermsInvalid() public {
        try this.deployBonds(5_001, AMOUNT) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(
                keccak256(reason) ==
                    keccak256(
                        abi.encodeWithSelector(
                            IReporterBonds.BondTermsInvalid.selector,
                            bytes32("proverBps"),
                            5_001,
                            5_000
                        )
                    )
            );
        }
        try this.deployBonds(5_000, 0) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IReporterBonds.BondTermsInvalid.selector);
        }
    }

    function deployBonds(uint256 proverBps, uint256 amount) external returns (IReporterBonds) {
        return _deployBonds(address(funds), proverBps, amount);
    }

    // ------------------------------------------------------------------------------------------------------------ bond

    function test_bond_takesTheAmountAndNamesThePayee() public {
        money.mint(_who(0), AMOUNT);
        vm.startPrank(_who(0));
        money.approve(address(bonds), AMOUNT);
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.Bonded(_who(0), PAYEE, AMOUNT);
        bonds.bond(PAYEE);
        vm.stopPrank();
        vm.assertTrue(bonds.isBonded(_who(0)) && !bonds.isBonded(_who(1)));
        (address payee, uint64 withdrawableAt) = bonds.bondOf(_who(0));
        vm.assertTrue(payee == PAYEE && withdrawableAt == 0);
        vm.assertEq(money.balanceOf(address(bonds)), AMOUNT);
    }

    function test_bond_revertsWith_AlreadyBonded() public {
        _bond(_who(0));
        vm.prank(_who(0));
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.AlreadyBonded.selector, _who(0)));
        bonds.bond(PAYEE);
    }

    function test_bond_revertsWith_ZeroPayee() public {
        vm.prank(_who(0));
        vm.expectRevert(IReporterBonds.ZeroPayee.selector);
        bonds.bond(address(0));
    }

    function test_bond_revertsWith_BondsNotAttached() public {
        IReporterBonds other = _deployBonds(address(funds), PROVER_BPS, AMOUNT);
        vm.prank(_who(0));
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.BondsNotAttached.selector, bonds));
        other.bond(PAYEE);
    }

    function test_bond_revertsWith_BondMismatch_ofATokenThatKeepsAFee() public {
        FeeToken token = new FeeToken();
        _attachOf(address(token));
        token.mint(_who(0), AMOUNT);
        vm.startPrank(_who(0));
        token.approve(address(bonds), AMOUNT);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterBonds.BondMismatch.selector, AMOUNT - AMOUNT / 100, AMOUNT)
        );
        bonds.bond(PAYEE);
        vm.stopPrank();
    }

    function test_bond_revertsIfTheTokenReturnsFalse() public {
        FalseToken token = new FalseToken();
        _attachOf(address(token));
        token.mint(_who(0), AMOUNT);
        token.fail(true);
        vm.startPrank(_who(0));
        token.approve(address(bonds), AMOUNT);
        vm.expectRevert();
        bonds.bond(PAYEE);
        vm.stopPrank();
        vm.assertTrue(!bonds.isBonded(_who(0)));
    }

    // --------------------------------------------------------------------------------------------------------- leaving

    function test_announceLeave_losesTheSeatAtOnceAndTheBondLater() public {
        _bond(_who(0));
        uint64 withdrawableAt = uint64(block.timestamp + 14 days);
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.LeaveAnnounced(_who(0), withdrawableAt);
        vm.prank(_who(0));
        bonds.announceLeave(_who(0));
        (bool seated, ) = target.reporter(_who(0));
        vm.assertTrue(!seated && !bonds.isBonded(_who(0)));

        vm.warp(withdrawableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterBonds.BondLocked.selector, withdrawableAt - 1, withdrawableAt)
        );
        bonds.withdraw(_who(0));
        vm.warp(withdrawableAt);
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.Withdrawn(_who(0), PAYEE, AMOUNT);
        vm.prank(address(0xB0B));
        bonds.withdraw(_who(0));
        vm.assertEq(money.balanceOf(PAYEE), AMOUNT);
        vm.assertEq(money.balanceOf(address(bonds)), 0);
        // It may come back with a new bond.
        _bond(_who(0));
        target.setReporter(_who(0), true);
    }

    /// Longer than finality and a week, counted from the last moment at which a signature counts.
    function test_withdraw_comesAfterFinalityAndAWeek() public {
        _post(DAY, 0, 1000e18);
        vm.assertGe(bonds.LEAVE_TIME(), 3 days + 7 days);
        vm.assertGe(block.timestamp + bonds.LEAVE_TIME(), target.finalAt(TU1D, DAY) + 7 days);
    }

    function test_announceLeave_byThePayeeWhenTheKeyIsLost() public {
        _bond(_who(0));
        vm.prank(PAYEE);
        bonds.announceLeave(_who(0));
        vm.assertTrue(!bonds.isBonded(_who(0)));
    }

    function test_announceLeave_revertsWith_NotReporterOrPayee() public {
        _bond(_who(0));
        vm.expectRevert(
            abi.encodeWithSelector(IReporterBonds.NotReporterOrPayee.selector, address(this), _who(0), PAYEE)
        );
        bonds.announceLeave(_who(0));
    }

    function test_announceLeave_revertsWith_AlreadyLeaving() public {
        _bond(_who(0));
        vm.startPrank(_who(0));
        bonds.announceLeave(_who(0));
        vm.expectRevert(
            abi.encodeWithSelector(IReporterBonds.AlreadyLeaving.selector, _who(0), block.timestamp + 14 days)
        );
        bonds.announceLeave(_who(0));
        vm.stopPrank();
    }

    function test_revertsWith_NotBonded() public {
        bytes memory reason = abi.encodeWithSelector(IReporterBonds.NotBonded.selector, _who(0));
        vm.expectRevert(reason);
        bonds.announceLeave(_who(0));
        vm.expectRevert(reason);
        bonds.withdraw(_who(0));
    }

    function test_withdraw_revertsWith_NotLeaving_evenAfterGovernanceTookTheSeat() public {
        _bond(_who(0));
        target.setReporter(_who(0), false);
        vm.warp(block.timestamp + 100 days);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.NotLeaving.selector, _who(0)));
        bonds.withdraw(_who(0));
        // The wait begins when it announces that it leaves, with or without a seat.
        vm.prank(PAYEE);
        bonds.announceLeave(_who(0));
        vm.warp(block.timestamp + 14 days);
        bonds.withdraw(_who(0));
        vm.assertEq(money.balanceOf(PAYEE), AMOUNT);
    }

    function test_setReporter_revertsWith_ReporterNotBonded_whileLeaving() public {
        _bond(_who(0));
        vm.prank(_who(0));
        bonds.announceLeave(_who(0));
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterNotBonded.selector, _who(0)));
        target.setReporter(_who(0), true);
    }

    // ----------------------------------------------------------------------------------------------------------- slash

    function test_slash_ofTwoValuesTakesBondAndSeatAtOnce() public {
        _bond(_who(0));
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        // A quarter of 50,001, rounded down: the funds get the rest.
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.Slashed(_who(0), TU1D, DAY, 3, PROVER, 12_500, 37_501);
        vm.prank(address(0xB0B));
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
        vm.assertEq(money.balanceOf(PROVER), 12_500);
        vm.assertEq(bonds.slashed(), 37_501);
        (bool seated, ) = target.reporter(_who(0));
        vm.assertTrue(!seated && !bonds.isBonded(_who(0)));
        // Its reports do not count any more.
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterInactive.selector, _who(0)));
        target.post(TU1D, DAY, 0, reports);
    }

    function test_slash_ofTwoVintages() public {
        _bond(_who(0));
        SignedReport memory first = _report(keys[0], TU1D, DAY, 0, 1000e18, VINTAGE);
        SignedReport memory second = _report(keys[0], TU1D, DAY, 0, 1000e18, "other");
        bonds.slash(TU1D, DAY, 0, first, second, PROVER);
        vm.assertTrue(!bonds.isBonded(_who(0)));
    }

    function test_slash_afterTheDeadlinesAndAfterFinality() public {
        _bond(_who(0));
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        vm.warp(block.timestamp + 400 days);
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
        vm.assertTrue(!bonds.isBonded(_who(0)));
    }

    function test_slash_ofOneThatLeavesOrHasLostItsSeat() public {
        _bond(_who(0));
        _bond(_who(1));
        vm.prank(_who(0));
        bonds.announceLeave(_who(0));
        target.setReporter(_who(1), false);
        vm.warp(block.timestamp + 14 days);
        _slash(0);
        _slash(1);
        vm.assertEq(bonds.slashed(), 2 * 37_501);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.NotBonded.selector, _who(0)));
        bonds.withdraw(_who(0));
    }

    function test_slash_ofASeatWithoutABondTakesTheSeat() public {
        (SignedReport memory first, SignedReport memory second) = _conflict(2);
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.Slashed(_who(2), TU1D, DAY, 3, PROVER, 0, 0);
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
        (bool seated, ) = target.reporter(_who(2));
        vm.assertTrue(!seated);
    }

    function test_slash_revertsWith_NothingToSlash() public {
        _bond(_who(0));
        _slash(0);
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.NothingToSlash.selector, _who(0)));
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
    }

    /// Whoever proves its own equivocation still loses three quarters; no share is above half.
    function test_slash_ofOneselfSavesTheProversShareAlone() public {
        _bond(_who(0));
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        vm.prank(_who(0));
        bonds.slash(TU1D, DAY, 3, first, second, _who(0));
        vm.assertEq(money.balanceOf(_who(0)), 12_500);
        vm.assertLe(2 * money.balanceOf(_who(0)), AMOUNT);
    }

    function test_slash_revertsWith_NoEquivocation_ifTheDeadlinesAloneDiffer() public {
        _bond(_who(0));
        SignedReport memory first = _report(keys[0], TU1D, DAY, 0, 1000e18, VINTAGE);
        vm.warp(block.timestamp + 3 hours);
        SignedReport memory second = _report(keys[0], TU1D, DAY, 0, 1000e18, VINTAGE);
        vm.assertTrue(first.deadline != second.deadline && first.r != second.r);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterBonds.NoEquivocation.selector, uint256(1000e18), VINTAGE)
        );
        bonds.slash(TU1D, DAY, 0, first, second, PROVER);
    }

    function test_slash_revertsWith_DifferentSigners() public {
        SignedReport memory first = _report(keys[0], TU1D, DAY, 0, 1000e18, VINTAGE);
        SignedReport memory second = _report(keys[1], TU1D, DAY, 0, 1001e18, VINTAGE);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.DifferentSigners.selector, _who(0), _who(1)));
        bonds.slash(TU1D, DAY, 0, first, second, PROVER);
    }

    function test_slash_revertsWith_ProofInvalid_ofAHighSOrNobody() public {
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        second.r = bytes32(0);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.ProofInvalid.selector, 1));
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
        first.vs = bytes32(type(uint256).max >> 1);
        vm.expectRevert(abi.encodeWithSelector(IReporterBonds.ProofInvalid.selector, 0));
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
    }

    function test_slash_revertsWith_ZeroPayee() public {
        (SignedReport memory first, SignedReport memory second) = _conflict(0);
        vm.expectRevert(IReporterBonds.ZeroPayee.selector);
        bonds.slash(TU1D, DAY, 3, first, second, address(0));
    }

    /// Reports of another revision, period, index, chain or contract never convict, in any pair: under the terms of one of them
    /// the other recovers to a stranger.
    function test_fuzz_slash_reportsOfDifferentRoundsNeverConvict(uint256 seed) public {
        _bond(_who(0));
        SignedReport memory first = _report(keys[0], TU1D, DAY, 3, 1000e18, VINTAGE);
        SignedReport memory second = _report(keys[0], TU1D, DAY, 3, 1001e18, VINTAGE);
        uint256 kind = seed % 5;
        bytes32 digest;
        if (kind == 0) digest = _digest(TU1D, DAY, 4 + uint32((seed >> 8) % 1000), second);
        else if (kind == 1) digest = _digest(TU1D, DAY + 1 + uint32((seed >> 8) % 1000), 3, second);
        else if (kind == 2) digest = _digest(bytes32(seed), DAY, 3, second);
        else if (kind == 3) {
            digest = _digest(block.chainid + 1 + ((seed >> 8) % 1000), address(target), TU1D, DAY, 3, second);
        } else digest = _digest(block.chainid, address(uint160(seed)), TU1D, DAY, 3, second);
        _sign(keys[0], digest, second);
        try bonds.slash(TU1D, DAY, 3, first, second, PROVER) {
            vm.assertTrue(false, "convicted");
        } catch (bytes memory reason) {
            vm.assertTrue(
                bytes4(reason) == IReporterBonds.DifferentSigners.selector ||
                    bytes4(reason) == IReporterBonds.ProofInvalid.selector
            );
        }
        vm.assertTrue(bonds.isBonded(_who(0)));
    }

    /// An honest node signs what it has once a revision: any two of its reports, signed again after crashes with any deadline,
    /// convict nobody.
    function test_fuzz_slash_neverOfOneThatSignsEachRevisionOnce(uint256 seed) public {
        _bond(_who(0));
        SignedReport[6] memory reports;
        uint32[6] memory revisions;
        for (uint256 i; i < 6; ++i) {
            vm.warp(block.timestamp + (uint256(keccak256(abi.encode(seed, i))) % 6 hours));
            revisions[i] = uint32(i / 2);
            // The source may have changed at each revision.
            uint256 value = 1000e18 + (uint256(keccak256(abi.encode(seed, revisions[i]))) % 100e18);
            reports[i] = _report(keys[0], TU1D, DAY, revisions[i], value, bytes32(value));
        }
        for (uint256 i; i < 6; ++i) {
            for (uint256 j; j < 6; ++j) {
                for (uint32 revision; revision < 3; ++revision) {
                    try bonds.slash(TU1D, DAY, revision, reports[i], reports[j], PROVER) {
                        vm.assertTrue(false, "slashed");
                    } catch {}
                }
            }
        }
        vm.assertTrue(bonds.isBonded(_who(0)));
    }

    // ----------------------------------------------------------------------------------------------------------- funds

    function test_payFund_bringsItToTheFundOfTheMarket() public {
        _bond(_who(0));
        _slash(0);
        vm.expectEmit(true, true, true, true, address(bonds));
        emit IReporterBonds.FundPaid(MARKET, 37_501);
        vm.prank(address(0xB0B));
        bonds.payFund();
        vm.assertEq(funds.funds(MARKET), 37_501);
        vm.assertEq(bonds.slashed(), 0);
        vm.expectRevert(IReporterBonds.NothingToPay.selector);
        bonds.payFund();
    }

    function test_payFund_ofAFundThatRefusesWaitsAndProtectsNobody() public {
        _bond(_who(0));
        _bond(_who(1));
        funds.refuse(true);
        _slash(0);
        vm.expectRevert();
        bonds.payFund();
        vm.assertEq(bonds.slashed(), 37_501);
        bonds.setFundMarket(MarketId.wrap(2));
        funds.refuse(false);
        bonds.payFund();
        vm.assertEq(funds.funds(MarketId.wrap(2)), 37_501);
        // The other bond is whole.
        vm.assertEq(money.balanceOf(address(bonds)), AMOUNT);
    }

    function test_setFundMarket_revertsWith_AccessManagedUnauthorized() public {
        vm.prank(address(0xB0B));
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xB0B))
        );
        bonds.setFundMarket(MarketId.wrap(2));
    }

    /// Bonds, slashes, leaving and gifts at random: the balance covers every bond and what was slashed.
    /// hardhat-config: fuzz.runs = 64
    function test_fuzz_balance_coversEveryBond(uint256 seed) public {
        uint256 gifts;
        for (uint256 step; step < 40; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 i = (seed >> 8) % 7;
            address who = _who(i);
            (address payee, ) = bonds.bondOf(who);
            uint256 kind = seed % 6;
            if (kind == 0 && payee == address(0)) _bond(who);
            else if (kind == 1 && bonds.isBonded(who)) {
                vm.prank(who);
                bonds.announceLeave(who);
            } else if (kind == 2) {
                try bonds.withdraw(who) {} catch {}
            } else if (kind == 3 && (seed >> 16) % 4 == 0 && payee != address(0)) _slash(i);
            else if (kind == 4 && bonds.slashed() != 0) bonds.payFund();
            else {
                money.mint(address(bonds), seed % 10);
                gifts += seed % 10;
                vm.warp(block.timestamp + ((seed >> 32) % 5 days));
            }
            uint256 owed = bonds.slashed() + gifts;
            for (uint256 j; j < 7; ++j) {
                (payee, ) = bonds.bondOf(_who(j));
                if (payee != address(0)) owed += AMOUNT;
            }
            vm.assertEq(money.balanceOf(address(bonds)), owed);
        }
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    /// Bonds in another token, attached to an index contract of their own.
    function _attachOf(address token) private {
        target = _twin();
        funds = new TestFunds(token);
        bonds = _deployBonds(address(funds), PROVER_BPS, AMOUNT);
        target.setBonds(bonds);
    }
}
