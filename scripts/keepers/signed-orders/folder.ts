import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sentenceOf } from "../../lib/errors.ts";
import type { KeeperLog } from "../keeper.ts";
import type { Admission } from "./admission.ts";
import { OrderRefusedError } from "./order.ts";

/** Files that are larger are no orders. */
const MOST_BYTES = 1024 * 1024;

/** Takes orders from files of a folder: one order, or a list of them, as JSON. Files are left as they are; a changed one is read again. */
export class OrderFolder {
  readonly #path: string;
  readonly #admission: Admission;
  readonly #log: KeeperLog;
  /** Version of each file that has been read. */
  readonly #read = new Map<string, string>();

  constructor(path: string, admission: Admission, log: KeeperLog) {
    this.#path = path;
    this.#admission = admission;
    this.#log = log;
  }

  /**
   * Takes what is new.
   * @throws Error in one sentence where there is no such folder; errors of the node.
   */
  async read(): Promise<void> {
    for (const { name, version } of this.#files()) {
      if (this.#read.get(name) === version) continue;
      for (const order of this.#ordersOf(name)) await this.#take(name, order);
      this.#read.set(name, version);
    }
  }

  #files(): { name: string; version: string }[] {
    let names: string[];
    try {
      names = readdirSync(this.#path);
    } catch {
      throw new Error(`The folder of signed orders ${this.#path} cannot be read: make it, or name another.`);
    }
    return names
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort()
      .flatMap((name) => {
        const found = statSync(join(this.#path, name), { throwIfNoEntry: false });
        return found?.isFile() ? [{ name, version: `${found.mtimeMs} ${found.size}` }] : [];
      });
  }

  #ordersOf(file: string): unknown[] {
    const refuse = (reason: string) => {
      this.#log.warn({ file, reason }, "a file of the folder holds no signed orders");
      return [];
    };
    try {
      const path = join(this.#path, file);
      const { size } = statSync(path);
      if (size > MOST_BYTES) return refuse(`it has ${size} bytes, at most ${MOST_BYTES} are read`);
      const content: unknown = JSON.parse(readFileSync(path, "utf8"));
      return Array.isArray(content) ? content : [content];
    } catch (error) {
      return refuse(error instanceof SyntaxError ? "it is not JSON" : sentenceOf(error));
    }
  }

  async #take(file: string, order: unknown): Promise<void> {
    try {
      const { kept, isNew } = await this.#admission.admit(order);
      if (isNew) this.#log.info({ file, order: kept.hash }, "signed order accepted");
    } catch (error) {
      if (!(error instanceof OrderRefusedError)) throw error;
      this.#log.warn({ file, code: error.code, reason: error.message }, "signed order refused");
    }
  }
}
