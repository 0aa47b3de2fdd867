import type { ContractErrorName } from "./ContractError.ts";

/**
 * What each error of the contracts means and what to do; `{operand}` stands for the error's operand of that name. Bundles hold
 * them as errorLines.ts has them: `npm run gen` writes that after a change here.
 */
export const sentences: Record<ContractErrorName, string> = {
  // Accounts
  ZeroAmount: "The amount is zero: give at least one collateral unit.",
  ZeroAddress: "The address is zero: give the one that is meant.",
  UnknownAccount:
    "Account {account} does not exist: a first deposit opens an account, and getAccountId finds it.",
  NotOwner:
    "{sender} does not own the account, {owner} does: only the owner may move cash and name operators and builders.",
  NotAuthorised:
    "{sender} may not trade for account {account}: its owner can allow it with setOperator, and an expired operator again.",
  AccountIsRetired: "Account {account} was absorbed and never trades again: use another subaccount.",
  DepositCredited:
    "The token credited {credited} units of {amount}: tokens that take a share of transfers cannot be collateral.",
  CollateralShort:
    "The clearing house holds {balance} units of the token and owes {tracked}: the token has taken balances away, so no deposit is taken until they are back.",
  CashOutOfRange: "The account's cash would be {cash}, more than it can hold: move a smaller amount.",
  SameAccount: "Account {account} stands on both sides: name two different ones.",
  SwitchFired:
    "The dead-man switch of account {account} fired after {deadline} (Unix time): take its orders out of the book, then set it again with cancelAllAfter.",
  SwitchNotFired:
    "The dead-man switch of account {account} is good until {deadline} (Unix time, 0: none is set): its orders stand.",
  OrdersOpen:
    "{orders} orders of the fired switch are left in market {market}: cancel them before the switch is set or taken off.",
  BuilderFeeTooHigh:
    "The builder's fee is {fee} tenths of a basis point and at most {cap} is allowed: ask less, or let the owner allow more with setBuilder.",
  TooManyAccounts: "There are {accounts} accounts and at most {limit}: use an account that is open.",
  InsufficientMargin:
    "Equity would be {equity} and the margin requirement {required} collateral units: deposit more, or make the order or withdrawal smaller.",
  InsufficientCash:
    "Cash is {cash} and {amount} was asked for: results that are not realised cannot be withdrawn, so ask for less or close positions.",

  // Markets and feeds
  UnknownMarket: "Market {market} is not listed: getMarkets lists those that are.",
  UnknownFeed: "Feed {feed} does not exist: a market's feed is in getMarket.",
  UnknownFunction:
    "The clearing house has no function {selector}: check its address and the version of the SDK.",
  MarketNotOpen: "Market {market} is {phase}: this needs a market in which trading has not ended.",
  OnlyReducing:
    "Market {market} is {phase} and takes only orders that reduce a position: make the order reduceOnly and smaller.",
  IndexStale:
    "Feed {feed} has had no print for {age} s, more than the {limit} s allowed: wait for the next print, or only reduce.",
  InGracePeriod:
    "The index of market {market} has just come back and it is {timestamp} (Unix time): until {until} orders rest as post-only or reduce, and nobody is liquidated.",
  NotDated:
    "Market {market} is a perpetual that trades on: it settles only when its index has been silent beyond the third limit or its trading has ended.",
  NotExpired:
    "Market {market} trades until {expiry} and it is {timestamp} (Unix time): settle it afterwards.",
  NotSettled: "Market {market} is {phase}: its accounts convert once settle has written its price.",
  AlreadySettled:
    "Market {market} was settled at tick {settlementTick}: convert its accounts with settleAccounts.",
  NotIndex:
    "{sender} pushed a value, but only the index contract {index} may: check which index was deployed.",
  FeedExists: "Index {index} is followed already: use its feed.",
  FeedEmpty: "Feed {feed} has no value yet: list the market after the index's first push.",
  NoticeTooShort:
    "The change would hold from day {fromPeriod} and margins need a week's notice: name day {earliest} or later.",
  NothingScheduled: "No change of margins is announced for market {market}: scheduleMargins announces one.",
  NotYetDue:
    "The announced margins of market {market} hold from {due} and it is {timestamp} (Unix time): wait.",
  FundInDeficit:
    "The fund of market {market} holds {cash}: top it up with topUpFund before new risk is allowed.",

  // Orders
  OrderTooSmall: "The order has {lots} lots and the market's minimum is {minLots}: make it larger.",
  OrderTooLarge: "The order has {lots} lots and one order may have {maxLots}: split it.",
  TickOutOfRange: "Tick {tick} is not a price: ticks run from 1 to {maxTick}.",
  TickOutsideBand:
    "Tick {tick} is outside the fill band from {lowest} to {highest}: bid at or below its top, ask at or above its bottom.",
  ExpiryNotAligned: "Expiry {expiry} is not a multiple of {unit} s: round it.",
  ExpiryInPast: "Expiry {expiry} is not after the present {timestamp}: choose a later one, or 0 for none.",
  ExpiryNotUsed: "Expiry {expiry} has no meaning for an order that never rests: leave it 0.",
  ZeroMaxFills: "maxFills is zero: allow at least one resting order to be met.",
  WouldCross:
    "A post-only order at tick {tick} would meet {bestOpposite}: move it back from there, or use another kind.",
  NotFilled:
    "Only {filled} of {lots} lots would fill: make the fill-or-kill order smaller, its limit wider or maxFills larger.",
  WouldNotReduce:
    "{lots} lots do not reduce a position of {size}: turn the sign, make it smaller or drop reduceOnly.",
  PositionLimit:
    "Position and orders would reach {exposure} lots and the limit is {limit}: make the order smaller.",
  OpenInterestLimit:
    "Open interest would be {openInterest} lots and the limit is {limit}: only orders that do not raise it can fill.",
  TooManyOrders:
    "The account has {orders} resting orders in the market and may have {limit}: cancel some first.",
  TooManyMarkets:
    "The account is active in {markets} markets and may be in {limit}: leave one or use another subaccount.",
  LevelFull: "The price level holds {orders} orders of {capacity}: choose the next tick.",
  OrderNotFound: "Order {id} is not in the book: it was filled, cancelled or dropped.",
  WrongAccount: "Order {id} does not belong to account {account}: pass its orders only.",
  WrongMarket: "Order {id} does not stand in market {market}: an amended order stays in its market.",
  NeverRests: "An amended order rests and {kind} never does: use limit or postOnly, or cancel and place.",
  Previewed: "The order would be accepted: previewOrder reads what it would do.",

  // Liquidation
  AccountHealthy: "Equity is {equity} and the requirement {required}: a healthy account is left alone.",
  AccountBankrupt: "Equity is {equity}: nothing is left to liquidate, so absorb the account.",
  AccountNotBankrupt: "Equity is {equity}: only an account without equity is absorbed, so liquidate it.",
  NoPosition: "Account {account} has no position in market {market}: choose a market in which it has one.",
  SelfLiquidation:
    "Account {account} cannot be liquidated for account {keeper} of the same owner: name another keeper's account.",
  HedgedLeg:
    "The position in market {market} is the cheaper leg of a calendar hedge: liquidate market {partner} first.",
  NothingToFill:
    "The book has nothing up to tick {limitTick}, the furthest that a liquidation may go: try again when it has.",

  // Funds and deleveraging
  NothingToDeleverage:
    "The fund of market {market} has {equity} left: a round is recorded only where that is below zero.",
  TooManyRounds:
    "{rounds} deleveraging rounds of the market are unfinished and at most {limit} may be: serve positions with applyRounds first.",
  FundBounded:
    "{amount} is more than may be taken out of the fund now: take at most {most}, a tenth of it a day and never what its open interest needs.",
  FundHoldsPosition:
    "The fund of market {market} still holds {size} lots: unwind them before money is taken out of it.",
  RoundsUnfinished:
    "{rounds} deleveraging rounds of market {market} are unfinished: serve positions with applyRounds first.",
  DeficitStands:
    "{deficit} collateral units are still owed: claims are paid once fees or top-ups have repaid them.",
  NoClaim: "Account {account} has left nothing behind: there is no claim to redeem.",
  NothingToUnwind:
    "The fund of market {market} has no position or nothing left ({equity}): there is nothing that it could unwind.",
  UnwindingSpent:
    "The fund has lost {spent} units by unwinding today and may lose {budget}: go on after 00:00 UTC.",

  // Parameters and words
  UnsafeParameters: "The parameters break a rule of safety, {rule}: {left} against {right}.",
  ParameterOutOfRange: "{parameter} is {value}: it must lie between {min} and {max}.",
  Overflow: "{value} does not fit {bits} bits: use a smaller amount.",

  SafeCastOverflowedUintDowncast: "{value} does not fit {bits} bits: use a smaller number.",
  ReentrancyGuardReentrantCall:
    "The call came back into the clearing house while another one ran: call it once at a time.",
  SafeERC20FailedOperation:
    "The token at {token} refused the transfer: look at balance, allowance and the token's own rules.",

  FailedCall: "A call to another contract failed without a reason: check that contract's address.",
  AddressEmptyCode: "{target} is not a contract: check the address.",

  // Access
  AccessManagedUnauthorized:
    "{caller} does not hold the role for this: ask whoever administers the exchange.",
  AccessManagedRequiredDelay: "{caller} must schedule this {delay} s ahead in the AccessManager.",
  AccessManagedInvalidAuthority: "{authority} is not an AccessManager: check the address.",

  AccessManagerUnauthorizedCall:
    "{caller} may not call {selector} of {target} so, or not that soon: a holder of the function's role schedules it no earlier than its delay allows, or calls at once where it has none.",
  AccessManagerUnauthorizedAccount:
    "{msgsender} does not hold role {roleId} of the AccessManager (0: its administrator): send this from an account that does.",
  AccessManagerUnauthorizedCancel:
    "{msgsender} may not cancel what {caller} scheduled ({selector} of {target}): its sender may, the guardian and the administrator.",
  AccessManagerUnauthorizedConsume:
    "{target} is not in the middle of a scheduled call: send the call itself to the contract, or execute it.",
  AccessManagerAlreadyScheduled:
    "Operation {operationId} is scheduled already: execute it when it is due, or cancel it first.",
  AccessManagerNotScheduled:
    "Operation {operationId} is not scheduled, or was executed or cancelled: schedule the same call from the same sender first.",
  AccessManagerNotReady:
    "Operation {operationId} is scheduled and not due: getSchedule of the AccessManager says from when it is.",
  AccessManagerExpired:
    "Operation {operationId} was due longer ago than the AccessManager's expiration allows: schedule it again.",
  AccessManagerLockedRole:
    "Role {roleId} is the administrator's or everybody's and cannot be changed like that: choose a role between.",
  AccessManagerLockedFunction:
    "Function {selector} changes who governs and gets no role: use updateAuthority of the AccessManager.",
  AccessManagerBadConfirmation:
    "A role is renounced by its holder alone: confirm it with the sender's own address.",
  AccessManagerInvalidInitialAdmin:
    "{initialAdmin} cannot be the first administrator: give the address that is meant.",
  InsufficientBalance:
    "The contract holds {balance} wei and the call needs {needed}: send no more value than that.",

  // Index: terms, panel and readers
  IndexAlreadyListed: "Index {index} is listed already, and its terms never change.",
  IndexNotListed: "Index {index} is not listed: check its id.",
  ConfigTooSmall: "{field} is {value}: it must be at least {min}.",
  ConfigTooLarge: "{field} is {value}: it may be at most {max}.",
  ReporterUnchanged: "Reporter {reporter} already has that state (active: {active}): nothing is to be done.",
  BreakerReversed:
    "The limit of four days is {breakerFourBps} basis points and that of one day {breakerBps}: it must not be lower.",
  SeatingTooSoon:
    "It is {timestamp} and the next seat may be given from {allowedFrom} on (Unix time): wait, seats are given one by one.",
  PanelTooSmall: "The panel has {seats} seats and needs {needed}: give another reporter a seat first.",
  ReporterNotBonded: "Reporter {reporter} has no bond, or leaves: it bonds first.",
  ReporterIsBonded: "Reporter {reporter} has a bond: its seat is not free to be dropped.",
  BondNotDue: "It is {timestamp} and bonds are due at {dueAt} (Unix time): wait until then.",
  BondsAlreadySet: "Bonds are attached once, and {bonds} is: nothing is to be done.",
  BondsOfAnotherIndex: "{bonds} keeps bonds of the index contract {index}: attach those of this one.",
  NotBonds:
    "Only the bonds {bonds} take a seat away at once, and {caller} is not: prove an equivocation there.",
  ReporterIsZero: "The zero address cannot be a reporter: give the reporter's address.",
  PanelIsFull: "All {seats} seats of the panel are taken: free one first.",
  TooManyReaders: "The index has {readers} readers and may have {max}: remove one first.",
  ReaderAlreadyAdded: "{reader} reads index {index} already: nothing is to be done.",
  NotReader: "{account} is not a reader of index {index}: add it first.",
  ReaderHasNoCode: "{reader} is not a contract: give the address of one that takes pushes.",

  // Index: reports
  TooFewReports: "{reports} reports came and the quorum is {quorum}: collect more.",
  ReporterInactive:
    "{signer} has no seat on the panel: check the report's fields, chain and contract too, since another message recovers to a stranger.",
  DuplicateReporter: "{signer} signed two of the reports: keep one a reporter.",
  UnsortedReporters: "{signer} comes after {previous}: order the reports with sortReports.",
  MalleableSignature:
    "The signature of report {position} has a high s ({s}): sign it again with a library that gives the lower one.",
  InvalidSignature: "The signature of report {position} is nobody's: sign it again.",
  ReportExpired:
    "It is {timestamp} and a report was good until {deadline} (Unix time): sign it again with a later deadline.",
  ZeroValue: "Report {position} has the value zero: a day without data stays without a print.",
  ValueTooLarge:
    "A report's value is {value}, above the index's bound {maxValue}: check its unit (1e18 is one point).",
  DispersionTooHigh:
    "The reports are {dispersionBps} basis points apart, {maxDispersionBps} are allowed: find the reporter that is off.",
  FuturePeriod: "Day {period} has not ended, it is day {today}: post it after its end.",
  PeriodTooEarly: "Day {period} lies before the index's first, {firstPeriod}.",
  StaleRevision: "Revision {revision} is not above {stored}, which stands or is held: sign a higher one.",
  NoHeldPrint:
    "No print of day {period} of index {index} is held: it was released or replaced, the day's own print became final, the day may be filled by now, or fewer than a quorum of its signers still stand behind it.",
  TooLateToHold:
    "It is {timestamp} and the day may be filled since {fillableAt} (Unix time): a print that moves the mean so far needs a super-quorum.",
  PrintStillHeld:
    "It is {timestamp} and the print is held until {releasableAt} (Unix time): wait, or have a super-quorum post it.",
  PrintIsFinal:
    "The print of day {period} of index {index} is final since {finalAt} (Unix time) and cannot be revised.",
  PeriodIsSettled: "Day {period} of index {index} was filled at a settlement and cannot be posted.",

  // Index: pushes and means
  NotEnoughGasToPush: "{available} gas is left and a push needs {needed}: send the transaction with more.",
  RepushFailed: "{reader} does not take push {sequence} of index {index}: look at why it reverts.",
  NothingPushed: "Index {index} has had no trailing mean yet: post enough days first.",
  NoPrints: "Index {index} has no print yet: post one first.",
  TooFewDays:
    "{present} days have a print and the trailing mean needs {minTrailingDays}: post more or ask for another day.",
  WindowReversed: "The window starts with day {first} and ends with {last}: swap them.",
  WindowTooLong: "The window has {days} days and a call may walk {max}: ask for less.",
  WindowNotFinal: "The print of day {period} is final at {finalAt} (Unix time): settle after that.",
  DayStillMissing:
    "Day {period} has no print and may be filled from {fillableAt} (Unix time): post it or wait.",
  NoKnownNeighbour: "Day {period} has no print within {maxDistance} days to be filled from: post one.",

  // Index: feeds beside it
  FeedDescribedOtherwise:
    'The feed {feed} calls itself "{description}" and not "{expected}": check its address.',
  FeedDecimalsTooMany: "The feed {feed} has {decimals} decimals and may have {max}: use another one.",
  FeedDecimalsChanged:
    "The feed {feed} has {decimals} decimals and had {expected}: check it, then deploy a new FeedSource.",
  FeedIsStale:
    "The answer of feed {feed} is {age} s old, more than the {maxAge} s allowed: wait for its next one.",
  FeedIsAhead:
    "The answer of feed {feed} has the time {updatedAt}, after {time} (Unix time): name an earlier round.",
  FeedRoundIncomplete:
    "Round {round} of feed {feed} has no answer of its own (that of round {answeredIn}): wait for one, or name another round.",
  FeedAnswerNotPositive: "The feed {feed} answers {answer}, which is no price: wait for its next answer.",
  FeedAnswerTooLarge:
    "The feed {feed} answers {answer}, as a WAD more than {max}: check the feed and its decimals.",
  FeedRoundSuperseded:
    "After round {round} feed {feed} answered at {nextUpdatedAt}, not later than {time} (Unix time): name the last round up to that moment.",
  FeedRoundWithoutNext:
    "No later round shows until when round {round} of feed {feed} stood: name its newest, {newest}, or one that has a next.",
  FeedMomentAhead:
    "It is {timestamp} and feed {feed} was asked for {time} (Unix time): ask when that has passed.",
  MaxAgeIsZero: "An answer may be 0 s old, so that none would count: allow at least one second.",
  NoDataPresent:
    "{source} has no round {round} of index {index}: of prints name a day that has one, of means the last push.",

  // Bonds
  BondTermsInvalid: "{field} is {value}, its limit is {limit}: deploy the bonds with another.",
  ZeroPayee: "The payee is the zero address: name who gets the money.",
  BondsNotAttached: "The index contract knows the bonds {attached} and not these: bond there.",
  AlreadyBonded: "Reporter {reporter} has a bond already: nothing is to be done.",
  NotBonded: "Reporter {reporter} has no bond: it was withdrawn or slashed, or never was.",
  BondMismatch:
    "The token credited {received} units of {asked}: tokens that take a share of transfers cannot be a bond.",
  NotReporterOrPayee:
    "{caller} may not announce that reporter {reporter} leaves: it does so itself, or its payee {payee}.",
  AlreadyLeaving:
    "Reporter {reporter} leaves already, and may withdraw from {withdrawableAt} on (Unix time).",
  NotLeaving: "Reporter {reporter} has not announced that it leaves: announce it first.",
  BondLocked:
    "It is {timestamp} and the bond can be slashed until {withdrawableAt} (Unix time): withdraw after that.",
  ProofInvalid: "The signature of report {position} is nobody's or has a high s: it proves nothing.",
  DifferentSigners: "{first} signed one report and {second} the other: both must be one reporter's.",
  NoEquivocation:
    "Both reports say {value} with vintage {vintage}: one with another deadline is the same report.",
  NothingToSlash: "{signer} has neither a bond nor a seat: there is nothing to lose.",
  NothingToPay: "Nothing that was slashed waits for the fund.",

  // Signed orders
  NoAccount: "{owner} has no account {subaccount}: a first deposit opens it.",
  NotNamedExecutor: "{sender} may not execute the order: leave it to {executor}.",
  TooEarly: "It is {timestamp} and the order begins at {start} (Unix time): wait.",
  TooLate: "It is {timestamp} and the order ended after {expiry} (Unix time): sign a new one.",
  NotTriggered: "Mark is {markX16} and has not reached {triggerX16} (ticks × 2^16): wait.",
  NonceIsCancelled: "Nonce {nonce} was cancelled: sign a new order under another one.",
  NonceBelowLeast: "Nonce {nonce} is below {least} and thus cancelled: sign a new order.",
  NonceTaken: "Nonce {nonce} belongs to the order {order}: sign under another one.",
  GroupClosed: "Group {group} was closed by the order {by} (all ones: cancelled): sign a new order.",
  GroupMissing: "The group is zero, which is none: name one.",
  TriggerMissing:
    "An order of kind {kind} may rest (0 limit, 2 postOnly): name a trigger, or leave oneCancelsOther out.",
  AlreadyConsumed: "{consumed} of {lots} lots were executed: nothing is left.",
  NothingConsumed: "The order would trade and rest nothing now: try again later.",
  SignerNotAuthorised:
    "{signer} may sign until {until} and it is {timestamp} (Unix time): the owner can allow it with setOperator.",
  SignatureInvalid: "The signature of order {orderHash} is not {signer}'s: sign it again.",
  FeeBudgetExceeded:
    "The fee is {fee} and the signer may spend {budget}: the owner can raise that with setFeeBudget.",
  FeeAllowanceTooLow: "The owner allows {allowance} units and needs {needed}: sign a new permit.",
  NotSignerOrOwner: "{sender} may not cancel orders of {signer}: only it and the owner {owner} may.",
  NonceNotHigher: "Orders below nonce {least} are cancelled already: {nonce} is not higher.",
  NotEnoughGasToExecute:
    "{available} gas is left and an order needs {needed}: send the transaction with more.",

  // Automation
  OnlySimulated: "{origin} sent checkUpkeep: it is simulated only, from the zero address.",
  StepCutOff: "The data end at {length} within the step at {position}: send what checkUpkeep gave.",
  UnknownAction: "There is no step {action}: send what checkUpkeep gave.",
  NothingChanged: "Nothing is to be done: somebody else was first.",
  NothingDone: "None of {steps} steps did anything: somebody else was first.",

  // Collateral token
  NotMinter: "Only {minter} mints the test token, and {sender} is not: send from there.",
  ERC20InsufficientAllowance:
    "{spender} may spend {allowance} units and needs {needed}: approve it with approveCollateral or deposit with a permit.",
  ERC20InsufficientBalance:
    "{sender} holds {balance} units and needs {needed}: get more of the collateral token.",
  ERC20InvalidApprover: "{approver} cannot approve anybody: check the sender.",
  ERC20InvalidReceiver: "{receiver} cannot receive the token: check the address.",
  ERC20InvalidSender: "{sender} cannot send the token: check the address.",
  ERC20InvalidSpender: "{spender} cannot be approved: check the address.",
  ERC2612ExpiredSignature: "The permit was good until {deadline} (Unix time): sign another one.",
  ERC2612InvalidSigner:
    "The permit was signed by {signer} and not by {owner}: check nonce, amount, chain and token.",
  InvalidAccountNonce: "The nonce of {account} is {currentNonce}: sign the permit again with it.",
  ECDSAInvalidSignature: "The signature is nobody's: sign again.",
  ECDSAInvalidSignatureLength: "The signature has {length} bytes: give 65 or 64.",
  ECDSAInvalidSignatureS: "The signature has a high s ({s}): sign with a library that gives the lower one.",
  InvalidShortString:
    "The token's name or version is stored wrongly: it is not a token that this exchange can use.",
  StringTooLong: 'The name "{str}" is too long for the token.',

  // Solady's: out of gas, or out of anybody's reach
  DeploymentFailed: "The list of reporters could not be stored: send the transaction with more gas.",
  LnWadUndefined:
    "The contract stopped at a logarithm of nothing, which no input should reach: please report it.",
  RPowOverflow: "The contract stopped at a power too large, which no input should reach: please report it.",

  // The compiler's own
  Error: "The call reverted: {message}.",
  Panic:
    "The contract stopped at a check of its own (panic {reason}), which no input should reach: please report it.",
};
