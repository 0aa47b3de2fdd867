import { decodeFunctionResult, encodeFunctionData, type Abi, type Address, type Client } from "viem";
import { simulateContract } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { nameOutcome, type Outcome } from "./abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "./contracts.ts";
import type { ReadParameters } from "./read.ts";

/** A call of the clearing house. */
export type Call<name extends string = string> = { functionName: name; args: readonly unknown[] };

type Outcomes<calls extends readonly Call[]> = {
  -readonly [place in keyof calls]: Outcome<ClearinghouseAbi, calls[place]["functionName"]>;
};

/**
 * What several calls of one sender would return one after the other, without sending anything: the clearing house's multicall
 * runs them on one state, so that a view which follows a trade sees what the trade has done.
 */
export async function callTogether<const calls extends readonly Call[]>(
  client: Client,
  { deployment, blockNumber, blockTag }: ReadParameters,
  sender: Address,
  calls: calls,
): Promise<Outcomes<calls>> {
  // Any of its functions: what they take and give is said by `Outcomes`.
  const abi: Abi = clearinghouse.abi;
  const when = blockNumber === undefined ? { blockTag } : { blockNumber };
  try {
    const { result } = await simulateContract(client, {
      abi: clearinghouse.abi,
      address: deployment.clearinghouse,
      functionName: "multicall",
      args: [calls.map((call) => encodeFunctionData({ abi, ...call }))],
      account: sender,
      ...when,
    });
    return result.map((data, i) => {
      const { functionName } = calls[i] as Call;
      const outcome = decodeFunctionResult({ abi, functionName, data });
      return nameOutcome(abi, functionName, outcome);
    }) as Outcomes<calls>;
  } catch (error) {
    throw decodeUsanceError(error);
  }
}
