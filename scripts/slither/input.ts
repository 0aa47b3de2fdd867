import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, normalize, dirname } from "node:path/posix";

/** What solc and Slither need of a source tree: the standard JSON with every file that the contracts reach. */
export function standardInput(root: string): object {
  const sources: Record<string, { content: string }> = {};
  const add = (name: string) => {
    if (sources[name] !== undefined) return;
    const path = [join(root, name), join(root, "node_modules", name)].find(existsSync);
    if (path === undefined) throw new Error(`${name} was not found`);
    const content = readFileSync(path, "utf8");
    sources[name] = { content };
    for (const [, imported = ""] of content.matchAll(/^\s*import\s[^;"']*["']([^"']+)["']/gm)) {
      add(imported.startsWith(".") ? normalize(join(dirname(name), imported)) : imported);
    }
  };
  for (const file of readdirSync(join(root, "contracts"), { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".sol")) add(join("contracts", file));
  }
  return {
    language: "Solidity",
    sources,
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200, details: { yul: false } },
      outputSelection: {
        "*": {
          "": ["ast"],
          "*": ["abi", "metadata", "devdoc", "userdoc", "evm.bytecode", "evm.deployedBytecode"],
        },
      },
    },
  };
}
