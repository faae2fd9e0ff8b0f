import { NAME_LABEL } from '../../src/core/cluster/map.ts';
import type { Namespace, Node, Pod, Service } from '../../src/core/cluster/objects.ts';
import { type ClusterModel, createClusterModel } from '../../src/core/live/model.ts';
import { parseNetworkPolicy } from '../../src/core/policy/kinds/network-policy.ts';
import type { Policy } from '../../src/core/policy/model/policy.ts';

/** A running pod of namespace `shop`, labelled `app=<name>`, with one address that its name decides. */
export function pod(fields: Partial<Pod> = {}): Pod {
  const name = fields.name ?? 'web';
  const namespace = fields.namespace ?? 'shop';
  return {
    kind: 'Pod',
    namespace,
    name,
    uid: `uid-${namespace}-${name}`,
    labels: { app: name },
    ips: [addressFor(`${namespace}/${name}`)],
    node: 'node-a',
    hostNetwork: false,
    phase: 'Running',
    deleting: false,
    ports: [],
    containers: ['main'],
    serviceAccount: 'default',
    readyContainers: 1,
    restarts: 0,
    status: 'Running',
    created: 0,
    ...fields,
  };
}

/** A namespace that carries its name label, `shop` unless named. */
export function namespace(fields: Partial<Namespace> = {}): Namespace {
  const name = fields.name ?? 'shop';
  return {
    kind: 'Namespace',
    name,
    deleting: false,
    ...fields,
    labels: { [NAME_LABEL]: name, ...fields.labels },
  };
}

/** A ClusterIP service `db` of namespace `shop` with port 5432, selecting `app=<name>`. */
export function service(fields: Partial<Service> = {}): Service {
  const name = fields.name ?? 'db';
  const namespace = fields.namespace ?? 'shop';
  return {
    kind: 'Service',
    namespace,
    name,
    uid: `uid-svc-${namespace}-${name}`,
    labels: {},
    type: 'ClusterIP',
    clusterIPs: [addressFor(`svc/${namespace}/${name}`, 96)],
    headless: false,
    selector: { app: name },
    ports: [{ port: 5432, targetPort: 5432, protocol: 'TCP' }],
    ...fields,
  };
}

/** A node `node-a` with one address. */
export function node(fields: Partial<Node> = {}): Node {
  const name = fields.name ?? 'node-a';
  return { kind: 'Node', name, labels: {}, ips: [addressFor(`node/${name}`, 172)], ...fields };
}

/** A NetworkPolicy of namespace `shop`, parsed from `spec` as the API server would store it. */
export function networkPolicy(
  fields: { readonly name?: string; readonly namespace?: string; readonly spec?: unknown } = {},
): Policy {
  const { name = 'policy', namespace = 'shop', spec = {} } = fields;
  return parseNetworkPolicy({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, uid: `uid-${namespace}-${name}` },
    spec,
  });
}

/** A model that holds these objects. Namespaces that pods use exist, with their name label, unless given. */
export function cluster(contents: {
  readonly pods?: readonly Pod[];
  readonly namespaces?: readonly Namespace[];
  readonly services?: readonly Service[];
  readonly nodes?: readonly Node[];
  readonly policies?: readonly Policy[];
}): ClusterModel {
  const { pods = [], namespaces = [], services = [], nodes = [], policies = [] } = contents;
  const given = new Set(namespaces.map(({ name }) => name));
  const used = new Set(
    [...pods, ...services].map((object) => object.namespace).filter((name) => !given.has(name)),
  );
  const model = createClusterModel();
  const source = 'test';
  const all = [...namespaces, ...Array.from(used, (name) => namespace({ name }))];
  model.apply({ type: 'reset', kind: 'namespaces', source, objects: all });
  model.apply({ type: 'reset', kind: 'nodes', source, objects: nodes });
  model.apply({ type: 'reset', kind: 'pods', source, objects: pods });
  model.apply({ type: 'reset', kind: 'services', source, objects: services });
  model.apply({ type: 'reset', kind: 'policies', source, objects: policies });
  return model;
}

/** An address of `<first>.x.y.z` that the text decides. */
function addressFor(text: string, first = 10): string {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return `${first}.${(hash >>> 16) & 255}.${(hash >>> 8) & 255}.${1 + ((hash & 255) % 254)}`;
}
