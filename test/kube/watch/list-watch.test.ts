import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FeedState } from '../../../src/core/live/events.ts';
import { collectionOf } from '../../../src/kube/http/collection.ts';
import { listWatch, type Times } from '../../../src/kube/watch/list-watch.ts';
import { eventually } from '../../helpers/eventually.ts';
import { apiClient } from '../../helpers/servers/api-client.ts';
import {
  failure,
  json,
  type Reply,
  type ScriptedServer,
  scriptedServer,
} from '../../helpers/servers/scripted-server.ts';

const PODS = collectionOf({ group: '', version: 'v1', resource: 'pods' });
const QUICK: Partial<Times> = { backOff: { base: 1, cap: 5 }, poll: 5, brief: 0 };

let server: ScriptedServer;
let abort: AbortController;
let running: Promise<void>;
let seen: string[];
let states: FeedState[];

beforeEach(() => {
  abort = new AbortController();
  running = Promise.resolve();
  seen = [];
  states = [];
});

afterEach(async () => {
  abort.abort();
  await running.catch(() => undefined);
  await server.close();
});

/** Starts a list-watch; `seen` becomes `[a,b]` for a reset, `+a` and `-a` for steps. */
async function start(
  reply: Reply,
  { streaming = true, times = {} }: { readonly streaming?: boolean; readonly times?: Partial<Times> } = {},
): Promise<void> {
  server = await scriptedServer(reply);
  running = listWatch<string>(
    {
      client: await apiClient(server.kubeconfig(), abort.signal),
      collection: PODS,
      map: (raw) => raw.metadata.name,
      streaming,
      reset: (names) => seen.push(`[${names}]`),
      changes: (steps) => {
        for (const { type, object } of steps) seen.push(`${type === 'set' ? '+' : '-'}${object}`);
      },
      state: (state) => states.push(state),
      times: { ...QUICK, ...times },
    },
    abort.signal,
  );
  running.catch(() => undefined);
}

function pod(name: string, version: number): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'here', resourceVersion: `${version}` },
  };
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function bookmark(version: number, end = false): string {
  const annotations = end ? { 'k8s.io/initial-events-end': 'true' } : {};
  return line('BOOKMARK', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { resourceVersion: `${version}`, annotations },
    spec: { containers: null },
  });
}

