// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";

/// @notice What happens to accounts and funds that have nothing left; every step may be called by anyone.
interface IWaterfall {
    /// @notice Hands an account that holds lots and has no equity left to the funds of its markets: each fund takes the position
    ///         whole, the shortfall is shared by MM, the account is retired and its orders are dropped when met.
    ///         A fund that this leaves below zero is settled in the same call, as by `deleverage`, where there is room.
    /// @dev Errors: AccountNotBankrupt (equity), UnknownAccount, AccountIsRetired, NoPosition (it holds no lots, so it owes nothing), IndexStale.
    function absorb(AccountId account) external;

    /// @notice Closes the position of a fund whose equity is below zero against the winning side, pro rata: a round, which
    ///         every position of that side takes its share of at its next touch. The price is where the fund's equity is
    ///         zero, a tick in its favour, no further from mark than MM. What it is short of even then, or without a
    ///         position, becomes the market's deficit: no new risk until fees or top-ups have repaid it.
    /// @dev Errors: UnknownMarket, NothingToDeleverage (the fund's equity), TooManyRounds (unfinished ones; serve positions
    ///      with `applyRounds` first), IndexStale.
    /// @return number Number of the round in its market; 0 if only a deficit was booked.
    function deleverage(MarketId market) external returns (uint256 number);

    /// @notice Applies the pending deleveraging rounds of a market to some accounts, so that rounds finish. Every touch of a
    ///         position does the same for itself. Accounts without a part in any are passed over.
    /// @dev Errors: UnknownMarket.
    /// @return unfinished Rounds of the market that are left.
    function applyRounds(
        MarketId market,
        AccountId[] calldata accounts
    ) external returns (uint256 unfinished);

    /// @notice Settles, as by `deleverage`, every fund that a debt has taken below zero since the last such call. Withdrawals,
    ///         `collectFees` and `drainFund` do it themselves, so that nobody leaves before a deficit is booked.
    /// @return unbooked Collateral units that funds are still short of, at the price a round would have now, where mark is not
    ///         valid or too many rounds are unfinished. Withdrawals leave their share of it behind too.
    function settleFunds() external returns (uint256 unbooked);

    /// @notice Brings the sender's tokens into a market's fund. What the market owes is repaid first.
    /// @param amount Collateral units, above zero; must arrive whole.
    /// @dev Insurer role. Errors: UnknownMarket, ZeroAmount, DepositCredited, CashOutOfRange.
    function topUpFund(MarketId market, uint256 amount) external;

    /// @notice Takes money out of a market's fund: at most a tenth of it a UTC day, and never what its open interest needs.
    /// @param amount Collateral units, above zero. Afterwards the fund's cash must still be
    ///        ⌈(open interest − openInterestBaseLots) × fundCoverBps × value of a lot at mark⌉.
    /// @dev Treasury role. Not while any market owes something, nor while this fund holds a position or a round of its market
    ///      is unfinished. Errors: UnknownMarket, ZeroAmount, ZeroAddress, DeficitStands, FundHoldsPosition (size),
    ///      RoundsUnfinished (number), FundBounded (amount, most), IndexStale.
    function drainFund(MarketId market, uint256 amount, address to) external;

    /// @notice Has the fund of a market pay what an owner's account that holds no lots any more is short of.
    /// @dev The clearing house only, where a fill has left such a debt: cash below zero beside an open gain is none. Errors: NotAuthorised.
    /// @return spent Whether the fund's cash is below zero after it.
    function payShortfall(AccountId account, MarketId market) external returns (bool spent);

    /// @notice Applies the pending rounds of one position. The clearing house calls it itself before it touches one.
    function serve(MarketId market, AccountId account) external;

    /// @notice The word of a position (see Words.sol) as it would be with its pending rounds applied.
    function served(MarketId market, AccountId account) external view returns (uint256 position);
}
