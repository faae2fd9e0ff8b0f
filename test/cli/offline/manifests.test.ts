import { spawn } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadManifests } from '../../../src/cli/manifests/load.ts';
import { noteTexts } from '../../../src/cli/manifests/notes.ts';
import { parseManifestFile } from '../../../src/cli/manifests/parse.ts';
import { expectRefused } from '../../helpers/bad-input.ts';
import { type ManifestFolder, manifestFolder, SHOP } from '../../helpers/manifest-folder.ts';
import { runVerb } from '../../helpers/verb.ts';

let folder: ManifestFolder;
beforeAll(async () => {
  folder = await manifestFolder({ 'shop.yaml': SHOP });
});
afterAll(() => folder.dispose());

const parse = (text: string) => parseManifestFile({ name: 'f.yaml', text });
const load = (...paths: readonly string[]) => loadManifests(paths, { namespace: 'default' });

const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n`;

async function loadText(text: string) {
  const file = await folder.write('one.txt', text);
  const loaded = await load(file);
  const objects = loaded.events.flatMap(
    (event): readonly { readonly kind: string; readonly name: string }[] =>
      event.type === 'reset' ? event.objects : [],
  );
  return {
    ...loaded,
    names: objects.map((object) => `${object.kind} ${object.name}`),
    texts: noteTexts(loaded.notes).map((note) => note.replaceAll(file, 'one.txt')),
  };
}

describe('a manifest file', () => {
  test('is split at its markers, with comments, directives and empty documents', () => {
    const found = parse(
      '# first\n%YAML 1.2\n---\na: 1\n---\n---\n# third\n\nb: |\n  ---\n  text\n---\nc: 3\n',
    );
    expect(found).toMatchObject([
      { place: { file: 'f.yaml', document: 1, line: 4 }, value: { a: 1 } },
      { place: { file: 'f.yaml', document: 2, line: 6 }, value: null },
      { place: { file: 'f.yaml', document: 3, line: 9 }, value: { b: '---\ntext\n' } },
      { place: { file: 'f.yaml', document: 4, line: 13 }, value: { c: 3 } },
    ]);
  });

  test('is JSON as well, and YAML with merges, carriage returns and a byte order mark', () => {
    expect(parse(' {"a": 1}')).toMatchObject([{ value: { a: 1 } }]);
    expect(parse('\uFEFFa: 1\r\n---\r\nb: 2\r\n')).toMatchObject([{ value: { a: 1 } }, { value: { b: 2 } }]);
    expect(parse('a: &a { x: 1 }\nb: { <<: *a, z: 2 }\n')).toMatchObject([{ value: { b: { x: 1, z: 2 } } }]);
  });

  test.each([
    [
      'a: 1\n---\nb: 2\n---\nc:\n  d: e: f\n',
      /^f\.yaml, document 3, line 6: wrong indentation.*: "d: e: f"\.$/,
    ],
    ['kind: {{ .Values.kind }}\n', /^f\.yaml, document 1, line 1: this is an unrendered template\.$/],
    ['a: &a [*a]\n', /^f\.yaml, document 1, line 1: an anchor contains itself\.$/],
    ['x: 1\n---\na: &a\n  b: { c: *a }\n', /document 2, line 2: an anchor contains itself/],
    ['a: *nope\n', /document 1, line 1: unidentified alias "nope": "a: \*nope"/],
    [`${'['.repeat(50_000)}\n`, /line 1: nested too deeply/],
    [bomb(), /aliases expand 77 values to 12,345,678/],
    ['{"a": 1,,}', /^f\.yaml, document 1, line 1: /],
    ['a:\n\tb: 1\n', /^f\.yaml, document 1, line 2: tab characters/],
    ['a: !reference [x]\n', /^f\.yaml, document 1, line 1: unknown .*tag/],
    ['a: "x\n', /^f\.yaml, document 1, line /],
  ])('reports malformed input by file, document and line (%#)', (text, says) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'failed', message: expect.stringMatching(says) }),
    );
  });
});

describe('scalars are read as kubectl reads them', () => {
  test.each([
    ['on', true],
    ['Yes', true],
    ['y', true],
    ['n', false],
    ['off', false],
    ['true', true],
    ['tRue', 'tRue'],
    ['012', 10],
    ['0o12', 10],
    ['0x1F', 31],
    ['1_000', 1000],
    ['1:20', '1:20'],
    ['190:20:30', '190:20:30'],
    ['1e3', 1000],
    ['e1', 'e1'],
    ['2001-01-01', '2001-01-01'],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['~', null],
    ['', null],
    ['=', '='],
    ['!!str 5', '5'],
    ["'on'", 'on'],
  ])('%s', (text, value) => {
    expect(parse(`k: ${text}\n`)[0]?.value).toEqual({ k: value });
  });
});

describe('JSON', () => {
  test('may be several concatenated values, as kubectl and jq write them', () => {
    expect(parse('{"a": "}"}\n{"b": [1]}\n\n[{"c": "\\"{"}]\n')).toMatchObject([
      { place: { file: 'f.yaml', document: 1, line: 1 }, value: { a: '}' } },
      { place: { file: 'f.yaml', document: 2, line: 2 }, value: { b: [1] } },
      { place: { file: 'f.yaml', document: 3, line: 4 }, value: [{ c: '"{' }] },
    ]);
  });
  test('may be indented with tabs, and have the same key in several objects', () => {
    expect(parse('{\n\t"a": {"x": 1},\n\t"b": {"x": {"a": 2}}\n}')[0]?.value).toEqual({
      a: { x: 1 },
      b: { x: { a: 2 } },
    });
  });
});

describe('a long List', () => {
  const item = (n: number, indent: string) =>
    [
      `- kind: Pod # - dash`,
      `  metadata:`,
      `    name: p-${n}`,
      `    annotations:`,
      `      a: |`,
      `        - x: ${'y'.repeat(200)}`,
      `      b: "- one`,
      `        - two"`,
    ]
      .map((line) => `${indent}${line}\n`)
      .join('');
  const long = (indent: string, count = 3_000) =>
    `apiVersion: v1\nitems:\n${Array.from({ length: count }, (_, n) => item(n, indent)).join('')}kind: List\nmetadata: { resourceVersion: "" }\n`;

  test('reports the line of a malformed item', () => {
    const lines = long('').split('\n');
    const at = lines.indexOf('    name: p-2000');
    lines[at] = '    name: p: 2000';
    expect(() => parse(lines.join('\n'))).toThrow(`f.yaml, document 1, line ${at + 1}: wrong indentation`);
  });
});

