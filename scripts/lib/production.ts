import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of this repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const artifacts = join(root, "artifacts", "production");

/** The part of a Hardhat artifact that the snapshots read. */
export interface Artifact {
  contractName: string;
  /** Path of the source below the repository, such as `contracts/book/Book.sol`. */
  sourceName: string;
  abi: readonly { type: string }[];
  deployedBytecode: string;
  buildInfoId: string;
}

/**
 * Reads the artifacts of the contracts under `contracts/`, except test doubles (`contracts/test…`), as
 * the production profile built them.
 * @throws where there is no such build, or where a contract was compiled without viaIR: its figures
 * would be those of another program than the one that is deployed.
 */
export function readProductionArtifacts(): Artifact[] {
  const folder = join(artifacts, "contracts");
  let paths: string[];
  try {
    paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    throw new Error("There is no production build: run npm run build:production");
  }
  const found = paths
    .filter((path) => path.endsWith(".json") && !path.startsWith("test") && !path.includes(`.t.sol${sep}`))
    .sort()
    .map((path) => JSON.parse(readFileSync(join(folder, path), "utf8")) as Artifact);
  if (found.length === 0) throw new Error(`There are no artifacts in ${relative(root, folder)}`);
  for (const id of new Set(found.map((artifact) => artifact.buildInfoId))) assertViaIr(id);
  return found;
}

function assertViaIr(buildInfoId: string): void {
  const path = join(artifacts, "build-info", `${buildInfoId}.json`);
  const info = JSON.parse(readFileSync(path, "utf8")) as { input: { settings: { viaIR?: boolean } } };
  if (info.input.settings.viaIR !== true) throw new Error(`${relative(root, path)} was built without viaIR`);
}
