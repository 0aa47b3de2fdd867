// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {DatedFutures} from "../../instruments/libraries/DatedFutures.sol";
import {Ladder} from "../../instruments/libraries/Ladder.sol";
import {MarketContext, Markets} from "../../instruments/libraries/Markets.sol";
import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {MarketPhase} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Absorption} from "../libraries/Absorption.sol";
import {Accounts} from "../libraries/Accounts.sol";
import {ClearingState, ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Deleveraging} from "../libraries/Deleveraging.sol";
import {Funds} from "../libraries/Funds.sol";
import {Health, Margin} from "../libraries/Margin.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {Positions} from "../libraries/Positions.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {RoundHead} from "../libraries/RoundWords.sol";
import {MarketRisk, Position, Purse} from "../libraries/Words.sol";

/// @title WaterfallModule
/// @notice What happens to accounts and funds that have nothing left, behind the clearing house's fallback.
contract WaterfallModule is ClearingBase, IWaterfall, IClearingEvents, IClearingErrors {
    using SafeERC20 for IERC20;

    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IWaterfall
    function absorb(AccountId account) external {
        ClearingState storage s = ClearingStorage.load();
        if (account.unwrap() < ClearingStorage.FIRST_ACCOUNT || !Accounts.exists(s, account)) {
            revert UnknownAccount(account);
        }
        if (Accounts.isRetired(s, account)) revert AccountIsRetired(account);
        DatedFutures.touchAll(s, account, UNIT);
        Rounds.serveAll(s, account);
        Ladder.requireEnforceable(s, account);
        Health memory h = Margin.health(s, account, UNIT);
        if (h.equity > 0) revert AccountNotBankrupt(h.equity);
        // Who holds nothing owes nothing: debts do not outlive the last position, and orders alone can be cancelled.
        if (!Accounts.holdsLots(s, account, Accounts.loadPurse(s, account).markets, MarketId.wrap(0))) {
            revert NoPosition(account, MarketId.wrap(0));
        }
        Absorption.absorb(s, account, h.equity, UNIT);
    }

    /// @inheritdoc IWaterfall
    function deleverage(MarketId market) external returns (uint256 number) {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        if (!_convertFund(s, c)) Ladder.requireValid(s, c.top, c.risk);
        int256 equity = Deleveraging.equity(s, c);
        if (equity >= 0) revert NothingToDeleverage(market, equity);
        number = Deleveraging.record(s, c);
        Markets.store(s, c);
        OpenInterest.refresh(s, c);
    }

    /// @inheritdoc IWaterfall
    function settleFunds() external returns (uint256 unbooked) {
        ClearingState storage s = ClearingStorage.load();
        uint256 left = 0;
        for (uint256 spent = s.spentFunds; spent != 0; spent >>= 10) {
            MarketContext memory c = _touched(s, MarketId.wrap(uint16(spent & 1023)));
            _convertFund(s, c);
            (bool done, uint256 short) = Deleveraging.settleSpent(s, c);
            if (done) continue;
            left = (left << 10) | c.id.unwrap();
            unbooked += short;
        }
        s.spentFunds = left;
    }

    /// @inheritdoc IWaterfall
    function topUpFund(MarketId market, uint256 amount) external restricted nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        MarketContext memory c = _touched(s, market);
        _pull(amount);
        s.tracked += amount;
        Funds.credit(s, market, amount);
        OpenInterest.refresh(s, c);
        emit FundToppedUp(market, msg.sender, amount);
    }

    /// @inheritdoc IWaterfall
    function drainFund(MarketId market, uint256 amount, address to) external restricted nonReentrant {
        ClearingState storage s = ClearingStorage.load();
        uint256 unbooked = Funds.settleSpent(s);
        if (unbooked != 0) revert DeficitStands(unbooked);
        MarketContext memory c = _touched(s, market);
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroAddress();
        Ladder.requireValid(s, c.top, c.risk);
        Funds.drain(s, c, amount);
        OpenInterest.refresh(s, c);
        s.tracked -= amount;
        emit FundDrained(market, to, amount);
        IERC20(COLLATERAL).safeTransfer(to, amount);
    }

    /// @inheritdoc IWaterfall
    function applyRounds(
        MarketId market,
        AccountId[] calldata accounts
    ) external returns (uint256 unfinished) {
        ClearingState storage s = ClearingStorage.load();
        MarketRisk risk = MarketRisk.wrap(s.markets[market.unwrap()].risk);
        if (MarketRisk.unwrap(risk) == 0) revert UnknownMarket(market);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Accounts.requireNumber(accounts[i]);
            Rounds.apply_(s, market, accounts[i], UNIT);
        }
        RoundHead h = Rounds.current(s, market);
        unfinished = h.unfinished();
        // Only a call that nobody makes in the middle of a trade may do this: trading holds the word in memory.
        if (unfinished == 0 && risk.hasRounds()) {
            s.roundHeads[market.unwrap()] = h.unwrap();
            s.markets[market.unwrap()].risk = MarketRisk.unwrap(risk.withRounds(false));
        }
    }

    /// @inheritdoc IWaterfall
    function payShortfall(AccountId account, MarketId market) external returns (bool spent) {
        // The market is taken for one that the account has left: only the clearing house knows.
        if (msg.sender != address(this)) revert NotAuthorised(msg.sender, account);
        ClearingState storage s = ClearingStorage.load();
        if (Positions.load(s, market, account).size() != 0) return false;
        Purse memory purse = Accounts.loadPurse(s, account);
        spent = Accounts.payShortfall(s, account, purse, market);
        Accounts.storePurse(s, account, purse);
    }

    /// @inheritdoc IWaterfall
    function serve(MarketId market, AccountId account) external {
        Accounts.requireNumber(account);
        Rounds.apply_(ClearingStorage.load(), market, account, UNIT);
    }

    /// @inheritdoc IWaterfall
    function served(MarketId market, AccountId account) external view returns (uint256 position) {
        Accounts.requireNumber(account);
        return Position.unwrap(Rounds.applied(ClearingStorage.load(), market, account));
    }

    /// @dev Turns what the fund of a settled market holds into cash.
    /// @return settled Whether the market is.
    function _convertFund(ClearingState storage s, MarketContext memory c) private returns (bool settled) {
        settled = c.risk.phase() == uint256(MarketPhase.Settled);
        if (settled) {
            DatedFutures.convert(s, c.id, Accounts.fundOf(c.id), c.risk.anchor() >> 16, c.tickValue);
        }
    }

    /// @dev A market as of this minute, stored.
    function _touched(ClearingState storage s, MarketId market) private returns (MarketContext memory c) {
        c = Markets.load(s, market, UNIT);
        Markets.touch(s, c);
        DatedFutures.markExpired(s, c);
        Markets.store(s, c);
    }
}
