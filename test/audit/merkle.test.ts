import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consistencyProof, type Hash, isConsistent, leafHash, treeFrom } from '../../src/audit/merkle.ts';
import { treeOver } from '../helpers/audit/write-log.ts';
import { runs } from '../helpers/runs.ts';

/** The leaves of the reference tests of Certificate Transparency, whose roots RFC 6962 logs are held against. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));

const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RFC 6962 §2.1, word by word. */
function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

const some = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from(`leaf ${index}`));

test('roots of the reference leaves are the published ones', () => {
  for (const [size, root] of ROOTS.entries()) {
    expect(treeOver(LEAVES.slice(0, size)).root().toString('hex'), `of ${size}`).toBe(root);
  }
});

test('any tree has the root of the definition, also when it goes on from its complete subtrees', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.nat({ max: 200 }), (size, cut) => {
      const leaves = some(size);
      const first = treeOver(leaves.slice(0, cut));
      const tree = treeFrom(first.size(), first.peaks());
      for (const leaf of leaves.slice(cut)) tree?.add(leafHash(leaf));
      expect(tree?.root()).toEqual(naiveRoot(leaves));
      expect(tree?.size()).toBe(size);
    }),
    runs(60, 300),
  ));

test('subtrees of another size are refused', () => {
  const tree = treeOver(some(5));
  expect(treeFrom(5, tree.peaks())).toBeDefined();
  for (const size of [0, 1, 4, 7]) expect(treeFrom(size, tree.peaks())).toBeUndefined();
  expect(treeFrom(1, [Buffer.alloc(31)])).toBeUndefined();
});

describe('a consistency proof', () => {
  const proofOf = (leaves: readonly Uint8Array[], size: number) =>
    consistencyProof(
      leaves.map((leaf) => leafHash(leaf)),
      size,
    );
  const head = (leaves: readonly Uint8Array[]) => ({ size: leaves.length, root: naiveRoot(leaves) });
  const sizes = fc
    .tuple(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 130 }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  test('of the reference leaves is the published one', () => {
    const proof = (from: number, to: number) =>
      proofOf(LEAVES.slice(0, to), from).map((hash) => hash.toString('hex'));
    expect(proof(1, 1)).toEqual([]);
    expect(proof(1, 8)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(proof(2, 5)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });

  test('shows that any tree grew from its first leaves', () =>
    fc.assert(
      fc.property(sizes, ([from, to]) => {
        const leaves = some(to);
        expect(isConsistent(head(leaves.slice(0, from)), head(leaves), proofOf(leaves, from))).toBe(true);
      }),
      runs(100, 500),
    ));

  test('shows nothing of a tree in which an earlier leaf differs', () =>
    fc.assert(
      fc.property(sizes, fc.nat(), ([from, to], at) => {
        fc.pre(from > 0);
        const leaves = some(to);
        const forged = leaves.with(at % from, Buffer.from('forged'));
        expect(isConsistent(head(leaves.slice(0, from)), head(forged), proofOf(forged, from))).toBe(false);
      }),
      runs(100, 500),
    ));

  test('is worth nothing once a hash is changed, left out or added', () =>
    fc.assert(
      fc.property(sizes, fc.nat(), ([from, to], at) => {
        const leaves = some(to);
        const proof = proofOf(leaves, from);
        fc.pre(proof.length > 0);
        const [old, now] = [head(leaves.slice(0, from)), head(leaves)];
        const spoiled = (hashes: readonly Hash[]) => isConsistent(old, now, hashes);
        expect(spoiled(proof.with(at % proof.length, leafHash('x')))).toBe(false);
        expect(spoiled(proof.toSpliced(at % proof.length, 1))).toBe(false);
        expect(spoiled([...proof, leafHash('x')])).toBe(false);
      }),
      runs(60, 300),
    ));
});
