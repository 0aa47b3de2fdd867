import {
  absorb,
  applyMargins,
  applyRounds,
  cancelFired,
  cancelRiskRaising,
  deleverage,
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
} from "@usance/sdk";
import { waitForTransactionReceipt } from "viem/actions";
import type { Hash, TransactionReceipt } from "viem";
import type { KeeperContext } from "./context.ts";
import type { KeeperAction, KeeperOutcome } from "./keeper.ts";

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
};

/**
 * Simulates and sends actions, one after the other, each in a block before the next is tried: an action may settle what
 * a later one is about, and one sender's nonces stay in order.
 * @throws UsanceError where a call fails for another reason than a race.
 */
export async function execute(
  context: KeeperContext,
  actions: readonly KeeperAction[],
): Promise<KeeperOutcome[]> {
  const outcomes: KeeperOutcome[] = [];
  const { turn = (work) => work() } = context;
  for (const action of actions) outcomes.push(await turn(() => attempt(context, action)));
  return outcomes;
}

async function attempt(context: KeeperContext, action: KeeperAction): Promise<KeeperOutcome> {
  const call = callOf(context, action);
  try {
    await call.simulate();
    if (context.dryRun) return { action, result: "dryRun" };
    const hash = await call.send();
    const receipt = await waitForTransactionReceipt(context.client, { hash });
    if (receipt.status === "success") return { action, result: "sent", hash, ...takings(action, receipt) };
    // It was fine when it was simulated. The next round looks at what is left.
    return { action, result: "lost", error: "reverted in its block" };
  } catch (error) {
    if (isContractError(error) && RACES[action.kind].includes(error.name))
      return { action, result: "lost", error: error.name };
    throw error;
  }
}

/** What a transaction cost, and what it brought the keeper's account. */
function takings(action: KeeperAction, receipt: TransactionReceipt) {
  const { gasUsed, effectiveGasPrice } = receipt;
  const cost = { gasUsed, gasCost: gasUsed * effectiveGasPrice };
  if (action.kind !== "liquidate") return cost;
  const { Liquidated } = liquidate.extract(receipt);
  return { ...cost, earned: Liquidated.reduce((sum, { keeperFee }) => sum + keeperFee, 0n) };
}

interface Call {
  simulate(): Promise<unknown>;
  send(): Promise<Hash>;
}

function callOf({ client, deployment, fees }: KeeperContext, action: KeeperAction): Call {
  const common = { deployment, ...fees };
  const bind = <parameters>(
    write: {
      (client: KeeperContext["client"], parameters: parameters): Promise<Hash>;
      simulate(client: KeeperContext["client"], parameters: parameters): Promise<unknown>;
    },
    parameters: parameters,
  ): Call => ({
    simulate: () => write.simulate(client, parameters),
    send: () => write(client, parameters),
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
  }
}
