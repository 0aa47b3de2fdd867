import { hexToBigInt, http, isHex, numberToHex, type Hash, type Hex } from "viem";
import type { Log } from "./log.ts";
import { publicUrl } from "./redact.ts";
import { DisagreementError, isTemporary } from "./temporary.ts";

/** How several nodes are used as one. */
export interface EndpointsOptions {
  /** How many of them must show the same block; more than half when left out. */
  agree?: number | undefined;
  /** Blocks that one may be behind. */
  lagBlocks?: number;
  /** Seconds that the newest block of one may be older than the one agreed on. */
  lagSeconds?: number;
  /** Seconds after which one that was put aside is tried again. */
  retrySeconds?: number;
  /** Seconds after which one counts as not answering. */
  timeoutSeconds?: number;
}

/** How a node stands. */
export interface EndpointStatus {
  /** Where it is, without what may be a key. */
  name: string;
  /** Why it is put aside; absent while it is used. */
  aside?: string;
}

interface RpcBlock {
  number: Hex;
  hash: Hash;
  timestamp: Hex;
}

type Request = { method: string; params?: unknown };

interface Endpoint {
  name: string;
  request: (request: Request) => Promise<unknown>;
  aside?: { reason: string; until: number };
  /** Its newest block when it was last asked for it. */
  height?: bigint;
}

/** An answer of one endpoint. */
interface Answered<answer> {
  endpoint: Endpoint;
  answer: answer;
}

/** Blocks below the highest common one that are looked at for one on which enough agree: tips differ for a moment. */
const DEPTH = 8n;

const DEFAULTS = { lagBlocks: 3, lagSeconds: 120, retrySeconds: 30, timeoutSeconds: 10 };

/**
 * Several nodes of one chain, used as one by any client. Blocks are those that enough of them show alike; other reads
 * go to one of those that showed the last one, in turn, and to the next where it fails; transactions go to all. A node that
 * lags, shows another chain or does not answer is put aside and tried again later.
 */
export class Endpoints {
  readonly #endpoints: readonly Endpoint[];
  readonly #agree: number;
  readonly #options: typeof DEFAULTS;
  #log: Log | undefined;
  #head = 0n;

