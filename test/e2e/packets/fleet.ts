import { isLive, type Pod } from '../../../src/core/cluster/objects.ts';
import type { RealCluster } from '../../helpers/real-cluster.ts';
import type { Live } from './live.ts';

/** Pods that may be sources and destinations, as `namespace/pod` in the short names of a cell. */
export const PODS = ['x/a', 'x/b', 'x/c', 'x/d', 'y/a', 'y/b', 'z/a'] as const;
/** On the host network; finished; and one that only one test creates and deletes. */
export const ODD_PODS = ['x/host', 'x/done', 'x/leaving'] as const;
export type PodName = (typeof PODS)[number] | (typeof ODD_PODS)[number];

/**
 * What every pod of `PODS` serves. Other TCP ports are closed and refuse connections; for closed UDP ports that is an
 * ICMP message, which the kernel rate-limits.
 */
export const SERVED = [
  '80/tcp',
  '81/tcp',
  '8080/tcp',
  '8081/tcp',
  '5353/tcp',
  '53/udp',
  '5353/udp',
  '65535/udp',
] as const;

/** Three namespaces with their own pods and services, where one scenario runs at a time. */
export type Cell = {
  readonly index: number;
  /** The real name of the namespace `x`, `y` or `z`. */
  readonly namespace: (short: string) => string;
  /** The current state of the pod in the watch. */
  readonly pod: (name: PodName) => Pod;
  readonly ip: (name: PodName) => string;
};

/** All cells, and the pods that detect when a policy is in force. */
export type Fleet = {
  readonly cells: readonly Cell[];
  /** Namespace of the pods `canary` and `watch`. */
  readonly canary: string;
  readonly dispose: () => Promise<void>;
};

/** The process that created a namespace, to recognize leftovers of killed runs. */
const MARK = 'sluice-e2e-packets';

