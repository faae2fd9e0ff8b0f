import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterApi } from '../../../src/core/ports/ports.ts';
import type { User } from '../../../src/demo/api/access.ts';
import { ALL_RULES } from '../../../src/demo/api/access.ts';
import { serve } from '../../../src/demo/api/serve.ts';
import { startControllers } from '../../../src/demo/controllers/controllers.ts';
import { createStore } from '../../../src/demo/store/object-store.ts';
import { createRandom, type Stored } from '../../../src/demo/store/objects.ts';
import { createAddresses } from '../../../src/demo/world/pods.ts';
import { objectCalls } from '../../../src/kube/api/object-calls.ts';
import type { ApiClient, Call } from '../../../src/kube/http/client.ts';
import { apiError } from '../../../src/kube/http/errors.ts';
import { createServerClock } from '../../../src/kube/http/exchange.ts';

/** The API server and the controllers of the embedded cluster without sockets and traffic: only time moves them. */
export type StillCluster = {
  readonly store: ReturnType<typeof createStore>;
  readonly controllers: ReturnType<typeof startControllers>;
  /** The API as a user with a clock of their own has it. */
  readonly api: (username: string, now: () => number) => ClusterApi;
  readonly stop: () => void;
};

export function stillCluster(): StillCluster {
  const store = createStore();
  const random = createRandom(1);
  const namespace = (name: string): Stored => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: name, resourceVersion: '', creationTimestamp: new Date(Date.now()).toISOString() },
    status: { phase: 'Active' },
  });
  store.put('/namespaces', namespace('shop'));
  const controllers = startControllers(store, random.fork('controllers'), createAddresses());
  const context = {
    store,
    random: random.fork('server'),
    admissions: () => [],
    warnings: () => [],
    takeExpiry: () => false,
    bookmarkEvery: 60_000,
  };
  const origin = { server: new URL('http://127.0.0.1'), context: 'still', user: 'still' };

  const api: StillCluster['api'] = (username, now) => {
    const user: User = { username, groups: [], rules: ALL_RULES };
    const clock = createServerClock(now);
    const options = {
      context,
      tokens: new Map([['token', user]]),
      mayDo: () => true,
      gate: async () => 'pass' as const,
    };
    const call = async (asked: Call) => {
      const sent = now();
      const { code, text, headers } = await ask(options, asked);
      clock.learn(new Date(Date.now()).toUTCString(), sent, now());
      if (code >= 400) throw apiError(origin, asked.about, code, text);
      return { value: JSON.parse(text) as unknown, auditId: headers.get('audit-id') ?? '', warnings: [] };
    };
    const client = { call } as unknown as ApiClient;
    const allowed: ClusterApi['allowed'] = async (questions) =>
      questions.map((question) => ({ ...question, allowed: true }));
    return {
      ...objectCalls(client),
      clock,
      allowed,
    } as unknown as ClusterApi;
  };
  return { store, controllers, api, stop: controllers.stop };
}

/** One request to the server's own code, and its answer. */
async function ask(
  options: Parameters<typeof serve>[0],
  { method = 'GET', path, query, body, contentType }: Call,
) {
  const url = new URL(path, 'http://127.0.0.1');
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  const headers = new Map<string, string>();
  let code = 200;
  let text = '';
  const request = {
    method,
    url: `${url.pathname}${url.search}`,
    headers: {
      authorization: 'Bearer token',
      'content-type': contentType ?? 'application/json',
      'user-agent': 'sluice',
    },
    rawHeaders: [],
    async *[Symbol.asyncIterator]() {
      if (body !== undefined) yield Buffer.from(JSON.stringify(body));
    },
  };
  const response = {
    headersSent: false,
    on: () => response,
    setHeader: (name: string, value: string) => headers.set(name.toLowerCase(), value),
    writeHead: (status: number) => {
      code = status;
      return response;
    },
    end: (more: string | Buffer = '') => {
      text = more.toString();
    },
  };
  await serve(
    options,
    request as unknown as IncomingMessage,
    response as unknown as ServerResponse,
    new Set(),
  );
  return { code, text, headers };
}
