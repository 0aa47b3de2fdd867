import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { toHex } from "viem";
import { run } from "../../scripts/cli/program.ts";
import { saveDeployment } from "../../scripts/deploy/deployment.ts";
import { KEY_VARIABLE, KEYSTORE_VARIABLE, PASSPHRASE_VARIABLE } from "../../scripts/lib/keys.ts";
import { endsWithTests } from "./children.ts";
import { key, type Exchange } from "./exchange.ts";

export const launcher = fileURLToPath(new URL("../../scripts/cli/usance.mjs", import.meta.url));

/** How a command ended, and what it wrote. */
export interface Result {
  code: number | null;
  out: string;
  err: string;
}

/** Private key of one of the node's funded accounts. */
export function privateKeyOf(wallet: number): `0x${string}` {
  const { privateKey } = key(wallet).getHdKey();
  if (!privateKey) throw new Error(`wallet ${wallet} has no key`);
  return toHex(privateKey);
}

/** Runs a command within this process, which spares a second of start for each. */
export async function runHere(args: readonly string[], over: NodeJS.ProcessEnv = {}): Promise<Result> {
  const before = { ...process.env };
  Object.assign(process.env, { [KEY_VARIABLE]: "", [KEYSTORE_VARIABLE]: "" }, over);
  if (over[PASSPHRASE_VARIABLE] === undefined) delete process.env[PASSPHRASE_VARIABLE];
  const result: Result = { code: null, out: "", err: "" };
  try {
    result.code = await run(args, {
      writeOut: (text) => (result.out += text),
      writeErr: (text) => (result.err += text),
    });
    return result;
  } finally {
    process.env = before;
  }
}

/** Starts the command as its users do. */
export function launch(args: readonly string[], environment: NodeJS.ProcessEnv, program = launcher) {
  return endsWithTests(
    spawn(process.execPath, [program, ...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

/** Waits for the end of a started command. */
export function ended(child: ReturnType<typeof launch>): Promise<Result> {
  const result: Result = { code: null, out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (result.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (result.err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...result, code }));
  });
}

/** The sentence of a command that failed. */
export function sentence({ code, out, err }: Result): string {
  expect(code, out).to.equal(1);
  expect(out).to.equal("");
  expect(err.trimEnd().split("\n"), err).to.have.length(1);
  return err.trimEnd();
}

/** The command line on an exchange, for the node's funded accounts. */
export class CommandLine {
  readonly #exchange: Exchange;
  /** Where the exchange's addresses stand. */
  readonly deploymentFile: string;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.deploymentFile = join(mkdtempSync(join(tmpdir(), "usance-")), "deployment.json");
    saveDeployment(exchange.deployment, this.deploymentFile);
  }

  /** What a person has in the environment: node, deployment, and the key of one of the node's accounts. */
  environment(wallet?: number): Record<string, string> {
    return {
      USANCE_RPC: this.#exchange.rpc,
      USANCE_DEPLOYMENT: this.deploymentFile,
      [KEY_VARIABLE]: wallet === undefined ? "" : privateKeyOf(wallet),
    };
  }

  /** Runs a command within this process. */
  usance(args: readonly string[], wallet?: number, over: NodeJS.ProcessEnv = {}): Promise<Result> {
    return runHere(args, { ...this.environment(wallet), ...over });
  }

  /** Starts a command as its users do. */
  launch(args: readonly string[], wallet?: number) {
    return launch(args, this.environment(wallet));
  }

  /** The answer of a command for programs. */
  async json<answer>(args: readonly string[], wallet?: number): Promise<answer> {
    const { code, out, err } = await this.usance([...args, "--json"], wallet);
    expect(err).to.equal("");
    expect(code, out).to.equal(0);
    return JSON.parse(out) as answer;
  }

  /** The answer of a command for people: no line is wider than a terminal of 80 columns. */
  async text(args: readonly string[], wallet?: number): Promise<string> {
    const { code, out, err } = await this.usance(args, wallet);
    expect(err).to.equal("");
    expect(code, out).to.equal(0);
    return out;
  }
}
