import { fork } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("node-process.ts", import.meta.url));

/** How a node starts. */
export interface NodeOptions {
  /** Port to listen on; 0 takes a free one. */
  port?: number;
  /** First moment of the chain, ISO 8601. */
  initialDate?: string;
  /** Folder for the node's log. */
  logFolder: string;
}

/** A local chain in its own process. */
export interface LocalNode {
  readonly url: string;
  readonly pid: number;
  /** Rejects when the process ends before `stop` was called: nothing would answer any more. */
  readonly lost: Promise<never>;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Lets the process outlive this one. */
  release(): Promise<void>;
}

/**
 * Starts a Hardhat node in the background and waits until it listens.
 * @throws Error where it ends first, for instance because the port is taken; its log says why.
 */
export async function startNode({ port = 0, initialDate, logFolder }: NodeOptions): Promise<LocalNode> {
  mkdirSync(logFolder, { recursive: true });
  const logFile = `${logFolder}/node.log`;
  const log = openSync(logFile, "w");
  // A group of its own: Ctrl-C reaches the replay alone, which ends the node when it no longer needs it.
  const child = fork(entry, [String(port), ...(initialDate === undefined ? [] : [initialDate])], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    execArgv: ["--import", "tsx"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let stopping = false;
  const lost = ended.then(() => {
    if (!stopping) throw new Error(`The node has ended; see ${logFile}.`);
    return new Promise<never>(() => undefined);
  });
  // Whoever waits for it hears of it; until then it is no unhandled rejection.
  lost.catch(() => undefined);
  const listening = await Promise.race([
    new Promise<number>((resolve) => {
      child.once("message", (message) => resolve((message as { port: number }).port));
    }),
    ended.then(() => undefined),
  ]);
  if (listening === undefined) throw new Error(`The node did not start; see ${logFile}.`);

  return {
    url: `http://127.0.0.1:${listening}`,
    pid: child.pid!,
    lost,
    async stop() {
      stopping = true;
      if (child.exitCode === null) child.kill("SIGTERM");
      await ended;
    },
    async release() {
      await new Promise<void>((resolve, reject) => {
        child.send("stay", (error) => (error ? reject(error) : resolve()));
      });
      child.disconnect();
      child.unref();
    },
  };
}
