import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MeterError } from "./errors.ts";
import { causeOf } from "./http.ts";

/**
 * CSV files of a folder in the order of their names; a file is itself. Files whose names start with a dot or do not end
 * in .csv are left out, so that a writer can write under another name and rename when it is done.
 * @throws MeterError Unreachable.
 */
export async function csvFiles(source: string, path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith(".csv") && !name.startsWith("."))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new MeterError("Unreachable", source, causeOf(error), "a file or a folder");
  }
}

/**
 * Reads a file.
 * @throws MeterError Unreachable.
 */
export async function readText(source: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new MeterError("Unreachable", source, causeOf(error), "a file that can be read");
  }
}
