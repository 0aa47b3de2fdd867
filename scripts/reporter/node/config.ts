import { isAddress, parseGwei } from "viem";
import { z } from "zod";
import { rulesFrom, type Rules } from "../../calculator/rules.ts";
import { parseWith, readJsonc } from "../../lib/jsonc.ts";
import { dateSchema } from "../../lib/schema.ts";
import { BASE_DATE } from "../calculation.ts";

const address = z.string().refine((text) => isAddress(text), "must be an address");
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ""));
const schema = z
  .strictObject({
    index: z
      .string()
      .regex(/^[\x21-\x7e]{1,31}$/)
      .default("TU1D"),
    /** Day on which the index is 1,000 points; part of the rules. */
    baseDate: dateSchema.prefault(BASE_DATE),
    folder: z.string().min(1).default("reporter"),
    keystore: z.string().min(1).optional(),
    http: z
      .strictObject({
        host: z.string().default("127.0.0.1"),
        port: z.int().min(0).max(65_535).default(9_470),
      })
      .prefault({}),
    contributors: z
      .array(
        z.strictObject({
          id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
          address,
          url,
          from: dateSchema.optional(),
          until: dateSchema.optional(),
        }),
      )
      .nonempty(),
    peers: z.array(z.strictObject({ address, url })).max(31),
    /** Published files; none where left out. */
    publication: z
      .strictObject({
        folder: z.string().min(1),
        licence: z.string().min(1),
        source: z.string().min(1),
        notices: z
          .array(z.strictObject({ date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/), text: z.string().min(1) }))
          .default([]),
      })
      .optional(),
    everySeconds: z.number().positive().max(120).default(20),
    timeoutSeconds: z.number().positive().max(60).default(5),
    maxFailures: z.int().positive().default(30),
    maxFeePerGasGwei: z.number().positive().optional(),
    dryRun: z.boolean().default(false),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  })
  .superRefine(({ peers, contributors }, context) => {
    const once = (values: readonly string[], path: string) => {
      if (new Set(values.map((value) => value.toLowerCase())).size !== values.length)
        context.addIssue({ code: "custom", path: [path], message: "each address must come once" });
    };
    once(
      peers.map(({ address }) => address),
      "peers",
    );
    for (const [i, a] of contributors.entries())
      for (const b of contributors.slice(0, i))
        if (a.id === b.id && (a.from ?? 0) <= (b.until ?? Infinity) && (b.from ?? 0) <= (a.until ?? Infinity))
          context.addIssue({
            code: "custom",
            path: ["contributors", i],
            message: `${a.id} is admitted twice for the same days`,
          });
  });

/** How a reporter node runs. The key is no part of it. */
export type ReporterConfig = z.output<typeof schema>;

/**
 * Checks a configuration and fills in what it leaves out.
 * @throws Error that names the first field that is wrong.
 */
export function parseReporterConfig(value: unknown): ReporterConfig {
  return parseWith(schema, value, "reporter configuration");
}

/** Reads a configuration file: JSON with comments and trailing commas. */
export function readReporterConfig(path: string): ReporterConfig {
  return parseReporterConfig(readJsonc(path, "reporter configuration"));
}

/** The rules that a configuration means. */
export function rulesOf({ baseDate }: Pick<ReporterConfig, "baseDate">): Rules {
  return rulesFrom(baseDate);
}

/** Wei that a unit of gas may cost; undefined without a limit. */
export function maxFeeOf({ maxFeePerGasGwei }: Pick<ReporterConfig, "maxFeePerGasGwei">): bigint | undefined {
  return maxFeePerGasGwei === undefined ? undefined : parseGwei(String(maxFeePerGasGwei));
}
