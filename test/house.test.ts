import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ADAPTERS = ['src/kube', 'src/hubble', 'src/probe', 'src/audit', 'src/demo'];

/** What each room may import of the others. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  ...Object.fromEntries(ADAPTERS.map((adapter) => [adapter, ['src/core']])),
  'src/session': ['src/core'],
  views: ['src/core', 'src/session'],
  'src/cli': ['src/core', ...ADAPTERS, 'src/session', 'views'],
};

/** Every way from one room into another; that of the demo to Hubble's wire definition is told apart below. */
const WAYS = Object.entries(MAY).flatMap(([folder, allowed]) =>
  Object.keys(MAY)
    .filter((other) => other !== folder && !(folder === 'src/demo' && other === 'src/hubble'))
    .map((other) => ({
      folder,
      from: `../${folder === 'views' ? other : other.replace('src/', '')}/seeded/x.ts`,
      allowed: allowed.includes(other),
    })),
);

const REFUSED = [
  ['src/core/policy', 'node:fs'],
  ['src/core/policy', '../../kube/kube.ts'],
  ['src/core/policy', '@kubernetes/client-node'],
  ['src/core/policy', '@kubernetes/client-node/dist/exec.js'],
  ['src/kube', '../hubble/client/client.ts'],
  ['src/hubble', '../session/session.ts'],
  ['src/probe', '../kube/kube.ts'],
  ['src/audit', '../demo/demo.ts'],
  ['src/demo', '../hubble/client/client.ts'],
  ['src/session', '../kube/kube.ts'],
  ['src/core/policy', '../../wait.ts'],
  ['src/session', 'react'],
  ['views', '../src/hubble/client/client.ts'],
  ['views', '../src/cli/cli.ts'],
] as const;

const ALLOWED = [
  ['src/kube', '../core/common/common.ts'],
  ['src/kube', '../wait.ts'],
  ['src/demo', '../hubble/wire/wire.ts'],
  ['src/session', '../core/common/common.ts'],
  ['views', '../src/session/session.ts'],
  ['src/cli', '../kube/kube.ts'],
] as const;

/** Where an import is seeded; the number keeps the files apart. */
const seeded = (folder: string, from: string) => `${folder}/seeded-${from.replace(/\W+/g, '-')}.ts`;

let house: string;
let refusals: readonly string[];

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'sluice-house-'));
  await copyFile('biome.json', join(house, 'biome.json'));
  const ways = WAYS.map(({ folder, from }) => [folder, from] as const);
  for (const [folder, from] of [...REFUSED, ...ALLOWED, ...ways]) {
    const path = join(house, seeded(folder, from));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `import { x } from '${from}';\nexport const y = x;\n`);
  }
  refusals = await refusedBy(house);
});

afterAll(() => rm(house, { recursive: true }));

/** The files in which Biome, with the house's own rules, refuses an import. */
async function refusedBy(folder: string): Promise<readonly string[]> {
  const args = ['lint', '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none', '.'];
  const report = await new Promise<string>((done) => {
    execFile(resolve('node_modules/.bin/biome'), args, { cwd: folder }, (_, stdout, stderr) =>
      done(stdout + stderr),
    );
  });
  return [...report.matchAll(/noRestrictedImports,file=([^,]+),/g)].map(([, file = '']) =>
    relative(folder, resolve(folder, file)),
  );
}

describe('imports go one way', () => {
  test.each(REFUSED)('%s may not import %s', (folder, from) => {
    expect(refusals).toContain(seeded(folder, from));
  });

  test.each(WAYS)('$folder to $from: $allowed', ({ folder, from, allowed }) => {
    expect(refusals.includes(seeded(folder, from))).toBe(!allowed);
  });

  test.each(ALLOWED)('%s may import %s', (folder, from) => {
    expect(refusals).not.toContain(seeded(folder, from));
  });
});
