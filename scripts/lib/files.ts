import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Brings a file, or what a folder knows of its files, to the disk. */
export function synchronise(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes JSON so that its file is either as it was or whole, whenever the process or the machine ends. */
export function writeWhole(path: string, value: unknown): void {
  const draft = `${path}.part`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`);
  synchronise(draft);
  renameSync(draft, path);
  synchronise(dirname(path));
}