  /** @throws Error where more have to agree than there are. */
  constructor(urls: readonly string[], { agree, ...options }: EndpointsOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    const timeout = this.#options.timeoutSeconds * 1_000;
    this.#endpoints = urls.map((url, position) => {
      const { request } = http(url, { timeout, retryCount: 0 })({});
      return { name: `${position + 1} ${publicUrl(url)}`, request };
    });
    this.#agree = agree ?? Math.floor(urls.length / 2) + 1;
    if (this.#agree > urls.length)
      throw new Error(
        `${this.#agree} nodes have to agree and there are ${urls.length}: name more, or lower agree.`,
      );
  }

  /** Tells a log of nodes that are put aside and that are back. */
  report(log: Log): void {
    this.#log = log;
    for (const { name, aside } of this.#endpoints) if (aside !== undefined) this.#warn(name, aside.reason);
  }

  status(): EndpointStatus[] {
    return this.#endpoints.map(({ name, aside }) => ({ name, ...(aside && { aside: aside.reason }) }));
  }

  /**
   * Number of the chain that all nodes which answer serve.
   * @throws Error where they serve different ones, or the error of the first where none answers.
   */
  async chainId(): Promise<number> {
    const request = { method: "eth_chainId" };
    const ids = new Set((await this.#poll<Hex>(request)).map(({ answer }) => Number(answer)));
    const [id] = ids;
    if (ids.size > 1) throw new Error(`The nodes serve different chains: ${[...ids].join(" and ")}.`);
    return id ?? Number(await this.#ask(request));
  }

  /** Answers a request as a node would (EIP-1193). */
  async request({ method, params }: Request): Promise<unknown> {
    const request = { method, params };
    const [first, second] = (params ?? []) as unknown[];
    switch (method) {
      case "eth_blockNumber":
        return (await this.#newest()).number;
      case "eth_getBlockByNumber":
        if (first === "latest") return this.#newest(second === true);
        return isHex(first) ? this.#blockAt(hexToBigInt(first), second === true) : this.#ask(request);
      case "eth_sendRawTransaction":
        return this.#broadcast(request);
      case "eth_getTransactionCount":
        return this.#count(request);
      case "eth_getTransactionReceipt":
      case "eth_getTransactionByHash":
        return this.#anyThatKnows(request);
      default:
        return this.#ask(request);
    }
  }

  /** Highest block that enough nodes have and show alike. */
  async #newest(full = false): Promise<RpcBlock> {
    const heads = await this.#poll<RpcBlock>({ method: "eth_getBlockByNumber", params: ["latest", full] });
    for (const { endpoint, answer } of heads) endpoint.height = hexToBigInt(answer.number);
    const numbers = heads
      .map(({ answer }) => hexToBigInt(answer.number))
      .sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    const highest = numbers[this.#agree - 1];
    if (highest === undefined) throw new DisagreementError(heads.length, this.#agree);
    let most = 0;
    for (let height = highest; height >= 0n && height > highest - DEPTH; height--) {
      const shown = await this.#shown(heads, height, full);
      const agreed = this.#agreed(shown);
      most = Math.max(most, agreed.most);
      if (agreed.block === undefined) continue;
      this.#judge(shown, agreed.block);
      this.#putAsideLate(heads, agreed.block);
      this.#head = height;
      return agreed.block;
    }
    throw new DisagreementError(most, this.#agree);
  }

  /** What nodes that are far enough show at a height. */
  async #shown(
    heads: readonly Answered<RpcBlock>[],
    height: bigint,
    full: boolean,
  ): Promise<Answered<RpcBlock>[]> {
    const there = heads.filter(({ answer }) => hexToBigInt(answer.number) === height);
    const beyond = heads.filter(({ answer }) => hexToBigInt(answer.number) > height);
    const request = { method: "eth_getBlockByNumber", params: [numberToHex(height), full] };
    return [
      ...there,
      ...(await this.#poll<RpcBlock>(
        request,
        beyond.map(({ endpoint }) => endpoint),
      )),
    ];
  }

  /** A block of the past as enough nodes show it; null where they have none. */
  async #blockAt(height: bigint, full: boolean): Promise<RpcBlock | null> {
    const request = { method: "eth_getBlockByNumber", params: [numberToHex(height), full] };
    const shown = await this.#poll<RpcBlock>(request);
    if (shown.length < this.#agree) return null;
    const { block, most } = this.#agreed(shown);
    if (block === undefined) throw new DisagreementError(most, this.#agree);
    this.#judge(shown, block);
    return block;
  }

  #agreed(shown: readonly Answered<RpcBlock>[]): { block?: RpcBlock; most: number } {
    const groups = new Map<Hash, RpcBlock[]>();
    for (const { answer } of shown) groups.set(answer.hash, [...(groups.get(answer.hash) ?? []), answer]);
    const [largest = []] = [...groups.values()].sort((a, b) => b.length - a.length);
    const [block] = largest;
    const isEnough = block !== undefined && largest.length >= this.#agree;
    return { most: largest.length, ...(isEnough && { block }) };
  }

  /** Takes back nodes that show the block agreed on, and puts those aside that show another. */
  #judge(shown: readonly Answered<RpcBlock>[], block: RpcBlock): void {
    for (const { endpoint, answer } of shown)
      if (answer.hash === block.hash) this.#takeBack(endpoint);
      else this.#putAside(endpoint, `shows another block ${hexToBigInt(block.number)} than the others`);
  }

  #putAsideLate(heads: readonly Answered<RpcBlock>[], agreed: RpcBlock): void {
    const { lagBlocks, lagSeconds } = this.#options;
    for (const { endpoint, answer } of heads) {
      const blocks = hexToBigInt(agreed.number) - hexToBigInt(answer.number);
      const seconds = hexToBigInt(agreed.timestamp) - hexToBigInt(answer.timestamp);
      if (blocks > BigInt(lagBlocks)) this.#putAside(endpoint, `is ${blocks} blocks behind the others`);
      else if (blocks > 0n && seconds > BigInt(lagSeconds))
        this.#putAside(endpoint, `is ${seconds} seconds behind the others`);
    }
  }

  /** The nonce that enough nodes have reached. */
  async #count(request: Request): Promise<Hex> {
    const counts = await this.#poll<Hex>(request, this.#used(false));
    const numbers = counts
      .map(({ answer }) => hexToBigInt(answer))
      .sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    const count = numbers[this.#agree - 1];
    if (count === undefined) throw new DisagreementError(numbers.length, this.#agree);
    return numberToHex(count);
  }

  /** Gives a transaction to every node, also those that are put aside. One that takes it, or has it, is enough. */
  async #broadcast(request: Request): Promise<unknown> {
    const answers = await Promise.allSettled(this.#endpoints.map((endpoint) => endpoint.request(request)));
    const taken = answers.find((answer) => answer.status === "fulfilled");
    if (taken !== undefined) return taken.value;
    const reasons = answers.flatMap((answer) =>
      answer.status === "rejected" ? [answer.reason as unknown] : [],
    );
    // One that spoke says more than one that did not answer.
    throw reasons.find((reason) => !isSilent(reason)) ?? reasons[0];
  }

  /** What any node knows about a transaction: one may have heard of it before the others. */
  async #anyThatKnows(request: Request): Promise<unknown> {
    const answers = await this.#poll<unknown>(request);
    return answers[0]?.answer ?? null;
  }

  /** Asks one node, the next where it does not answer or has not got so far. */
  async #ask(request: Request): Promise<unknown> {
    // One that is behind would leave events out without a word.
    const ready = this.#used(false);
    const there = ready.filter(({ height = this.#head }) => height >= this.#head);
    const used = there.length > 0 ? there : ready;
    const start = Number(this.#head % BigInt(used.length));
    let last: unknown;
    for (const endpoint of [...used.slice(start), ...used.slice(0, start)]) {
      try {
        return await endpoint.request(request);
      } catch (error) {
        if (!isTemporary(error)) throw error;
        if (isSilent(error)) this.#putAside(endpoint, "does not answer");
        last = error;
      }
    }
    throw last;
  }

  /** Asks all, and gives the answers of those that have one. */
  async #poll<answer>(request: Request, endpoints = this.#used(true)): Promise<Answered<answer>[]> {
    const answers = await Promise.all(
      endpoints.map(async (endpoint) => {
        try {
          const answer = (await endpoint.request(request)) as answer | null;
          return answer === null ? [] : [{ endpoint, answer }];
        } catch (error) {
          if (isSilent(error)) this.#putAside(endpoint, "does not answer");
          return [];
        }
      }),
    );
    return answers.flat();
  }

  /** Nodes that are not put aside, or also those that were for long enough; all where there is none. */
  #used(again: boolean): Endpoint[] {
    const now = performance.now();
    const used = this.#endpoints.filter(({ aside }) => aside === undefined || (again && aside.until <= now));
    return used.length > 0 ? used : [...this.#endpoints];
  }

  #putAside(endpoint: Endpoint, reason: string): void {
    const isNew = endpoint.aside === undefined;
    endpoint.aside = { reason, until: performance.now() + this.#options.retrySeconds * 1_000 };
    if (isNew) this.#warn(endpoint.name, reason);
  }

  #takeBack(endpoint: Endpoint): void {
    if (endpoint.aside === undefined) return;
    delete endpoint.aside;
    this.#log?.info({ endpoint: endpoint.name }, "a node is used again");
  }

  #warn(endpoint: string, reason: string): void {
    this.#log?.warn({ endpoint, reason }, "a node is put aside");
  }
}

/** Whether a node gave no answer at all, or none that is one. */
function isSilent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (["HttpRequestError", "TimeoutError", "SyntaxError"].includes(cause.name)) return true;
  return false;
}
