import type { Clearing } from "./clearing.ts";
import { brokenMark } from "./ladder.ts";
import { leaveClaim, totalDeficit } from "./funds.ts";
import { FIRST_OWNER, initialMargin, marketOf, withdrawalEquity } from "./margin.ts";
import { hasFired } from "./matching.ts";
import { accountOf, convertSettled } from "./position.ts";
import { serveAll, settleSpent } from "./rounds.ts";
import { type Account, Refusal, refuse, type State } from "./types.ts";

/** Cash in, out and across, and who may do what for an account. `by` is the number of the sender's owner. */

const SWITCH_SECONDS = { least: 5n, most: 30n * 86_400n };
const HIGHEST_BUILDER_FEE = 100n;

function requireOwner(account: Account, by: number): void {
  if (account.owner !== by) throw new Refusal("NotOwner", [BigInt(by), BigInt(account.owner)]);
}

/** Anybody may pay in for an owner's account that is not retired; money of funds is governed. */
export function deposit({ state }: Clearing, id: number, amount: bigint): void {
  if (id < FIRST_OWNER) throw new Refusal("UnknownAccount", [BigInt(id)]);
  const account = accountOf(state, id);
  const broken: Refusal[] = [];
  if (amount === 0n) broken.push(new Refusal("ZeroAmount"));
  if (account.retired) broken.push(new Refusal("AccountIsRetired", [BigInt(id)]));
  refuse(broken);
  account.cash += amount;
  state.tracked += amount;
}

/**
 * Takes cash out of an account as far as margin allows, its rounds served and settled markets converted. Mark must be valid
 * wherever it has lots.
 */
function debit(state: State, account: Account, amount: bigint): void {
  convertSettled(state, account);
  serveAll(state, account);
  account.cash -= amount;
  const equity = withdrawalEquity(state, account);
  const required = initialMargin(state, account);
  const broken = [...account.positions]
    .filter(([, { size }]) => size !== 0n)
    .flatMap(([id]) => brokenMark(state, marketOf(state, id)));
  if (equity < required) broken.push(new Refusal("InsufficientMargin", [equity, required]));
  if (account.cash < 0n) broken.push(new Refusal("InsufficientCash", [account.cash + amount, amount]));
  refuse(broken);
}

/** Pays out, but for what the account leaves behind as a claim while something is owed. Returns what is paid. */
export function withdraw(clearing: Clearing, id: number, amount: bigint, by?: number): bigint {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = accountOf(state, id);
    requireOwner(account, by ?? account.owner);
    if (amount === 0n) throw new Refusal("ZeroAmount");
    const unbooked = settleSpent(state);
    debit(state, account, amount);
    const paid = amount - leaveClaim(state, account, amount, unbooked);
    if (paid > state.tracked) throw new Refusal("InsufficientCash", [state.tracked, paid]);
    state.tracked -= paid;
    return paid;
  });
}

/** Gives a claim back once nothing is owed any more. */
export function redeemClaim({ state }: Clearing, id: number): bigint {
  const account = accountOf(state, id);
  const owed = totalDeficit(state);
  if (owed !== 0n) throw new Refusal("DeficitStands", [owed]);
  const { claim } = account;
  if (claim === 0n) throw new Refusal("NoClaim", [BigInt(id)]);
  account.cash += claim;
  account.claim = 0n;
  return claim;
}

/** Moves what could be withdrawn to another account of the same owner. */
export function transfer(clearing: Clearing, from: number, to: number, amount: bigint, by: number): void {
  clearing.atomically(() => {
    const { state } = clearing;
    const [source, target] = [accountOf(state, from), accountOf(state, to)];
    requireOwner(source, by);
    requireOwner(target, by);
    const broken: Refusal[] = [];
    if (from === to) broken.push(new Refusal("SameAccount", [BigInt(from)]));
    if (target.retired) broken.push(new Refusal("AccountIsRetired", [BigInt(to)]));
    if (amount === 0n) broken.push(new Refusal("ZeroAmount"));
    refuse(broken);
    debit(state, source, amount);
    target.cash += amount;
  });
}

/** Lets another owner trade for the account until a second. */
export function setOperator(
  { state }: Clearing,
  id: number,
  operator: number,
  expiry: bigint,
  by: number,
): void {
  const account = accountOf(state, id);
  requireOwner(account, by);
  account.operators.set(operator, expiry);
}

export function setBuilder({ state }: Clearing, id: number, builder: number, cap: bigint, by: number): void {
  const account = accountOf(state, id);
  requireOwner(account, by);
  const broken: Refusal[] = [];
  if (id === builder) broken.push(new Refusal("SameAccount", [BigInt(id)]));
  if (cap > HIGHEST_BUILDER_FEE) broken.push(new Refusal("BuilderFeeTooHigh", [cap, HIGHEST_BUILDER_FEE]));
  refuse(broken);
  accountOf(state, builder);
  account.builderCaps.set(builder, cap);
}

/** Arms, moves on or takes off the dead-man switch. One that has fired stays until no order of the account is left. */
export function cancelAllAfter(clearing: Clearing, id: number, seconds: bigint, by?: number): bigint {
  const { state } = clearing;
  const account = clearing.trader(id, by);
  const { least, most } = SWITCH_SECONDS;
  const broken: Refusal[] = [];
  if (seconds !== 0n && (seconds < least || seconds > most))
    broken.push(new Refusal("ParameterOutOfRange", [seconds, least, most]));
  const open = [...account.positions].find(([, { openOrders }]) => openOrders !== 0);
  if (hasFired(account, state.now) && open)
    broken.push(new Refusal("OrdersOpen", [BigInt(marketOf(state, open[0]).id), BigInt(open[1].openOrders)]));
  refuse(broken);
  account.deadline = seconds === 0n ? 0n : state.now + seconds;
  return account.deadline;
}
