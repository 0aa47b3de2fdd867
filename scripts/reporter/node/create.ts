import type { Deployment } from "@usance/sdk";
import { stringToHex, type Chain, type Client, type LocalAccount, type Transport } from "viem";
import { rulesHash } from "../../calculator/rules.ts";
import { withAccount } from "../../lib/client.ts";
import type { Log } from "../../lib/log.ts";
import { ArchiveWriter } from "../../publication/archive.ts";
import { Publisher } from "../../publication/publish.ts";
import { IndexChain } from "./chain.ts";
import { maxFeeOf, rulesOf, type ReporterConfig } from "./config.ts";
import { ReporterNode } from "./node.ts";

/** What a configuration is put to work with. */
export interface Surroundings {
  readonly client: Client<Transport, Chain>;
  readonly deployment: Deployment;
  readonly account: LocalAccount;
  readonly log: Log;
}

/** The index that a configuration names, on its chain. */
export function createChain(
  config: ReporterConfig,
  { client, deployment, account }: Omit<Surroundings, "log">,
): IndexChain {
  return new IndexChain({
    client: withAccount(client, account),
    deployment,
    index: stringToHex(config.index, { size: 32 }),
    maxFeePerGas: maxFeeOf(config),
  });
}

/** Creates the node that a configuration describes. */
export function createNode(config: ReporterConfig, surroundings: Surroundings): ReporterNode {
  const { contributors, peers, folder, dryRun, timeoutSeconds } = config;
  const { account, log } = surroundings;
  return new ReporterNode({
    ...{ account, contributors, peers, folder, dryRun, timeoutSeconds, log },
    chain: createChain(config, surroundings),
    rules: rulesOf(config),
  });
}

/** Creates what publishes the node's prints, where the configuration wants that. */
export function createPublisher(
  { publication, index, contributors, ...config }: ReporterConfig,
  { client, deployment }: Pick<Surroundings, "client" | "deployment">,
  { days }: Pick<ReporterNode, "days">,
): Publisher | undefined {
  if (publication === undefined) return undefined;
  const rules = rulesOf(config);
  const { folder, ...head } = publication;
  const writer = new ArchiveWriter(folder, {
    index,
    ...head,
    rules: { version: rules.version, hash: rulesHash(rules) },
    contributors: contributors.map(({ url: _, ...admission }) => admission),
  });
  return new Publisher({ client, deployment, index: stringToHex(index, { size: 32 }), days, writer });
}
