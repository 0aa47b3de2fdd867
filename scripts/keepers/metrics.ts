import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { formatEther } from "viem";
import type { KeeperReport } from "./keeper.ts";
import type { ConnectionStatus } from "./sending/connection.ts";
import type { Heads } from "./supervisor/heads.ts";
import type { RoundResult, Worker } from "./supervisor/worker.ts";

/** Metrics of a keeper process, in a registry of their own. `usance_market_` and `usance_index_` tell of the exchange. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <label extends string>(name: string, help: string, ...labelNames: label[]) =>
    new Counter({ name: `usance_${name}`, help, labelNames, registers });
  const gauge = <label extends string>(name: string, help: string, ...labelNames: label[]) =>
    new Gauge({ name: `usance_${name}`, help, labelNames, registers });
  return {
    registry,
    rounds: counter("keeper_rounds_total", "Rounds by how they ended.", "keeper", "result"),
    duration: new Histogram({
      name: "usance_keeper_round_duration_seconds",
      help: "Time that a round took.",
      labelNames: ["keeper"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    actions: counter("keeper_actions_total", "Actions by what became of them.", "keeper", "action", "result"),
    gasUsed: counter("keeper_gas_used_total", "Gas of transactions sent.", "keeper", "action"),
    gasCost: counter(
      "keeper_gas_cost_ether_total",
      "What the gas of transactions cost, ether.",
      "keeper",
      "action",
    ),
    earned: counter(
      "keeper_earned_collateral_units_total",
      "Fees of liquidations and signed orders that the keeper was paid, smallest units of the collateral token.",
      "keeper",
    ),
    healthy: gauge("keeper_job_healthy", "Whether a job does what it should: 1 or 0.", "keeper"),
    failures: gauge("keeper_job_failures", "Rounds in a row that failed.", "keeper"),
    lastSuccess: gauge(
      "keeper_last_success_timestamp_seconds",
      "Unix time of the last round that ended well.",
      "keeper",
    ),
    block: gauge("keeper_block_number", "Block that the last round looked at.", "keeper"),
    lag: gauge("keeper_lag_blocks", "Blocks by which the last round is behind the head.", "keeper"),
    headBlock: gauge("keeper_head_block_number", "Number of the newest block."),
    headAge: gauge("keeper_head_age_seconds", "Local time less the time of the newest block."),
    clockSkew: gauge(
      "keeper_clock_skew_seconds",
      "Local time less the time of the newest block when it was seen first.",
    ),
    signerBalance: gauge("keeper_signer_balance_ether", "Ether that the sender has for gas."),
    pending: gauge("keeper_pending_transactions", "Transactions of the sender that are in no block yet."),
    reorganisations: gauge(
      "keeper_reorganisations",
      "Times that blocks which had been seen were replaced, since the start.",
    ),
    undone: gauge(
      "keeper_undone_transactions",
      "Transactions of the sender that a reorganisation has undone, since the start.",
    ),
    endpointUsed: gauge(
      "keeper_endpoint_used",
      "Where there are several nodes: 1 while one is used, 0 while it is put aside.",
      "endpoint",
    ),
    accountsWatched: gauge("keeper_accounts_watched", "Accounts that the job looks after.", "keeper"),
    belowInitial: gauge(
      "keeper_accounts_below_initial_margin",
      "Of those, accounts below their initial margin with resting orders, or below maintenance margin.",
      "keeper",
    ),
    belowMaintenance: gauge(
      "keeper_accounts_below_maintenance_margin",
      "Of those, accounts whose equity is below their maintenance margin.",
      "keeper",
    ),
    signedOrders: gauge("keeper_signed_orders", "Signed orders that may still be executed."),
    signedOrdersFailing: gauge("keeper_signed_orders_failing", "Of those, orders whose last try failed."),
    alerts: counter(
      "keeper_alerts_total",
      "Alerts by webhook, event and what became of them.",
      "webhook",
      "event",
      "result",
    ),
    alertsPending: gauge("keeper_alerts_pending", "Alerts that a webhook has not taken yet.", "webhook"),
    mark: gauge("market_mark_points", "Mark price, points or USD as the market quotes.", "market"),
    openInterest: gauge("market_open_interest_lots", "Long lots.", "market"),
    phase: gauge("market_phase", "Phase: 0 open, 1 reduce-only, 2 trading has ended, 3 settled.", "market"),
    stage: gauge("market_index_stage", "Stage of its index: 0 fresh, 1 stale, 2 halted, 3 grace.", "market"),
    fundEquity: gauge(
      "market_fund_equity_units",
      "Equity of the insurance fund, smallest units of the collateral token.",
      "market",
    ),
    fundLots: gauge("market_fund_position_lots", "Lots that the insurance fund holds, signed.", "market"),
    deficit: gauge(
      "market_deficit_units",
      "Deficit that stands, smallest units of the collateral token.",
      "market",
    ),
    unfinished: gauge("market_unfinished_rounds", "Deleveraging rounds that are not served whole.", "market"),
    indexAge: gauge(
      "index_age_seconds",
      "Time of the newest block less the end of the newest period with a print.",
      "feed",
    ),
    indexValue: gauge("index_followed_points", "Value of the index that markets follow.", "feed"),
  };
}

/** Metrics of a keeper process. */
export type KeeperMetrics = ReturnType<typeof createMetrics>;

