import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./production.ts";

/** Named measurements; groups may nest. */
export interface Snapshot {
  [name: string]: number | Snapshot;
}

/** One line for each measurement that is new, gone or different. */
export function differences(committed: Snapshot, measured: Snapshot): string[] {
  const before = flatten(committed);
  const now = flatten(measured);
  return [...new Set([...before.keys(), ...now.keys()])].sort().flatMap((name) => {
    const [old, current] = [before.get(name), now.get(name)];
    if (old === current) return [];
    if (old === undefined) return [`${name}: ${current} is not in the snapshot`];
    if (current === undefined) return [`${name}: ${old} is no longer measured`];
    return [`${name}: ${old} -> ${current} (${current > old ? "+" : ""}${current - old})`];
  });
}

/**
 * Writes the measurements to snapshots/NAME.json; with SNAPSHOT_CHECK=1 or `--check` it writes nothing,
 * prints every difference from the committed file and makes the process fail.
 */
export function writeOrCheck(name: string, measured: Snapshot): void {
  const path = join(root, "snapshots", `${name}.json`);
  if (process.env.SNAPSHOT_CHECK !== "1" && !process.argv.includes("--check")) {
    mkdirSync(join(root, "snapshots"), { recursive: true });
    writeFileSync(path, JSON.stringify(measured, null, 2) + "\n");
    console.log(`snapshots/${name}.json: ${flatten(measured).size} measurements written`);
    return;
  }
  const found = differences(read(path), measured);
  if (found.length === 0) {
    console.log(`snapshots/${name}.json: ${flatten(measured).size} measurements, all as committed`);
    return;
  }
  console.error(`snapshots/${name}.json differs; if it should, run npm run bench:${name} and commit it`);
  for (const line of found) console.error(`  ${line}`);
  process.exitCode = 1;
}

function read(path: string): Snapshot {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Snapshot;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function flatten(snapshot: Snapshot, prefix = ""): Map<string, number> {
  const flat = new Map<string, number>();
  for (const [name, value] of Object.entries(snapshot)) {
    if (typeof value === "number") flat.set(prefix + name, value);
    else for (const [key, inner] of flatten(value, `${prefix}${name} / `)) flat.set(key, inner);
  }
  return flat;
}
