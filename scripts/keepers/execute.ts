import {
  UsanceError,
  absorb,
  applyMargins,
  applyRounds,
  cancelFired,
  cancelRiskRaising,
  deleverage,
  executeSignedOrders,
  follow,
  isContractError,
  liquidate,
  releasePrint,
  repush,
  settle,
  settleAccounts,
  sweepOrders,
  sync,
  unwind,
  type ContractErrorName,
  type ExecuteSignedOrdersResult,
} from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { encodeFunctionData, type Client, type TransactionReceipt } from "viem";
import { sentenceOf } from "../lib/errors.ts";
import { isTemporary } from "../lib/temporary.ts";
import type { KeeperContext } from "./context.ts";
import type { KeeperAction, KeeperOutcome } from "./keeper.ts";
import { pays } from "./sending/income.ts";
import type { Call, Sent, Underway } from "./sending/sender.ts";

/** Errors that mean the state moved on between the decision and the call: somebody else did it, or it can wait. */
const RACES: Record<KeeperAction["kind"], readonly ContractErrorName[]> = {
  sync: [],
  follow: [],
  repush: ["RepushFailed", "NothingPushed"],
  releasePrint: ["NoHeldPrint", "PrintStillHeld"],
  // The set may have become unsafe by another change meanwhile: the risk role has to announce it anew.
  applyMargins: ["NothingScheduled", "NotYetDue", "MarketNotOpen", "ParameterOutOfRange", "UnsafeParameters"],
  cancelRiskRaising: ["AccountHealthy", "AccountIsRetired", "IndexStale", "InGracePeriod"],
  liquidate: [
    "AccountHealthy",
    "AccountBankrupt",
    "AccountIsRetired",
    "NoPosition",
    "MarketNotOpen",
    "IndexStale",
    "InGracePeriod",
    // The other leg of the hedge comes first.
    "HedgedLeg",
    // The book is empty where it would be fair: a later round finds buyers, or the fund takes over.
    "NothingToFill",
    // The keeper's own account has no room for what it would take over now.
    "InsufficientMargin",
    "PositionLimit",
    "TooManyMarkets",
    "OnlyReducing",
  ],
  absorb: ["AccountNotBankrupt", "AccountIsRetired", "NoPosition", "IndexStale", "InGracePeriod"],
  // With as many rounds unfinished as there may be, positions are served first.
  deleverage: ["NothingToDeleverage", "TooManyRounds", "IndexStale"],
  unwind: ["NothingToUnwind", "UnwindingSpent", "NothingToFill", "MarketNotOpen", "IndexStale"],
  applyRounds: [],
  settle: ["NotDated", "NotExpired", "AlreadySettled", "WindowNotFinal", "DayStillMissing"],
  settleAccounts: ["NotSettled"],
  sweepOrders: [],
  // Its owner took the orders out and set the switch anew.
  cancelFired: ["SwitchNotFired"],
  executeSigned: [],
};

/** Actions that cannot wait: without them debts grow, or others are decided on at a price that is not the index's. They go out up to the cap. */
const URGENT: ReadonlySet<KeeperAction["kind"]> = new Set([
  "repush",
  "cancelRiskRaising",
  "liquidate",
  "absorb",
  "deleverage",
]);

/** Actions about one account each: many of them go into one block. */
const TOGETHER: ReadonlySet<KeeperAction["kind"]> = new Set(["cancelRiskRaising", "liquidate", "absorb"]);

/**
 * Simulates and sends actions in their order. One is in a block before the next is tried, since it may settle what that one is
 * about; but those about single accounts go out one after the other without a wait. One that fails stops no other; of a
 * batch that is refused the parts are tried alone.
 * @throws UsanceError where the node does not answer.
 */
export async function execute(
  context: KeeperContext,
  actions: readonly KeeperAction[],
): Promise<KeeperOutcome[]> {
  if (!context.dryRun) await context.connection.sender.tend();
  const underWay: Promise<KeeperOutcome[]>[] = [];
  const cancelled = new Map<number, KeeperAction>();
  for (const action of actions) {
    const isAlone = !TOGETHER.has(action.kind);
    if (isAlone) await Promise.all(underWay);
    if (action.kind === "cancelRiskRaising") cancelled.set(action.account, action);
    const before = action.kind === "liquidate" ? cancelled.get(action.account) : undefined;
    const outcomes = (await attempt(context, action, before)).finish();
    // Whoever waits for all hears of its error; until then it is no unhandled rejection.
    outcomes.catch(() => undefined);
    underWay.push(outcomes);
    if (isAlone) await outcomes;
  }
  return (await Promise.all(underWay)).flat();
}

