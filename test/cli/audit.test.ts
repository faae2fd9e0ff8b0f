import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCheckpoint } from '../../src/audit/checkpoint.ts';
import { readLeaves } from '../../src/audit/ledger.ts';
import type { SignedLog } from '../../src/audit/log.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { consistencyProof, isConsistent } from '../../src/audit/merkle.ts';
import { auditEntry, inFolder, NOON } from '../helpers/audit/audit-entries.ts';
import { type LiveDemo, startLiveDemo } from '../helpers/demo/live-demo.ts';
import { runVerb } from '../helpers/verb.ts';

/** A state folder with the logs of two clusters; `audit` runs the verb there. */
async function inState(
  use: (audit: (...args: readonly string[]) => ReturnType<typeof runVerb>, state: State) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const directory = join(folder, 'sluice', 'audit');
    const open = (cluster: string) => openAuditLog({ directory, cluster, version: '1' });
    const [prod, test] = [await open('prod'), await open('test')];
    for (const outcome of ['one', 'two', 'three'])
      await prod.append(auditEntry({ outcome, ticket: 'INC-1' }));
    await test.append(auditEntry({ time: NOON + 60_000 }));
    const env = { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
    await use((...args) => runVerb(['audit', ...args], env), { folder, prod, test });
  });
}

type State = { readonly folder: string; readonly prod: SignedLog; readonly test: SignedLog };

describe('audit verify', () => {
  test('compares each log with what is of it in one file of checkpoints and keys', () =>
    inState(async (audit, { folder, prod }) => {
      const file = join(folder, 'kept.txt');
      const [checkpoints, keys] = [await audit('checkpoint'), await audit('key')];
      await writeFile(file, `${checkpoints.text}\n\n${keys.text}\n`);
      await prod.append(auditEntry());
      const { code, lines } = await audit('verify', '--against', file);
      expect(code).toBe(0);
      expect(lines).toEqual([
        expect.stringMatching(
          /^prod: 4 records in 1 file, hash chain and signatures intact\. 2 of 2 kept elsewhere match\./,
        ),
        expect.stringMatching(
          /^test: 1 record in 1 file, hash chain and signatures intact\. 2 of 2 kept elsewhere match\./,
        ),
      ]);
    }));

  test('tells each finding with its place and the next step, and exits 3', () =>
    inState(async (audit, { prod }) => {
      const file = join(prod.path, '20261121.jsonl');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"two"', '"TWO"'));
      const { code, lines } = await audit('verify', '--cluster', 'prod');
      expect(code).toBe(3);
      expect(lines.slice(1)).toEqual([
        '  20261121.jsonl line 2, record 2: it was modified after it was written.',
        '    Compare the log with a copy of it.',
        '  head: of records 1 to 3, some are not as signed: rewritten, or the log was forked.',
        '    Treat the records as not trustworthy, and look for a copy of the log that matches.',
      ]);
      const { text } = await audit('verify', '--cluster', 'prod', '-o', 'json');
      expect(JSON.parse(text)).toMatchObject([
        { log: 'prod', ok: false, findings: [{ kind: 'edited', seq: 2 }, { kind: 'rewritten' }] },
      ]);
    }));

  test('a checkpoint of a log that is not there is a finding', () =>
    inState(async (audit, { folder }) => {
      const file = join(folder, 'kept.txt');
      await writeFile(file, (await audit('checkpoint', '--cluster', 'test')).text);
      const { code, text } = await audit('verify', '--cluster', 'prod', '--against', file);
      expect(code).toBe(3);
      expect(text).toContain('another, or made anew');
    }));

  test.each(['', 'no checkpoint\n'])('a file with nothing to compare with is refused: %j', (content) =>
    inState(async (audit, { folder }) => {
      const file = join(folder, 'kept.txt');
      await writeFile(file, content);
      const { code, errors } = await audit('verify', '--against', file);
      expect(code).toBe(2);
      expect(errors).toContain('has neither a checkpoint nor a public key');
      expect((await audit('verify', '--against', join(folder, 'none'))).code).toBe(2);
    }),
  );
});

