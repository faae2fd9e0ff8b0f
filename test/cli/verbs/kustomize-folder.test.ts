import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withResources } from '../../../src/cli/verbs/kustomize-folder.ts';
import { isRecord, listAt } from '../../../src/core/common/json.ts';
import { readFirstYaml } from '../../../src/core/yaml/read.ts';

describe('resources are added to a kustomization', () => {
  test.each([
    ['', undefined],
    ['kind: Kustomization\n', 'kind: Kustomization\nresources:\n  - a.yaml\n'],
    ['kind: Component', 'kind: Component\nresources:\n  - a.yaml\n'],
    ['resources:\n- x.yaml\n', 'resources:\n- x.yaml\n- a.yaml\n'],
    ['resources:\n    - x.yaml\nimages: []\n', 'resources:\n    - x.yaml\n    - a.yaml\nimages: []\n'],
    ['resources:\n  - x.yaml # x\n# end\n', 'resources:\n  - x.yaml # x\n  - a.yaml\n# end\n'],
    ['resources:\nimages: []\n', 'resources:\n  - a.yaml\nimages: []\n'],
    ['resources: [] # none\n', 'resources: [a.yaml] # none\n'],
    ['resources: [x.yaml]\n', 'resources: [x.yaml, a.yaml]\n'],
    ['resources:\r\n  - x.yaml\r\n', 'resources:\r\n  - x.yaml\r\n  - a.yaml\r\n'],
    ['resources:\n  - ./a.yaml\n', 'resources:\n  - ./a.yaml\n'],
    ['resources:\n  - |\n    x\n', undefined],
    ['resources: {}\n', undefined],
    ['resources: [x.yaml,\n  y.yaml]\n', undefined],
    ['kind: Deployment\n', undefined],
    ['kind: Kustomization\n---\nkind: Kustomization\n', undefined],
    ['- a\n', undefined],
    ['{', undefined],
  ])('%j', (before, after) => {
    expect(withResources(before, ['a.yaml'])).toBe(after);
  });

  const entry = fc.stringMatching(/^[a-z]{1,6}(\/[a-z]{1,4})?\.yaml$/);
  const comment = fc.constantFrom('', ' # note', ' # - not: one');
  const block = fc
    .record({ indent: fc.constantFrom('', '  ', '    '), entries: fc.array(fc.tuple(entry, comment)) })
    .map(({ indent, entries }) =>
      ['resources:', ...entries.map(([name, more]) => `${indent}- ${name}${more}`)].join('\n'),
    );
  const flow = fc.array(entry).map((names) => `resources: [${names.join(', ')}]`);
  const other = fc.constantFrom(
    'namespace: shop',
    '# a comment',
    'images:\n  - name: a\n    newTag: "1"',
    'labels:\n- pairs: {resources: x}',
    '',
  );

  test('and every other line and value stays, whatever the form', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(other),
        fc.uniqueArray(other),
        fc.option(fc.oneof(block, flow)),
        fc.uniqueArray(entry, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (above, below, resources, names, ended) => {
          const parts = [...above, ...(resources === null ? [] : [resources])];
          const rest = below.filter((text) => text === '' || !above.includes(text));
          const before = ['kind: Kustomization', ...parts, ...rest].join('\n') + (ended ? '\n' : '');
          const after = withResources(before, names);
          if (after === undefined) throw new Error(`refused:\n${before}`);
          const [was, is] = [before, after].map((text) => readFirstYaml(text).value);
          const given = listAt(was, 'resources');
          const missing = names.filter((name) => !given.includes(name));
          expect(listAt(is, 'resources')).toEqual([...given, ...missing]);
          if (!isRecord(was) || !isRecord(is)) throw new Error('no map');
          const { resources: _, ...wasRest } = was;
          const { resources: __, ...isRest } = is;
          expect(isRest).toEqual(wasRest);
          const kept = before.split('\n').filter((line) => !/^resources:/.test(line) && line !== '');
          for (const line of kept) expect(after.split('\n')).toContain(line);
        },
      ),
    );
  });
});
