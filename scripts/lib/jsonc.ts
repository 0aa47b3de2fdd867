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
 * @throws Error that names the first field that is wrong.
 */
export function parseWith<output>(schema: z.ZodType<output>, value: unknown, what: string): output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  throw new Error(`The ${what} is wrong: ${field}${issue?.message}.`);
}

/** Plain JSON: without comments, then without commas before a closing bracket. Texts match first and stay as they are. */
function withoutComments(text: string): string {
  const keep = (_: string, string?: string) => string ?? "";
  return text
    .replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, keep)
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keep);
}
