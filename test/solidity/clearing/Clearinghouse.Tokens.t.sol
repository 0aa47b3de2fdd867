// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Configuration} from "../../../contracts/clearing/ClearingBase.sol";
import {MarketView, OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {CollateralToken} from "../../../contracts/token/CollateralToken.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {
    BlacklistToken,
    FalseToken,
    FeeToken,
    FineToken,
    HookToken,
    PausingToken,
    RebasingToken,
    SilentToken
} from "../tokens/HostileTokens.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Tokens that do not behave lose nobody's money.
contract ClearinghouseTokensTest is ClearingFixture {
    IClearinghouse private other;

    function test_deposit_revertsWith_DepositCredited_ofATokenThatTakesAFee() public {
        FeeToken fee = new FeeToken();
        other = _deploy(address(fee));
        fee.mint(alice, 1000);
        vm.prank(alice);
        fee.approve(address(other), 1000);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.DepositCredited.selector, 990, 1000));
        vm.prank(alice);
        other.deposit(0, 1000);
        vm.assertEq(fee.balanceOf(alice), 1000);
        vm.assertTrue(other.tracked() == 0 && other.accountCount() == 0);
    }

    function test_deposit_aFalseReturnIsAFailure() public {
        FalseToken token_ = new FalseToken();
        _prepare(address(token_));
        token_.fail(true);
        bytes memory failed = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token_);
        vm.expectRevert(failed);
        vm.prank(alice);
        other.deposit(0, 100);
        // Nor is anything taken from an account whose withdrawal does not arrive.
        vm.expectRevert(failed);
        vm.prank(alice);
        other.withdraw(ALICE, 100, alice);
        vm.assertEq(other.account(ALICE).cash, int256(1000));
        token_.fail(false);
        vm.prank(alice);
        other.withdraw(ALICE, 1000, alice);
        vm.assertEq(other.tracked(), 0);
    }

    function test_deposit_aTokenThatReturnsNothing() public {
        SilentToken silent = new SilentToken();
        _prepare(address(silent));
        vm.prank(alice);
        other.withdraw(ALICE, 400, bob);
        vm.assertEq(silent.balanceOf(bob), 400);
        vm.assertEq(other.tracked(), 600);
    }

    function test_deposit_reentered() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        hook.mint(address(hook), 500);
        // The token deposits for itself in the middle of alice's deposit.
        hook.hook(address(other), abi.encodeCall(other.deposit, (0, 100)));
        vm.prank(alice);
        other.deposit(0, 300);
        _refusedReentry(hook);
        vm.assertEq(other.tracked(), 1300);
        vm.assertEq(other.account(ALICE).cash, int256(1300));
        // A direct transfer on the way is a surplus and not a credit.
        hook.hook(address(hook), abi.encodeCall(hook.mint, (address(other), 55)));
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.DepositCredited.selector, 155, 100));
        vm.prank(alice);
        other.deposit(0, 100);
    }

    function test_withdraw_reentered() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        // The token itself owns an account, so that it may withdraw in the middle of alice's withdrawal.
        hook.mint(address(hook), 500);
        vm.prank(address(hook));
        hook.approve(address(other), 500);
        vm.prank(address(hook));
        AccountId second = other.deposit(0, 500);
        hook.hook(address(other), abi.encodeCall(other.withdraw, (second, 500, address(hook))));
        vm.prank(alice);
        other.withdraw(ALICE, 200, alice);
        _refusedReentry(hook);
        vm.assertEq(other.account(second).cash, int256(500));
        vm.assertEq(other.tracked(), 1300);
        vm.assertEq(hook.balanceOf(address(other)), 1300);
    }

    function test_withdraw_reentrantViewsSeeWhatIsTrue() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        hook.hook(address(other), abi.encodeCall(other.tracked, ()));
        vm.prank(alice);
        other.withdraw(ALICE, 200, alice);
        vm.assertEq(abi.decode(hook.answer(), (uint256)), 800);
    }

    function test_withdraw_aBlacklistedOwnerSendsElsewhere() public {
        BlacklistToken black = new BlacklistToken();
        _prepare(address(black));
        black.list(alice, true);
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Listed.selector, alice));
        vm.prank(alice);
        other.withdraw(ALICE, 100, alice);
        vm.assertEq(other.account(ALICE).cash, int256(1000));
        vm.prank(alice);
        other.withdraw(ALICE, 100, bob);
        vm.assertEq(black.balanceOf(bob), 100);
    }

    function test_deposit_eighteenDecimals() public {
        FineToken fine = new FineToken();
        other = _deploy(address(fine));
        fine.mint(alice, 1e24);
        vm.prank(alice);
        fine.approve(address(other), 1e24);
        vm.prank(alice);
        other.deposit(0, 1e24);
        vm.assertEq(other.account(ALICE).cash, int256(1e24));
        vm.assertEq(other.tracked(), 1e24);
    }

    // ------------------------------------------------------------------------------------------------------------ rebasing

    /// What a token gives to every holder is a surplus: nobody's claim, and it leaves by skim alone.
    function test_rebasing_upIsASurplus() public {
        RebasingToken token_ = new RebasingToken();
        _prepare(address(token_));
        token_.rebase(2e18);
        vm.assertTrue(other.account(ALICE).cash == 1000 && other.tracked() == 1000);
        vm.assertEq(token_.balanceOf(address(other)), 2000);
        vm.prank(alice);
        other.deposit(0, 300);
        vm.assertEq(other.account(ALICE).cash, int256(1300));
        vm.prank(alice);
        other.withdraw(ALICE, 1300, alice);
        vm.assertTrue(other.tracked() == 0 && token_.balanceOf(address(other)) == 1000);
    }

    /// What a token takes away is missing, and the books say so: deposits are refused, so that nobody new pays for it;
    /// withdrawals are paid or refused whole, and nobody's claim changes.
    function test_rebasing_downTakesNoNewMoney() public {
        RebasingToken token_ = new RebasingToken();
        _prepare(address(token_));
        _join(bob, address(token_));
        token_.rebase(0.5e18);
        vm.assertTrue(other.tracked() == 2000 && token_.balanceOf(address(other)) == 1000);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.CollateralShort.selector, 1000, 2000));
        vm.prank(alice);
        other.deposit(0, 100);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.CollateralShort.selector, 1000, 2000));
        vm.prank(alice);
        other.depositFor(BOB, 100);
        vm.prank(alice);
        other.withdraw(ALICE, 800, alice);
        vm.prank(bob);
        (bool success, ) = address(other).call(abi.encodeCall(other.withdraw, (BOB, 1000, bob)));
        vm.assertTrue(!success && other.account(BOB).cash == 1000 && other.tracked() == 1200);
        // Once the balance is back, everything is paid that is owed.
        token_.rebase(1e18);
        token_.mint(address(other), 1200 - token_.balanceOf(address(other)));
        vm.prank(bob);
        other.withdraw(BOB, 1000, bob);
        vm.prank(alice);
        other.withdraw(ALICE, 200, alice);
        vm.assertEq(other.tracked(), 0);
    }

    /// Trading goes on without the token.
    function test_rebasing_downLeavesTradingAlone() public {
        RebasingToken token_ = new RebasingToken();
        _market(address(token_));
        token_.rebase(0.9e18);
        _trade(alice, bob, perp, 1000, TICK);
        vm.assertTrue(_size(ALICE, perp) == 1000 && _size(BOB, perp) == -1000);
        vm.prank(alice);
        house.withdraw(ALICE, 1000 * USD, alice);
    }

    // ------------------------------------------------------------------------------------------------- pausing, blacklisting

    /// Nothing but the token's own transfers stands still.
    function test_pausing_stopsTransfersAndNothingElse() public {
        PausingToken token_ = new PausingToken();
        _market(address(token_));
        token_.pause(true);
        bytes memory paused = abi.encodeWithSelector(PausingToken.Paused.selector);
        vm.expectRevert(paused);
        vm.prank(alice);
        house.deposit(0, 100);
        int256 cash = _cash(ALICE);
        vm.expectRevert(paused);
        vm.prank(alice);
        house.withdraw(ALICE, 100, alice);
        vm.assertTrue(_cash(ALICE) == cash && house.tracked() == 2 * FUNDS);
        _trade(alice, bob, perp, 1000, TICK);
        AccountId second = _subaccount(token_);
        vm.prank(alice);
        house.transfer(ALICE, second, 100);
        vm.assertEq(_cash(second), int256(100));
        token_.pause(true);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        _trade(bob, alice, perp, 1000, TICK);
        token_.pause(false);
        uint256 all = house.account(ALICE).withdrawable;
        vm.prank(alice);
        house.withdraw(ALICE, all, alice);
        vm.assertEq(token_.balanceOf(alice), all);
        _assertConserved();
    }

    /// A blacklisted owner is liquidated like any other: no step of it sends tokens.
    function test_blacklisting_doesNotStopALiquidation() public {
        BlacklistToken token_ = new BlacklistToken();
        _market(address(token_));
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, carol);
        _trade(alice, bob, perp, 1000, TICK);
        token_.list(alice, true);
        token_.list(bob, true);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        _skip(10 hours);
        house.sync(perp);
        vm.assertTrue(_equity(ALICE) < int256(house.account(ALICE).maintenanceMargin), "scene");
        if (_equity(ALICE) <= 0) house.absorb(ALICE);
        else {
            _place(bob, perp, 1000, _mark(perp) >> 16);
            house.liquidate(ALICE, perp, 10, BOB, 0);
        }
        vm.assertTrue(_size(ALICE, perp) < 1000);
        _assertConserved();
    }

    /// The clearing house itself may be listed: then nothing comes or goes, and nothing is lost.
    function test_blacklisting_theClearingHouse() public {
        BlacklistToken token_ = new BlacklistToken();
        _market(address(token_));
        token_.list(address(house), true);
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Listed.selector, address(house)));
        vm.prank(alice);
        house.withdraw(ALICE, 100, alice);
        _trade(alice, bob, perp, 1000, TICK);
        token_.list(address(house), false);
        vm.prank(bob);
        house.withdraw(BOB, 100, bob);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------------- hooks

    /// The token trades, cancels and moves cash in the middle of a transfer, for an account of its own.
    function test_hooks_anEntryPointInTheMiddleOfATransfer() public {
        HookToken hook = new HookToken();
        _market(address(hook));
        hook.mint(address(hook), FUNDS);
        vm.prank(address(hook));
        hook.approve(address(house), FUNDS);
        vm.prank(address(hook));
        AccountId its = house.deposit(0, FUNDS / 2);
        vm.prank(address(hook));
        AccountId second = house.deposit(1, FUNDS / 2);
        // Guarded: whatever moves tokens or cash.
        bytes[3] memory guarded = [
            abi.encodeCall(house.withdraw, (its, 1, address(hook))),
            abi.encodeCall(house.transfer, (its, second, 1)),
            abi.encodeCall(house.depositFor, (its, 1))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            hook.hook(address(house), guarded[i]);
            vm.prank(alice);
            house.withdraw(ALICE, 100, alice);
            _refusedReentry(hook);
        }
        // Not guarded, since all that it needs is written before the token is called: orders.
        hook.hook(
            address(house),
            abi.encodeCall(house.place, (its, _order(perp, 500, TICK - 10, OrderKind.Limit)))
        );
        vm.prank(alice);
        house.withdraw(ALICE, 100, alice);
        vm.assertTrue(hook.success() && _position(its, perp).bidLots == 500);
        OrderId id = _place(alice, perp, -500, TICK + 10);
        hook.hook(address(house), abi.encodeCall(house.cancel, (id)));
        vm.prank(bob);
        house.withdraw(BOB, 100, bob);
        vm.assertTrue(!hook.success());
        vm.assertEq(house.tracked(), 3 * FUNDS - 500);
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------ decimals

    /// Eighteen decimals are the same market in finer units.
    function test_decimals_eighteenTradeLikeSix() public {
        _market(address(new FalseToken()));
        _scene();
        int256[3] memory coarse = [_equity(ALICE), _equity(BOB), int256(house.market(perp).feesPayable)];
        uint256 im = house.account(ALICE).initialMargin;
        _market(address(new FineToken()));
        _scene();
        // A few roundings of a millionth, each against the one who pays.
        for (uint256 i = 0; i < 2; ++i) {
            int256 finer = _equity(i == 0 ? ALICE : BOB) - coarse[i] * 1e12;
            vm.assertTrue(finer >= 0 && finer < 5e12);
        }
        int256 fees = coarse[2] * 1e12 - int256(house.market(perp).feesPayable);
        vm.assertTrue(fees >= 0 && fees < 5e12);
        uint256 finerIm = house.account(ALICE).initialMargin;
        vm.assertTrue(finerIm <= im * 1e12 && finerIm + 1e12 > im * 1e12);
        _assertFineConserved();
    }

    function test_constructor_revertsWith_ParameterOutOfRange() public {
        address odd = address(new OddToken());
        vm.expectRevert(
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, "decimals", 5, 6, 18)
        );
        this.deployFor(odd);
    }

    function test_constructor_revertsWith_ZeroAddress() public {
        Configuration memory c = Configuration(address(manager), address(token), address(0));
        vm.expectRevert(IClearingErrors.ZeroAddress.selector);
        this.deployModule(c);
    }

    function deployModule(Configuration memory c) external {
        _deployLens(c);
    }

    function deployFor(address collateral) external {
        _deploy(collateral);
    }

    /// Another clearing house with `collateral`, where alice has 1,000 units and 1,000 more at hand.
    function _prepare(address collateral) private {
        other = _deploy(collateral);
        HookToken(collateral).mint(alice, 2000);
        vm.prank(alice);
        SilentToken(collateral).approve(address(other), type(uint256).max);
        vm.prank(alice);
        other.deposit(0, 1000);
    }

    /// The fixture's exchange on another token: a perpetual, and alice and bob with `FUNDS` in whole dollars each.
    function _market(address collateral) private {
        house = _deploy(collateral);
        token = CollateralToken(collateral);
        _grantRoles();
        usage.addReader(TU1D, house);
        vm.prank(LISTER);
        feedId = house.addFeed(_feedListing());
        _nextPrint(POINTS);
        vm.prank(LISTER);
        perp = house.listMarket(_perpetual());
        while (traders.length > 2) traders.pop();
        uint256 funds = FUNDS * 10 ** (HookToken(collateral).decimals() - 6);
        for (uint256 i = 0; i < 2; ++i) {
            token.mint(traders[i], funds);
            vm.prank(traders[i]);
            token.approve(address(house), type(uint256).max);
            vm.prank(traders[i]);
            house.deposit(0, funds);
        }
    }

    /// `_assertConserved` counts tick values in millionths.
    function _assertFineConserved() private view {
        MarketView memory m = house.market(perp);
        int256 sum = m.fundingPool * TICK_VALUE * 1e12 + int256(m.feesPayable);
        for (uint32 id = 2048; id < 2050; ++id) {
            sum += _cash(AccountId.wrap(id)) + _position(AccountId.wrap(id), perp).quote * TICK_VALUE * 1e12;
        }
        vm.assertEq(sum, int256(house.tracked()));
    }

    function _scene() private {
        _trade(alice, bob, perp, 777, TICK + 3);
        _trade(bob, alice, perp, 111, TICK - 3);
        _skip(3 hours);
        _place(alice, perp, 100, TICK - 7);
    }

    function _join(address who, address collateral) private {
        HookToken(collateral).mint(who, 1000);
        vm.prank(who);
        SilentToken(collateral).approve(address(other), type(uint256).max);
        vm.prank(who);
        other.deposit(0, 1000);
    }

    /// A second account of alice's, opened by the least that a deposit can be.
    function _subaccount(PausingToken token_) private returns (AccountId account) {
        token_.pause(false);
        token_.mint(alice, 1);
        vm.prank(alice);
        account = house.deposit(1, 1);
        vm.prank(alice);
        house.withdraw(account, 1, carol);
        token_.pause(true);
    }

    function _refusedReentry(HookToken hook) private view {
        vm.assertTrue(!hook.success());
        vm.assertTrue(
            bytes4(hook.answer()) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
    }
}

contract OddToken {
    function decimals() external pure returns (uint8) {
        return 5;
    }
}