function open(response: ServerResponse, ...lines: readonly string[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(lines.join(''));
  return response;
}

function list(response: ServerResponse, names: readonly string[], version: number): void {
  json(response, {
    apiVersion: 'v1',
    kind: 'PodList',
    metadata: { resourceVersion: `${version}` },
    items: names.map((name) => ({ metadata: { name, namespace: 'here' } })),
  });
}

const expired = failure(410, 'Expired', 'too old resource version: 1 (9)');
const seeing = (...expected: readonly string[]) => eventually(() => expect(seen).toEqual(expected));
const queries = () => server.requests.map(({ query }) => query.get('resourceVersion'));

test('a streaming list is collected until its bookmark, and continues as a watch', async () => {
  await start((_, response) => {
    open(response, line('ADDED', pod('a', 1)), line('ADDED', pod('b', 2)), bookmark(5, true));
    response.write(line('MODIFIED', pod('a', 6)) + line('DELETED', pod('b', 7)) + line('ADDED', pod('c', 8)));
  });
  await seeing('[a,b]', '+a', '-b', '+c');
  expect(states).toEqual([{ state: 'connecting' }, { state: 'live' }]);
  expect(Object.fromEntries(server.requests[0]?.query ?? [])).toMatchObject({
    watch: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  });
});

test('objects changed or deleted before the bookmark appear in the list once, or not at all', async () => {
  await start((_, response) => {
    open(
      response,
      line('ADDED', pod('a', 1)),
      line('ADDED', pod('b', 2)),
      line('MODIFIED', pod('a', 3)),
      line('DELETED', pod('b', 4)),
      bookmark(5, true),
    );
  });
  await seeing('[a]');
});

test('an older server gets pages and a watch from their version', async () => {
  await start(
    (request, response) => {
      if (request.query.has('watch')) open(response, line('ADDED', pod('c', 10)));
      else list(response, ['a', 'b'], 9);
    },
    { streaming: false },
  );
  await seeing('[a,b]', '+c');
  expect(queries()).toEqual([null, '9']);
});

test('a server that rejects streaming lists gets pages', async () => {
  await start((request, response) => {
    if (request.query.has('sendInitialEvents'))
      json(response, failure(422, 'Invalid', 'sendInitialEvents is forbidden for watch'), 422);
    else if (request.query.has('watch')) open(response, line('ADDED', pod('c', 10)));
    else list(response, ['a'], 9);
  });
  await seeing('[a]', '+c');
  expect(states).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test('after a lost connection the watch resumes from the last version, including bookmarks, without a state change', async () => {
  await start((request, response, index) => {
    if (index === 0) {
      open(response, line('ADDED', pod('a', 1)), bookmark(5, true), bookmark(8));
      setImmediate(() => response.destroy());
    } else if (index === 1) {
      open(response, line('ADDED', pod('b', 9))).end();
    } else open(response, line('ADDED', pod(`from-${request.query.get('resourceVersion')}`, 10)));
  });
  await seeing('[a]', '+b', '+from-9');
  expect(queries()).toEqual([null, '8', '9']);
  expect(states).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test.each([
  ['inside the stream', (response: ServerResponse) => open(response, line('ERROR', expired)).end()],
  ['as HTTP', (response: ServerResponse) => json(response, expired, 410)],
])('a 410 %s makes it list again', async (_, tooOld) => {
  await start((_request, response, index) => {
    if (index === 0) open(response, line('ADDED', pod('a', 1)), bookmark(5, true)).end();
    else if (index === 1) tooOld(response);
    else open(response, line('ADDED', pod('b', 20)), bookmark(21, true));
  });
  await seeing('[a]', '[b]');
  expect(queries()).toEqual([null, '5', null]);
  expect(states).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test('events before an error in the same chunk still count', async () => {
  await start((_, response, index) => {
    if (index === 0) {
      open(response, bookmark(5, true), line('ADDED', pod('a', 6)) + line('ERROR', expired)).end();
    } else open(response, line('ADDED', pod('a', 6)), bookmark(7, true));
  });
  await seeing('[]', '+a', '[a]');
});

test('a silent watch is opened anew where it was, and misses nothing', async () => {
  await start(
    ({ query }, response) => {
      if (query.get('watch') === null) json(response, { metadata: { resourceVersion: '9' }, items: [] });
      else if (query.get('resourceVersion') === null)
        open(response, line('ADDED', pod('a', 1)), bookmark(5, true));
      else open(response, line('ADDED', pod(`from-${query.get('resourceVersion')}`, 9)));
    },
    { times: { silence: 1_000 } },
  );
  await eventually(() => expect(seen.slice(0, 3)).toEqual(['[a]', '+from-5', '+from-9']));
  expect(states).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test('a silent watch of a server that went back lists everything again', async () => {
  await start(
    ({ query }, response, index) => {
      if (query.get('watch') === null) json(response, { metadata: { resourceVersion: '3' }, items: [] });
      else open(response, line('ADDED', pod(`list-${index}`, 1)), bookmark(5, true));
    },
    { times: { silence: 200 } },
  );
  // On a slow machine a list may itself time out.
  const again = expect.stringMatching(/^\[list-[1-9]\d*\]$/);
  await eventually(() => expect(seen.slice(0, 2)).toEqual([expect.stringMatching(/^\[list-/), again]));
});

test('a silent watch of a server that does not answer is stale', async () => {
  await start(
    ({ query }, response) => {
      if (query.get('watch') === null) json(response, failure(500, 'InternalError', 'etcd is away'), 500);
      else if (query.get('resourceVersion') === null) open(response, bookmark(5, true));
      else open(response);
    },
    { times: { silence: 200 } },
  );
  await eventually(() =>
    expect(states).toContainEqual(
      expect.objectContaining({ state: 'stale', reason: expect.stringContaining('etcd is away') }),
    ),
  );
});

test('bookmarks keep a quiet watch alive', async () => {
  let timer: ReturnType<typeof setInterval> | undefined;
  await start(
    (_, response) => {
      open(response, bookmark(5, true));
      let version = 5;
      timer = setInterval(() => {
        version += 1;
        response.write(version < 20 ? bookmark(version) : line('ADDED', pod('late', version)));
      }, 100);
    },
    { times: { silence: 1_000 } },
  );
  await eventually(() => expect(seen.slice(0, 2)).toEqual(['[]', '+late']));
  clearInterval(timer);
  expect(server.requests).toHaveLength(1);
});

test('an unreachable server shows as stale with the cause and the time, and as live when it is back', async () => {
  let down = false;
  await start((_, response, index) => {
    if (index === 0) {
      open(response, bookmark(5, true));
      setImmediate(() => response.destroy());
      down = true;
    } else if (down) {
      json(response, failure(500, 'InternalError', 'etcd is away'), 500);
    } else open(response, line('ADDED', pod('back', 6)));
  });
  await eventually(() => expect(states.at(-1)).toMatchObject({ state: 'stale' }));
  expect(states.at(-1)).toMatchObject({ reason: expect.stringContaining('etcd is away') });
  const first = states.find((state) => state.state === 'stale');
  down = false;
  await eventually(() => expect(states.at(-1)).toEqual({ state: 'live' }));
  await seeing('[]', '+back');
  // Each failure tells when the next try is due; since when and why stay the same.
  const stale = states.filter((state) => state.state === 'stale');
  expect(stale.map(({ since, reason }) => ({ since, reason }))).toEqual(
    stale.map(() => ({ since: first?.since, reason: first?.reason })),
  );
  for (const { since, retryAt = 0 } of stale) expect(retryAt).toBeGreaterThanOrEqual(since);
});

test('without permission to watch or list, the missing permission is reported', async () => {
  await start((request, response) =>
    json(
      response,
      failure(
        403,
        'Forbidden',
        `pods is forbidden: User "eve" cannot ${request.query.has('watch') ? 'watch' : 'list'} resource "pods" in API group "" at the cluster scope`,
      ),
      403,
    ),
  );
  await expect(running).rejects.toMatchObject({
    code: 'forbidden',
    message: 'User "eve" cannot list pods at the cluster scope',
  });
});

test('without permission to watch, lists are used and that is reported', async () => {
  await start((request, response, index) => {
    if (request.query.has('watch'))
      json(
        response,
        failure(403, 'Forbidden', 'pods is forbidden: User "eve" cannot watch resource "pods"'),
        403,
      );
    else list(response, [`list-${index}`], 9);
  });
  await eventually(() => expect(seen.length).toBeGreaterThan(1));
  expect(states).toContainEqual({
    state: 'stale',
    since: expect.any(Number),
    reason: 'User "eve" cannot watch pods at the cluster scope; listing every 0.005s instead',
  });
});

test('a polled collection is as old as its last list', async () => {
  await start((request, response) => {
    if (request.query.has('watch'))
      json(
        response,
        failure(403, 'Forbidden', 'pods is forbidden: User "eve" cannot watch resource "pods"'),
        403,
      );
    else list(response, ['a'], 9);
  });
  const times = () => states.flatMap((state) => (state.state === 'stale' ? [state.since] : []));
  await eventually(() => expect(new Set(times()).size).toBeGreaterThan(1));
  expect(times()).toEqual(times().toSorted((a, b) => a - b));
});

test('a kind that the server does not have ends it', async () => {
  await start((_, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end('404 page not found\n');
  });
  await expect(running).rejects.toMatchObject({ status: 404 });
});

test('aborting ends it silently', async () => {
  await start((_, response) => {
    open(response, bookmark(5, true));
  });
  await seeing('[]');
  abort.abort();
  await expect(running).resolves.toBeUndefined();
});

test('events without objects, and lines that are not events, are skipped', async () => {
  await start((_, response) => {
    open(
      response,
      bookmark(5, true),
      line('ADDED', { kind: 'Pod' }),
      line('SOMETHING', pod('x', 6)),
      'null\n',
      line('ADDED', pod('a', 7)),
    );
  });
  await seeing('[]', '+a');
});
