import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workloadResource } from '../../src/core/cluster/workload-kinds.ts';
import { POLICY_KINDS } from '../../src/core/policy/kinds/policy-kinds.ts';
import { ROLES, type RoleName } from '../../src/core/roles/roles.ts';
import { listForeignPolicies } from '../../src/kube/api/foreign-policies.ts';
import type { ApiClient } from '../../src/kube/http/client.ts';
import type { Discovery } from '../../src/kube/http/discovery.ts';
import { connect } from '../../src/kube/kube.ts';
import { eventually } from '../helpers/eventually.ts';
import { runProgram } from '../helpers/program.ts';
import { type GuardedServer, guardedServer, OTHER } from '../helpers/servers/guarded-server.ts';
import { runVerb } from '../helpers/verb.ts';

/** `verb group/resource` of each call, for the roles that whoever makes it should have. */
const calls = new Map<string, ReadonlySet<string>>();

let folder: string;
let server: GuardedServer;
let env: Readonly<Record<string, string>>;
/** The requests until here prepared the work, and are none of it. */
let forging = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-calls-'));
  server = await guardedServer('one');
  await writeFile(join(folder, 'kubeconfig'), server.kubeconfig('token: one'));
  env = {
    KUBECONFIG: join(folder, 'kubeconfig'),
    XDG_STATE_HOME: folder,
    XDG_CONFIG_HOME: folder,
    KUBERC: 'off',
  };
  const path = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--reason', 'test'];

  await during('viewer', async () => {
    await ran([0, 3], 'explain', 'deploy/web', 'sts/db', '--port', '5432/tcp');
    await ran([0], 'grants', '-A');
  });
  await during('viewer operator', async () => {
    const granted = await ran([0], 'grant', ...path, '--for', '10m', '--source', 'probe', '-o', 'json');
    const id = /"id":"(\w+)"/.exec(granted)?.[1] ?? '';
    await ran([0], 'extend', id, '--for', '5m');
    await ran([0], 'revoke', id);
    await ran([0, 1], 'grant', ...path, '--for', '2s', '--wait', '--source', 'probe', '-o', 'json');
  });
  const other = join(folder, 'other');
  await writeFile(other, server.kubeconfig(`token: ${OTHER}`));
  const asked = async () => {
    const made = await ran([0], 'request', ...path, '--for', '10m', '--source', 'probe', '-o', 'json');
    const { id, plan } = JSON.parse(made.split('\n').find((line) => line.includes('"requested"')) ?? '{}');
    return { id: String(id), plan: String(plan) };
  };
  let answered = { id: '', plan: '' };
  await during('viewer requester', async () => {
    await ran([0], 'revoke', (await asked()).id);
    answered = await asked();
    const cluster = await connect({ kubeconfig: join(folder, 'kubeconfig') });
    const args = ['request', ...path, '--for', '10m', '--wait', '--source', 'probe', '-o', 'json'];
    const ended = await runVerb(args, env, (text) => {
      if (!text.includes('"requested"')) return;
      const { halves } = JSON.parse(text);
      const { name, uid } = halves[0].policy;
      const ref = {
        group: 'networking.k8s.io',
        version: 'v1',
        resource: 'networkpolicies',
        namespace: 'shop',
        name,
      };
      void cluster.api.delete(ref, { uid, propagation: 'Background' });
    });
    await cluster.dispose();
    expect(ended.code, ended.errors).toBe(3);
  });
  await during('viewer approver', async () => {
    const mine = { ...env, KUBECONFIG: other };
    const { id, plan } = answered;
    for (const args of [
      ['requests', '-A'],
      ['approve', id, '--plan', plan],
      ['extend', id, '--for', '5m'],
      ['revoke', id],
    ]) {
      const { code, errors } = await runVerb(args, mine);
      expect(code, errors).toBe(0);
    }
  });
  await during('auditor', async () => {
    await ran([0], 'audit', 'verify', '--against', 'cluster');
    await ran([0], 'grants', '-n', 'shop');
  });
  await during('sweeper', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/grant': 'forged' };
    const cluster = await connect({ kubeconfig: join(folder, 'kubeconfig') });
    const forge = async (kind: string, group: string, resource: string, spec: object) => {
      const metadata = { name: 'mine', namespace: 'shop', labels };
      const where = { group, version: 'v1', resource, namespace: 'shop' };
      await cluster.api.create(where, { apiVersion: `${group}/v1`, kind, metadata, spec });
    };
    await forge('NetworkPolicy', 'networking.k8s.io', 'networkpolicies', { podSelector: {} });
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } };
    await forge('Job', 'batch', 'jobs', { suspend: true, template });
    await cluster.dispose();
    forging = server.requests.length;
    const names = ['NetworkPolicy/shop/mine', 'Job/shop/mine'];
    await ran([0], 'sweep', ...names);
    const program = runProgram(['sweep', '--watch', '-A', '-o', 'json'], env);
    await program.event('watching');
    await eventually(() =>
      expect(server.requests.filter(({ query }) => query.get('watch') !== null).length).toBeGreaterThan(0),
    );
    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });
  await during('hubble', async () => {
    const cluster = await connect({ kubeconfig: join(folder, 'kubeconfig') });
    expect(await cluster.findRelay(AbortSignal.timeout(60_000))).toBeDefined();
    await cluster.dispose();
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function ran(codes: readonly number[], ...args: readonly string[]): Promise<string> {
  const { code, text, errors } = await runVerb(args, env);
  expect(codes, errors).toContain(code);
  return text;
}

async function during(roles: string, work: () => Promise<void>): Promise<void> {
  const before = server.requests.length;
  forging = 0;
  await work();
  const seen = server.requests.slice(Math.max(before, forging)).flatMap((request) => callOf(request) ?? []);
  calls.set(roles, new Set(seen));
}

/** Everybody may ask about the server, and about themselves; what is asked about is called if it is allowed. */
function callOf({ method, path, query, body }: GuardedServer['requests'][number]): string | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/[^/]+(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(
    path,
  );
  const [, group = '', resource, name] = match ?? [];
  if (resource === 'selfsubjectaccessreviews') {
    const { verb, group, resource: asked } = JSON.parse(body).spec.resourceAttributes;
    return `${verb} ${group}/${asked}`;
  }
  if (resource === undefined || resource.startsWith('selfsubject')) return undefined;
  const reads = name !== undefined ? 'get' : query.get('watch') !== null ? 'watch' : 'list';
  const verbs: Readonly<Record<string, string>> = {
    GET: reads,
    POST: 'create',
    PATCH: 'patch',
    DELETE: 'delete',
  };
  return `${verbs[method]} ${group}/${resource}`;
}

function rightsOf(...names: readonly RoleName[]): readonly string[] {
  return ROLES.filter(({ name }) => names.includes(name)).flatMap(({ rights }) =>
    rights.flatMap(({ group, resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'ReplicationController'];

/** What the code reads that the demo lacks, or only on a key: from the tables by which it reads. */
async function fromTables(): Promise<readonly string[]> {
  const each = (verbs: readonly string[], group: string, resource: string) =>
    verbs.map((verb) => `${verb} ${group}/${resource}`);
  const foreign: string[] = [];
  const client = {
    call: async ({ about }: Parameters<ApiClient['call']>[0]) => {
      foreign.push(`${about.verb} ${about.group}/${about.resource}`);
      return { value: { items: [] } };
    },
  } as unknown as ApiClient;
  for (const calico of ['projectcalico.org', 'crd.projectcalico.org']) {
    const groups = new Map([calico, 'crd.antrea.io', 'security.istio.io'].map((name) => [name, ['v1']]));
    const discovery = { groups: async () => groups, has: async () => 'yes' } as unknown as Discovery;
    await listForeignPolicies(client, discovery, 'shop', AbortSignal.timeout(60_000));
  }
  return [
    ...POLICY_KINDS.flatMap(({ group, resource }) => each(['get', 'list', 'watch'], group, resource)),
    ...WORKLOADS.flatMap((kind) => {
      const place = workloadResource(kind);
      return place === undefined ? [] : each(['get'], place.group, place.resource);
    }),
    ...each(['get'], '', 'pods'),
    ...each(['get'], '', 'services'),
    ...each(['list', 'watch'], 'cilium.io', 'ciliumcidrgroups'),
    ...foreign,
  ];
}

const TOGETHER: readonly (readonly [string, readonly RoleName[]])[] = [
  ['viewer', ['viewer']],
  ['viewer operator', ['viewer', 'operator']],
  ['viewer requester', ['viewer', 'requester']],
  ['viewer approver', ['viewer', 'approver']],
  ['auditor', ['auditor']],
  ['sweeper', ['sweeper']],
  ['hubble', ['hubble']],
];

/** Asked for, and done without where refused: the identity of the cluster, and what enforces policies there. */
const DISPENSABLE = ['get /namespaces', 'list /pods', 'list /namespaces', 'get /secrets'];

/** An approver who lacks these is not told whether they could open the path alone, which they can't then. */
const ASIDE: Readonly<Record<string, readonly string[]>> = {
  'viewer approver': ['create batch/jobs', 'create networking.k8s.io/networkpolicies'],
};

describe('the roles and the calls of the code agree', () => {
  test.each(TOGETHER)('%s: no call lacks a right', (key, roles) => {
    const made = calls.get(key) ?? new Set();
    expect(made.size).toBeGreaterThan(0);
    const rights = [...rightsOf(...roles), ...DISPENSABLE, ...(ASIDE[key] ?? [])];
    expect([...made].filter((call) => !rights.includes(call))).toEqual([]);
  });

  test('viewer: no right without a call', async () => {
    const seen = [...(calls.get('viewer') ?? []), ...(await fromTables())];
    // An older server lists what it then watches, in two requests.
    const listed = seen.flatMap((call) => (call.startsWith('watch ') ? [call.replace('watch', 'list')] : []));
    const used = new Set([...seen, ...listed]);
    expect(rightsOf('viewer').filter((right) => !used.has(right))).toEqual([]);
  });

  test('operator: no right without a call', () => {
    const used = calls.get('viewer operator') ?? new Set();
    expect(rightsOf('operator').filter((right) => !used.has(right))).toEqual([]);
  });

  test.each(['requester', 'approver'] as const)('%s: no right without a call', (role) => {
    const used = calls.get(`viewer ${role}`) ?? new Set();
    expect(rightsOf(role).filter((right) => !used.has(right))).toEqual([]);
  });

  test('auditor: no right without a call', () => {
    // A grant of which a half is out of sight is completed by its name.
    const used = new Set([
      ...(calls.get('auditor') ?? []),
      'get batch/jobs',
      'get networking.k8s.io/networkpolicies',
    ]);
    expect(rightsOf('auditor').filter((right) => !used.has(right))).toEqual([]);
  });

  test('sweeper: no right without a call', () => {
    const used = calls.get('sweeper') ?? new Set();
    expect(rightsOf('sweeper').filter((right) => !used.has(right))).toEqual([]);
  });

  test('hubble and probe: no right without a call, but for the streams', () => {
    const used = calls.get('hubble') ?? new Set();
    const streams = [
      'get /pods/portforward',
      'create /pods/portforward',
      'get /pods/exec',
      'create /pods/exec',
    ];
    expect(
      rightsOf('hubble', 'probe')
        .filter((right) => !used.has(right))
        .sort(),
    ).toEqual(streams.sort());
  });
});
