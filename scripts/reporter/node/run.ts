import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { sentenceOf } from "../../lib/errors.ts";
import { isTemporary } from "../../lib/temporary.ts";
import type { ReporterConfig } from "./config.ts";
import type { ReporterNode } from "./node.ts";
import { serveNode, type Served } from "./server.ts";

/** What a node's process needs besides the node. */
export interface RunOptions {
  readonly config: Pick<ReporterConfig, "everySeconds" | "maxFailures" | "http">;
  /** Ends the process: the round under way is finished first. */
  readonly signal: AbortSignal;
  /** Told where the node answers. */
  readonly onListening?: (url: string) => void;
  /** Done after each round that went well; what it throws is like an error of the round. */
  readonly afterRound?: (() => Promise<void>) | undefined;
}

/** What a node's server answers from. */
export function servedBy(node: ReporterNode): Served {
  return {
    statements: node.statements,
    reports: node.reports,
    days: node.days,
    log: node.log,
    registry: node.metrics.registry,
    health: () => node.health(),
    receive: (report) => node.receive(report),
  };
}

/**
 * Answers peers and does round after round until the signal. A chain that cannot be reached is tried again `maxFailures` times in a row.
 * @throws the first error that is not the chain's absence: something is wrong that a person must see.
 */
export async function runReporter(
  node: ReporterNode,
  { config, signal, onListening, afterRound }: RunOptions,
): Promise<void> {
  const server = await serveNode(servedBy(node), config.http);
  const { address, port } = server.address() as AddressInfo;
  onListening?.(`http://${address}:${port}`);
  let failures = 0;
  try {
    while (!signal.aborted) {
      try {
        await node.tick();
        await afterRound?.();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!isTemporary(error) || failures >= config.maxFailures) throw error;
        node.log.warn({ failures, error: sentenceOf(error) }, "the chain cannot be reached");
      }
      await sleep(config.everySeconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    node.close();
  }
}
