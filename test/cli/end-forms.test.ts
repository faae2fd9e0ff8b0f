import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flowEndFilter } from '../../src/cli/verbs/flow-ends.ts';
import type { FlowEnd } from '../../src/core/traffic/traffic.ts';
import { type LiveDemo, startLiveDemo } from '../helpers/demo/live-demo.ts';
import { runVerb } from '../helpers/verb.ts';

let live: LiveDemo;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  live = await startLiveDemo();
  const folder = dirname(live.auditPath);
  await writeFile(join(folder, 'kubeconfig'), live.demo.kubeconfig, { mode: 0o600 });
  env = { KUBECONFIG: join(folder, 'kubeconfig'), XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
});

afterAll(() => live.dispose());

/** `$pod` and `$service` stand for the addresses of the pod and of its Service, `$node` for the name of a node. */
function written(form: string): string {
  const { model } = live.runtime;
  const pod = model.pod('shop', 'db-0')?.ips[0] ?? '';
  const service = model.service('shop', 'db')?.clusterIPs[0] ?? '';
  const [node] = model.nodes();
  return form
    .replace('$pod', pod)
    .replace('$service', service)
    .replace('$node', node?.name ?? '');
}

/** A pod of the demo as flows of its own node tell it. */
function flowEnd(namespace: string, name: string): FlowEnd {
  const pod = live.runtime.model.pod(namespace, name);
  if (pod === undefined) throw new Error(`no pod ${name}`);
  return { namespace, pod: name, ip: pod.ips[0] ?? '' };
}

const web = () => {
  const [pod] = live.runtime.model.podsOf({ kind: 'Deployment', namespace: 'shop', name: 'web' });
  return flowEnd('shop', pod?.name ?? '');
};

/** Every way to write the one pod of the demo's database, by what it is called. */
const DATABASE = [
  'sts/db',
  'statefulset/db',
  'StatefulSets/db',
  'shop/sts/db',
  'db-0',
  'po/db-0',
  'shop/db-0',
  'shop/pod/db-0',
  'svc/db',
  'service/db',
  'shop/svc/db',
  'db.shop.svc',
  'db.shop.svc.cluster.local',
  '$pod',
  '$pod/32',
  '$service',
] as const;

/** What is no single end of pods: only verbs that change nothing take it. */
/** Ends that `grant` refuses here, its exit code, and what it says. */
const WIDE = [
  ['$pod/24', 2, /^sluice: ".*" is not the start of a block/],
  ['world', 2, /^sluice: A grant cannot have world as its destination\.\n +Write the addresses/],
  ['node/$node', 2, /^sluice: A grant cannot have node\/.* as its destination\.\n +Write an address/],
  ['api.example.com', 2, /^sluice: A grant cannot have .* as its destination\.\n +A NetworkPolicy knows no/],
  ['203.0.113.0/24', 1, /^sluice: The path from web to 203\.0\.113\.0\/24 5432\/tcp is already open/],
] as const;

const options = ['--port', '5432/tcp'];
const grantOptions = [...options, '--for', '5m', '--reason', 'test', '--dry-run'];

describe.each(DATABASE)('the database as %s', (form) => {
  test('is explained', async () => {
    const { code, errors } = await runVerb(['explain', 'web', written(form), ...options], env);
    expect({ code, errors }).toEqual({ code: 3, errors: '' });
  });

  test('is granted', async () => {
    const { code, errors } = await runVerb(
      ['grant', '--from', 'web', '--to', written(form), ...grantOptions],
      env,
    );
    // What the form stands for may be noted.
    expect({ code, errors: errors.replace(/^sluice: note: .*\n/gm, '') }).toEqual({ code: 0, errors: '' });
  });

  test('filters flows', () => {
    const fits = flowEndFilter(written(form), { namespace: 'shop', model: live.runtime.model });
    expect([flowEnd('shop', 'db-0'), web()].map(fits)).toEqual([true, false]);
  });
});

describe.each(['web', 'deploy/web', 'shop/web', 'shop/deployment/web', 'svc/web'])(
  'a source as %s',
  (form) => {
    test('is explained', async () => {
      const { code } = await runVerb(['explain', form, 'sts/db', ...options], env);
      expect(code).toBe(3);
    });

    test('is granted', async () => {
      const { code } = await runVerb(['grant', '--from', form, '--to', 'sts/db', ...grantOptions], env);
      expect(code).toBe(0);
    });

    test('filters flows', () => {
      const fits = flowEndFilter(form, { namespace: 'shop', model: live.runtime.model });
      expect([web(), flowEnd('shop', 'db-0')].map(fits)).toEqual([true, false]);
    });
  },
);

