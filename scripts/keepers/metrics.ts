import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Keeper, KeeperReport } from "./keeper.ts";

/** Metrics of a keeper process, in a registry of their own. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const outcomes = new Counter({
    name: "usance_keeper_actions_total",
    help: "Actions by what became of them.",
    labelNames: ["keeper", "action", "result"],
    registers,
  });
  const gas = new Counter({
    name: "usance_keeper_gas_total",
    help: "Gas of transactions sent.",
    labelNames: ["keeper", "action"],
    registers,
  });
  const failures = new Counter({
    name: "usance_keeper_failures_total",
    help: "Rounds that ended with an error.",
    labelNames: ["keeper"],
    registers,
  });
  const seconds = new Histogram({
    name: "usance_keeper_round_seconds",
    help: "Time that a round took.",
    labelNames: ["keeper"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const block = new Gauge({
    name: "usance_keeper_block",
    help: "Block that the last round looked at.",
    labelNames: ["keeper"],
    registers,
  });
  return {
    registry,
    /** Runs a round and counts what it did; its error is counted and thrown on. */
    async observe(job: Keeper): Promise<KeeperReport> {
      const keeper = job.name;
      const end = seconds.startTimer({ keeper });
      try {
        const report = await job.runOnce();
        block.set({ keeper }, Number(report.block));
        for (const outcome of report.outcomes) {
          const action = outcome.action.kind;
          outcomes.inc({ keeper, action, result: outcome.result });
          if (outcome.result === "sent") gas.inc({ keeper, action }, Number(outcome.gasUsed));
        }
        return report;
      } catch (error) {
        failures.inc({ keeper });
        throw error;
      } finally {
        end();
      }
    },
  };
}
