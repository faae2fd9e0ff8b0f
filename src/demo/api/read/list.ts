import { isRecord } from '../../../core/json.ts';
import { keyOfObject, type Stored } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';
import type { Answer, ApiContext, Call } from '../call.ts';
import { apiVersionOf, type Resource, storeName } from '../kinds/resources.ts';
import type { ListOptions } from '../options.ts';
import { ApiFailure, badRequest, expired } from '../status.ts';
import { isWanted, parseWanted, type Wanted } from './selectors.ts';

/** One page of a collection, at one version. */
export type Page = {
  readonly version: number;
  readonly items: readonly Stored[];
  readonly next?: string;
  readonly remaining?: number;
};

/** A list, paged when asked: all pages of one continue token are of one version (API-1). */
export async function list(context: ApiContext, call: Call, options: ListOptions): Promise<Answer> {
  const { resource } = call;
  const wanted = parseWanted(options.labels, options.fields, resource.kind);
  const page = await pageOf(context.store, call, options, wanted);
  return { code: 200, body: listBody(resource, page) };
}

/** The list object of a page; its items carry neither kind nor apiVersion. */
export function listBody(resource: Resource, page: Page): Readonly<Record<string, unknown>> {
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(page.version),
      continue: page.next,
      remainingItemCount: page.remaining,
    },
    items: page.items.map(({ apiVersion: _version, kind: _kind, ...item }) => item),
  };
}

async function pageOf(store: Store, call: Call, options: ListOptions, wanted: Wanted): Promise<Page> {
  const name = storeName(call.resource);
  const filter = (objects: readonly Stored[]): readonly Stored[] =>
    objects.filter((object) => isWanted(wanted, object));
  if (options.continueToken !== undefined) return continued(store, call, options, wanted);
  const version = await versionFor(store, options, call.signal);
  const objects = store.listAt(name, call.namespace, version);
  if (objects === 'expired') throw expired('The resourceVersion for the provided list is too old.');
  const limited = options.limit > 0 && options.resourceVersion !== '0';
  return cut(filter(objects), version, limited ? options.limit : 0, wanted);
}

function continued(store: Store, call: Call, options: ListOptions, wanted: Wanted): Page {
  const name = storeName(call.resource);
  const token = readToken(options.continueToken ?? '');
  const version = token.rv < 0 ? store.version() : token.rv;
  const objects = store.listAt(name, call.namespace, version);
  if (objects === 'expired') {
    const failure = expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    throw Object.assign(failure, {
      status: { ...failure.status, metadata: { continue: writeToken(-1, token.start) } },
    });
  }
  const rest = objects.filter(
    (object) => `/${keyOfObject(object)}\u0000` >= token.start && isWanted(wanted, object),
  );
  return cut(
    rest.filter((object) => `/${keyOfObject(object)}\u0000` !== token.start),
    version,
    options.limit,
    wanted,
  );
}

function cut(objects: readonly Stored[], version: number, limit: number, wanted: Wanted): Page {
  if (limit <= 0 || objects.length <= limit) return { version, items: objects };
  const items = objects.slice(0, limit);
  const last = items.at(-1);
  const selected = wanted.selects;
  return {
    version,
    items,
    next: writeToken(version, last === undefined ? '' : `/${keyOfObject(last)}\u0000`),
    // Not told under selectors, as on the real server.
    ...(selected ? {} : { remaining: objects.length - limit }),
  };
}

/** The version that a list is answered at. Waits, then throws 504, for one that is not there yet. */
async function versionFor(store: Store, options: ListOptions, signal: AbortSignal): Promise<number> {
  const { resourceVersion, match } = options;
  if (resourceVersion === undefined || resourceVersion === '0') return store.version();
  if (!/^\d+$/.test(resourceVersion)) {
    const quoted = JSON.stringify(resourceVersion);
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
    );
  }
  const asked = Number(resourceVersion);
  if (asked > store.version()) await reached(store, asked, signal);
  return match === 'Exact' ? asked : store.version();
}

/** ms that a list waits for a version of the future. */
const WAIT = 3_000;

async function reached(store: Store, version: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', gone);
      finish();
    };
    const gone = (): void => end(resolve);
    const timer = setTimeout(() => end(() => reject(tooLarge(version, store.version()))), WAIT);
    const unsubscribe = store.subscribe(() => {
      if (store.version() >= version) end(resolve);
    });
    signal.addEventListener('abort', gone, { once: true });
  });
}

function tooLarge(asked: number, now: number): ApiFailure {
  const message = `Timeout: Too large resource version: ${asked}, current: ${now}`;
  return new ApiFailure(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

function writeToken(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start })).toString('base64url');
}

function readToken(text: string): { readonly rv: number; readonly start: string } {
  const refuse = (why: string): ApiFailure =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(token) || typeof token.rv !== 'number' || typeof token.start !== 'string') {
    throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  return { rv: token.rv, start: token.start };
}