describe('audit checkpoint', () => {
  test('prints the signed note', () =>
    inState(async (audit, { prod }) => {
      const { text } = await audit('checkpoint', '--cluster', 'prod');
      expect(`${text}\n`).toBe(prod.checkpoint());
      expect(JSON.parse((await audit('checkpoint', '-o', 'json')).text)).toMatchObject([
        { log: 'prod', records: 3 },
        { log: 'test', records: 1 },
      ]);
    }));

  test('with --since proves to a witness that the log only grew', () =>
    inState(async (audit, { folder, prod }) => {
      const file = join(folder, 'old.txt');
      await writeFile(file, prod.checkpoint() ?? '');
      await prod.append(auditEntry());
      await prod.append(auditEntry());
      const { text } = await audit('checkpoint', '--cluster', 'prod', '--since', file);
      const [first, ...rest] = text.split('\n');
      const proof = rest.slice(0, rest.indexOf('')).map((line) => Buffer.from(line, 'base64'));
      const now = readCheckpoint(`${rest.slice(rest.indexOf('') + 1).join('\n')}\n`) ?? expect.fail();
      const old = readCheckpoint(await readFile(file, 'utf8')) ?? expect.fail();
      expect(first).toBe('old 3');
      expect(proof).toEqual(consistencyProof(await readLeaves(prod.path), 3));
      expect(now.size).toBe(5);
      expect(isConsistent(old, now, proof)).toBe(true);
    }));

  test('with --since refuses what the log does not continue', () =>
    inState(async (audit, { folder, test: other }) => {
      const file = join(folder, 'old.txt');
      await writeFile(file, other.checkpoint() ?? '');
      const { code, errors } = await audit('checkpoint', '--cluster', 'prod', '--since', file);
      expect(code).toBe(1);
      expect(errors).toContain('does not continue');
      expect((await audit('checkpoint', '--since', file)).code).toBe(2);
    }));
});

describe('audit key', () => {
  test('prints the present key, and all with -o json', () =>
    inState(async (audit, { prod }) => {
      const before = (await audit('key', '--cluster', 'prod')).text;
      const { code, text } = await audit('key', '--cluster', 'prod', '--rotate');
      expect(code).toBe(0);
      expect(text).not.toBe(before);
      expect(JSON.parse((await audit('key', '-o', 'json')).text)[0]).toMatchObject({
        log: 'prod',
        keys: [
          { key: before, since: 1, endorsed: true },
          { key: text, since: 4, endorsed: true },
        ],
      });
      await prod.append(auditEntry());
      expect((await audit('verify')).code).toBe(0);
    }));

  test('rotates one log only', () =>
    inState(async (audit) => {
      const { code, errors } = await audit('key', '--rotate');
      expect(code).toBe(2);
      expect(errors).toContain('--cluster');
    }));
});

describe('audit export', () => {
  const printed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));

  test('by ticket as JSON lines, as they are in the log', () =>
    inState(async (audit, { prod }) => {
      await prod.append(auditEntry({ ticket: 'INC-2', outcome: 'line\nfeed \u202e' }));
      const { lines } = await audit('export', '--ticket', 'INC-2', '-o', 'json');
      expect(printed(lines)).toMatchObject([{ seq: 4, outcome: 'line\nfeed \u202e' }]);
      expect(lines.join('')).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    }));

  test('by grant as CloudEvents, since a time as OCSF', () =>
    inState(async (audit) => {
      const events = printed((await audit('export', '--grant', 'g1', '-o', 'cloudevents')).lines);
      expect(events.map(({ source }) => source)).toEqual([
        ...Array.from({ length: 3 }, () => '/sluice/audit/prod'),
        '/sluice/audit/test',
      ]);
      const since = new Date(NOON + 1_000).toISOString();
      const later = printed((await audit('export', '--since', since, '-o', 'ocsf')).lines);
      expect(later).toMatchObject([{ class_uid: 6003, time: NOON + 60_000 }]);
    }));

  test('as a time line that says how far the log can be trusted', () =>
    inState(async (audit) => {
      const { text } = await audit('export', '--ticket', 'INC-1', '-o', 'markdown');
      expect(text).toContain('# Grants in prod');
      expect(text).toContain('3 records in 1 file, hash chain and signatures intact.');
    }));

  test.each([
    [['export'], 2, 'Nothing says what to export'],
    [['export', '--since', 'yesterday'], 2, 'neither a time nor a duration'],
    [['export', '--grant', 'none'], 1, 'No audit record matches'],
  ] as const)('%j exits %i', (args, code, text) =>
    inState(async (audit) => {
      const ran = await audit(...args);
      expect(ran).toMatchObject({ code, errors: expect.stringContaining(text) });
    }),
  );
});

describe('with a cluster', () => {
  let live: LiveDemo;
  beforeEach(async () => {
    live = await startLiveDemo();
  });
  afterEach(() => live.dispose());

  test('verify --against cluster compares with the checkpoints on the objects of grants', async () => {
    await live.open({ seconds: 600 });
    const directory = join(live.auditPath, '..');
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, live.demo.kubeconfig, { mode: 0o600 });
    const args = ['audit', 'verify', '--against', 'cluster', '--kubeconfig', kubeconfig];
    const env = { XDG_CONFIG_HOME: directory };
    const whole = await runVerb([...args, '--directory', directory], env);
    expect(whole).toMatchObject({
      code: 0,
      text: expect.stringMatching(/[24] of [24] kept elsewhere match/),
    });

    await inState(async (_, { folder }) => {
      const other = await runVerb([...args, '--directory', join(folder, 'sluice', 'audit')], env);
      expect(other.code).toBe(0);
      expect(other.errors).toContain('No checkpoint of these logs stands in the cluster.');
      expect(other.errors).toMatch(/checkpoints in the cluster not compared: of other logs/);
    });
  });
});
