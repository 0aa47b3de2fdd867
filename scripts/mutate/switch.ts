// Every mutant in one build. Compiling each on its own would take a minute or two; instead a mutated function gets a
// copy for each of its mutants, and its original first asks which mutant is on. What is on stands in block.coinbase,
// which nothing in the project reads and forge sets by an option. So a mutant costs one run of the tests.
import { relative, dirname } from "node:path/posix";
import type { CompilerError } from "./ast.ts";
import type { Callable, Mutant } from "./mutants.ts";

/** Source of the switch, below the project's folder. */
export const SWITCH_FILE = "contracts/MutantSwitch.sol";

// A pure function may be mutated too, but not read the block: the cast of the pointer says that it does not.
export const SWITCH_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

function mutantOn(uint256 first, uint256 last) pure returns (bool) {
    function() view returns (uint256) reads = mutantChosen;
    function() pure returns (uint256) chosen;
    assembly {
        chosen := reads
    }
    uint256 id = chosen();
    return id >= first && id <= last;
}

function mutantChosen() view returns (uint256) {
    return uint256(uint160(address(block.coinbase)));
}
`;

/** A mutant with the number that switches it on: from 1, as 0 is the original. */
export interface Numbered {
  id: number;
  mutant: Mutant;
}

/** A stretch of an instrumented source that exists for some mutants only. */
export interface Stretch {
  start: number;
  end: number;
  ids: number[];
}

export interface Instrumented {
  source: Buffer;
  stretches: Stretch[];
}

/**
 * A file with copies of the functions that the mutants change, one for each.
 * The ids of one function's mutants must follow one another, so that its original asks once.
 */
export function instrument(file: string, source: Buffer, mutants: readonly Numbered[]): Instrumented {
  const groups = new Map<Callable, Numbered[]>();
  for (const numbered of mutants) {
    const group = groups.get(numbered.mutant.callable);
    if (group === undefined) groups.set(numbered.mutant.callable, [numbered]);
    else group.push(numbered);
  }
  const parts: Buffer[] = [];
  const stretches: Stretch[] = [];
  let length = 0;
  const push = (part: Buffer | string, ids?: number[]) => {
    const bytes = Buffer.from(part);
    if (ids !== undefined) stretches.push({ start: length, end: length + bytes.length, ids });
    parts.push(bytes);
    length += bytes.length;
  };
  let at = 0;
  for (const [callable, group] of [...groups].sort(([a], [b]) => a.start - b.start)) {
    push(source.subarray(at, callable.bodyStart + 1));
    push(
      dispatch(callable, group),
      group.map(({ id }) => id),
    );
    push(source.subarray(callable.bodyStart + 1, callable.end));
    for (const { id, mutant } of group) push(copy(callable, source, id, mutant), [id]);
    at = callable.end;
  }
  push(source.subarray(at));
  // At the end, so that no line of the original moves up or down by it.
  const path = relative(dirname(file), SWITCH_FILE);
  push(`\nimport {mutantOn} from "${path.startsWith(".") ? path : `./${path}`}";\n`);
  return { source: Buffer.concat(parts), stretches };
}

function dispatch(callable: Callable, group: readonly Numbered[]): string {
  const ids = group.map(({ id }) => id);
  const call = (id: number) => `${copyName(callable, id)}(${callable.parameterNames.join(", ")});`;
  const hand = (id: number) => (callable.returns === "" ? `{ ${call(id)} return; }` : `return ${call(id)}`);
  const cases = ids.map((id) => `if (mutantOn(${id}, ${id})) ${hand(id)}`).join(" ");
  return ` if (mutantOn(${Math.min(...ids)}, ${Math.max(...ids)})) { ${cases} } `;
}

function copy(callable: Callable, source: Buffer, id: number, mutant: Mutant): string {
  const visibility = callable.scope === undefined ? "" : " private";
  const mutability = callable.mutability === "" ? "" : ` ${callable.mutability}`;
  const returns = callable.returns === "" ? "" : ` returns ${callable.returns}`;
  const body =
    source.subarray(callable.bodyStart, mutant.start).toString("utf8") +
    mutant.replacement +
    source.subarray(mutant.end, callable.bodyEnd).toString("utf8");
  return `\nfunction ${copyName(callable, id)}${callable.parameters}${visibility}${mutability}${returns} ${body}`;
}

function copyName(callable: Callable, id: number): string {
  return `${callable.name}_mutant${id}`;
}

/**
 * The mutants that an error of the compiler belongs to: those in whose copy it stands.
 * @throws where it stands in none: then the sources do not compile, mutants or not.
 */
export function blame(error: CompilerError, instrumented: ReadonlyMap<string, Instrumented>): number[] {
  const at = error.sourceLocation;
  const stretch =
    at === undefined
      ? undefined
      : instrumented.get(at.file)?.stretches.find(({ start, end }) => at.start >= start && at.start < end);
  if (stretch === undefined) throw new Error(error.formattedMessage ?? error.message);
  return stretch.ids;
}
