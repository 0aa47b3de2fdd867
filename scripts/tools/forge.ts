// Forge is for checks only, so it is no dependency: whoever runs such a check gets it into cache/tools.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../lib/production.ts";
import { run } from "./run.ts";

/** The release that the checks were tried with. */
export const FORGE_VERSION = "1.7.1";

/** A tool that was found, or the reason why there is none, as the end of "not checked: …". */
export type Found = { path: string } | { missing: string };

/** Name of the npm package that brings forge for a platform, or undefined where there is none. */
export function forgePackage(platform: string, architecture: string): string | undefined {
  const arch = new Map([
    ["x64", "amd64"],
    ["arm64", "arm64"],
  ]).get(architecture);
  if (arch === undefined || !["linux", "darwin"].includes(platform)) return undefined;
  return `@foundry-rs/forge-${platform}-${arch}`;
}

/** The forge of cache/tools, installed there where it is missing; FORGE names another one. */
export async function findForge(): Promise<Found> {
  const own = process.env.FORGE;
  if (own !== undefined) return existsSync(own) ? { path: own } : { missing: `FORGE=${own} does not exist` };
  const name = forgePackage(process.platform, process.arch);
  if (name === undefined) {
    return { missing: `there is no forge package for ${process.platform}-${process.arch}` };
  }
  const folder = join(root, "cache", "tools", `forge-${FORGE_VERSION}`);
  const path = join(folder, "node_modules", name, "bin", "forge");
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    // A package of its own, so that npm leaves the project's lock and node_modules alone.
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const { code } = await run(
      "npm",
      [
        ..."install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund".split(" "),
        // Without a network the answer should come at once. npm refuses a longest wait below its shortest one.
        ..."--fetch-retries 1 --fetch-retry-mintimeout 1000 --fetch-retry-maxtimeout 2000".split(" "),
        `${name}@${FORGE_VERSION}`,
      ],
      { cwd: folder, timeout: 300_000 },
    );
    if (code !== 0 || !existsSync(path)) {
      return { missing: `forge ${FORGE_VERSION} could not be installed (${name} from the npm registry)` };
    }
  }
  const answer = await run(path, ["--version"], { cwd: root });
  if (answer.code !== 0) return { missing: `forge ${FORGE_VERSION} does not run on this machine` };
  return { path };
}

/** Environment for forge: the project's own Node for the compiler, and caches that only `purpose` uses. */
export function forgeEnvironment(purpose: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter),
    NO_COLOR: "1",
    FOUNDRY_OUT: join(root, "cache", `forge-${purpose}`, "out"),
    FOUNDRY_CACHE_PATH: join(root, "cache", `forge-${purpose}`, "cache"),
    ...extra,
  };
}

/** Ends a check whose tool is missing: one sentence, and no failure. */
export function notChecked(reason: string): never {
  console.log(`not checked: ${reason}`);
  process.exit(0);
}
