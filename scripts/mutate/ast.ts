// The little of solc's syntax tree that mutation reads.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A node of the syntax tree; `src` is "start:length:file" in bytes. */
export interface Node {
  nodeType: string;
  src: string;
  [key: string]: unknown;
}

export interface CompilerError {
  severity: string;
  type: string;
  message: string;
  formattedMessage?: string;
  sourceLocation?: { file: string; start: number; end: number };
}

interface CompilerOutput {
  errors?: CompilerError[];
  sources?: Record<string, { ast: Node }>;
}

interface Solc {
  compile(
    input: string,
    callbacks: { import: (path: string) => { contents: string } | { error: string } },
  ): string;
}

const solc = createRequire(import.meta.url)("solc") as Solc;

/** Reads a source by the name that an import gives it: below `folder`, or in a package. */
function read(folder: string, path: string): { contents: string } | { error: string } {
  for (const at of [join(folder, path), join(folder, "node_modules", path)]) {
    if (existsSync(at)) return { contents: readFileSync(at, "utf8") };
  }
  return { error: `${path} was not found` };
}

function compile(
  folder: string,
  files: readonly string[],
  settings: Record<string, unknown>,
): CompilerOutput {
  const sources = Object.fromEntries(
    files.map((file) => [file, { content: readFileSync(join(folder, file), "utf8") }]),
  );
  const input = JSON.stringify({
    language: "Solidity",
    sources,
    settings: { evmVersion: "cancun", ...settings },
  });
  return JSON.parse(solc.compile(input, { import: (path) => read(folder, path) })) as CompilerOutput;
}

/** Parses one source. */
export function parse(folder: string, file: string): Node {
  const { errors = [], sources } = compile(folder, [file], {
    stopAfter: "parsing",
    outputSelection: { [file]: { "": ["ast"] } },
  });
  const tree = sources?.[file]?.ast;
  if (tree === undefined) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return tree;
}

/** Errors that the compiler finds before it generates code: types, names, mutability. */
export function typeErrors(folder: string, files: readonly string[]): CompilerError[] {
  const { errors = [] } = compile(folder, files, {
    outputSelection: Object.fromEntries(files.map((file) => [file, { "*": ["abi"] }])),
  });
  return errors.filter(({ severity }) => severity === "error");
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}

/** Direct children, with the name of the field that holds each. */
export function children(node: Node): { field: string; child: Node }[] {
  return Object.entries(node).flatMap(([field, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.filter(isNode).map((child) => ({ field, child }));
  });
}

/** First and last byte (exclusive) of a node in its file. */
export function range(node: Node): [start: number, end: number] {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return [start, start + length];
}
