import { hash } from 'node:crypto';

/** The bytes of a SHA-256 hash. */
export type Hash = Buffer;

/** The hash of one leaf: SHA-256 over a zero byte and the leaf (AUD-5). */
export function leafHash(leaf: string | Uint8Array): Hash {
  const size = typeof leaf === 'string' ? Buffer.byteLength(leaf) : leaf.length;
  const bytes = Buffer.allocUnsafe(size + 1);
  bytes[0] = 0;
  if (typeof leaf === 'string') bytes.write(leaf, 1);
  else bytes.set(leaf, 1);
  return hash('sha256', bytes, 'buffer');
}

const PAIR = Buffer.alloc(65, 1);

/** The hash of an inner node: SHA-256 over a one byte and both children (AUD-5). */
function nodeHash(left: Hash, right: Hash): Hash {
  PAIR.set(left, 1);
  PAIR.set(right, 33);
  return hash('sha256', PAIR, 'buffer');
}

/** A Merkle tree that only grows, as its complete subtrees, so that it takes little space however large it is. */
export type Tree = {
  /** How many leaves it has. */
  readonly size: () => number;
  readonly add: (leaf: Hash) => void;
  /** The root over all leaves so far; that of no leaves is the hash of nothing. */
  readonly root: () => Hash;
  /** The roots of its complete subtrees, the largest first. */
  readonly peaks: () => readonly Hash[];
};

/**
 * A tree of `size` leaves with the given complete subtrees, empty by default; undefined if these don't belong to that
 * size.
 */
export function treeFrom(size: number, peaks: readonly Hash[]): Tree | undefined {
  return peaks.length === peakCount(size) && peaks.every(({ length }) => length === 32)
    ? growing(size, [...peaks])
    : undefined;
}

/** A tree without leaves. */
export function emptyTree(): Tree {
  return growing(0, []);
}

function growing(start: number, stack: Hash[]): Tree {
  let size = start;
  return {
    size: () => size,
    add: (leaf) => {
      stack.push(leaf);
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
        const [left, right] = stack.splice(-2);
        if (left === undefined || right === undefined) throw new Error('unreachable: a peak per odd bit');
        stack.push(nodeHash(left, right));
      }
      size += 1;
    },
    root: () =>
      stack.reduceRight<Hash | undefined>((right, left) => joined(left, right), undefined) ?? NOTHING,
    peaks: () => [...stack],
  };
}

const NOTHING = hash('sha256', '', 'buffer');

function joined(left: Hash, right: Hash | undefined): Hash {
  return right === undefined ? left : nodeHash(left, right);
}

/** One complete subtree for each binary one of the size. */
function peakCount(size: number): number {
  return Array.from(size.toString(2)).filter((digit) => digit === '1').length;
}

function rootOf(leaves: readonly Hash[]): Hash {
  const tree = emptyTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** The largest power of two below `size`, which is at least 2. */
function splitOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/**
 * The proof that the tree of the first `size` leaves is a part of that of all of them (AUD-5).
 *
 * @param leaves the hashes of all leaves
 */
export function consistencyProof(leaves: readonly Hash[], size: number): readonly Hash[] {
  if (size === 0 || size >= leaves.length) return [];
  return subproof(leaves, size, true);
}

function subproof(leaves: readonly Hash[], size: number, isKnown: boolean): readonly Hash[] {
  if (size === leaves.length) return isKnown ? [] : [rootOf(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return size <= split
    ? [...subproof(left, size, isKnown), rootOf(right)]
    : [...subproof(right, size - split, false), rootOf(left)];
}

/** A tree's size and root. */
export type TreeHead = { readonly size: number; readonly root: Hash };

/** Whether a proof shows that one tree is a part of another: that nothing of it was changed or removed (AUD-5). */
export function isConsistent(old: TreeHead, now: TreeHead, proof: readonly Hash[]): boolean {
  if (old.size > now.size) return false;
  if (old.size === now.size) return proof.length === 0 && old.root.equals(now.root);
  if (old.size === 0) return proof.length === 0 && old.root.equals(NOTHING);
  let index = old.size - 1;
  let last = now.size - 1;
  while (index % 2 === 1) {
    index = (index - 1) / 2;
    last = Math.floor(last / 2);
  }
  // A complete old tree is a subtree of the new one, so its root is known and not in the proof.
  const [first, ...rest] = index === 0 ? [old.root, ...proof] : proof;
  if (first === undefined) return false;
  let oldRoot = first;
  let newRoot = first;
  for (const next of rest) {
    if (last === 0) return false;
    if (index % 2 === 1 || index === last) {
      oldRoot = nodeHash(next, oldRoot);
      newRoot = nodeHash(next, newRoot);
      while (index % 2 === 0 && index > 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newRoot = nodeHash(newRoot, next);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && oldRoot.equals(old.root) && newRoot.equals(now.root);
}
