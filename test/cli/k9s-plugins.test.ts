import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../src/cli/verbs/verbs.ts';
import { parsePathEnd } from '../../src/core/policy/path/path.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type PtyApp, runInPty } from '../helpers/pty-app.ts';

/** A plug-in of k9s; these fields are all that its schema requires, and `background: false` gives it the terminal. */
type Plugin = {
  readonly shortCut: string;
  readonly description: string;
  readonly scopes: readonly string[];
  readonly command: string;
  readonly background: boolean;
  readonly args: readonly string[];
};

const { plugins } = parse(readFileSync('docs/k9s-plugins.yaml', 'utf8')) as {
  readonly plugins: Readonly<Record<string, Plugin>>;
};

const CALLS = Object.entries(plugins).flatMap(([id, plugin]) =>
  plugin.scopes.map((scope) => ({ id, scope, plugin })),
);

/** What k9s puts in place of a variable: the plural of the kind is the name of the resource. */
function substituted(args: readonly string[], scope: string, name: string): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    CONTEXT: 'demo',
    NAMESPACE: 'shop',
    NAME: name,
    RESOURCE_NAME: scope,
  };
  return args.map((arg) =>
    arg.replace(/\$([\w-]+)/g, (_, variable: string) => {
      const value = values[variable];
      if (value === undefined) throw new Error(`k9s has no ${variable} here`);
      return value;
    }),
  );
}

let folder: string;
let demo: Demo;
let app: PtyApp | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-k9s-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig, { mode: 0o600 });
});

afterEach(() => {
  app?.kill('SIGKILL');
  app = undefined;
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('docs/k9s-plugins.yaml', () => {
  test('has all that k9s requires, and gives sluice the terminal', () => {
    for (const plugin of Object.values(plugins)) {
      expect(plugin).toEqual({
        shortCut: expect.stringMatching(/^Shift-[A-Z]$/),
        description: expect.stringMatching(/./),
        scopes: expect.arrayContaining([expect.any(String)]),
        command: 'sluice',
        background: false,
        args: expect.arrayContaining([expect.any(String)]),
      });
    }
  });

  test('has each key once per view', () => {
    const keys = CALLS.map(({ scope, plugin }) => `${scope} ${plugin.shortCut}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(CALLS)('$id on $scope is parsed by the real parser', async ({ plugin, scope }) => {
    const parsed: Command[] = [];
    const run = () =>
      async function (this: Command) {
        parsed.push(this);
      };
    const program = buildProgram(run, { out: () => undefined, err: () => undefined }, true);
    await program.parseAsync(substituted(plugin.args, scope, 'db-0'), { from: 'user' });
    const options = parsed[0]?.optsWithGlobals() ?? {};
    expect(options).toMatchObject({ context: 'demo', namespace: 'shop' });
    if (parsed[0]?.name() === 'flows') {
      const end = parsePathEnd(String(options.to), 'other');
      expect(end).toMatchObject(
        end.type === 'workload' ? { ref: { namespace: 'shop' } } : { namespace: 'shop' },
      );
    }
  });

  test.each([
    ['sluice-pod', 'pods', 'db-0', /▸1 Pods 1\/14 .* \/db-0 /],
    ['sluice-policy', 'networkpolicies', 'db-only-api', /▸2 Policies 1\/10 [\s\S]*▸ db-only-api /],
    ['sluice-traffic', 'statefulsets', 'db', /▸3 Attempts \d+\/\d+ .* \/db,/],
    ['sluice-flows', 'statefulsets', 'db', /→ db :5432\/tcp/],
  ])('%s opens on what is under the cursor of %s', async (id, scope, name, shown) => {
    const args = substituted(plugins[id]?.args ?? [], scope, name);
    const env = { KUBECONFIG: join(folder, 'kubeconfig'), XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
    app = runInPty(args, { env, columns: 160, rows: 45 });
    await app.shows(shown);
    app.press(id === 'sluice-flows' ? '\u0003' : 'q');
    expect(await app.ended).toBe(id === 'sluice-flows' ? 130 : 0);
  });
});
