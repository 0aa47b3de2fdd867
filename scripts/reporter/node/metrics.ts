import { Counter, Gauge, Registry } from "prom-client";

/** Metrics of a reporter node, in a registry of their own. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <label extends string>(name: string, help: string, ...labelNames: label[]) =>
    new Counter({ name: `usance_reporter_${name}`, help, labelNames, registers });
  const gauge = <label extends string>(name: string, help: string, ...labelNames: label[]) =>
    new Gauge({ name: `usance_reporter_${name}`, help, labelNames, registers });
  return {
    registry,
    statements: counter("statements_total", "Statements by what became of them.", "result"),
    reports: counter("reports_total", "Reports of peers by what became of them.", "result"),
    calculations: counter("calculations_total", "Calculated days by status.", "status"),
    signatures: counter("signatures_total", "Reports signed, by revision.", "revision"),
    posts: counter("posts_total", "Posts by what became of them.", "result"),
    gas: counter("gas_total", "Gas of posts."),
    equivocations: counter(
      "equivocations_total",
      "Reporters caught with two reports for one revision.",
      "reporter",
    ),
    ticks: counter("ticks_total", "Rounds by how they ended.", "result"),
    contributorUp: gauge("contributor_up", "Whether a contributor answered the last time.", "contributor"),
    peerUp: gauge("peer_up", "Whether a peer answered the last time.", "peer"),
    overdue: gauge("overdue_prints", "Days whose first print is overdue."),
  };
}

/** Metrics of a reporter node. */
export type ReporterMetrics = ReturnType<typeof createMetrics>;
