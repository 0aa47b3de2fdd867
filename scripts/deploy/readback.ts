import type { Deployment } from "@usance/sdk";
import { clearinghouseAbi, reporterBondsAbi, signedOrdersAbi, usageIndexAbi } from "@usance/sdk/abis";
import { getAddress, type Client } from "viem";
import { getContractEvents, readContract } from "viem/actions";
import { codeProblems, type ReadArtifact } from "./code.ts";
import { differences, plannedGovernance, readGovernance } from "./governance.ts";
import type { DeploymentParameters } from "./parameters.ts";

/** Terms of index, panel, readers and feed as they stand on the chain. */
async function readTerms(
  client: Client,
  { usageIndex, clearinghouse, reporterBonds, signedOrders, block }: Deployment,
  index: `0x${string}`,
) {
  const at = { address: usageIndex, abi: usageIndexAbi } as const;
  const house = { address: clearinghouse, abi: clearinghouseAbi } as const;
  const changes = await getContractEvents(client, {
    ...at,
    eventName: "ReporterSet",
    fromBlock: BigInt(block),
    strict: true,
  });
  const seats = new Map<number, string>();
  for (const { args } of changes)
    if (args.active) seats.set(args.seat, getAddress(args.reporter));
    else seats.delete(args.seat);
  const feeds = await getContractEvents(client, {
    ...house,
    eventName: "FeedAdded",
    fromBlock: BigInt(block),
    strict: true,
  });
  const bonds = { address: reporterBonds, abi: reporterBondsAbi } as const;
  const [attached] = await readContract(client, { ...at, functionName: "bonds" });
  return {
    bonds: attached,
    ...(signedOrders && {
      signedOrdersOf: await readContract(client, {
        address: signedOrders,
        abi: signedOrdersAbi,
        functionName: "CLEARINGHOUSE",
      }),
    }),
    // What is fixed of a bond is part of the code.
    fundMarket: await readContract(client, { ...bonds, functionName: "fundMarket" }),
    collateral: await readContract(client, { ...house, functionName: "collateral" }),
    reporters: [...seats.entries()].sort(([a], [b]) => a - b).map(([, reporter]) => reporter),
    readers: await readContract(client, { ...at, functionName: "readers", args: [index] }),
    tu1d: await readContract(client, { ...at, functionName: "config", args: [index] }),
    feeds: feeds.map(({ args }) => args.listing),
  };
}

/**
 * Reads a whole deployment back and lists, a line each, where it is not what the parameter file says: roles, delays,
 * functions, panel, bonds, index, feed, and the code of every contract with what was built into it.
 */
export async function readBack(
  client: Client,
  deployment: Deployment,
  parameters: DeploymentParameters,
  readArtifact: ReadArtifact,
): Promise<string[]> {
  const { collateral, reporters, tu1d, tu1dFeed, bond } = parameters;
  const { reporterBonds: bonds } = deployment;
  const { fundMarket } = bond;
  const terms = {
    bonds,
    ...(deployment.signedOrders && { signedOrdersOf: deployment.clearinghouse }),
    fundMarket,
    collateral,
    reporters,
    readers: [deployment.clearinghouse],
    tu1d,
    feeds: [tu1dFeed],
  };
  return [
    ...differences(plannedGovernance(parameters, deployment), await readGovernance(client, deployment)),
    ...differences(terms, await readTerms(client, deployment, tu1dFeed.index)),
    ...(await codeProblems(client, deployment, parameters, readArtifact)),
  ];
}
