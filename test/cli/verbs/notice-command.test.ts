import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNoticeCommand } from '../../../src/cli/verbs/notice-command.ts';
import { eventually } from '../../helpers/eventually.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-notice-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that writes its arguments to a file, then exits with a code. */
async function program(code: number): Promise<string> {
  const path = join(folder, 'hook.mjs');
  await writeFile(
    path,
    `import { appendFileSync } from 'node:fs';
appendFileSync(process.argv[2], JSON.stringify(process.argv.slice(3)) + '\\n');
process.exit(${code});`,
  );
  return path;
}

test('a program gets the text as one argument, and no shell sees it', async () => {
  const out = join(folder, 'out');
  const run = createNoticeCommand([process.execPath, await program(0), out, '-u'], (text) => {
    throw new Error(text);
  });
  run('7f3k "web" → $(db); ends in 1m');
  await eventually(async () =>
    expect(await readFile(out, 'utf8')).toBe(`${JSON.stringify(['-u', '7f3k "web" → $(db); ends in 1m'])}\n`),
  );
});

test('a program that fails is told once, with its exit code', async () => {
  const out = join(folder, 'out');
  const problems: string[] = [];
  const run = createNoticeCommand([process.execPath, await program(7), out], (text) => problems.push(text));
  run('one');
  await eventually(() =>
    expect(problems).toEqual([expect.stringMatching(/^The command .* exited with 7\.$/)]),
  );
  run('two');
  await eventually(async () => expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(3));
  run('three');
  await eventually(async () => expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(4));
  expect(problems).toHaveLength(1);
});

test('a program that is not there is told once', async () => {
  const problems: string[] = [];
  const run = createNoticeCommand([join(folder, 'gone')], (text, hint) => problems.push(`${text} ${hint}`));
  run('one');
  await eventually(() => expect(problems).toHaveLength(1));
  expect(problems[0]).toMatch(/gone for notices could not be run: .*ENOENT.* Check notify\.command/);
});

test.each(['a\0b'])('a text that no program can get is told, and thrown to nobody', (text) => {
  const problems: string[] = [];
  createNoticeCommand([process.execPath], (problem) => problems.push(problem))(text);
  expect(problems).toHaveLength(1);
});
