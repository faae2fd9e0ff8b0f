/** Reads manifests for the oracle; shares nothing with the product. */

export type Labels = Readonly<Record<string, string>>;

export type OraclePort = {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: string;
  readonly init: boolean;
};

export type OraclePod = {
  readonly type: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly node: string;
  readonly host: boolean;
  readonly finished: boolean;
  readonly account: string;
  readonly ports: readonly OraclePort[];
};

export type OracleNode = { readonly name: string; readonly labels: Labels; readonly ip: string };

/** The address of no pod; the node that has it, if one does. */
export type OracleAddress = {
  readonly type: 'address';
  readonly ip: string;
  readonly node: OracleNode | undefined;
};

export type OracleEnd = OraclePod | OracleAddress;

export type OracleWorld = {
  readonly pods: readonly OraclePod[];
  readonly nodes: readonly OracleNode[];
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly services: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly selector: Labels | undefined;
  }[];
  /** Addresses by `namespace/service`. */
  readonly endpoints: ReadonlyMap<string, readonly string[]>;
  readonly policies: readonly Json[];
};

/** Any JSON object. */
export type Json = { readonly [key: string]: unknown };

export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The list, or undefined where there is none. */
export function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function labelsAt(value: unknown, ...path: readonly string[]): Labels {
  const found = at(value, ...path);
  return isObject(found)
    ? Object.fromEntries(Object.entries(found).map(([key, label]) => [key, String(label)]))
    : {};
}

export function readWorld(documents: readonly Json[]): OracleWorld {
  const kind = (name: string) => documents.filter((doc) => doc.kind === name);
  return {
    pods: kind('Pod').map(readPod),
    nodes: kind('Node').map((doc) => ({
      name: String(at(doc, 'metadata', 'name')),
      labels: labelsAt(doc, 'metadata', 'labels'),
      ip: String(at(list(at(doc, 'status', 'addresses'))?.[0], 'address')),
    })),
    namespaces: new Map(
      kind('Namespace').map((doc) => [
        String(at(doc, 'metadata', 'name')),
        labelsAt(doc, 'metadata', 'labels'),
      ]),
    ),
    services: kind('Service').map((doc) => ({
      namespace: String(at(doc, 'metadata', 'namespace')),
      name: String(at(doc, 'metadata', 'name')),
      selector: isObject(at(doc, 'spec', 'selector')) ? labelsAt(doc, 'spec', 'selector') : undefined,
    })),
    endpoints: new Map(
      kind('EndpointSlice').map((doc) => [
        `${at(doc, 'metadata', 'namespace')}/${at(doc, 'metadata', 'labels', 'kubernetes.io/service-name')}`,
        (list(doc.endpoints) ?? []).flatMap((item) => (list(at(item, 'addresses')) ?? []).map(String)),
      ]),
    ),
    policies: documents.filter((doc) => String(doc.kind).endsWith('Policy')),
  };
}

function readPod(doc: Json): OraclePod {
  const ports = (containers: unknown, init: boolean) =>
    (list(containers) ?? []).flatMap((container) =>
      (list(at(container, 'ports')) ?? []).map((port) => ({
        name: at(port, 'name') === undefined ? undefined : String(at(port, 'name')),
        port: Number(at(port, 'containerPort')),
        protocol: String(at(port, 'protocol') ?? 'TCP'),
        init,
      })),
    );
  return {
    type: 'pod',
    namespace: String(at(doc, 'metadata', 'namespace')),
    name: String(at(doc, 'metadata', 'name')),
    labels: labelsAt(doc, 'metadata', 'labels'),
    ips: (list(at(doc, 'status', 'podIPs')) ?? []).map((item) => String(at(item, 'ip'))),
    node: String(at(doc, 'spec', 'nodeName')),
    host: at(doc, 'spec', 'hostNetwork') === true,
    finished: at(doc, 'status', 'phase') === 'Succeeded',
    account: String(at(doc, 'spec', 'serviceAccountName') ?? 'default'),
    ports: [
      ...ports(at(doc, 'spec', 'containers'), false),
      ...ports(at(doc, 'spec', 'initContainers'), true),
    ],
  };
}

/** Whether an address lies in `cidr`; never across families (NP-33). */
export function within(ip: string, cidr: string): boolean {
  const [base = '', bits = '0'] = cidr.split('/');
  const [a, b] = [bitsOf(ip), bitsOf(base)];
  return a.length === b.length && a.slice(0, Number(bits)) === b.slice(0, Number(bits));
}

export function isSix(ip: string): boolean {
  return ip.includes(':');
}

/** An address as a text of binary digits. */
function bitsOf(ip: string): string {
  if (!isSix(ip))
    return ip
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail = ''] = ip.split('::');
  const [left, right] = [head, tail].map((part) => (part === '' ? [] : part.split(':')));
  const groups = [
    ...(left ?? []),
    ...Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill('0'),
    ...(right ?? []),
  ];
  return groups.map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('');
}

/** A LabelSelector against labels (NP-19). `see` gives the value that a key stands for. */
export function selects(selector: unknown, see: (key: string) => string | undefined): boolean {
  for (const [key, value] of Object.entries(labelsAt(selector, 'matchLabels')))
    if (see(key) !== value) return false;
  for (const item of list(at(selector, 'matchExpressions')) ?? []) {
    const value = see(String(at(item, 'key')));
    const values = (list(at(item, 'values')) ?? []).map(String);
    const operator = at(item, 'operator');
    const holds =
      operator === 'In'
        ? value !== undefined && values.includes(value)
        : operator === 'NotIn'
          ? value === undefined || !values.includes(value)
          : operator === 'Exists'
            ? value !== undefined
            : value === undefined;
    if (!holds) return false;
  }
  return true;
}

/** Every key that a selector speaks of. */
export function keysOf(selector: unknown): readonly string[] {
  return [
    ...Object.keys(labelsAt(selector, 'matchLabels')),
    ...(list(at(selector, 'matchExpressions')) ?? []).map((item) => String(at(item, 'key'))),
  ];
}