/** Adds figures of the Node process: memory, event loop, garbage collection. */
export function addProcessMetrics({ registry }: KeeperMetrics): void {
  collectDefaultMetrics({ register: registry });
}

/** Counts a round and what it did. */
export function countRound(
  metrics: KeeperMetrics,
  keeper: string,
  result: RoundResult,
  seconds: number,
  report?: KeeperReport,
): void {
  metrics.rounds.inc({ keeper, result });
  metrics.duration.observe({ keeper }, seconds);
  for (const outcome of report?.outcomes ?? []) {
    const action = outcome.action.kind;
    metrics.actions.inc({ keeper, action, result: outcome.result });
    if (outcome.result !== "sent") continue;
    const { gasUsed, gasCost = 0n, earned = 0n } = outcome;
    metrics.gasUsed.inc({ keeper, action }, Number(gasUsed));
    metrics.gasCost.inc({ keeper, action }, Number(formatEther(gasCost)));
    if (earned > 0n) metrics.earned.inc({ keeper }, Number(earned));
  }
  if (report?.signedOrders !== undefined) {
    metrics.signedOrders.set(report.signedOrders.kept);
    metrics.signedOrdersFailing.set(report.signedOrders.failing);
  }
  if (report?.accounts === undefined) return;
  const { watched, belowInitialMargin, belowMaintenanceMargin } = report.accounts;
  metrics.accountsWatched.set({ keeper }, watched);
  metrics.belowInitial.set({ keeper }, belowInitialMargin);
  metrics.belowMaintenance.set({ keeper }, belowMaintenanceMargin);
}

/** Brings the gauges up to date that tell how jobs and head stand now. */
export function gaugeHealth(metrics: KeeperMetrics, workers: readonly Worker[], heads: Heads): void {
  for (const worker of workers) {
    const keeper = worker.plan.name;
    const { healthy, failures, lastSuccess, lastBlock, lag } = worker.health();
    metrics.healthy.set({ keeper }, healthy ? 1 : 0);
    metrics.failures.set({ keeper }, failures);
    if (lastSuccess !== undefined) metrics.lastSuccess.set({ keeper }, lastSuccess / 1_000);
    if (lastBlock !== undefined) metrics.block.set({ keeper }, Number(lastBlock));
    if (lag !== undefined) metrics.lag.set({ keeper }, Number(lag));
  }
  if (heads.newest === undefined) return;
  const { number, timestamp, seenAt } = heads.newest;
  metrics.headBlock.set(Number(number));
  metrics.headAge.set(Date.now() / 1_000 - Number(timestamp));
  metrics.clockSkew.set(seenAt / 1_000 - Number(timestamp));
}

/** Brings the gauges up to date that tell how the sender and its nodes stand. */
export function gaugeConnection(
  metrics: KeeperMetrics,
  { endpoints, pending, reorganisations, undone }: ConnectionStatus,
): void {
  metrics.pending.set(pending);
  metrics.reorganisations.set(reorganisations);
  metrics.undone.set(undone);
  for (const { name, aside } of endpoints)
    metrics.endpointUsed.set({ endpoint: name }, aside === undefined ? 1 : 0);
}