describe('a file that is not plain UTF-8 text', () => {
  const bytes = async (content: Uint8Array) => {
    const file = join(folder.path, 'bytes.txt');
    await writeFile(file, content);
    return file;
  };
  const swapped = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();

  test('is read if a byte order mark says that it is UTF-16', async () => {
    for (const content of [Buffer.from(`\uFEFF${pod('wide')}`, 'utf16le'), swapped(pod('wide'))]) {
      expect((await load(await bytes(content))).objects).toMatchObject([{ name: 'wide' }]);
    }
  });
  test('is rejected with the line if it is binary, or in another encoding', async () => {
    const binary = Buffer.concat([Buffer.from('a: 1\n'), Buffer.from([0x7f, 0, 1])]);
    await expect(load(await bytes(binary))).rejects.toThrow(/bytes\.txt: line 2 contains a NUL byte\.$/);
    const latin = Buffer.from('a: 1\nb: caf\u00e9\nc: 2\n', 'latin1');
    await expect(load(await bytes(latin))).rejects.toThrow(/line 2 is not valid UTF-8\.$/);
    const endless = Buffer.from('a: 1\nb: caf\u00e9', 'latin1');
    await expect(load(await bytes(endless))).rejects.toThrow(/line 2 is not valid UTF-8\.$/);
  });
});

