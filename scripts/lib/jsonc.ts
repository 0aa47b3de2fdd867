import { readFileSync } from "node:fs";
import type { z } from "zod";

/**
 * Reads a file of JSON with comments and trailing commas.
 * @param what What the file is, for messages.
 * @throws Error in one sentence.
 */
export function readJsonc(path: string, what: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Error(`There is no ${what} at ${path}.`);
  }
  try {
    return JSON.parse(withoutComments(text)) as unknown;
  } catch {
    throw new Error(`${path} is not JSON with comments.`);
  }
}

/**
 * Checks a value and fills in what it leaves out.
 * @param what What the value is, for messages.
 * @param options `hides`: fields whose value stays out of messages.
 * @throws Error that names the first field that is wrong, what it holds and what is allowed.
 */
export function parseWith<output>(
  schema: z.ZodType<output>,
  value: unknown,
  what: string,
  { hides = () => false }: { hides?: (path: readonly PropertyKey[]) => boolean } = {},
): output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const found = hides(path) ? undefined : valueAt(value, path);
  const actual = isSimple(found) ? ` is ${JSON.stringify(found)}` : "";
  const field = path.length ? `${path.join(".")}${actual}: ` : "";
  throw new Error(`The ${what} is wrong: ${field}${issue?.message}.`);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** Whether a value can be told in a sentence; what is longer may be anything, a secret in the wrong place too. */
function isSimple(value: unknown): boolean {
  if (typeof value === "string") return value.length <= 32;
  return typeof value === "number" || typeof value === "boolean" || value === null;
}

/** Plain JSON: without comments, then without commas before a closing bracket. Texts match first and stay as they are. */
function withoutComments(text: string): string {
  const keep = (_: string, string?: string) => string ?? "";
  return text
    .replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, keep)
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keep);
}
