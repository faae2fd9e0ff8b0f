import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../../src/cli/cli.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-completion-'));
  const contexts = ['prod', 'arn:aws:eks:eu-central-1:1:cluster/prod'].map((name) => ({ name, context: {} }));
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify({ contexts }));
  await writeFile(join(folder, 'broken'), '{');
  await mkdir(join(folder, 'logs', 'prod-1234'), { recursive: true });
  await mkdir(join(folder, 'logs', 'bad\nname'));
});

afterAll(() => rm(folder, { recursive: true }));

async function run(argv: readonly string[]) {
  const written = { out: '', err: '' };
  const writeTo = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text;
  };
  const output = { out: writeTo('out'), err: writeTo('err') };
  const code = await main({ argv, output, interactive: false });
  return { code, ...written };
}

/** The completions of a line whose last word is being typed; `$` is the directory of the test. */
async function offered(line: string) {
  const words = line.split(' ').map((word) => word.replace('$', folder));
  const { code, out, err } = await run(['__complete', ...words]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.split('\n');
  expect(lines.splice(-2)).toEqual([expect.stringMatching(/^:[04]$/), '']);
  return { values: lines.map((text) => text.split('\t')[0]), lines, files: out.endsWith(':0\n') };
}

describe('verbs', () => {
  test('are offered with their descriptions', async () => {
    const { lines, values, files } = await offered('');
    expect(values).toEqual(expect.arrayContaining(['explain', 'grant', 'audit']));
    expect(lines).toContain('grants\tlist active grants');
    expect(values).not.toContain('__complete');
    expect(files).toBe(false);
  });

  test.each([
    ['gr', ['grant', 'grants']],
    ['audit ', ['log', 'verify', 'checkpoint', 'key', 'export']],
    ['manifests ', ['rbac', 'admission', 'sweeper']],
    ['--context prod -A --debug fl', ['flows']],
    ['-nshop fl', ['flows']],
    ['-An shop fl', ['flows']],
    ['-n flows ex', ['explain', 'extend']],
    ['--output=json fl', ['flows']],
    ['no-such ', []],
    ['explain web ', []],
    ['-- fl', []],
    ['completion ', ['bash', 'zsh', 'fish']],
  ])('after "%s"', async (line, expected) => {
    expect((await offered(line)).values).toEqual(expected);
  });
});

describe('options', () => {
  test('are those of the verb, with their descriptions', async () => {
    const { lines, values } = await offered('grant --');
    expect(lines).toContain('--reason\treason for the audit log');
    expect(values).toContain('--help');
    expect(values).not.toContain('--batch');
    expect(values).not.toContain('-n');
  });

  test('can be completed in short form', async () => {
    expect((await offered('grants -')).values).toEqual(
      expect.arrayContaining(['-n', '-A', '-o', '--context']),
    );
  });

  test.each([
    ['grant --from a --fr', []],
    ['grant -n shop --names', []],
    ['grant --port 80 --po', ['--port']],
    ['explain --manifests a b --mani', ['--manifests']],
    ['explain --batch - --b', []],
    ['grant -- --fr', []],
  ])('are offered again only if they may be repeated: "%s"', async (line, expected) => {
    expect((await offered(line)).values).toEqual(expected);
  });
});

describe('values', () => {
  test.each([
    ['matrix --output ', ['table', 'json', 'csv', 'dot', 'connlist']],
    ['grants -o ', ['table', 'json', 'yaml']],
    ['grants -Ao ', ['table', 'json', 'yaml']],
    ['grants --output=j', ['json']],
    ['explain --enforcer cilium-', ['cilium-1.19', 'cilium-1.20']],
    ['flows --source h', ['hubble']],
    ['flows --verdict a', ['allow', 'audit']],
    ['lint --ignore shad', ['shadowed-rule']],
    ['lint --assume ipblock-matches-pods=t', ['ipblock-matches-pods=true']],
    ['grant --for ', ['5m', '15m', '30m', '1h']],
    ['audit log --type gr', ['granted']],
    ['manifests rbac --bind h', ['hubble=']],
    ['manifests admission -o ', ['yaml', 'json']],
    ['manifests admission --max-duration 1', ['15m', '1h']],
    ['flows --kubeconfig $/kubeconfig --context ', ['prod', 'arn:aws:eks:eu-central-1:1:cluster/prod']],
    ['flows --kubeconfig=$/kubeconfig --context arn:aws:', ['arn:aws:eks:eu-central-1:1:cluster/prod']],
    ['flows --kubeconfig $/none --context ', []],
    ['flows --kubeconfig $/broken --context ', []],
    ['audit log --directory $/logs --cluster ', ['prod-1234']],
    ['grant --reason ', []],
    ['flows --nothing=', []],
  ])('after "%s"', async (line, expected) => {
    const { values, files } = await offered(line);
    expect(values).toEqual(expected);
    expect(files).toBe(false);
  });

  test.each([
    'explain --manifests ',
    'explain --manifests a ',
    'flows --replay=',
    'check ',
    'diff old ',
    'diff ',
  ])('are files after "%s"', async (line) => {
    expect(await offered(line)).toMatchObject({ values: [], files: true });
  });

  test('are files, or the cluster, after "audit verify --against "', async () => {
    expect(await offered('audit verify --against ')).toMatchObject({ values: ['cluster'], files: true });
  });

  test.each(['diff old new ', 'flows ', 'grant --ticket '])('are not files after "%s"', async (line) => {
    expect(await offered(line)).toMatchObject({ values: [], files: false });
  });
});

test.each(['bash', 'zsh', 'fish'])('%s has a script that calls the program', async (shell) => {
  const { code, out } = await run(['completion', shell]);
  expect(code).toBe(0);
  expect(out).toContain(' __complete ');
});

test('other shells are rejected', async () => {
  const { code, err } = await run(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(err).toContain('Allowed choices are bash, zsh, fish.');
});
