import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAddress, type Address, type Hex } from "viem";
import { z } from "zod";
import type { Stage } from "../calculator/calculate.ts";
import { rulesHash, TU1D_RULES, type Rules } from "../calculator/rules.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { fetchJson, type Limits } from "../lib/http.ts";
import { hashSchema } from "../lib/schema.ts";
import { signedStatementSchema, statementToJson } from "../statements/json.ts";
import type { Admission, SignedStatement } from "../statements/signed.ts";
import { PublicationError } from "./errors.ts";

/** A print by its day and what pins it. */
export interface PrintReference {
  /** UTC day number. */
  readonly period: number;
  readonly vintage: Hex;
}

/** A print in the list of those that are published. */
export interface PrintEntry extends PrintReference {
  readonly revision: number;
  readonly stage: Stage;
  /** WAD. */
  readonly value: bigint;
}

/** Everything that one revision of a print was computed from. */
export interface PublishedPrint extends PrintEntry {
  /** The print that its link goes from; undefined on the base day. */
  readonly previous: PrintReference | undefined;
  readonly statements: readonly SignedStatement[];
}

/** A change of method, or a correction that readers should know of. */
export interface Notice {
  /** First day that it concerns, UTC. */
  readonly date: string;
  readonly text: string;
}

/** What is published of an index besides its prints. */
export interface ArchiveHead {
  /** Name of the index. */
  readonly index: string;
  /** Under which terms the files may be used. */
  readonly licence: string;
  /** Source of the data, to be named with it. */
  readonly source: string;
  readonly rules: { readonly version: string; readonly hash: Hex };
  readonly contributors: readonly Admission[];
  readonly notices: readonly Notice[];
}

/** All that is published of an index: its head, and a list of its prints in the order of days and revisions. */
export interface Archive extends ArchiveHead {
  readonly prints: readonly PrintEntry[];
}

const HEAD = "archive.json";
const LIMITS: Limits = { timeoutSeconds: 20, maxBytes: 64 * 1024 * 1024 };

const address = z
  .string()
  .refine((text) => isAddress(text), "must be an address") as unknown as z.ZodType<Address>;
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date");
const day = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const entry = z.strictObject({
  period: day,
  revision: z.int().min(1),
  stage: z.enum(["provisional", "final"]),
  value: z
    .string()
    .regex(/^[1-9]\d{0,38}$/, "must be a whole number above zero as a decimal text")
    .transform(BigInt),
  vintage: hashSchema,
});
const printSchema = entry.extend({
  date,
  previous: z.strictObject({ period: day, vintage: hashSchema }).optional(),
  statements: z.array(signedStatementSchema).max(10_000),
});
const archiveSchema = z.strictObject({
  index: z.string().min(1),
  licence: z.string().min(1),
  source: z.string().min(1),
  rules: z.strictObject({ version: z.string(), hash: hashSchema }),
  contributors: z.array(
    z.strictObject({ id: z.string(), address, from: day.optional(), until: day.optional() }),
  ),
  notices: z.array(z.strictObject({ date, text: z.string() })),
  prints: z.array(entry.extend({ date })),
});

/** Reads what somebody has published: a folder, or an address under which such a folder is served. */
export class ArchiveReader {
  readonly #place: string;

  /** @param place Path of the folder, or an http address. */
  constructor(place: string) {
    this.#place = place.replace(/\/+$/, "");
  }

