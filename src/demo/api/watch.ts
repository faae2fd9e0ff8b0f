import type { Change, Stored } from '../store/store.ts';
import type { ApiContext, Call } from './call.ts';
import type { ListOptions } from './options.ts';
import { apiVersionOf, type Resource, storeName } from './resources.ts';
import { isWanted, parseWanted, type Wanted } from './selectors.ts';
import { ApiFailure } from './status.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** Converts an object to the requested form: itself, a table row, its metadata. */
export type Shape = (object: Readonly<Record<string, unknown>>) => unknown;

/** Duration of a watch without `timeoutSeconds`, ms. */
const LONGEST = 40 * 60_000;

/**
 * Streams changes of a collection until the timeout, or until the client or the server closes it. A version beyond the
 * history is reported as an ERROR with 410 in the 200 stream; a future version is silent (API-2, API-3). If bookmarks are
 * allowed, one marks the end of the initial events, whether these were requested or come with version 0. Resolves when
 * the stream has ended.
 */
export async function watch(
  context: ApiContext,
  call: Call,
  options: ListOptions,
  shape: Shape,
): Promise<void> {
  const { resource, response } = call;
  const { store } = context;
  const wanted = parseWanted(options.labels, options.fields, resource.kind);
  const start = startOf(options);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
  response.flushHeaders();
  const send = (type: EventType, object: Readonly<Record<string, unknown>>): void => {
    response.write(
      `${JSON.stringify({ type, object: type === 'ERROR' || type === 'BOOKMARK' ? object : shape(object) })}\n`,
    );
  };
  const bookmark = (initialEnd: boolean): void =>
    send('BOOKMARK', bookmarkOf(resource, store.version(), initialEnd));

  const changes = start === 'now' ? [] : store.changesAfter(storeName(resource), start);
  const old = context.takeExpiry() || changes === 'expired';
  if (old && !options.initialEvents) {
    const message = `too old resource version: ${options.resourceVersion ?? 0} (${store.oldest() + 1})`;
    send('ERROR', new ApiFailure(410, 'Expired', message).status);
    response.end();
    return;
  }
  if (start === 'now' || options.initialEvents) {
    for (const object of store.list(storeName(resource), call.namespace)) {
      if (isWanted(wanted, object)) send('ADDED', object);
    }
    if (options.bookmarks) bookmark(true);
  } else if (changes !== 'expired') {
    for (const change of changes) sendChange(send, change, wanted, call.namespace);
  }

  const from = start === 'now' || options.initialEvents ? store.version() : start;
  await new Promise<void>((resolve) => {
    const unsubscribe = store.subscribe((change) => {
      if (change.resource === storeName(resource) && change.version > from) {
        sendChange(send, change, wanted, call.namespace);
      }
    });
    const last = options.timeoutSeconds === undefined ? LONGEST : options.timeoutSeconds * 1_000;
    const timers = [setTimeout(end, last)];
    // A watch from a future version stays silent, including bookmarks.
    const mark = (): void => {
      if (options.bookmarks && store.version() >= from) bookmark(false);
    };
    const every = setInterval(mark, context.bookmarkEvery);
    const markNews = (): void => {
      if (store.version() > from) mark();
    };
    for (const before of [2_000, 1_000]) if (last > before) timers.push(setTimeout(markNews, last - before));
    function end(): void {
      unsubscribe();
      for (const timer of timers) clearTimeout(timer);
      clearInterval(every);
      call.signal.removeEventListener('abort', end);
      response.end();
      resolve();
    }
    call.signal.addEventListener('abort', end, { once: true });
    if (call.signal.aborted) end();
  });
}

/** Where a watch starts: `now` means with all objects first. Throws the 500 of the real server for invalid versions. */
function startOf({ resourceVersion }: ListOptions): number | 'now' {
  if (resourceVersion === undefined || resourceVersion === '0') return 'now';
  if (/^\d+$/.test(resourceVersion)) return Number(resourceVersion);
  const quoted = JSON.stringify(resourceVersion);
  throw new ApiFailure(
    500,
    undefined,
    `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}

/** An object that stops matching is DELETED for this client, one that starts matching is ADDED. */
function sendChange(
  send: (type: EventType, object: Stored) => void,
  change: Change,
  wanted: Wanted,
  namespace: string | undefined,
): void {
  const { object, previous, type } = change;
  if (namespace !== undefined && object.metadata.namespace !== namespace) return;
  const is = type !== 'DELETED' && isWanted(wanted, object);
  const was = previous !== undefined && isWanted(wanted, previous);
  if (is) send(was ? 'MODIFIED' : 'ADDED', object);
  else if (was) send('DELETED', object);
}

/** Typed kinds send an otherwise empty object, a policy with an empty spec. */
function bookmarkOf(
  resource: Resource,
  version: number,
  initialEnd: boolean,
): Readonly<Record<string, unknown>> {
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(version),
      ...(initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
    ...BOOKMARK_PARTS[resource.kind],
  };
}

const TEMPLATE = { metadata: {}, spec: { containers: null } };
const BOOKMARK_PARTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Deployment: { spec: { replicas: 0, selector: null, template: TEMPLATE, strategy: {} }, status: {} },
  EndpointSlice: { addressType: '', endpoints: null, ports: null },
  Job: { spec: { template: TEMPLATE }, status: {} },
  Namespace: { spec: {}, status: {} },
  NetworkPolicy: { spec: { podSelector: {} } },
  Node: { spec: {}, status: {} },
  Pod: { spec: { containers: null }, status: {} },
  Service: { spec: {}, status: { loadBalancer: {} } },
};
