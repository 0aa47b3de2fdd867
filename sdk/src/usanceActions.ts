import type { Client } from "viem";
import * as actions from "./actions/index.ts";
import type { Deployment } from "./deployment.ts";
import type { WriteAction } from "./internal/write.ts";

type WithoutDeployment<parameters> = Omit<parameters, "deployment">;

/** An action with client and exchange filled in. */
type Bound<action> =
  action extends WriteAction<infer parameters, infer result, infer events>
    ? {
        (parameters: WithoutDeployment<parameters>): ReturnType<action>;
        simulate(parameters: WithoutDeployment<parameters>): Promise<result>;
        encode(parameters: WithoutDeployment<parameters>): ReturnType<action["encode"]>;
        extract: (receipt: Parameters<action["extract"]>[0]) => events;
      }
    : action extends (client: Client, parameters: infer parameters) => infer result
      ? object extends WithoutDeployment<parameters>
        ? (parameters?: WithoutDeployment<parameters>) => result
        : (parameters: WithoutDeployment<parameters>) => result
      : never;

type Action = Extract<(typeof actions)[keyof typeof actions], (...args: never) => unknown>;

/** Every action as a method. */
export type UsanceActions = {
  [name in keyof typeof actions as (typeof actions)[name] extends Action ? name : never]: Bound<
    (typeof actions)[name]
  >;
};

/**
 * Extends a viem client by every action of the SDK, bound to one exchange.
 *
 * @param deployment - Addresses of the exchange; `loadDeployment` reads them.
 *
 * @example
 * import { pointsOfMark, usanceActions, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") }).extend(
 *     usanceActions(deployment),
 *   );
 *   const { markX16 } = await client.getMarket({ market: 1 });
 *   console.log(pointsOfMark(markX16));
 * }
 */
export function usanceActions(deployment: Deployment): (client: Client) => UsanceActions {
  return (client) => {
    const bound = Object.entries(actions)
      .filter((entry): entry is [string, Action] => typeof entry[1] === "function")
      .map(([name, action]) => [name, bind(action, client, deployment)]);
    return Object.fromEntries(bound) as UsanceActions;
  };
}

type Call = (client: Client, parameters: object) => unknown;

function bind(action: Action, client: Client, deployment: Deployment): unknown {
  const call = (fn: Call) => (parameters: object) => fn(client, { deployment, ...parameters });
  const { simulate, encode, extract } = action as Partial<Record<"simulate" | "encode" | "extract", Call>>;
  const bound = call(action as Call);
  if (!simulate || !encode) return bound;
  return Object.assign(bound, { simulate: call(simulate), encode: call(encode), extract });
}
