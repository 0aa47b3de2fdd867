import { children, isNode, range, type Node } from "./ast.ts";
import { mutations, type Mutation } from "./operators.ts";

/** A function of a source, with the pieces of its text that a copy needs. Offsets are bytes. */
export interface Callable {
  file: string;
  /** Library or contract that it stands in, or undefined for a free function. */
  scope: string | undefined;
  name: string;
  /** Its parameters as they stand in the source, in parentheses. */
  parameters: string;
  parameterNames: string[];
  /** What it returns as it stands in the source, in parentheses; empty where nothing. */
  returns: string;
  mutability: string;
  start: number;
  end: number;
  bodyStart: number;
  bodyEnd: number;
}

/** A mutation of a function. */
export interface Mutant extends Mutation {
  callable: Callable;
  line: number;
  /** The lines that it changes, without indentation, before and after. */
  before: string;
  after: string;
}

/** All functions with a body in a file of which a copy can be made, and all their mutants. */
export function findMutants(file: string, source: Buffer, tree: Node): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (node: Node, scope: string | undefined): void => {
    for (const { child } of children(node)) {
      if (child.nodeType === "ContractDefinition") visit(child, String(child.name));
      if (child.nodeType !== "FunctionDefinition" || !isNode(child.body)) continue;
      const callable = describe(file, source, child, scope);
      if (callable === undefined) continue;
      for (const mutation of mutations(child.body, source)) {
        const line = source.subarray(0, mutation.start).filter((byte) => byte === 10).length + 1;
        mutants.push({ ...mutation, callable, line, ...lines(source, mutation) });
      }
    }
  };
  visit(tree, undefined);
  return mutants;
}

function describe(file: string, source: Buffer, node: Node, scope: string | undefined): Callable | undefined {
  const { body, parameters, returnParameters, kind, stateMutability } = node;
  // Constructors and the like cannot be called, and so not be switched.
  if (kind !== "function" && kind !== "freeFunction") return undefined;
  if (!isNode(body) || !isNode(parameters) || !isNode(returnParameters)) return undefined;
  const names = children(parameters).map(({ child }) => String(child.name));
  // Without a name a parameter cannot be handed on.
  if (names.includes("")) return undefined;
  const text = (part: Node) => source.subarray(...range(part)).toString("utf8");
  const [start, end] = range(node);
  const [bodyStart, bodyEnd] = range(body);
  return {
    file,
    scope,
    name: String(node.name),
    parameters: text(parameters),
    parameterNames: names,
    returns: children(returnParameters).length === 0 ? "" : text(returnParameters),
    mutability: stateMutability === "nonpayable" ? "" : String(stateMutability),
    start,
    end,
    bodyStart,
    bodyEnd,
  };
}

function lines(source: Buffer, { end, replacement, start }: Mutation): { before: string; after: string } {
  const from = source.lastIndexOf("\n", start - 1) + 1;
  const newline = source.indexOf("\n", end);
  const to = newline < 0 ? source.length : newline;
  const squeeze = (...parts: (Buffer | string)[]) => parts.map(String).join("").replace(/\s+/g, " ").trim();
  return {
    before: squeeze(source.subarray(from, to)),
    after: squeeze(source.subarray(from, start), replacement, source.subarray(end, to)),
  };
}

/** Numbers from 0 (inclusive) to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The items in an order that depends on the seed alone. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
