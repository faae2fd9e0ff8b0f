import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateFile } from '../../../src/cli/verbs/state-file.ts';

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  path = join(root, 'deep', 'colors.json');
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const colors = () => stateFile(path, v.array(v.string()), 'a list of colors');

test('what was saved is loaded, and there is nothing before', async () => {
  expect(await colors().load()).toBeUndefined();
  await colors().save(['red', 'blue']);
  await colors().save(['green']);
  expect(await colors().load()).toEqual(['green']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(root, 'deep'))).toEqual(['colors.json']);
});

test.each([
  ['{"a"', 'is not a list of colors: '],
  ['[1]', 'is not a list of colors: Invalid type: Expected string but received 1'],
])('%s is told and never written', async (text, told) => {
  await mkdir(join(root, 'deep'));
  await writeFile(path, text);
  await expect(colors().load()).rejects.toThrow(`${path} ${told}`);
  await expect(colors().save(['red'])).rejects.toThrow(`${path} ${told}`);
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a file that can not be opened or written is named', async () => {
  await mkdir(path, { recursive: true });
  await expect(colors().load()).rejects.toThrow(`Unable to read ${path}.`);
  await rm(path, { recursive: true });
  // A draft of it would have a name that is too long.
  const long = join(root, 'x'.repeat(253));
  await expect(stateFile(long, v.string(), 'a color').save('red')).rejects.toThrow(
    `Unable to write ${long}.`,
  );
});
