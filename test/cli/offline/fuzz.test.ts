import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../../src/cli/cli.ts';
import { BROKEN_MANIFESTS } from '../../helpers/broken-manifests.ts';
import { type ManifestFolder, manifestFolder, SHOP } from '../../helpers/manifest-folder.ts';

/** For a longer run: `SLUICE_FUZZ_RUNS=5000 npx vitest run test/cli/offline/fuzz.test.ts`. */
const RUNS = Number(process.env.SLUICE_FUZZ_RUNS ?? 40);

let folder: ManifestFolder;
beforeAll(async () => {
  folder = await manifestFolder({
    'old/shop.yaml': SHOP,
    'e.yaml':
      'expect: [{ allow: { from: "*/*", to: "*/db*", port: 5432 } }, { only: { from: shop/web, to: shop/db-0 } }, { deny: { from: outside, to: "*/*" } }]',
  });
});
afterAll(() => folder.dispose());

/** The verbs that read manifests, in every format, with their possible exit codes. */
const VERBS: readonly (readonly [args: readonly string[], codes: readonly number[]])[] = [
  ...['table', 'json', 'csv', 'dot', 'connlist'].map(
    (format) =>
      [
        ['matrix', '-o', format],
        [0, 1],
      ] as const,
  ),
  ...['table', 'json', 'sarif'].map(
    (format) =>
      [
        ['lint', '--strict', '-o', format],
        [0, 1, 3],
      ] as const,
  ),
  ...['table', 'json', 'junit'].map(
    (format) =>
      [
        ['check', '$/e.yaml', '-o', format],
        [0, 1, 3, 4],
      ] as const,
  ),
  ...['table', 'json'].map(
    (format) =>
      [
        ['explain', 'shop/web', 'shop/db-0', '--port', '5432', '-o', format],
        [0, 1, 2, 3, 4],
      ] as const,
  ),
  [
    ['check', '$/new.yaml'],
    [0, 1, 2, 3, 4],
  ],
];
const DIFFS = ['table', 'json', 'markdown'].map((format) => ['diff', '$/old', '$/new.yaml', '-o', format]);

async function run(args: readonly string[]) {
  const written = { out: '', err: '' };
  const writeTo = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text;
  };
  const output = { out: writeTo('out'), err: writeTo('err') };
  const argv = args.map((arg) => arg.replace(/^\$/, folder.path));
  const code = await main({ argv, output, interactive: false });
  return { code, ...written };
}

test('broken manifests never break a verb', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      BROKEN_MANIFESTS,
      fc.nat(),
      fc.constantFrom('spec', 'cilium', 'calico'),
      async (text, pick, enforcer) => {
        await folder.write('new.yaml', text);
        const [args, codes] = VERBS[pick % VERBS.length] ?? [[], []];
        const verb = [...args, '--manifests', join(folder.path, 'new.yaml'), '--enforcer', enforcer];
        const diff = [...(DIFFS[pick % DIFFS.length] ?? []), '--enforcer', enforcer];
        for (const [ask, allowed] of [
          [verb, codes],
          [diff, [0, 1]],
        ] as const) {
          const { code, out, err } = await run(ask);
          const story = `${ask.join(' ')}\n${err}`;
          expect(allowed, story).toContain(code);
          expect(err, story).not.toMatch(/Run again with --debug|^ +at /m);
          expect(`${out}${err}`, story).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
          if (code === 0 && ask.includes('json')) JSON.parse(out);
        }
      },
    ),
    { numRuns: RUNS },
  );
});
