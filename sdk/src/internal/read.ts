import type { Abi, BlockTag, Client, ContractFunctionArgs, ContractFunctionName } from "viem";
import { getBlock, getBlockNumber, readContract } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { nameOutcome, type Outcome } from "./abi.ts";
import { addressOf, type Contract, type DeploymentParameter } from "./contracts.ts";

/** Where and when a read looks. */
export type ReadParameters = DeploymentParameter & {
  /** Block to read at; the latest when left out. */
  blockNumber?: bigint | undefined;
  /** Tag of the block to read at, where no number is given. */
  blockTag?: BlockTag | undefined;
};

type View = "view" | "pure";

/** Reads a contract; failures are typed errors. */
export async function read<const abi extends Abi, name extends ContractFunctionName<abi, View>>(
  client: Client,
  { deployment, blockNumber, blockTag }: ReadParameters,
  { abi, name: contract }: Contract<abi>,
  functionName: name,
  args: ContractFunctionArgs<abi, View, name>,
): Promise<Outcome<abi, name>> {
  const when = blockNumber === undefined ? { blockTag } : { blockNumber };
  const request = {
    abi,
    address: addressOf(deployment, contract),
    functionName,
    args,
    ...when,
  } as unknown as Parameters<typeof readContract>[1];
  try {
    return nameOutcome(abi, functionName, await readContract(client, request)) as Outcome<abi, name>;
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

/** Fixes the block of several reads that must agree with one another. */
export async function pinBlock<parameters extends ReadParameters>(
  client: Client,
  parameters: parameters,
): Promise<parameters & { blockNumber: bigint }> {
  if (parameters.blockNumber !== undefined) return { ...parameters, blockNumber: parameters.blockNumber };
  const { blockTag = "latest" } = parameters;
  const tagged = blockTag === "latest" ? undefined : await getBlock(client, { blockTag });
  // A pending block has no number yet.
  const blockNumber = tagged?.number ?? (await getBlockNumber(client, { cacheTime: 0 }));
  return { ...parameters, blockNumber };
}
