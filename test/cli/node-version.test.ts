import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { nodeTooOld } from '../../src/cli/node-version.ts';

test.each(['18.20.8', '20.19.5', '21.7.3', '22.0.0', '22.18.9'])(
  'Node %s is rejected with a message',
  (version) => {
    expect(nodeTooOld(version)).toContain(`Node 22.19 or later is required, but this is Node ${version}.`);
  },
);

test.each(['22.19.0', '22.20.1', '23.0.0', '24.21.0', '100.0.0'])('Node %s is accepted', (version) => {
  expect(nodeTooOld(version)).toBeUndefined();
});

test('the oldest Node matches engines in package.json', async () => {
  const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as { engines: { node: string } };
  expect(nodeTooOld(engines.node.replace('>=', ''))).toBeUndefined();
  expect(engines.node).toBe('>=22.19');
});

test('the bundle entry point imports nothing that an old Node lacks, so that the message is shown there', async () => {
  const entry = await readFile('dist/sluice.js', 'utf8');
  const named = [...entry.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']node:/g)].map(([, names]) =>
    names?.trim(),
  );
  expect(named).toEqual(['createRequire as __createRequire']);
});
