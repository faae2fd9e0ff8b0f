import { at, isRecord, listAt, textAt } from '../../../src/core/common/json.ts';
import { readFirstYaml } from '../../../src/core/yaml/read.ts';
import { type Demo, type DemoOptions, startDemo } from '../../../src/demo/demo.ts';
import { PATIENCE } from '../eventually.ts';

/** One answer of an API server. `body` is parsed JSON, or the text. */
export type Reply = {
  readonly code: number;
  readonly body: unknown;
  readonly headers: Headers;
  /** Text at a path of the body. */
  readonly text: (...path: (string | number)[]) => string | undefined;
};

/** One event of a watch, with ms since the watch began. */
export type Seen = {
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly at: number;
};

/** A watch that is open: its events so far, and a way to wait for one. */
export type Watching = {
  readonly events: readonly Seen[];
  /** The first event that satisfies the test, now or later; rejects when the stream ends before, or after 10 s. */
  readonly until: (test: (event: Seen) => boolean) => Promise<Seen>;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  readonly close: () => void;
};

/** A client of an API server as one user. */
export type Api = {
  readonly base: string;
  readonly namespace: string;
  readonly send: (method: string, path: string, body?: unknown, options?: SendOptions) => Promise<Reply>;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  readonly post: (path: string, body: unknown, options?: SendOptions) => Promise<Reply>;
  readonly mergePatch: (path: string, body: unknown) => Promise<Reply>;
  readonly remove: (path: string, body?: unknown) => Promise<Reply>;
  readonly watch: (path: string) => Promise<Watching>;
};

export type SendOptions = { readonly type?: string; readonly headers?: Readonly<Record<string, string>> };

/** The server, user and namespace that a kubeconfig of an embedded cluster is for. */
export function accessOf(kubeconfig: string): Pick<Api, 'base' | 'namespace'> & { readonly token: string } {
  const config: unknown = readFirstYaml(kubeconfig).value;
  return {
    base: textAt(config, 'clusters', 0, 'cluster', 'server') ?? '',
    token: textAt(config, 'users', 0, 'user', 'token') ?? '',
    namespace: textAt(config, 'contexts', 0, 'context', 'namespace') ?? 'default',
  };
}

/** A client for the user of a kubeconfig. */
export function apiOf(kubeconfig: string): Api {
  const { base, namespace, token } = accessOf(kubeconfig);
  return apiAt(base, namespace, { Authorization: `Bearer ${token}` });
}

/** A client for an address, with the headers that identify it. */
export function apiAt(base: string, namespace: string, identity: Readonly<Record<string, string>>): Api {
  const send: Api['send'] = async (method, path, body, { type = 'application/json', headers = {} } = {}) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        'User-Agent': 'sluice-test',
        ...identity,
        ...(body === undefined ? {} : { 'Content-Type': type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = /^[[{]/.test(text) ? JSON.parse(text) : text;
    return {
      code: response.status,
      body: parsed,
      headers: response.headers,
      text: (...way) => textAt(parsed, ...way),
    };
  };
  return {
    base,
    namespace,
    send,
    get: (path, headers) => send('GET', path, undefined, headers === undefined ? {} : { headers }),
    post: (path, body, options) => send('POST', path, body, options),
    mergePatch: (path, body) => send('PATCH', path, body, { type: 'application/merge-patch+json' }),
    remove: (path, body) => send('DELETE', path, body),
    watch: (path) => openWatch(`${base}${path}`, identity),
  };
}

async function openWatch(url: string, identity: Readonly<Record<string, string>>): Promise<Watching> {
  const stop = new AbortController();
  const response = await fetch(url, {
    headers: { 'User-Agent': 'sluice-test', ...identity },
    signal: stop.signal,
  });
  if (response.status !== 200) throw new Error(`watch answered ${response.status}: ${await response.text()}`);
  const began = performance.now();
  const events: Seen[] = [];
  const waiting = new Set<() => void>();
  let over = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const ended = (async () => {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event: unknown = JSON.parse(line);
          const object = at(event, 'object');
          events.push({
            type: textAt(event, 'type') ?? '',
            object: isRecord(object) ? object : {},
            at: performance.now() - began,
          });
          wake();
        }
      }
    } catch (error) {
      if (!stop.signal.aborted && !(error instanceof TypeError)) throw error;
    } finally {
      over = true;
      wake();
    }
  })();
  return {
    events,
    ended,
    close: () => stop.abort(),
    until: (test) =>
      new Promise((resolve, reject) => {
        const give = (): void => {
          waiting.delete(look);
          clearTimeout(timer);
        };
        const look = (): void => {
          const found = events.find(test);
          if (found !== undefined) {
            give();
            resolve(found);
          } else if (over) {
            give();
            reject(new Error(`the watch ended after: ${events.map(({ type }) => type).join(' ')}`));
          }
        };
        const timer = setTimeout(() => {
          give();
          reject(new Error(`no such event, only: ${events.map(({ type }) => type).join(' ')}`));
        }, PATIENCE);
        waiting.add(look);
        look();
      }),
  };
}

