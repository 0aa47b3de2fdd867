import {
  getHeldPrint,
  getLatestPrint,
  getPrint,
  isContractError,
  postPrint,
  type Deployment,
  type SignedReport,
} from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import type { Account, Address, Chain, Client, Hash, Hex, Transport } from "viem";
import { getBlock, readContract, waitForTransactionReceipt } from "viem/actions";

/** Seconds for which a seat is believed without asking again. */
const SEAT_SECONDS = 60;

/** Terms of the index that reporters need. */
export interface IndexTerms {
  readonly quorum: number;
  /** Reports with which a print is never held. */
  readonly superQuorum: number;
  readonly maxDispersionBps: number;
  readonly firstPeriod: number;
  /** WAD. */
  readonly maxValue: bigint;
}

/** A print that stands on chain. */
export type Standing = Awaited<ReturnType<typeof getPrint>>;

/** What became of a post. */
export type PostResult =
  | { readonly kind: "posted"; readonly hash: Hash; readonly gasUsed: bigint }
  /** The circuit breaker holds it: a super-quorum makes it a print, or seven days do. */
  | { readonly kind: "held"; readonly hash: Hash; readonly gasUsed: bigint }
  /** Somebody else was first, or the day can no longer be posted: there is nothing left to do. */
  | { readonly kind: "stands" }
  /** The contract refuses these reports: others are needed. */
  | { readonly kind: "refused"; readonly error: string };

/** What a chain is read with. */
export interface IndexChainOptions {
  readonly client: Client<Transport, Chain, Account>;
  readonly deployment: Deployment;
  readonly index: Hex;
  /** Wei that a unit of gas may cost; what the node suggests when left out. */
  readonly maxFeePerGas?: bigint | undefined;
}

/** The index contract as a reporter sees it. */
export class IndexChain {
  readonly index: Hex;
  readonly deployment: Deployment;
  readonly #client: Client<Transport, Chain, Account>;
  readonly #maxFeePerGas: bigint | undefined;
  readonly #seats = new Map<string, { active: boolean; until: number }>();
  #terms: IndexTerms | undefined;

  constructor({ client, deployment, index, maxFeePerGas }: IndexChainOptions) {
    this.#client = client;
    this.deployment = deployment;
    this.index = index;
    this.#maxFeePerGas = maxFeePerGas;
  }

  /** Terms of the index. They never change. */
  async terms(): Promise<IndexTerms> {
    if (this.#terms === undefined) {
      const config = await readContract(this.#client, {
        address: this.deployment.usageIndex,
        abi: usageIndexAbi,
        functionName: "config",
        args: [this.index],
      });
      this.#terms = config;
    }
    return this.#terms;
  }

  /** Unix time of the newest block. */
  async time(): Promise<number> {
    return Number((await getBlock(this.#client)).timestamp);
  }

  /** Does an address hold a seat on the panel? Remembered for a minute. */
  async isActive(reporter: Address): Promise<boolean> {
    const key = reporter.toLowerCase();
    const known = this.#seats.get(key);
    if (known !== undefined && Date.now() < known.until) return known.active;
    const [active] = await readContract(this.#client, {
      address: this.deployment.usageIndex,
      abi: usageIndexAbi,
      functionName: "reporter",
      args: [reporter],
    });
    // Whoever asks with ever new addresses shall not fill the memory.
    if (this.#seats.size > 1_000) this.#seats.clear();
    this.#seats.set(key, { active, until: Date.now() + SEAT_SECONDS * 1_000 });
    return active;
  }

  /** Unix time by which a seat that was given before there were bonds must have one. */
  async bondsDueAt(): Promise<number> {
    const [, dueAt] = await readContract(this.#client, {
      address: this.deployment.usageIndex,
      abi: usageIndexAbi,
      functionName: "bonds",
    });
    return Number(dueAt);
  }

  /** The print of a day; all zero when there is none. */
  print(period: number): Promise<Standing> {
    return getPrint(this.#client, { deployment: this.deployment, index: this.index, period });
  }

  /** Does the circuit breaker hold a revision of a day, or a higher one? */
  async isHeld(period: number, revision: number): Promise<boolean> {
    const { deployment, index } = this;
    const held = await getHeldPrint(this.#client, { deployment, index, period });
    return held.value !== 0n && held.revision >= revision;
  }

  /** The newest day before another that was posted. Days that a settlement filled are no prints of reporters. */
  async newestBefore(period: number, first: number): Promise<(Standing & { period: number }) | undefined> {
    const newest = await this.#newest();
    if (newest === undefined) return undefined;
    for (let day = Math.min(period - 1, newest); day >= first; day--) {
      const print = await this.print(day);
      if (print.value !== 0n && !print.filled) return { ...print, period: day };
    }
    return undefined;
  }

  /** Newest day with a print; undefined where there is none yet. */
  async #newest(): Promise<number | undefined> {
    try {
      return (await getLatestPrint(this.#client, { deployment: this.deployment, index: this.index })).period;
    } catch (error) {
      if (isContractError(error, "NoPrints")) return undefined;
      throw error;
    }
  }

  /** Is a print of the day at a revision, or a higher one? */
  async #stands(period: number, revision: number): Promise<boolean> {
    const standing = await this.print(period);
    return standing.value !== 0n && standing.revision >= revision;
  }

  /**
   * Posts reports and waits until they are in a block.
   * @param reports In the order of their signers.
   * @throws UsanceError where it fails for another reason than the state of the index.
   */
  async post(period: number, revision: number, reports: readonly SignedReport[]): Promise<PostResult> {
    const { deployment, index } = this;
    const fees = this.#maxFeePerGas === undefined ? {} : { maxFeePerGas: this.#maxFeePerGas };
    const parameters = { deployment, index, period, revision, reports, ...fees };
    try {
      await postPrint.simulate(this.#client, parameters);
      const hash = await postPrint(this.#client, parameters);
      const receipt = await waitForTransactionReceipt(this.#client, { hash });
      const { status, gasUsed } = receipt;
      const isHeld = postPrint.extract(receipt).PrintHeld.length > 0;
      if (status === "success") return { kind: isHeld ? "held" : "posted", hash, gasUsed };
      // It was fine when it was simulated: somebody else was faster, most likely. The chain tells.
      return (await this.#stands(period, revision))
        ? { kind: "stands" }
        : { kind: "refused", error: "reverted in its block" };
    } catch (error) {
      if (!isContractError(error)) throw error;
      if (["PrintIsFinal", "PeriodIsSettled"].includes(error.name)) return { kind: "stands" };
      // A revision may also be stale because a higher one is held, and the day has no print.
      if (error.name === "StaleRevision" && (await this.#stands(period, revision))) return { kind: "stands" };
      if (error.name === "ReporterInactive") this.#seats.clear();
      return { kind: "refused", error: error.name };
    }
  }
}
