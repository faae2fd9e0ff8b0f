import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const FILE = 'docs/security.md';
const TEXT = readFileSync(FILE, 'utf8');

/** Each test that is named: the link to its file, and its title. */
const CLAIMS = Array.from(
  TEXT.matchAll(/\]\((\.\.\/test\/[^)]+)\)(?:\s+"([^"]+)")?/g),
  ([, file = '', title]) => ({ file: join('docs', file), title }),
);

/** The part of a text below a heading, up to the next of its level or above. */
function below(heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const [, rest = ''] = TEXT.split(`${heading}\n`);
  return rest.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? '';
}

describe('the threat model', () => {
  test('names many tests', () => {
    expect(CLAIMS.length).toBeGreaterThan(40);
  });

  test.each(CLAIMS)('$file has the test "$title"', ({ file, title }) => {
    expect(existsSync(file)).toBe(true);
    expect(title).toBeDefined();
    const code = readFileSync(file, 'utf8');
    // Of `test('…'`, of `test.each(…)('…'`, and on a line of its own.
    const titles = [
      ...code.matchAll(/\b(?:test|describe)(?:\.\w+)*\(\s*(['"`])(.*?)(?<!\\)\1/gs),
      ...code.matchAll(/\)\(\s*(['"`])(.*?)(?<!\\)\1/g),
      ...code.matchAll(/^\s+(['"])(.+)\1,$/gm),
    ];
    const all = titles.map(([, , text = '']) => text.replaceAll("\\'", "'"));
    expect(all).toContain(title);
  });

  const actors = Array.from(below('## Who can do what').matchAll(/^### (.+)$/gm), ([, name = '']) => name);

  test.each(actors.filter((name) => name !== 'A second person'))('%s: a claim with a test', (name) => {
    expect(below(`### ${name}`)).toContain('](../test/');
  });

  test('says what is not protected', () => {
    expect(below('## What is not protected').match(/^- \*\*/gm)?.length).toBeGreaterThan(8);
  });
});
