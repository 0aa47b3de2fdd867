import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../lib/production.ts";

/**
 * Compiles the contracts in the build profile of the environment; what is up to date is not compiled again.
 * @throws Error with the compiler's output where that fails.
 */
export async function buildContracts(signal: AbortSignal): Promise<void> {
  const cli = join(root, "node_modules/hardhat/dist/src/cli.js");
  const child = spawn(process.execPath, [cli, "build", "--no-tests", "--no-typechain"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => (output += text.toString()));
  // Silence for a minute would look like a hang.
  const notice = setTimeout(() => process.stdout.write("compiling the contracts, about a minute\n"), 4_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`The contracts do not compile:\n${output}`);
  } finally {
    clearTimeout(notice);
  }
}
