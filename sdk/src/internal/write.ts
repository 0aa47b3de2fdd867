import type {
  Abi,
  Account,
  Address,
  Chain,
  Client,
  ContractFunctionArgs,
  ContractFunctionName,
  Hash,
  Hex,
  Log,
} from "viem";
import { encodeFunctionData } from "viem";
import { simulateContract, writeContract } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { nameOutcome, type Outcome } from "./abi.ts";
import { addressOf, type Contract, type DeploymentParameter } from "./contracts.ts";
import { type EventName, type EventsByName, parseEvents } from "./events.ts";

/** Who sends a transaction to which exchange, and how. */
export type WriteParameters = DeploymentParameter & {
  /** Sender; the client's account when left out. */
  account?: Account | Address | undefined;
  /** Chain that the wallet must be on; the client's when left out, unchecked when null. */
  chain?: Chain | null | undefined;
  /** Most gas; the node estimates it when left out. */
  gas?: bigint | undefined;
  /** Most that a unit of gas may cost in all, wei. */
  maxFeePerGas?: bigint | undefined;
  /** What of it goes to whoever builds the block, wei. */
  maxPriorityFeePerGas?: bigint | undefined;
  /** Number of the sender's transaction; the node's count when left out. */
  nonce?: number | undefined;
};

/** An action that sends a transaction. */
export interface WriteAction<parameters extends WriteParameters, result, events> {
  /** Sends the transaction and gives its hash. Throws the contract's typed error where the node's gas estimate meets it. */
  (client: Client, parameters: parameters): Promise<Hash>;
  /** Gives what the call would return now, without sending anything, or throws its typed error. */
  simulate(client: Client, parameters: parameters): Promise<result>;
  /** Gives the call itself, to be sent by other means: signed elsewhere, batched by a wallet, with a nonce of one's own. */
  encode(client: Client, parameters: parameters): Promise<{ to: Address; data: Hex }>;
  /** Decodes the action's events in a receipt, by name. */
  extract(receipt: { logs: readonly Log[] }): events;
}

type WriteDefinition<abi, name, args, parameters, event> = {
  contract: Contract<abi>;
  functionName: name;
  args: (parameters: parameters, client: Client) => args | Promise<args>;
  events: readonly event[];
  /** Gas limit where an estimate would not do; the caller's own comes first. */
  gas?: bigint;
};

/** Makes a write action from the call that it sends and the events that it decodes. */
export function defineWrite<
  const abi extends Abi,
  name extends ContractFunctionName<abi, "nonpayable">,
  const args extends ContractFunctionArgs<abi, "nonpayable", name>,
  parameters extends WriteParameters,
  const event extends EventName<abi>,
>({
  contract: { abi, name: contract },
  functionName,
  args,
  events,
  gas: limit,
}: WriteDefinition<abi, name, args, parameters, event>): WriteAction<
  parameters,
  Outcome<abi, name>,
  EventsByName<abi, event>
> {
  async function request(client: Client, parameters: parameters) {
    const { account = client.account, chain = client.chain ?? null } = parameters;
    const { gas = limit, maxFeePerGas, maxPriorityFeePerGas, nonce } = parameters;
    return {
      abi,
      address: addressOf(parameters.deployment, contract),
      functionName,
      args: await args(parameters, client),
      ...{ account, chain, gas, maxFeePerGas, maxPriorityFeePerGas, nonce },
    };
  }

  async function send(client: Client, parameters: parameters) {
    type Request = Parameters<typeof writeContract>[1];
    try {
      return await writeContract(client, (await request(client, parameters)) as unknown as Request);
    } catch (error) {
      throw decodeUsanceError(error);
    }
  }

  async function simulate(client: Client, parameters: parameters) {
    type Request = Parameters<typeof simulateContract>[1];
    try {
      const call = await request(client, parameters);
      const { result } = await simulateContract(client, call as unknown as Request);
      return nameOutcome(abi, functionName, result) as Outcome<abi, name>;
    } catch (error) {
      throw decodeUsanceError(error);
    }
  }

  async function encode(client: Client, parameters: parameters) {
    type Request = Parameters<typeof encodeFunctionData>[0];
    const call = { abi, functionName, args: await args(parameters, client) };
    const data = encodeFunctionData(call as unknown as Request);
    return { to: addressOf(parameters.deployment, contract), data };
  }

  return Object.assign(send, {
    simulate,
    encode,
    extract: ({ logs }: { logs: readonly Log[] }) => parseEvents(abi, events, logs),
  });
}
