import { decodeOrderId, getAccountId, type MarketPhase } from "@usance/sdk";
import { AccountBook, RECOUNT } from "./accounts/book.ts";
import { checkDeployment, contextOf, type KeeperOptions } from "./context.ts";
import { execute } from "./execute.ts";
import { SetupError, type AccountCounts, type Keeper, type KeeperAction } from "./keeper.ts";
import { OrderFinder } from "./orders.ts";
import { createKeeper } from "./rounds.ts";

/** What the liquidation keeper knows of an account; amounts in collateral units. */
export interface AccountState {
  id: number;
  retired: boolean;
  equity: bigint;
  initialMargin: bigint;
  maintenanceMargin: bigint;
  positions: readonly { market: number; size: bigint; openOrders: bigint }[];
}

/** What the liquidation keeper looks at. */
export interface LiquidationState {
  accounts: readonly AccountState[];
  markets: ReadonlyMap<
    number,
    { phase: MarketPhase; stage: number; markX16: bigint; maintenanceMarginBps: bigint }
  >;
  /** Resting orders of the accounts that `needsOrders` named. */
  orders: ReadonlyMap<number, readonly bigint[]>;
  /** Account that earns the keeper's share. */
  keeper: number;
  /** Resting orders that one liquidation walks over. */
  maxFills: number;
  /** Most lots that the keeper takes over itself where the book takes no more; 0: none. */
  takeOverLots: number;
}

/** Stages of a market's index from which on nobody is forced out of it: halted, and the grace period after it. */
const WAITS_FROM = 2;

function waits(markets: LiquidationState["markets"], id: number): boolean {
  const market = markets.get(id);
  return market !== undefined && market.phase !== "expired" && market.stage >= WAITS_FROM;
}

/** Whether the first step concerns an account: it is below IM and has resting orders. */
export function needsOrders({ retired, equity, initialMargin, positions }: AccountState): boolean {
  return !retired && equity < BigInt(initialMargin) && positions.some(({ openOrders }) => openOrders > 0n);
}

/**
 * Decides on the steps of the ladder, the weakest accounts first: cancel risk-raising orders below IM, close into the
 * book below MM (the position that needs most margin first), hand to the funds at zero equity or below. Equality with
 * a requirement is healthy. Lots in markets that wait are left alone, and an account that holds some is not handed to the funds: what it
 * holds elsewhere is closed.
 */
export function decideLiquidation(state: LiquidationState): KeeperAction[] {
  const { accounts, orders, keeper, markets } = state;
  return [...accounts]
    .filter(({ id, retired }) => !retired && id !== keeper)
    .sort((a, b) => compare(a.equity - a.maintenanceMargin, b.equity - b.maintenanceMargin))
    .flatMap((account): KeeperAction[] => {
      const held = account.positions.filter(({ size }) => size !== 0n).map(({ market }) => market);
      const waiting = held.filter((id) => waits(markets, id));
      if (held.length > 0 && waiting.length === 0 && account.equity <= 0n)
        return [{ kind: "absorb", account: account.id }];
      const actions: KeeperAction[] = [];
      // One that has to wait would refuse the whole call.
      const ids = (orders.get(account.id) ?? []).filter((id) => !waiting.includes(decodeOrderId(id).market));
      if (needsOrders(account) && ids.length > 0)
        actions.push({ kind: "cancelRiskRaising", account: account.id, ids });
      if (account.equity < account.maintenanceMargin) actions.push(...closings(state, account));
      return actions;
    });
}

function closings(
  { markets, keeper, maxFills, takeOverLots }: LiquidationState,
  account: AccountState,
): KeeperAction[] {
  const margin = ({ market, size }: { market: number; size: bigint }) => {
    const { markX16 = 0n, maintenanceMarginBps = 0n } = markets.get(market) ?? {};
    return (size < 0n ? -size : size) * markX16 * maintenanceMarginBps;
  };
  return account.positions
    .filter(({ market, size }) => {
      const state = markets.get(market);
      // Once trading has ended there is no book, and only a takeover closes a position.
      const trades =
        state?.phase === "open" ||
        state?.phase === "reduceOnly" ||
        (state?.phase === "expired" && takeOverLots > 0);
      return size !== 0n && trades && !waits(markets, market);
    })
    .sort((a, b) => compare(margin(b), margin(a)))
    .map(({ market }) => ({
      kind: "liquidate",
      account: account.id,
      market,
      maxFills,
      keeper,
      takeOverLots,
    }));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countsOf(watched: number, short: readonly AccountState[]): AccountCounts {
  return {
    watched,
    belowInitialMargin: short.filter(({ equity, initialMargin }) => equity < initialMargin).length,
    belowMaintenanceMargin: short.filter(({ equity, maintenanceMargin }) => equity < maintenanceMargin)
      .length,
  };
}

/**
 * Watches the health of every account and takes the steps of the ladder where an account falls short. Which ones do is
 * found in memory (see accounts/book.ts), so that the first transaction leaves in the round that saw the price.
 */
export function createLiquidationKeeper(
  options: KeeperOptions & {
    /** Account that earns the keeper's share; the sender's subaccount 0 when left out. */
    keeperAccount?: number | undefined;
    maxFills?: number;
    /** Most lots of a position that the keeper takes over; none when left out. */
    takeOverLots?: number;
  },
): Keeper {
  const context = contextOf(options);
  const { client, deployment, log } = context;
  const finder = new OrderFinder(context);
  const book = options.accounts ?? new AccountBook(context);
  let keeper = options.keeperAccount ?? 0;
  return createKeeper({
    name: "liquidation",
    log,
    async init() {
      await checkDeployment(context);
      const owner = client.account.address;
      if (keeper === 0) keeper = await getAccountId(client, { deployment, owner, subaccount: 0 });
      if (keeper === 0)
        throw new SetupError(
          `The keeper ${owner} has no account to earn into: deposit once, then start it again.`,
        );
    },
    async round() {
      const { block, accounts, markets } = await book.use(async (view) => ({
        block: view.block,
        markets: view.markets,
        accounts: await view.shortfalls(),
      }));
      const orders = await finder.find(accounts.filter(needsOrders), block);
      const actions = decideLiquidation({
        accounts,
        markets: new Map(markets.map((market) => [market.id, market])),
        orders,
        keeper,
        maxFills: options.maxFills ?? 50,
        takeOverLots: options.takeOverLots ?? 0,
      });
      const outcomes = await execute(context, actions);
      // Nothing waits for it now.
      await book.recount(RECOUNT);
      return { block, outcomes, accounts: countsOf(book.figures.accounts, accounts) };
    },
  });
}