  /**
   * Reads the head and the list of prints.
   * @throws PublicationError NotFound, Malformed; WrongRules where the prints were made under other rules.
   */
  async head(rules: Rules = TU1D_RULES): Promise<Archive> {
    const archive = parse(HEAD, archiveSchema, await this.#read(HEAD));
    const expected = rulesHash(rules);
    if (archive.rules.hash !== expected)
      throw new PublicationError("WrongRules", HEAD, archive.rules.hash, `${expected} (${rules.version})`);
    return { ...archive, prints: archive.prints.map(({ date: _, ...print }) => print) };
  }

  /**
   * Reads one print with its statements; their signatures are not verified yet.
   * @throws PublicationError NotFound, Malformed.
   */
  async print({ period, revision }: Pick<PrintEntry, "period" | "revision">): Promise<PublishedPrint> {
    const name = fileOf(period, revision);
    const { date: _, previous, ...print } = parse(name, printSchema, await this.#read(name));
    if (print.period !== period || print.revision !== revision)
      throw new PublicationError(
        "Malformed",
        name,
        `${dateOfPeriod(print.period)}, revision ${print.revision}`,
        `${dateOfPeriod(period)}, revision ${revision}`,
      );
    return { ...print, previous };
  }

  async #read(name: string): Promise<unknown> {
    const where = `${this.#place}/${name}`;
    if (/^https?:\/\//.test(this.#place))
      return fetchJson(where, LIMITS).catch((error: unknown) => {
        throw new PublicationError("NotFound", name, String(error), "a published file");
      });
    if (!existsSync(where)) throw new PublicationError("NotFound", name, "no such file", where);
    try {
      return JSON.parse(readFileSync(where, "utf8")) as unknown;
    } catch (error) {
      throw new PublicationError("Malformed", name, String(error), "JSON");
    }
  }
}

/** Publishes prints into a folder, which any web server can serve as it is. */
export class ArchiveWriter {
  readonly #folder: string;
  #archive: Archive;

  /** @param head Replaces the head that a folder already has; its prints stay. */
  constructor(folder: string, head: ArchiveHead) {
    this.#folder = folder;
    const path = join(folder, HEAD);
    const known = existsSync(path)
      ? parse(HEAD, archiveSchema, JSON.parse(readFileSync(path, "utf8"))).prints
      : [];
    this.#archive = { ...head, prints: known.map(({ date: _, ...print }) => print) };
    this.#writeHead();
  }

  /**
   * Adds a print. What is published stays as it is: another revision is another file.
   * @throws PublicationError AlreadyPublished where that revision is published with another vintage.
   */
  publish(print: PublishedPrint): void {
    const { period, revision, stage, value, vintage, previous } = print;
    const name = fileOf(period, revision);
    const known = this.#archive.prints.find((each) => each.period === period && each.revision === revision);
    if (known !== undefined) {
      if (known.vintage === vintage && known.value === value) return;
      throw new PublicationError("AlreadyPublished", name, vintage, known.vintage);
    }
    writeWhole(join(this.#folder, name), {
      date: dateOfPeriod(period),
      period,
      revision,
      stage,
      value: value.toString(),
      vintage,
      previous: previous && { period: previous.period, vintage: previous.vintage },
      statements: print.statements.map(statementToJson),
    });
    // After the file that it names, so that the list never names one that is not there.
    const prints = [...this.#archive.prints, { period, revision, stage, value, vintage }].sort(
      (a, b) => a.period - b.period || a.revision - b.revision,
    );
    this.#archive = { ...this.#archive, prints };
    this.#writeHead();
  }

  #writeHead(): void {
    const { prints, ...head } = this.#archive;
    writeWhole(join(this.#folder, HEAD), {
      ...head,
      prints: prints.map(({ value, ...print }) => ({
        date: dateOfPeriod(print.period),
        ...print,
        value: value.toString(),
      })),
    });
  }
}

function fileOf(period: number, revision: number): string {
  return `prints/${dateOfPeriod(period)}.${revision}.json`;
}

/** A reader sees the old file or the new one, never a part. */
function writeWhole(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 1)}\n`);
  renameSync(draft, path);
}

function parse<output>(name: string, schema: z.ZodType<output>, json: unknown): output {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PublicationError(
    "Malformed",
    name,
    issue?.path.join(".") ?? "",
    issue?.message ?? "the form of it",
  );
}
