import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { admissionManifests } from '../src/core/access/access.ts';
import { AUDIT_TYPES } from '../src/core/ports/ports.ts';
import { ROLES } from '../src/core/roles/roles.ts';
import { familyOf, rulesIn } from './helpers/rules.ts';

const RULES = rulesIn('docs/rules');
const IDS = new Set(RULES.map(({ id }) => id));
const FAMILIES = [...new Set(RULES.map(({ id }) => familyOf(id)))];

/** Every line that may cite a rule, but for those of this test, which has to name what it forbids. */
const LINES = ['src', 'views', 'test', 'scripts', 'docs', '.'].flatMap(filesOf).flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((text, index) => ({ at: `${file}:${index + 1}`, text })),
);

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' })
    .filter((file) => /\.(tsx?|cjs|md|yaml)$/.test(file) && file !== 'docs.test.ts')
    .map((file) => join(folder, file));
}

/** The code of the program without its comments. */
const CODE = ['src', 'views']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))
  .join('\n');
const WORDS = new Set(CODE.match(/\w+/g));
const EXPORTED = new Set(
  Array.from(
    CODE.matchAll(/^export (?:async )?(?:type|interface|const|class|function\*?) (\w+)/gm),
    ([, name]) => name,
  ),
);

/** The lines in which `pattern` finds something that is not all right, with what it finds. */
function found(pattern: RegExp, isFine: (match: string, text: string) => boolean = () => false) {
  return LINES.flatMap(({ at, text }) =>
    [...text.matchAll(pattern)].filter(([match]) => !isFine(match, text)).map(([match]) => `${at} ${match}`),
  );
}

describe('docs/rules', () => {
  test('defines each id once', () => {
    const ids = RULES.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test.each(RULES)('$id says something, and where it comes from', ({ text, source }) => {
    expect(text).not.toBe('');
    expect(source).toBeDefined();
  });

  test('has no heading below a file’s parts that is not a rule', () => {
    const headings = LINES.filter(({ at, text }) => at.startsWith('docs/rules/') && text.startsWith('###'));
    expect(headings.length).toBe(RULES.length);
  });

  test('lists each family and its file in its index', () => {
    const index = LINES.filter(({ at }) => at.startsWith('docs/rules/README.md:')).map(({ text }) => text);
    const missing = RULES.filter(
      ({ id, file }) =>
        !index.some((text) => text.includes(`\`${familyOf(id)}\``) && text.includes(`](${file})`)),
    );
    expect(missing.map(({ id, file }) => `${id} in ${file}`)).toEqual([]);
  });
});

describe('what is cited', () => {
  const cited = new RegExp(`\\b(?:${FAMILIES.join('|')})-\\d+\\b`, 'g');

  test('is a rule in docs/rules', () => {
    expect(found(cited, (id) => IDS.has(id))).toEqual([]);
    expect(found(cited).length).toBeGreaterThan(300);
  });

  test('is of a family that exists', () => {
    const known = new Set([
      ...FAMILIES,
      'RFC',
      'KEP',
      'NPEP',
      'CVE',
      'UTF',
      'SHA',
      'ISO',
      'ECMA',
      'TLS',
      'INC',
    ]);
    const comments = /(?<=^\s*(?:\/\/|\/?\*|#) .*)\b[A-Z]{2,}-\d+\b/g;
    expect(found(comments, (id) => known.has(familyOf(id)))).toEqual([]);
  });

  test('is no document that a reader of the repository lacks', () => {
    expect(found(/\bfacts\/\S+\.md|\bdesign(?:\.md)? ?§|\bscreens\.md\b/g)).toEqual([]);
  });

  test('is no section of a document without a name', () => {
    expect(found(/§\S*/g, (_, text) => /\b(RFC \d+|YAML [\d.]+|XML [\d.]+) §/.test(text))).toEqual([]);
  });
});

describe.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s', (file) => {
  const text = readFileSync(file, 'utf8');
  const spans = Array.from(text.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);

  test('names paths that exist', () => {
    const named = Array.from(
      text.matchAll(/(?<![\w./-])(?:src|views|test|docs|scripts)\/[\w./-]*\w/g),
      ([path]) => path,
    );
    const linked = Array.from(text.matchAll(/\]\(([^):#]+)\)/g), ([, target = '']) =>
      join(dirname(file), target),
    );
    // A filter of tests may be the beginning of a name.
    const isThere = (path: string) => existsSync(path) || existsSync(`${path}.test.ts`);
    expect([...named, ...linked].filter((path) => !isThere(path))).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });

  test('names functions, types and fields that the code has', () => {
    const names = spans
      .map((span) => span.replace(/\(\)$/, ''))
      .filter((span) => /^(?!SLUICE_)[a-zA-Z]\w*(\.[a-zA-Z]\w*)*$/.test(span) && !existsSync(span))
      .flatMap((span) => span.split('.'));
    expect(names.filter((name) => !WORDS.has(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(20);
  });
});

test('docs/audit.md names every type of record', () => {
  const text = readFileSync('docs/audit.md', 'utf8');
  expect(AUDIT_TYPES.filter((type) => !text.includes(`\`${type}\``))).toEqual([]);
});

describe('docs/access.md', () => {
  const text = readFileSync('docs/access.md', 'utf8');

  test('has exactly the rights of each role', () => {
    const rows = ROLES.flatMap(({ name, rights }) =>
      rights.map(({ group, resources, verbs, names = [], why }) => {
        const full = resources.map((each) => `\`${group === '' ? each : `${each}.${group}`}\``).join(', ');
        const only = names.map((each) => ` named \`${each}\``).join('');
        return `| ${name} | ${verbs.join(', ')} on ${full}${only} | ${why} |`;
      }),
    );
    expect(text.split('\n').filter((line) => / on `/.test(line) && line.startsWith('| '))).toEqual(rows);
  });

  test('has every admission policy', () => {
    const approvals = { namespaces: ['x'], approverGroups: [], breakGlassGroups: [] };
    const rules = {
      maxSeconds: 1,
      protectedNamespaces: [],
      pendingSeconds: 1,
      confinedGroups: ['x'],
      approvals,
    };
    const names = admissionManifests('1', rules).map(({ metadata }) => metadata.name);
    expect(
      names.filter((name) => !text.includes(`| \`${name}\``) && !text.includes(`, \`${name}\` |`)),
    ).toEqual([]);
  });
});

test('the glossary has names that are exported', () => {
  const glossary = readFileSync('docs/architecture.md', 'utf8').split('## Glossary')[1] ?? '';
  const names = glossary
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => Array.from((line.split('|')[1] ?? '').matchAll(/`(\w+)`/g), ([, name = '']) => name));
  expect(names.filter((name) => !EXPORTED.has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(60);
});