describe('a directory of manifests', () => {
  test('is read recursively by extension, with Lists expanded and links followed', async () => {
    const tree = await manifestFolder({
      'a/list.yml':
        'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: { name: p }\n',
      'a/b/pods.json':
        '{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"q","namespace":"n"}}]}',
      'a/README.md': 'not: read: at: all',
      'c.YAML':
        'apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: c }\nspec: { jobTemplate: { spec: { template: { metadata: { labels: { app: c } } } } } }\n',
    });
    const { events, notes } = await load(tree.path);
    const pods = events.find((event) => event.kind === 'pods' && event.type === 'reset');
    expect(pods).toMatchObject({
      objects: [
        { namespace: 'n', name: 'q' },
        { namespace: 'default', name: 'p' },
        { name: 'c', owner: { kind: 'CronJob' }, labels: { app: 'c' } },
      ],
    });
    expect(notes).toEqual([]);
    await tree.dispose();
  });

  test('is read once even with cyclic links; broken links are reported', async () => {
    const tree = await manifestFolder({ 'a/one.yaml': pod('one'), 'b/two.yaml': pod('two') });
    const at = (name: string) => join(tree.path, name);
    await symlink(tree.path, at('a/round'));
    await symlink('../a', at('b/other'));
    await symlink('one.yaml', at('a/again.yaml'));
    await symlink('nowhere', at('b/lost.yaml'));
    await symlink('self.yaml', at('b/self.yaml'));
    const { objects, notes } = await load(tree.path, at('a'));
    expect(objects.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(noteTexts(notes)).toEqual([`Skipped 2 broken links: ${at('b/lost.yaml')}, ${at('b/self.yaml')}.`]);
    await tree.dispose();
  });

  test('is read when mounted from a ConfigMap', async () => {
    const tree = await manifestFolder({ '..2026_11_22/one.yaml': pod('one') });
    await symlink('..2026_11_22', join(tree.path, '..data'));
    await symlink('..data/one.yaml', join(tree.path, 'one.yaml'));
    expect((await load(tree.path)).objects).toHaveLength(1);
    await tree.dispose();
  });

  test('with templates reports them, and reads the rest', async () => {
    const tree = await manifestFolder({
      'chart/Chart.yaml': 'apiVersion: v2\nname: c\n',
      'chart/values.yaml': 'a: 1\n',
      'chart/templates/web.yaml': 'kind: Pod\nmetadata: { name: "{{ .Release.Name }}" }\n',
      'chart/templates/plain.yaml': pod('plain'),
      'other/t.yaml': '{{- if .Values.x }}\nkind: Pod\n{{- end }}\n',
      'other/rules.yaml': 'kind: ConfigMap\nmetadata: { name: r }\ndata: { a: "{{ $labels.pod }}" }\n',
    });
    const { objects, notes } = await load(tree.path);
    expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Pod plain', 'ConfigMap r']);
    expect(noteTexts(notes)[0]?.replaceAll(tree.path, '')).toBe(
      'Skipped 2 unrendered templates: /chart/templates/web.yaml, /other/t.yaml. Render them first: helm template … | sluice … --manifests -',
    );
    await expect(load(join(tree.path, 'other/t.yaml'))).rejects.toThrow(/this is an unrendered template/);
    await expect(load(join(tree.path, 'chart'))).resolves.toBeDefined();
    await tree.dispose();
  });

  test('with only templates is an error', async () => {
    const tree = await manifestFolder({ 'a.yaml': 'kind: {{ .x }}\n' });
    await expect(load(tree.path)).rejects.toThrow(/Found only unrendered templates in /);
    await tree.dispose();
  });

  test('with a kustomization that transforms it reports that', async () => {
    const tree = await manifestFolder({
      'base/kustomization.yaml': 'resources: [pod.yaml]\n',
      'base/pod.yaml': pod('one'),
      'prod/kustomization.yaml': 'kind: Kustomization\nnamespace: prod\npatches: []\nresources: [../base]\n',
    });
    expect(noteTexts((await load(tree.path)).notes).map((text) => text.replaceAll(tree.path, ''))).toEqual([
      '/prod/kustomization.yaml transforms its files (namespace, patches), but they are read without that. Build them first: kubectl kustomize … | sluice … --manifests -',
    ]);
    await tree.dispose();
  });

  test('reports every malformed file', async () => {
    const tree = await manifestFolder({ 'a.yaml': 'a: b: c\n', 'b.yaml': pod('b'), 'c.yaml': 'x: *y\n' });
    await expect(load(tree.path)).rejects.toThrow(
      /a\.yaml, document 1, line 1: .*; also malformed: .*c\.yaml\.$/,
    );
    await tree.dispose();
  });

  test('reads 50,000 documents', async () => {
    const tree = await manifestFolder();
    const labelled = (n: number) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: p-${n}, namespace: ns-${n % 50}, labels: { app: a-${n % 500} } }\n`;
    for (let part = 0; part < 100; part += 1) {
      await tree.write(
        `${part}.yaml`,
        Array.from({ length: 500 }, (_, n) => labelled(part * 500 + n)).join('---\n'),
      );
    }
    const { objects } = await load(tree.path);
    expect(objects).toHaveLength(50_000);
    expect(objects.at(-1)?.place.document).toBe(500);
    await tree.dispose();
  });
});

describe('warnings about manifests that are still read', () => {
  test('kinds that do not affect paths are counted in one note', async () => {
    const object = (kind: string, version: string, name: string) =>
      `apiVersion: ${version}\nkind: ${kind}\nmetadata: { name: ${name} }\n---\n`;
    const { texts } = await loadText(
      object('ConfigMap', 'v1', 'a') +
        object('AppProject', 'argoproj.io/v1alpha1', 'b') +
        object('ConfigMap', 'v1', 'c'),
    );
    expect(texts).toEqual([
      "Skipped 3 objects of kinds that don't affect paths: 1 AppProject (argoproj.io/v1alpha1), 2 ConfigMap (v1).",
    ]);
  });

  test('kinds that may make pods are named as such', async () => {
    const object = (kind: string, version: string, name: string) =>
      `apiVersion: ${version}\nkind: ${kind}\nmetadata: { name: ${name} }\n---\n`;
    const { texts } = await loadText(
      object('Frob', 'example.com/v1', 'b') +
        object('HelmRelease', 'helm.toolkit.fluxcd.io/v2', 'c') +
        object('ServiceMonitor', 'monitoring.coreos.com/v1', 'd'),
    );
    expect(texts).toEqual([
      "Skipped 1 object of kinds that don't affect paths: 1 ServiceMonitor (monitoring.coreos.com/v1).",
      'Skipped 2 objects that may make pods: 1 Frob (example.com/v1), 1 HelmRelease (helm.toolkit.fluxcd.io/v2). Such pods are missing here: add them, or what makes them once rendered.',
    ]);
  });

  test("a policy that the API server would reject is reported in the server's words, and still counts", async () => {
    const { texts, names } = await loadText(
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p }\nspec:\n  podSelector: { matchExpressions: [{ key: a, operator: Near, values: [b] }] }\n  ingress: [{ ports: [{ port: 99999 }] }]\n',
    );
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(
      /^one\.txt, document 1, line 1: the API server would reject NetworkPolicy p: .*Near.*; .*99999/,
    );
    expect(names).toContain('NetworkPolicy p');
  });

  test('a policy in a wrong API group is reported', async () => {
    const { texts } = await loadText(
      'apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: { name: old, namespace: shop }\n',
    );
    expect(texts[0]).toBe(
      'one.txt, document 1, line 1: the API server would reject NetworkPolicy shop/old: no kind NetworkPolicy in extensions/v1beta1, only in networking.k8s.io/v1. It is skipped.',
    );
  });

  test('a misspelled policy kind is reported, and one of an unknown group', async () => {
    const named = (apiVersion: string, kind: string) =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: p }\n`;
    expect((await loadText(named('networking.k8s.io/v1', 'NetworkPolicys'))).texts).toEqual([
      'one.txt, document 1, line 1: the API server would reject NetworkPolicys p: no kind NetworkPolicys in networking.k8s.io/v1 (did you mean NetworkPolicy?). It is skipped.',
    ]);
    expect((await loadText(named('cilium.io/v3', 'CiliumNetworkPolicy'))).texts[0]).toMatch(
      /reject CiliumNetworkPolicy p: apiVersion: Unsupported value: "cilium.io\/v3": supported values: "cilium.io\/v2"/,
    );
    expect((await loadText(named('net.example.com/v1', 'NetworkPolicy'))).texts).toEqual([
      'one.txt, document 1, line 1: skipped NetworkPolicy p: unknown apiVersion net.example.com/v1.',
    ]);
  });

  test('a policy that Cilium would reject has no effect; what Cilium only warns about is not reported', async () => {
    const cilium = (ingress: string) =>
      `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: c }\nspec: { endpointSelector: {}, ingress: ${ingress} }\n`;
    expect((await loadText(cilium('[]'))).texts).toEqual([
      'one.txt, document 1, line 1: Cilium would reject CiliumNetworkPolicy c: a rule must have at least one of ingress, ingressDeny, egress, egressDeny. It has no effect.',
    ]);
    const ignored = "[{ fromEndpoints: [{ matchLabels: { pod-template-hash: 'x' } }] }]";
    expect((await loadText(cilium(ignored))).texts).toEqual([]);
  });

  test('the last of duplicate objects wins', async () => {
    const deployment = (app: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: { metadata: { labels: { app: ${app} } } } }\n---\n`;
    const { texts, events } = await loadText(deployment('one') + deployment('two'));
    expect(texts).toEqual([
      'Deployment web is defined twice: one.txt, document 1, line 1; one.txt, document 2, line 6. The last one wins.',
    ]);
    expect(events.find(({ kind }) => kind === 'pods')).toMatchObject({
      objects: [{ labels: { app: 'two' } }],
    });
  });

  test('the last of duplicate keys wins, as for kubectl', async () => {
    const { texts, events } = await loadText(
      'kind: Namespace\nmetadata: { name: a }\n---\nkind: Pod\nmetadata:\n  name: p\n  labels: { app: one, app: two }\n---\n{"kind": "Pod", "metadata": {"name": "x",\n "name": "q"}}\n',
    );
    expect(texts).toEqual([
      'one.txt, document 2, line 7: duplicate key app. The last one wins.',
      'one.txt, document 3, line 10: duplicate key name. The last one wins.',
    ]);
    expect(events.find(({ kind }) => kind === 'pods')).toMatchObject({
      objects: [{ name: 'p', labels: { app: 'two' } }, { name: 'q' }],
    });
  });

  test('documents that are not objects are reported by place', async () => {
    const { texts } = await loadText('kind: Pod\nmetadata: { name: p }\n---\n- 1\n---\nreplicas: 3\n');
    expect(texts).toEqual([
      'Skipped 2 non-Kubernetes documents: one.txt, document 2, line 4; one.txt, document 3, line 6.',
    ]);
  });

  test('policies that are not evaluated make pods that they may select undecidable', async () => {
    const file = await folder.write(
      'calico.txt',
      'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: { name: c, namespace: shop }\n',
    );
    const { code, text, errors } = await runVerb(
      ['explain', 'shop/web', 'shop/api', '--port', '80', '--manifests', folder.path, file],
      { KUBECONFIG: '/no' },
    );
    expect(code).toBe(4);
    expect(text).toContain('Calico NetworkPolicy shop/c');
    expect(errors).toBe('');
  });

  test('many notes of one type are truncated', async () => {
    const { texts } = await loadText('kind: Pod\nmetadata: { name: p }\n---\n'.repeat(14));
    expect(texts).toHaveLength(11);
    expect(texts.at(-1)).toBe('And 3 more like this.');
  });
});

test('manifests can come from stdin', async () => {
  const child = spawn(process.execPath, ['dist/sluice.js', 'matrix', '--manifests', '-', '-o', 'csv'], {
    env: { ...process.env, KUBECONFIG: '/no' },
  });
  child.stdin.end(SHOP);
  expect(await textOf(child.stdout)).toContain('shop/api[Deployment],shop/db[StatefulSet],allow,TCP,5432');
});

type Case = readonly [name: string, args: readonly string[], code: number, says: RegExp];

const CASES: readonly Case[] = [
  ['a missing path', ['matrix', '--manifests', '/no/such'], 2, /Unable to read \/no\/such: no such file/],
  ['an empty directory', ['matrix', '--manifests', '$/empty'], 1, /No manifests found in .*empty/],
  ['malformed YAML', ['matrix', '--manifests', '$/bad'], 1, /bad\.yaml, document 2, line 3/],
  ['a missing pod', ['explain', 'shop/wep', 'shop/db', '--port', '1', '--manifests', '$'], 1, /wep/],
  [
    'a missing service port',
    ['explain', 'shop/web', 'shop/svc/db', '--port', '81', '--manifests', '$'],
    1,
    /svc\/db has no port 81/,
  ],
  ['no ends', ['explain', '--port', '80', '--manifests', '$'], 2, /FROM and TO/],
  ['no port', ['explain', 'shop/web', 'shop/db', '--manifests', '$'], 2, /--port/],
  ['ends and a batch', ['explain', 'a', 'b', '--batch', '/dev/null', '--manifests', '$'], 2, /--batch/],
  ['stdin twice', ['explain', '--batch', '-', '--manifests', '-'], 2, /stdin/],
  ['a missing batch file', ['explain', '--batch', '/no/such', '--manifests', '$'], 2, /\/no\/such/],
  ['an unknown enforcer', ['matrix', '--enforcer', 'weave', '--manifests', '$'], 2, /weave/],
  ['an unknown assumption', ['matrix', '--assume', 'x=y', '--manifests', '$'], 2, /"x"/],
  [
    'an assumption of another enforcer',
    ['matrix', '--assume', 'enable-policy=never', '--manifests', '$'],
    2,
    /Cilium/,
  ],
  ['an unknown format', ['matrix', '--manifests', '$', '-o', 'yaml'], 2, /yaml/],
  ['a format of another verb', ['lint', '--manifests', '$', '-o', 'dot'], 2, /dot/],
  [
    '--with without a policy',
    ['explain', 'shop/web', 'shop/db', '--port', '1', '--manifests', '$', '--with', '$/pod.yaml'],
    2,
    /No policies found in/,
  ],
  [
    '--without an invalid name',
    ['explain', 'shop/web', 'shop/db', '--port', '1', '--manifests', '$', '--without', 'pod/shop/web'],
    2,
    /"pod\/shop\/web"/,
  ],
  [
    '--without a missing policy',
    [
      'explain',
      'shop/web',
      'shop/db',
      '--port',
      '1',
      '--manifests',
      '$',
      '--without',
      'netpol/shop/db-only-app',
    ],
    1,
    /db-only-app/,
  ],
  ['check without a file', ['check', '--manifests', '$'], 2, /FILE is missing/],
  ['check with an invalid file', ['check', '$/shop.yaml', '--manifests', '$'], 2, /shop\.yaml, line/],
  ['diff of one tree', ['diff', '$'], 2, /'new'/],
  ['diff with a missing tree', ['diff', '$', '/no/such'], 2, /\/no\/such/],
];

describe('bad input', () => {
  beforeAll(async () => {
    await folder.write('empty/README.md', 'nothing');
    await folder.write('bad/bad.yaml', 'a: 1\n---\nb: c: d\n');
    await folder.write('pod.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: { name: solo, namespace: shop }\n');
    await folder.write('good/shop.yaml', SHOP);
  });

  test.each(CASES)('%s: one sentence, one next step, exit code', async (_, args, code, says) => {
    const filled = args.map((arg) => (arg === '$' ? `${folder.path}/good` : arg.replace(/^\$/, folder.path)));
    expectRefused(await runVerb(filled, { KUBECONFIG: '/no/kubeconfig' }), code, says);
  });
});

/** Each level contains the previous one ten times. */
function bomb(): string {
  const levels = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
  for (const name of ['b', 'c', 'd', 'e', 'f', 'g']) {
    const before = String.fromCharCode(name.charCodeAt(0) - 1);
    levels.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
  }
  return levels.join('\n');
}