describe.each(WIDE)('the wide end %s', (form, code, says) => {
  test('is explained', async () => {
    const explained = await runVerb(['explain', 'web', written(form), ...options], env);
    expect(explained.errors).toBe('');
    expect([0, 3, 4]).toContain(explained.code);
  });

  test('is refused as the end of a grant, in words', async () => {
    const refused = await runVerb(['grant', '--from', 'web', '--to', written(form), ...grantOptions], env);
    expect(refused.errors).toMatch(says);
    expect(refused.code).toBe(code);
  });

  test('filters flows', () => {
    const fits = flowEndFilter(written(form), { namespace: 'shop', model: live.runtime.model });
    expect(fits(web())).toBe(false);
  });
});

describe('a name that means two things', () => {
  test.each(['explain', 'grant'])('is refused by %s with both', async (verb) => {
    const args =
      verb === 'explain' ? ['web', 'db', ...options] : ['--from', 'web', '--to', 'db', ...grantOptions];
    const { code, errors } = await runVerb([verb, ...args], env);
    expect(code).toBe(2);
    expect(errors).toContain('"db" in namespace shop is ambiguous: sts/db or svc/db.');
  });

  test('filters flows to either', () => {
    const fits = flowEndFilter('db', { namespace: 'shop', model: live.runtime.model });
    expect([flowEnd('shop', 'db-0'), web()].map(fits)).toEqual([true, false]);
  });
});

describe('a name that nothing has is told with the nearest', () => {
  test.each([
    ['explain', 'wbe', 'sts/db', ...options],
    ['grant', '--from', 'wbe', '--to', 'sts/db', ...grantOptions],
    ['flows', '--from', 'wbe'],
  ])('%s', async (...args) => {
    const { code, errors } = await runVerb(args, env);
    expect(code).toBe(1);
    expect(errors).toMatch(
      /No pod, workload or Service wbe found in namespace shop\.\n +Did you mean .*shop\/deploy\/web/,
    );
  });
});

describe('flows of a cluster', () => {
  const filter = (text: string, namespace?: string) =>
    flowEndFilter(text, { namespace, model: live.runtime.model });

  test('with -A, a name without a namespace is that of any', () => {
    const prometheus = flowEnd('monitoring', 'prometheus-0');
    expect(filter('sts/prometheus')(prometheus)).toBe(true);
    expect(filter('prometheus')(prometheus)).toBe(true);
    expect(() => filter('sts/prometheus', 'shop')).toThrow('found in namespace shop');
    expect(filter('monitoring/sts/prometheus', 'shop')(prometheus)).toBe(true);
  });

  test('an end may be all of a namespace, a reserved identity, or the world', () => {
    const outside: FlowEnd = { ip: '203.0.113.9' };
    expect(['shop/', 'monitoring/'].map((text) => filter(text, 'shop')(web()))).toEqual([true, false]);
    expect(filter('host', 'shop')({ reserved: 'host', ip: '192.168.10.1' })).toBe(true);
    expect([outside, { ...outside, reserved: 'world' }, web()].map(filter('world', 'shop'))).toEqual([
      true,
      true,
      false,
    ]);
    expect([outside, web()].map(filter('203.0.113.0/24', 'shop'))).toEqual([true, false]);
  });
});

test('past flows may be of what is gone: flows warns, and goes on', () => {
  const warnings: string[] = [];
  const onMissing = ({ message }: Error) => warnings.push(message);
  const fits = flowEndFilter('gone-1', { namespace: 'shop', model: live.runtime.model, onMissing });
  expect(warnings).toEqual(['No pod, workload or Service gone-1 found in namespace shop.']);
  expect(fits({ namespace: 'shop', pod: 'gone-1' })).toBe(true);
});

describe('flows without a cluster', () => {
  const filter = (text: string, namespace?: string) => flowEndFilter(text, { namespace, model: undefined });
  const end: FlowEnd = {
    namespace: 'shop',
    pod: 'db-0',
    ip: '10.1.1.3',
    workload: { kind: 'StatefulSet', name: 'db' },
  };

  test.each(['db', 'db-0', 'sts/db', 'shop/db', 'shop/sts/db', 'shop/', '10.1.1.3', '10.1.0.0/16'])(
    '%s',
    (text) => {
      expect(filter(text)(end)).toBe(true);
      expect(filter(text)({ namespace: 'other', pod: 'x', ip: '10.9.9.9' })).toBe(false);
    },
  );

  test.each(['deploy/db', 'other/db', 'svc/db', 'world'])('not %s', (text) => {
    expect(filter(text)(end)).toBe(false);
  });

  test('names are those of the namespace, if one is given', () => {
    expect(filter('db', 'other')(end)).toBe(false);
  });

  test('what the flow itself says counts: names of hosts, and of Services', () => {
    expect(filter('api.example.com')({ dns: ['api.example.com.'] })).toBe(true);
    expect(filter('svc/db')({ service: { namespace: 'shop', name: 'db' } })).toBe(true);
  });

  test('a node needs a cluster', () => {
    expect(() => filter('node/a')).toThrow("node/a can't be found without a cluster.");
  });
});