/** Creates the pods of a number of cells and waits until all of them are running. */
export async function createFleet(cluster: RealCluster, live: Live, count: number): Promise<Fleet> {
  await sweep(cluster);
  const run = `packets-${Math.random().toString(36).slice(2, 7)}`;
  const cells = Array.from({ length: count }, (_, index) => cellOf(live, run, index));
  const canary = `${run}-canary`;
  const namespaces = [canary, ...cells.flatMap((cell) => ['x', 'y', 'z'].map(cell.namespace))];
  const dispose = async () => {
    await cluster.kubectl('delete', 'namespace', ...namespaces, '--wait=false', '--ignore-not-found');
  };
  try {
    await cluster.apply([...cells.map(cellYaml), canaryYaml(canary)].join('\n---\n'));
    const names: [string, string][] = cells.flatMap((cell) =>
      [...PODS, 'x/host'].map((name): [string, string] => {
        const [short = '', pod = ''] = name.split('/');
        return [cell.namespace(short), pod];
      }),
    );
    await live.until('all pods run', () =>
      [...names, [canary, 'canary'] as const, [canary, 'watch'] as const].every(([namespace, name]) =>
        isUp(live.model.pod(namespace, name)),
      ),
    );
    await live.until('the finished pods have finished', () =>
      cells.every((cell) => !isLive(cell.pod('x/done'))),
    );
    return { cells, canary, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Whether all containers of a pod are running. */
export function isUp(pod: Pod | undefined): boolean {
  return (
    pod !== undefined &&
    pod.phase === 'Running' &&
    pod.ips.length > 0 &&
    pod.readyContainers === pod.containers.length
  );
}

async function sweep(cluster: RealCluster): Promise<void> {
  const columns = `custom-columns=NAME:.metadata.name,BY:.metadata.labels.${MARK}`;
  const list = await cluster.kubectl('get', 'namespaces', '-l', MARK, '--no-headers', '-o', columns);
  const stale = list
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, by]) => by !== undefined && !isRunning(Number(by)))
    .map(([name]) => name ?? '');
  if (stale.length === 0) return;
  await cluster.kubectl('delete', 'namespace', ...stale, '--wait=false', '--ignore-not-found');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function cellOf(live: Live, run: string, index: number): Cell {
  const namespace = (short: string) => `${run}-${index}${short}`;
  const pod = (name: PodName): Pod => {
    const [short = '', own = ''] = name.split('/');
    const found = live.model.pod(namespace(short), own);
    if (found === undefined) throw new Error(`there is no pod ${name} in cell ${index}`);
    return found;
  };
  return { index, namespace, pod, ip: (name) => pod(name).ips[0] ?? '' };
}

const POD_BASE = `
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 0`;
const SERVE = SERVED.map((text) => text.split('/').toReversed().join(':')).join('", "');

type PodShape = {
  readonly name: string;
  readonly labels: string;
  readonly ports?: string;
  /** More lines of the spec. */
  readonly more?: string;
};

function servingPod(namespace: string, { name, labels, ports = '', more = '' }: PodShape): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec:${POD_BASE}${more}
  containers:
    - name: main
      image: sluice.test/busybox:1
      command: [netcat, serve, "${SERVE}"]
      ports: [${ports}]`;
}

/** The same names map to other numbers and protocols in other pods; labels are absent, empty or set. */
const SHAPES: Readonly<Record<(typeof PODS)[number], Omit<PodShape, 'name'>>> = {
  'x/a': {
    labels: 'app: a, tier: front, group: mixed',
    ports: '{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}',
  },
  'x/b': {
    labels: 'app: b, tier: back, group: mixed',
    ports: '{name: http, containerPort: 8081}, {name: dns, containerPort: 5353, protocol: TCP}',
  },
  'x/c': { labels: 'app: c' },
  'x/d': {
    labels: 'app: d, tier: ""',
    more: `
  initContainers:
    - name: side
      image: sluice.test/netcat:1
      args: [pause]
      restartPolicy: Always
      ports: [{name: http, containerPort: 81}]`,
  },
  'y/a': { labels: 'app: a, tier: front', ports: '{name: http, containerPort: 80}' },
  'y/b': {
    labels: 'app: b, tier: back',
    ports: '{name: http, containerPort: 8080}',
    more: '',
  },
  'z/a': { labels: 'app: a, tier: mid', ports: '{name: http, containerPort: 81, protocol: UDP}' },
};

/** A second container that redeclares a name of the first with another number. */
const SECOND = `
    - name: second
      image: sluice.test/netcat:1
      args: [pause]
      ports: [{name: http, containerPort: 8081}]`;

function cellYaml(cell: Cell): string {
  const x = cell.namespace('x');
  const y = cell.namespace('y');
  return [
    namespaceYaml(x, 'team: red, zone: one'),
    namespaceYaml(y, 'team: blue'),
    namespaceYaml(cell.namespace('z'), 'team: ""'),
    ...PODS.map((name) => {
      const [short = '', own = ''] = name.split('/');
      const yaml = servingPod(cell.namespace(short), { name: own, ...SHAPES[name] });
      return name === 'y/b' ? yaml + SECOND : yaml;
    }),
    simplePod(x, 'host', 'app: host', '[pause]', '\n  hostNetwork: true'),
    simplePod(x, 'done', 'app: done', '[dial, tcp, "127.0.0.1:1", 100ms]', '\n  restartPolicy: Never'),
    service(
      x,
      'web',
      'app: a',
      '{name: http, port: 80, targetPort: http}, {name: alt, port: 82, targetPort: 8081}',
    ),
    service(x, 'dns', 'app: a', '{name: dns, port: 53, targetPort: dns, protocol: UDP}'),
    service(x, 'mixed', 'group: mixed', '{name: http, port: 80, targetPort: http}'),
    service(x, 'nobody', 'app: nobody', '{port: 80}'),
    service(y, 'web', 'app: a', '{name: http, port: 8080, targetPort: 80}'),
  ].join('\n---\n');
}

/** A pod that keeps serving for a while after its deletion. */
export function leavingYaml(cell: Cell): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: leaving, namespace: ${cell.namespace('x')}, labels: {app: leaving}}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 90
  containers:
    - name: main
      image: sluice.test/busybox:1
      command: [sh, -c, 'trap "" TERM; netcat serve tcp:80 udp:53 & while :; do sleep 1; done']`;
}

function canaryYaml(namespace: string): string {
  return [
    namespaceYaml(namespace, 'team: canary'),
    simplePod(namespace, 'canary', 'app: canary', '[pause]'),
    simplePod(namespace, 'watch', 'app: watch', '[pause]'),
  ].join('\n---\n');
}

function namespaceYaml(name: string, labels: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {${labels}, ${MARK}: "${process.pid}"}}`;
}

function simplePod(namespace: string, name: string, labels: string, args: string, more = ''): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec:${POD_BASE}${more}
  containers: [{name: main, image: "sluice.test/busybox:1", command: [netcat], args: ${args}}]`;
}

function service(namespace: string, name: string, selector: string, ports: string): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {${selector}}, ports: [${ports}]}`;
}
