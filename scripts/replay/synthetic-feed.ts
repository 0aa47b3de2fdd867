import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { artifacts } from "hardhat";
import type { Abi, Address, Hex } from "viem";
import { deployContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import type { RoleClient } from "../deploy/price-markets.ts";
import type { SampleAnswer } from "../prices/synthetic.ts";

/** Name of the contract and of its file. */
const NAME = "SyntheticFeed";

/** What the feed says that it is: a source expects exactly this. */
const DESCRIPTION = "SYNTHETIC GPU-hour / USD";

/** Seconds after which an answer no longer counts: two of those that come every six hours. */
const MAX_AGE = 12n * 3_600n;

interface Code {
  abi: Abi;
  bytecode: Hex;
}

interface CompilerOutput {
  errors?: { formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
}

/**
 * Compiles the synthetic feed. It is no contract of the exchange, so the build of those does not have it; alone it takes
 * a second.
 * @throws Error with the compiler's messages where that fails.
 */
export function compileFeed(): Code {
  const content = readFileSync(new URL(`${NAME}.sol`, import.meta.url), "utf8");
  const input = JSON.stringify({
    language: "Solidity",
    sources: { [NAME]: { content } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  });
  // Loaded here: the compiler is large, and most replays end before they need it.
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  const { errors = [], contracts } = JSON.parse(solc.compile(input)) as CompilerOutput;
  const contract = contracts?.[NAME]?.[NAME];
  if (contract === undefined) throw new Error(errors.map((each) => each.formattedMessage).join("\n"));
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}

/** The synthetic GPU-hour feed on a local chain, and the `FeedSource` through which reporters read it. */
export class SyntheticFeed {
  #written = 0;

  private constructor(
    readonly writer: RoleClient,
    readonly answers: readonly SampleAnswer[],
    readonly abi: Abi,
    readonly feed: Address,
    readonly source: Address,
  ) {}

  /**
   * Deploys both.
   * @param answers What the feed will answer, in the order of time.
   */
  static async deploy(writer: RoleClient, answers: readonly SampleAnswer[]): Promise<SyntheticFeed> {
    const code = compileFeed();
    const feed = await deploy(writer, code, []);
    const { abi, bytecode } = await artifacts.readArtifact("FeedSource");
    const sourceCode = { abi: abi as unknown as Abi, bytecode: bytecode as Hex };
    const source = await deploy(writer, sourceCode, [feed, DESCRIPTION, MAX_AGE]);
    return new SyntheticFeed(writer, answers, code.abi, feed, source);
  }

  /** Writes the answers that are due by a moment (Unix seconds) and are not on the chain yet. */
  async writeUntil(time: number): Promise<void> {
    const { writer, answers, abi, feed } = this;
    const due = answers.slice(this.#written).filter(({ updatedAt }) => updatedAt <= time);
    if (due.length === 0) return;
    const hash = await writeContract(writer, {
      account: writer.account,
      chain: writer.chain,
      address: feed,
      abi,
      functionName: "append",
      args: [due.map(({ answer, updatedAt }) => ({ value: answer, updatedAt: BigInt(updatedAt) }))],
    });
    await waitForTransactionReceipt(writer, { hash });
    this.#written += due.length;
  }
}

async function deploy(writer: RoleClient, code: Code, args: readonly unknown[]): Promise<Address> {
  const { account, chain } = writer;
  const hash = await deployContract(writer, { ...code, args, account, chain });
  const { contractAddress } = await waitForTransactionReceipt(writer, { hash });
  if (contractAddress === null || contractAddress === undefined)
    throw new Error(`${hash} deployed no contract`);
  return contractAddress;
}
