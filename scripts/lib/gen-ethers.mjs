// Contracts of the SDK as TypeChain types them for ethers, from the same ABIs as sdk/src/abis.ts.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Loads the generator that Hardhat's plugin brings. */
async function typechain() {
  const own = createRequire(import.meta.url);
  const plugin = createRequire(own.resolve("@nomicfoundation/hardhat-typechain"));
  const load = async (path) => (await import(pathToFileURL(plugin.resolve(path)).href)).default;
  const { runTypeChain } = await load("typechain");
  const { outputTransformers } = await load("typechain/dist/codegen/outputTransformers/index.js");
  // Formatting would take longer than all the rest.
  const formatter = outputTransformers.findIndex(({ name }) => name === "prettierOutputTransformer");
  if (formatter >= 0) outputTransformers.splice(formatter, 1);
  return runTypeChain;
}

/**
 * Writes a typed contract and its factory for every ABI.
 * @param abis ABIs by the names of abis.ts, without "Abi".
 * @returns Contents by path.
 */
export async function generateEthers(abis) {
  const folder = mkdtempSync(join(tmpdir(), "usance-ethers-"));
  try {
    const files = Object.entries(abis).map(([name, abi]) => {
      const file = join(folder, `${contractName(name)}.json`);
      writeFileSync(file, JSON.stringify(abi));
      return file;
    });
    const run = await typechain();
    await run({
      cwd: folder,
      allFiles: files,
      filesToProcess: files,
      outDir: join(folder, "out"),
      target: "ethers-v6",
      flags: { alwaysGenerateOverloads: false, node16Modules: true, environment: undefined },
    });
    const paths = readdirSync(join(folder, "out"), { recursive: true, encoding: "utf8" });
    return Object.fromEntries(
      paths
        .filter((path) => path.endsWith(".ts"))
        .sort()
        .map((path) => [path, adapt(readFileSync(join(folder, "out", path), "utf8"), abis)]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const contractName = (name) => name[0].toUpperCase() + name.slice(1);

/** Lets a file name its neighbours by their sources, and a factory take its ABI from abis.ts instead of holding a copy. */
function adapt(text, abis) {
  const factory = /export class (\w+)__factory/.exec(text)?.[1];
  const name = Object.keys(abis).find((name) => contractName(name) === factory);
  const plain = text.replaceAll(/(from\s+["'])(\.[^"']*?)(?:\.js)?(["'])/g, "$1$2.ts$3");
  const shared =
    name === undefined
      ? plain
      : plain
          .replace(/const _abi = \[[\s\S]*?\n\] as const;/, "")
          .replace("import type {", `import { ${name}Abi as _abi } from "../../../abis.ts";\nimport type {`);
  return `${shared
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}