/** A place for tests of API behaviour: the embedded cluster, or a real one. */
export type Target = {
  readonly api: Api;
  /** Absent on a real cluster. */
  readonly demo?: Demo;
  /** Paths of jobs and policies in the target's namespace. */
  readonly jobs: string;
  readonly policies: string;
  readonly stop: () => Promise<void>;
};

/**
 * The embedded cluster, in a namespace of its own; or, when `SLUICE_TEST_API` holds the address of a `kubectl proxy`
 * of a real cluster, that one: what holds here must hold there.
 */
export async function startTarget(options: DemoOptions = {}): Promise<Target> {
  const real = process.env.SLUICE_TEST_API;
  const name = real === undefined ? 'sluice-test' : `sluice-test-${Math.random().toString(36).slice(2, 8)}`;
  const demo = real === undefined ? await startDemo(options) : undefined;
  const admin =
    demo === undefined
      ? undefined
      : demo.faults.addUser({
          username: 'admin',
          groups: ['system:masters'],
          rules: [{ verbs: ['*'], groups: ['*'], resources: ['*'] }],
          namespace: name,
        });
  const api = admin === undefined ? apiAt(real ?? '', name, {}) : apiOf(admin);
  const made = await api.post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  if (made.code !== 201) throw new Error(`namespace ${name}: ${made.code} ${JSON.stringify(made.body)}`);
  return {
    api,
    ...(demo === undefined ? {} : { demo }),
    jobs: `/apis/batch/v1/namespaces/${name}/jobs`,
    policies: `/apis/networking.k8s.io/v1/namespaces/${name}/networkpolicies`,
    stop: async () => {
      await api.remove(`/api/v1/namespaces/${name}`);
      await demo?.stop();
    },
  };
}

/** A lease as sluice makes it (LEASE-1); `change` overrides fields of its spec. */
export function lease(name: string, seconds: number, change: Readonly<Record<string, unknown>> = {}) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/grant': name } },
    spec: {
      parallelism: 0,
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: 0,
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          schedulingGates: [{ name: 'sluice.dev/never' }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65534,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'lease',
              image: 'registry.k8s.io/pause:3.10',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
      ...change,
    },
  };
}

/** A policy that admits web to db, owned by a lease when one is given. */
export function policy(name: string, owner?: Readonly<Record<string, unknown>>) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name,
      labels: { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/grant': name },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: 'web' } } }],
          ports: [{ protocol: 'TCP', port: 5432 }],
        },
      ],
    },
  };
}

/** The owner reference that makes an object the lease's. */
export function ownedBy(job: Reply, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.text('metadata', 'name'),
    uid: job.text('metadata', 'uid'),
    ...change,
  };
}

/** Makes a lease and a policy that it owns; waits until the lease runs. */
export async function grant(
  target: Pick<Target, 'api' | 'jobs' | 'policies'>,
  name: string,
  seconds: number,
  change: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly job: Reply; readonly policy: Reply }> {
  const { api, jobs, policies } = target;
  const job = await api.post(jobs, lease(name, seconds, change));
  if (job.code !== 201) throw new Error(`lease ${name}: ${JSON.stringify(job.body)}`);
  const made = await api.post(policies, policy(name, ownedBy(job)));
  if (made.code !== 201) throw new Error(`policy ${name}: ${JSON.stringify(made.body)}`);
  return { job, policy: made };
}

/** Asks again until the answer satisfies the test; rejects when patience ends. */
export async function eventually<T>(ask: () => Promise<T>, test: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (test(answer)) return answer;
    if (performance.now() > end) throw new Error(`not so, at last: ${JSON.stringify(answer).slice(0, 600)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Types of a Job's conditions that are true. */
export function conditions(object: unknown): readonly string[] {
  return listAt(object, 'status', 'conditions')
    .filter((item) => textAt(item, 'status') === 'True')
    .map((item) => textAt(item, 'type') ?? '');
}
