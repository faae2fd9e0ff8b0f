import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { worldOf } from '../../../src/cli/connect/world.ts';
import { loadManifests } from '../../../src/cli/manifests/load.ts';
import { connlistLines } from '../../../src/cli/verbs/matrix.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { isNothing } from '../../../src/core/policy/model/connections.ts';
import type { EndGroup } from '../../../src/core/policy/reach/end-groups.ts';
import { clusterMatrix } from '../../../src/core/policy/reach/matrix.ts';
import { directories, VECTORS, vectorsPresent } from '../../core/policy/vectors/files.ts';

/** netpol-analyzer: an ipBlock never matches a pod. */
const DIALECT = { ...dialectOf('spec'), ipBlockMatchesPods: 'no' as const };

/** Directories with ownerReferences without a kind, which no API server accepts, so the owner is a guess. */
const OWNERS_WITHOUT_KIND = /^example_pods_w_same_owner_and_labels_gap/;

test.skipIf(!vectorsPresent())(
  'the connlist of a directory equals that of netpol-analyzer, line by line',
  async () => {
    const findings: string[] = [];
    let compared = 0;
    for (const name of directories('netpol-analyzer')) {
      const folder = join(VECTORS, 'netpol-analyzer', name);
      const file = join(folder, 'expected/connlist.txt');
      const about = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as {
        readonly hasIngressControllerLines: boolean;
      };
      if (!existsSync(file) || about.hasIngressControllerLines || OWNERS_WITHOUT_KIND.test(name)) continue;
      compared += 1;
      const { rows, lines } = await connlistOf(join(folder, 'manifests'));
      const want = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      // Where sluice says undecidable (host networks, pods without addresses), netpol-analyzer guesses.
      const unsure = new Set(
        rows.filter((row) => !isNothing(row.unsure)).map(({ from, to }) => `${plain(from)} => ${plain(to)}`),
      );
      const isUnsure = (line: string) => unsure.has(line.split(' : ')[0] ?? '');
      const extra = lines.filter((line) => !want.includes(line) && !isUnsure(line));
      const missing = want.filter((line) => !lines.includes(line) && !isUnsure(line));
      findings.push(
        ...extra.map((line) => `${name}: + ${line}`),
        ...missing.map((line) => `${name}: - ${line}`),
      );
    }
    process.stdout.write(`connlist: ${compared} directories compared as text\n`);
    expect(compared).toBeGreaterThanOrEqual(30);
    expect(findings).toEqual([]);
  },
);

async function connlistOf(folder: string) {
  const loaded = await loadManifests([folder], { namespace: 'default' });
  const { model, engine } = worldOf(loaded, DIALECT);
  const rows = clusterMatrix(engine, { everyRange: true });
  return { rows, lines: connlistLines(model, rows) };
}

function plain(end: EndGroup): string {
  return end.type === 'workload' ? `${end.namespace}/${end.name}[${end.kind}]` : 'outside';
}
