import { spawn } from "node:child_process";

/** What a finished child process left behind. */
export interface Finished {
  /** Exit code, or null where it was ended by a signal. */
  code: number | null;
  /** Everything that it wrote to standard output and standard error, in the order in which it arrived. */
  output: string;
  /** Whether it was ended because it took longer than was allowed. */
  timedOut: boolean;
}

export interface RunOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the process and its children are ended. */
  timeout?: number;
  /** Gets every piece of output as it arrives. */
  onOutput?: (text: string) => void;
}

/** Runs a program to its end and collects what it says. A program that cannot be started ends with code 127. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { cwd, env = process.env, onOutput, timeout } = options;
  return new Promise((resolve) => {
    // A group of its own, so that a time limit also ends the compilers that it started.
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: string[] = [];
    let timedOut = false;
    const endGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    };
    const limit =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endGroup();
          }, timeout);
    const onSignal = (signal: NodeJS.Signals) => {
      endGroup();
      process.exit(signal === "SIGINT" ? 130 : 143);
    };
    process.once("SIGINT", onSignal);
    process.once("SIGTERM", onSignal);
    const collect = (data: Buffer) => {
      const text = data.toString("utf8");
      chunks.push(text);
      onOutput?.(text);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const finish = (code: number | null) => {
      clearTimeout(limit);
      process.removeListener("SIGINT", onSignal);
      process.removeListener("SIGTERM", onSignal);
      resolve({ code, output: chunks.join(""), timedOut });
    };
    child.once("error", (error) => {
      chunks.push(error.message);
      finish(127);
    });
    child.once("close", finish);
  });
}
