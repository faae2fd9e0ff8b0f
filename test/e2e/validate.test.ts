import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validateNetworkPolicy } from '../../src/core/policy/kinds/validate-network-policy.ts';
import { JUDGED } from '../helpers/judged-policies.ts';
import { findRealCluster } from '../helpers/real-cluster.ts';

const found = await findRealCluster();

/** Rejected values, which name their fields; a decoder names Go types and unknown fields instead. */
const FIELD =
  /^\W*(?:The NetworkPolicy "[^"]*" is invalid: +)?([\w.[\]]+): (?:Invalid|Unsupported|Required|Forbidden)/gm;
const UNKNOWN = /unknown field "([^"]+)"/g;

/** Rejections of a strict 1.36 server without a field path of ours: the name of an object, and its namespace. */
const ELSEWHERE = ['metadata.name', 'metadata.namespace', 'apiVersion'];

describe.skipIf(found === undefined)('a real API server and sluice reject the same objects', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.concurrent.each(JUDGED)('$name', async ({ name, object }) => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(object));
    const answer = await refusalOf(file);
    const ours = validateNetworkPolicy(object);
    expect(ours.length > 0, `server: ${answer ?? 'takes it'}\nsluice: ${ours.join('\n') || 'takes it'}`).toBe(
      answer !== undefined,
    );
    const paths = new Set(ours.map((problem) => problem.slice(0, problem.indexOf(': '))));
    const theirs = pathsOf(answer ?? '');
    if (theirs.length > 0 && ![...paths].some((path) => ELSEWHERE.includes(path))) {
      expect([...paths].sort()).toEqual(theirs);
    }
  });

  async function refusalOf(file: string): Promise<string | undefined> {
    try {
      await found?.kubectl('apply', '--dry-run=server', '-f', file);
      return undefined;
    } catch (error) {
      return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    }
  }
});

/** The fields that a rejection names. */
function pathsOf(answer: string): readonly string[] {
  const paths = [...answer.matchAll(FIELD), ...answer.matchAll(UNKNOWN)].map(([, path = '']) => path);
  return [...new Set(paths)].sort();
}
