import { afterEach, expect, test } from 'vitest';
import { detectEnforcer } from '../../../src/kube/api/enforcer.ts';
import { listForeignPolicies } from '../../../src/kube/api/foreign-policies.ts';
import { createDiscovery } from '../../../src/kube/http/discovery.ts';
import { apiClient } from '../../helpers/servers/api-client.ts';
import { failure, json, type ScriptedServer, scriptedServer } from '../../helpers/servers/scripted-server.ts';

type World = {
  readonly groups?: readonly string[];
  /** Label values of running agents by label key, each with its image. */
  readonly agents?: readonly {
    readonly label: string;
    readonly image?: string;
    readonly args?: readonly string[];
  }[];
  /** The only namespace where pods can be listed, if any; absent: all. */
  readonly only?: string | false;
  readonly gitVersion?: string;
  /** Foreign policies by `group/plural`. */
  readonly policies?: Readonly<
    Record<string, readonly { readonly name: string; readonly namespace?: string }[]>
  >;
};

let server: ScriptedServer;
let abort: AbortController;

afterEach(async () => {
  abort.abort();
  await server.close();
});

async function clientOf(world: World) {
  abort = new AbortController();
  const { groups = [], agents = [], only, policies = {} } = world;
  server = await scriptedServer(({ path, query }, response) => {
    const listed = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods$/.exec(path);
    const [, , group = '', version = '', ...rest] = path.split('/');
    const plural = rest.at(-1);
    if (path === '/apis') {
      json(response, {
        groups: groups.map((name) => ({
          name,
          versions: [{ version: 'v1' }],
          preferredVersion: { version: 'v1' },
        })),
      });
    } else if (listed !== null) {
      if (only === false || (only !== undefined && listed[1] !== only)) {
        json(
          response,
          failure(403, 'Forbidden', 'pods is forbidden: User "eve" cannot list resource "pods"'),
          403,
        );
        return;
      }
      const selector = query.get('labelSelector') ?? '';
      const key = selector.split(' ')[0] ?? '';
      const items = agents
        .map(({ label, image = 'x', args }) => ({
          pair: label.split('='),
          containers: [{ image }, { args }],
        }))
        .filter(({ pair }) => pair[0] === key && selector.includes(pair[1] ?? ''))
        .map(({ pair, containers }, i) => ({
          metadata: { name: `agent-${i}`, labels: { [key]: pair[1] } },
          spec: { containers },
        }));
      json(response, { apiVersion: 'v1', kind: 'PodList', metadata: {}, items });
    } else if (plural === undefined) {
      const resources = Object.keys(policies)
        .filter((name) => name.startsWith(`${group}/`))
        .map((name) => ({ name: name.split('/')[1] }));
      json(response, { groupVersion: `${group}/${version}`, resources });
    } else {
      const items = (policies[`${group}/${plural}`] ?? []).map((metadata) => ({ metadata }));
      json(response, { metadata: {}, items });
    }
  });
  const client = await apiClient(server.kubeconfig(), abort.signal);
  return { client, discovery: createDiscovery(client) };
}

async function detect(world: World) {
  const { client, discovery } = await clientOf(world);
  return detectEnforcer(client, discovery, world.gitVersion ?? 'v1.36.3');
}

test('running agents come first, with their number and version', async () => {
  expect(
    await detect({
      groups: ['cilium.io', 'crd.projectcalico.org'],
      agents: [
        { label: 'k8s-app=cilium', image: 'quay.io/cilium/cilium:v1.19.1@sha256:abc' },
        { label: 'k8s-app=cilium', image: 'quay.io/cilium/cilium:v1.19.1@sha256:abc' },
      ],
    }),
  ).toEqual({ enforcer: 'cilium', enforcerEvidence: '2 agents of Cilium', enforcerVersion: '1.19.1' });
});

