import {
  BaseWallet,
  getAddress,
  isHexString,
  JsonRpcApiProvider,
  type ContractRunner,
  type TransactionRequest,
} from "ethers";
import type { Address } from "viem";
import { readDeployment, type Deployment } from "../internal/deployment.ts";
import {
  Automation__factory,
  Clearinghouse__factory,
  Collateral__factory,
  ReporterBonds__factory,
  SignedOrders__factory,
  UsageIndex__factory,
  type Automation,
  type Clearinghouse,
  type Collateral,
  type ReporterBonds,
  type SignedOrders,
  type UsageIndex,
} from "./contracts/index.ts";
import { decodeUsanceError } from "./errors.ts";

/** The contracts of one exchange, typed. */
export type Usance = {
  deployment: Deployment;
  /** Accounts, positions, books and markets; its ABI is that of all its modules. */
  clearinghouse: Clearinghouse;
  /** Prints of the indices. */
  usageIndex: UsageIndex;
  /** Token of all deposits. */
  collateral: Collateral;
  /** Bonds of the reporters. */
  reporterBonds: ReporterBonds;
  /** Executes orders that were signed off chain; undefined where the exchange has it not. */
  signedOrders: SignedOrders | undefined;
  /** Keeper jobs for Chainlink Automation; undefined where the exchange has it not. */
  automation: Automation | undefined;
};

/**
 * Checks the parsed content of a `deployments/<chainId>.json`.
 *
 * @param json - What `JSON.parse` gave; unknown fields are left out.
 * @returns The deployment, with checksummed addresses.
 * @throws {@link InvalidDeploymentError} naming the first field that is missing or wrong.
 *
 * @example
 * import { loadDeployment, usance } from "@usance/sdk/ethers";
 * import { JsonRpcProvider } from "ethers";
 *
 * function connect(json: unknown) {
 *   return usance(loadDeployment(json), new JsonRpcProvider("http://127.0.0.1:8545"));
 * }
 */
export function loadDeployment(json: unknown): Deployment {
  return readDeployment(json, (text) => {
    try {
      return isHexString(text, 20) ? (getAddress(text) as Address) : undefined;
    } catch {
      return undefined;
    }
  });
}

/**
 * Makes the typed contracts of an exchange. What a contract refuses comes as {@link ContractError}, whether in a read, a
 * static call, an estimate of gas or a transaction.
 *
 * @param deployment - Addresses of the exchange; `loadDeployment` reads them.
 * @param runner - A provider for reads, a signer for transactions too.
 *
 * @example
 * import { formatPrice, usance, type Deployment } from "@usance/sdk/ethers";
 * import { JsonRpcProvider } from "ethers";
 *
 * async function show(deployment: Deployment) {
 *   const { clearinghouse } = usance(deployment, new JsonRpcProvider("http://127.0.0.1:8545"));
 *   const { bestBid, bestAsk } = await clearinghouse.market(1);
 *   console.log(formatPrice(bestBid), formatPrice(bestAsk));
 * }
 */
export function usance(deployment: Deployment, runner: ContractRunner): Usance {
  const typed = withTypedErrors(runner);
  return {
    deployment,
    clearinghouse: Clearinghouse__factory.connect(deployment.clearinghouse, typed),
    usageIndex: UsageIndex__factory.connect(deployment.usageIndex, typed),
    collateral: Collateral__factory.connect(deployment.collateral, typed),
    reporterBonds: ReporterBonds__factory.connect(deployment.reporterBonds, typed),
    signedOrders: deployment.signedOrders && SignedOrders__factory.connect(deployment.signedOrders, typed),
    automation: deployment.automation && Automation__factory.connect(deployment.automation, typed),
  };
}

/** A runner that does the same and throws the SDK's errors. */
function withTypedErrors(runner: ContractRunner): ContractRunner {
  const typed =
    <args extends unknown[], result>(method: (...args: args) => Promise<result>) =>
    async (...args: args): Promise<result> => {
      try {
        return await method.apply(runner, args);
      } catch (error) {
        throw decodeUsanceError(error);
      }
    };
  // A method that the runner lacks stays away: that is how ethers sees what a runner can do.
  const { call, estimateGas, resolveName, sendTransaction } = runner;
  return {
    provider: runner.provider,
    ...(call && { call: typed(call) }),
    ...(estimateGas && { estimateGas: typed(estimateGas) }),
    ...(resolveName && { resolveName: typed(resolveName) }),
    ...(sendTransaction && {
      sendTransaction: typed(async (transaction: TransactionRequest) => {
        const nonce = transaction.nonce ?? (await freshNonce(runner));
        return sendTransaction.call(runner, { ...transaction, nonce });
      }),
    }),
  };
}

/**
 * Asks the node for a wallet's next nonce, or gives nothing where the runner sees to it. A provider of ethers repeats its
 * answers for a quarter of a second: right after a transaction it would give the nonce that was just used.
 */
async function freshNonce(runner: ContractRunner): Promise<number | undefined> {
  const { provider } = runner;
  if (!(runner instanceof BaseWallet) || !(provider instanceof JsonRpcApiProvider)) return undefined;
  return Number(await provider.send("eth_getTransactionCount", [runner.address, "pending"]));
}