/** An action that was tried, and how to wait for what becomes of it. */
interface Attempt {
  finish(): Promise<KeeperOutcome[]>;
}

/** @param before What was sent for the same account and is in no block yet. */
async function attempt(
  context: KeeperContext,
  action: KeeperAction,
  before?: KeeperAction,
): Promise<Attempt> {
  const known = (...outcomes: KeeperOutcome[]): Attempt => ({ finish: () => Promise.resolve(outcomes) });
  // Nobody else sends meanwhile; others do while its block is waited for.
  const { turn = (work) => work() } = context;
  try {
    const begun = await turn(() => begin(context, action, before));
    if (begun === undefined) return known({ action, result: "dryRun" });
    if (begun === "vain") return known({ action, result: "lost", error: TAKEN });
    return {
      finish: async () => [outcomeOf(action, "wait" in begun ? await begun.wait() : begun)],
    };
  } catch (error) {
    if (isContractError(error) && RACES[action.kind].includes(error.name))
      return known({ action, result: "lost", error: error.name });
    // What is no answer of the exchange says nothing about the action: the round ends, and the next one starts afresh.
    if (!(error instanceof UsanceError) || isTemporary(error)) throw error;
    const parts = halves(action);
    if (parts.length === 0) return known({ action, result: "failed", error: reasonOf(error) });
    const outcomes: KeeperOutcome[] = [];
    for (const part of parts) outcomes.push(...(await (await attempt(context, part)).finish()));
    return known(...outcomes);
  }
}

/** What is said of signed orders none of which can be executed any more. */
const TAKEN = "somebody else executed them, or they can no longer be executed";

function outcomeOf(action: KeeperAction, sent: Sent): KeeperOutcome {
  switch (sent.status) {
    case "pending":
      return { action, result: "pending", hash: sent.hash };
    case "waiting":
      return { action, result: "waiting", error: sent.reason };
    case "displaced":
      return { action, result: "lost", error: "another transaction has its nonce" };
    case "mined": {
      const { status, transactionHash: hash } = sent.receipt;
      // It was fine when it was simulated. The next round looks at what is left.
      if (status !== "success") return { action, result: "lost", error: "reverted in its block" };
      if (
        action.kind === "executeSigned" &&
        executeSignedOrders.extract(sent.receipt).OrderExecuted.length === 0
      )
        return { action, result: "lost", error: TAKEN };
      return { action, result: "sent", hash, ...takings(action, sent.receipt) };
    }
  }
}

/** Simulates an action and sends it; nothing where it is only rehearsed, and a word where it would do nothing. */
async function begin(
  context: KeeperContext,
  action: KeeperAction,
  before?: KeeperAction,
): Promise<Sent | Underway | "vain" | undefined> {
  const { dryRun, nativePrice, connection } = context;
  const call = callOf(context, action);
  const simulated = await call.simulate();
  // The call as a whole is never refused.
  if (action.kind === "executeSigned" && !attemptsOf(simulated).some(({ success }) => success)) return "vain";
  const income = incomeOf(action, simulated);
  if (dryRun) return undefined;
  const encoded = await call.encode();
  return connection.sender.send(encoded, {
    subject: subjectOf(action),
    // Stops do not wait for gas to become cheaper where it is known that they pay for it.
    urgent: URGENT.has(action.kind) || (action.kind === "executeSigned" && nativePrice !== undefined),
    hasHeadroom: (trade) => income === undefined || pays({ ...trade, income, nativePrice }),
    // Where its own orders do not stand in the way any more, a liquidation fills others and needs more gas.
    together: before && jointly(context, [await callOf(context, before).encode(), encoded]),
  });
}

/** Calls of the clearing house as one. */
function jointly({ deployment }: KeeperContext, calls: readonly Call[]): Call {
  const args = [calls.map(({ data }) => data)] as const;
  return {
    to: deployment.clearinghouse,
    data: encodeFunctionData({ abi: clearinghouseAbi, functionName: "multicall", args }),
  };
}

/** What a transaction cost, and what it brought the keeper's account. */
function takings(action: KeeperAction, receipt: TransactionReceipt) {
  const { gasUsed, effectiveGasPrice } = receipt;
  const cost = { gasUsed, gasCost: gasUsed * effectiveGasPrice };
  if (action.kind === "executeSigned") {
    const { OrderExecuted } = executeSignedOrders.extract(receipt);
    return { ...cost, earned: OrderExecuted.reduce((sum, { fee }) => sum + fee, 0n) };
  }
  if (action.kind !== "liquidate") return cost;
  const { Liquidated } = liquidate.extract(receipt);
  return { ...cost, earned: Liquidated.reduce((sum, { keeperFee }) => sum + keeperFee, 0n) };
}