test.each<[string, World, string, string]>([
  ['Calico', { agents: [{ label: 'k8s-app=calico-node' }] }, 'calico', '1 agent of Calico'],
  ['kube-router', { agents: [{ label: 'k8s-app=kube-router' }] }, 'kube-router', '1 agent of kube-router'],
  [
    'Cilium chained behind the AWS VPC CNI',
    { agents: [{ label: 'k8s-app=cilium' }, { label: 'k8s-app=aws-node' }] },
    'cilium',
    '1 agent of Cilium',
  ],
  [
    'two enforcing agents',
    { agents: [{ label: 'k8s-app=cilium' }, { label: 'k8s-app=calico-node' }] },
    'unknown',
    'both 1 agent of Cilium and 1 agent of Calico',
  ],
  ['k3s', { gitVersion: 'v1.33.1+k3s1' }, 'kube-router', 'k3s v1.33.1+k3s1 has kube-router built in'],
  [
    'k3s with Cilium',
    { gitVersion: 'v1.33.1+k3s1', agents: [{ label: 'k8s-app=cilium' }] },
    'cilium',
    '1 agent of Cilium',
  ],
  [
    'Calico without agent pods',
    { groups: ['crd.projectcalico.org'] },
    'calico',
    'CRDs of crd.projectcalico.org, no agent pods found',
  ],
  [
    'only CRDs, without permission to list pods',
    { groups: ['cilium.io'], only: false },
    'cilium',
    'CRDs of cilium.io; not allowed to list pods',
  ],
  [
    'CRDs of two, one a leftover',
    { groups: ['cilium.io', 'projectcalico.org'] },
    'unknown',
    'CRDs of both cilium.io and projectcalico.org, no agent pods found',
  ],
  [
    'only flannel',
    { agents: [{ label: 'app=flannel' }] },
    'none',
    'only 1 agent of flannel, which does not enforce policies',
  ],
  [
    'flannel under Canal',
    { agents: [{ label: 'k8s-app=canal' }, { label: 'app=flannel' }] },
    'calico',
    '1 agent of Canal (Calico)',
  ],
  ['Antrea', { agents: [{ label: 'app=antrea' }] }, 'antrea', '1 agent of Antrea'],
  [
    'Antrea by its CRDs',
    { groups: ['crd.antrea.io'] },
    'antrea',
    'CRDs of crd.antrea.io, no agent pods found',
  ],
  ['kindnet', { agents: [{ label: 'app=kindnet' }] }, 'kindnet', '1 agent of kindnet'],
  [
    'kube-network-policies',
    { agents: [{ label: 'app=kube-network-policies' }] },
    'kindnet',
    '1 agent of kube-network-policies',
  ],
  [
    'OVN-Kubernetes',
    { agents: [{ label: 'app=ovnkube-node' }] },
    'ovn-kubernetes',
    '1 agent of OVN-Kubernetes',
  ],
  [
    'the AWS VPC CNI with enforcement',
    {
      agents: [{ label: 'k8s-app=aws-node', args: ['--enable-ipv6=false', '--enable-network-policy=true'] }],
    },
    'aws-vpc-cni',
    '1 agent of the AWS VPC CNI',
  ],
  [
    'the AWS VPC CNI by default',
    { agents: [{ label: 'k8s-app=aws-node', args: ['--enable-network-policy=false'] }] },
    'none',
    'only 1 agent of the AWS VPC CNI, which does not enforce policies',
  ],
  [
    'the AWS VPC CNI without the argument',
    { agents: [{ label: 'k8s-app=aws-node' }] },
    'unknown',
    '1 agent of the AWS VPC CNI',
  ],
  [
    'an enforcer that is not modeled',
    { agents: [{ label: 'k8s-app=azure-npm' }] },
    'unknown',
    '1 agent of Azure NPM',
  ],
  ['nothing', {}, 'unknown', 'no agents and no CRDs of a known CNI'],
])('%s', async (_, world, enforcer, enforcerEvidence) => {
  expect(await detect(world)).toMatchObject({ enforcer, enforcerEvidence });
});

test('with permission to list pods only in kube-system, agents are found there', async () => {
  expect(await detect({ only: 'kube-system', agents: [{ label: 'k8s-app=cilium' }] })).toMatchObject({
    enforcer: 'cilium',
  });
});

test('policies of Calico and Istio are listed, without copies of Kubernetes policies and duplicates', async () => {
  const { client, discovery } = await clientOf({
    groups: ['projectcalico.org', 'crd.projectcalico.org', 'security.istio.io'],
    policies: {
      'projectcalico.org/networkpolicies': [
        { name: 'default.lock', namespace: 'a' },
        { name: 'knp.default.api', namespace: 'a' },
      ],
      'crd.projectcalico.org/networkpolicies': [{ name: 'default.lock', namespace: 'a' }],
      'projectcalico.org/globalnetworkpolicies': [{ name: 'deny\u001b' }],
      'security.istio.io/authorizationpolicies': [{ name: 'mesh', namespace: 'b' }],
    },
  });
  const { objects, denied } = await listForeignPolicies(client, discovery, 'a', abort.signal);
  expect(objects).toEqual([
    { kind: 'Calico NetworkPolicy', namespace: 'a', name: 'default.lock' },
    { kind: 'Calico GlobalNetworkPolicy', name: 'deny␛' },
    { kind: 'Istio AuthorizationPolicy', namespace: 'b', name: 'mesh' },
  ]);
  expect(denied).toEqual([]);
});
