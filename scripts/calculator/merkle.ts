import { concat, keccak256, type Hex } from "viem";

// The tree is that of OpenZeppelin's MerkleProof: a node is the hash of its two children, the smaller first, so that
// a proof needs no sides and a contract can check it. Leaves are hashes of hashes and cannot be taken for nodes.

/**
 * Root over leaves in any order.
 * @param leaves Distinct 32-byte hashes, at least one.
 */
export function merkleRoot(leaves: readonly Hex[]): Hex {
  const [root] = levelsOf(leaves).at(-1) ?? [];
  if (root === undefined) throw new RangeError("a tree needs a leaf");
  return root;
}

/** What is needed, beside the leaf, to come to the root: siblings from the bottom up. */
export function merkleProof(leaves: readonly Hex[], leaf: Hex): Hex[] {
  const levels = levelsOf(leaves);
  let position = levels[0]?.indexOf(leaf) ?? -1;
  if (position < 0) throw new RangeError(`${leaf} is not in the tree`);
  const proof: Hex[] = [];
  for (const level of levels) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) proof.push(sibling);
    position >>= 1;
  }
  return proof;
}

/** Does this proof lead from the leaf to the root? */
export function verifyProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  return proof.reduce(hashPair, leaf) === root;
}

/** Levels from the sorted leaves up; the last node of an odd level goes up as it is. */
function levelsOf(leaves: readonly Hex[]): Hex[][] {
  const sorted = [...new Set(leaves)].sort();
  if (sorted.length !== leaves.length) throw new RangeError("leaves must be distinct");
  const levels = [sorted];
  for (let level = sorted; level.length > 1; levels.push(level)) {
    const below = level;
    level = [];
    for (let i = 0; i < below.length; i += 2) {
      const [left, right] = below.slice(i, i + 2);
      if (left !== undefined) level.push(right === undefined ? left : hashPair(left, right));
    }
  }
  return levels;
}

function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}
