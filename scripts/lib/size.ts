import type { Artifact } from "./production.ts";

/** Largest deployed bytecode, in bytes, that a chain accepts (EIP-170). */
export const SIZE_LIMIT = 24_576;

// A library whose functions are all internal still compiles to a stub of this order that only reverts.
const STUB_BYTES = 64;

/**
 * Deployed size in bytes of every contract that can be deployed, by name, in order of the names. Interfaces, abstract
 * contracts and libraries that are wholly inlined into their callers have none.
 * @throws where two contracts share a name, since one would hide the other.
 */
export function deployedSizes(artifacts: readonly Artifact[]): Record<string, number> {
  const sizes = new Map<string, number>();
  for (const { abi, contractName, deployedBytecode, sourceName } of artifacts) {
    const code = deployedBytecode.replace(/^0x/, "");
    const size = code.length / 2;
    const isCallable = abi.some(
      ({ type }) => type === "function" || type === "fallback" || type === "receive",
    );
    if (size === 0 || (!isCallable && size - metadataBytes(code) <= STUB_BYTES)) continue;
    if (sizes.has(contractName)) throw new Error(`${sourceName}: there is another contract ${contractName}`);
    sizes.set(contractName, size);
  }
  return Object.fromEntries([...sizes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line for each contract above the limit. */
export function oversized(sizes: Record<string, number>): string[] {
  return Object.entries(sizes)
    .filter(([, size]) => size > SIZE_LIMIT)
    .map(([name, size]) => `${name}: ${size} bytes, ${size - SIZE_LIMIT} above the limit of ${SIZE_LIMIT}`);
}

/** Length of the CBOR metadata behind the code: the last two bytes say it, themselves not counted. */
function metadataBytes(code: string): number {
  return Math.min(parseInt(code.slice(-4), 16) + 2, code.length / 2);
}
