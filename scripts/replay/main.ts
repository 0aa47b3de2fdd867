// `npm start`: opens a local exchange and runs it on real usage. See README.md.
import { buildContracts } from "./build.ts";
import { parseArguments } from "./options.ts";

const args = parseArguments(process.argv.slice(2));

// The optimised build, unless another profile is asked for. Hardhat reads this when it is first imported.
process.env.HARDHAT_BUILD_PROFILE ??= "production";

const stop = new AbortController();
function interrupt(): void {
  // The second time nobody waits for the round under way; the node ends with this process.
  if (stop.signal.aborted) process.exit(130);
  stop.abort();
}
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);

try {
  await buildContracts(stop.signal);
  const { runReplay } = await import("./run.ts");
  process.exitCode = await runReplay(args, stop.signal);
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  } else process.exitCode = 130;
}
// A Hardhat connection may keep timers; everything that matters is closed.
process.exit();