/** Collateral units that an action pays the keeper, as its simulation says; undefined where it pays nobody. */
function incomeOf(action: KeeperAction, simulated: unknown): bigint | undefined {
  if (action.kind === "executeSigned")
    return attemptsOf(simulated).reduce((sum, { done }) => sum + done.fee, 0n);
  return action.kind === "liquidate" ? (simulated as { keeperFee: bigint }).keeperFee : undefined;
}

function attemptsOf(simulated: unknown): ExecuteSignedOrdersResult {
  return simulated as ExecuteSignedOrdersResult;
}

/** What an action is about: two with the same subject are never on their way at a time. */
function subjectOf(action: KeeperAction): string {
  // How far a call may go is no part of what it is about, nor which orders it names.
  const { kind, ...about } = {
    ...action,
    ...{
      maxFills: undefined,
      takeOverLots: undefined,
      ids: undefined,
      orders: undefined,
      gasEach: undefined,
    },
  };
  return `${kind} ${JSON.stringify(about)}`;
}

/** Two halves of a batch; nothing where there is no batch, or one of one. */
function halves(action: KeeperAction): KeeperAction[] {
  const split = <item>(items: readonly item[], of: (part: readonly item[]) => KeeperAction) => {
    const middle = Math.ceil(items.length / 2);
    return items.length < 2 ? [] : [of(items.slice(0, middle)), of(items.slice(middle))];
  };
  switch (action.kind) {
    case "settleAccounts":
    case "applyRounds":
      return split(action.accounts, (accounts) => ({ ...action, accounts }));
    case "cancelRiskRaising":
    case "cancelFired":
    case "sweepOrders":
      return split(action.ids, (ids) => ({ ...action, ids }));
    case "executeSigned":
      return split([...action.orders.keys()], (places) => ({
        ...action,
        hashes: places.map((place) => action.hashes[place]!),
        orders: places.map((place) => action.orders[place]!),
      }));
    case "sync":
    case "follow":
    case "repush":
    case "releasePrint":
    case "applyMargins":
    case "liquidate":
    case "absorb":
    case "deleverage":
    case "unwind":
    case "settle":
      return [];
  }
}

/** Error of a contract by name, and what it says. */
function reasonOf(error: UsanceError): string {
  return isContractError(error) ? `${error.name}: ${sentenceOf(error)}` : sentenceOf(error);
}

interface Prepared {
  /** What the call would return now. */
  simulate(): Promise<unknown>;
  /** The call as a transaction has it. */
  encode(): Promise<Call>;
}

/** What is needed of a write action of the SDK. */
interface Write<parameters> {
  simulate(client: Client, parameters: parameters): Promise<unknown>;
  encode(client: Client, parameters: parameters): Promise<Call>;
}

function callOf({ client, deployment }: KeeperContext, action: KeeperAction): Prepared {
  const common = { deployment };
  const bind = <parameters>(write: Write<parameters>, parameters: parameters): Prepared => ({
    simulate: () => write.simulate(client, parameters),
    encode: () => write.encode(client, parameters),
  });
  switch (action.kind) {
    case "sync":
      return bind(sync, { ...common, market: action.market });
    case "follow":
      return bind(follow, { ...common, feed: action.feed });
    case "repush":
      return bind(repush, { ...common, index: action.index, reader: deployment.clearinghouse });
    case "releasePrint":
      return bind(releasePrint, { ...common, index: action.index, period: action.period });
    case "applyMargins":
      return bind(applyMargins, { ...common, market: action.market });
    case "cancelRiskRaising":
      return bind(cancelRiskRaising, { ...common, accountId: action.account, ids: action.ids });
    case "liquidate": {
      const { account: accountId, market, maxFills, keeper, takeOverLots } = action;
      return bind(liquidate, { ...common, accountId, market, maxFills, keeper, takeOverLots });
    }
    case "absorb":
      return bind(absorb, { ...common, accountId: action.account });
    case "deleverage":
      return bind(deleverage, { ...common, market: action.market });
    case "unwind":
      return bind(unwind, { ...common, market: action.market, maxFills: action.maxFills });
    case "applyRounds":
      return bind(applyRounds, { ...common, market: action.market, accountIds: action.accounts });
    case "settle":
      return bind(settle, { ...common, market: action.market });
    case "settleAccounts":
      return bind(settleAccounts, { ...common, market: action.market, accountIds: action.accounts });
    case "sweepOrders":
      return bind(sweepOrders, { ...common, ids: action.ids });
    case "cancelFired":
      return bind(cancelFired, { ...common, accountId: action.account, ids: action.ids });
    case "executeSigned":
      return bind(executeSignedOrders, { ...common, orders: action.orders, gasEach: action.gasEach });
  }
}
