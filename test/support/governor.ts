import { artifacts } from "hardhat";
import { clearinghouseAbi, reporterBondsAbi, usageIndexAbi } from "@usance/sdk/abis";
import {
  createTestClient,
  decodeErrorResult,
  encodeFunctionData,
  http,
  isHex,
  parseAbi,
  publicActions,
  type Abi,
  type Address,
  type Hex,
} from "viem";
import type { Exchange } from "./exchange.ts";

export const schedulerAbi = parseAbi([
  "function schedule(address target, bytes data, uint48 when) returns (bytes32 operationId, uint32 nonce)",
  "function execute(address target, bytes data) payable returns (uint32)",
  "function cancel(address caller, address target, bytes data) returns (uint32)",
  "function grantRole(uint64 roleId, address account, uint32 executionDelay)",
  "function revokeRole(uint64 roleId, address account)",
  "function setTargetFunctionRole(address target, bytes4[] selectors, uint64 roleId)",
  "function setTargetClosed(address target, bool closed)",
  "function updateAuthority(address target, address newAuthority)",
  "function getRoleGrantDelay(uint64 roleId) view returns (uint32)",
  "function getTargetAdminDelay(address target) view returns (uint32)",
  "function hasRole(uint64 roleId, address account) view returns (bool isMember, uint32 executionDelay)",
]);

/** A call to a contract. */
export interface Call {
  to: Address;
  data: Hex;
}

/** What became of a transaction: "done", or the name of the error that it met. */
export type Ending = string;

/** Sends transactions of anybody at exact times: the holders of roles are no keys here, but addresses. */
export class Governor {
  readonly #exchange: Exchange;
  readonly #errors: Abi;

  private constructor(exchange: Exchange, errors: Abi) {
    this.#exchange = exchange;
    this.#errors = errors;
  }

  static async of(exchange: Exchange): Promise<Governor> {
    const { abi } = await artifacts.readArtifact("AccessManager");
    return new Governor(exchange, [
      ...(abi as unknown as Abi),
      ...clearinghouseAbi,
      ...usageIndexAbi,
      ...reporterBondsAbi,
    ]);
  }

  /** Call of a function of the clearing house or of the index. */
  on(contract: "clearinghouse" | "usageIndex", functionName: string, args: readonly unknown[]): Call {
    const abi: Abi = contract === "clearinghouse" ? clearinghouseAbi : usageIndexAbi;
    return { to: this.#exchange.deployment[contract], data: encodeFunctionData({ abi, functionName, args }) };
  }

  /** Call of the AccessManager. */
  manage(functionName: string, args: readonly unknown[]): Call {
    const abi: Abi = schedulerAbi;
    return {
      to: this.#exchange.deployment.accessManager,
      data: encodeFunctionData({ abi, functionName, args }),
    };
  }

  /** Schedules a call for the earliest time. */
  schedule(from: Address, { to, data }: Call, when = 0): Promise<Ending> {
    return this.send(from, this.manage("schedule", [to, data, when]));
  }

  /** Cancels what somebody scheduled. */
  cancel(from: Address, caller: Address, { to, data }: Call): Promise<Ending> {
    return this.send(from, this.manage("cancel", [caller, to, data]));
  }

  /** Unix time of the newest block. */
  async now(): Promise<number> {
    return Number((await this.#client.getBlock()).timestamp);
  }

  /**
   * Sends a transaction.
   * @param at Unix time of its block; the next second when left out.
   */
  async send(from: Address, { to, data }: Call, at?: number): Promise<Ending> {
    const client = this.#client;
    await client.impersonateAccount({ address: from });
    await client.setBalance({ address: from, value: 10n ** 20n });
    await client.setNextBlockTimestamp({ timestamp: BigInt(at ?? (await this.now()) + 1) });
    try {
      const hash = await client.request({
        method: "eth_sendTransaction",
        params: [{ from, to, data, gas: "0x989680" }],
      } as never);
      const { status } = await client.waitForTransactionReceipt({ hash });
      return status === "success" ? "done" : "reverted";
    } catch (error) {
      return this.#nameOf(error);
    }
  }

  get #client() {
    const { client, rpc } = this.#exchange;
    return createTestClient({ mode: "hardhat", chain: client.chain, transport: http(rpc) }).extend(
      publicActions,
    );
  }

  #nameOf(error: unknown): string {
    for (const pending = [error]; pending.length > 0;) {
      const next = pending.shift();
      if (isHex(next) && next.length >= 10)
        try {
          return decodeErrorResult({ abi: this.#errors, data: next }).errorName;
        } catch {
          continue;
        }
      if (typeof next === "object" && next !== null) {
        const { cause, data } = next as Record<string, unknown>;
        pending.push(data, cause);
      }
    }
    throw error;
  }
}
