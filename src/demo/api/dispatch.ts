import type { ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord } from '../../core/common/common.ts';
import {
  deleteObject,
  keyOfObject,
  type Store,
  type Stored,
  timestamp,
  withMetadata,
} from '../store/store.ts';
import { admit, readObject, validate, withDefaults } from './admission.ts';
import { mediaType, parseObject, readBody } from './body.ts';
import type { Answer, ApiContext, Call } from './call.ts';
import { agent, checkNamespace, checkUnknown } from './checks.ts';
import { managedOnCreate } from './managed-fields.ts';
import { deleteOptions, type ListOptions, listOptions, writeOptions } from './options.ts';
import { apiVersionOf, REVIEWS, type Resource, storeName } from './resources.ts';
import { type Authorizer, review } from './reviews.ts';
import { isWanted, parseWanted, type Wanted } from './selectors.ts';
import {
  ApiFailure,
  alreadyExists,
  badRequest,
  deleted,
  expired,
  methodNotAllowed,
  noResource,
  preconditionFailed,
} from './status.ts';
import { current, patch, replace } from './update.ts';

/** Handles everything but a watch. Throws `ApiFailure`. */
export async function dispatch(options: AnswerOptions, call: Call, verb: string): Promise<Answer> {
  const { context } = options;
  const reviewed = REVIEWS.includes(call.resource);
  if (reviewed && verb !== 'create') throw methodNotAllowed();
  const known = call.subresource === undefined || call.resource.subresources.includes(call.subresource);
  if (!known || call.subresource === 'portforward') throw noResource();
  switch (verb) {
    case 'create':
      if (call.resource.namespaced && call.namespace === undefined) throw methodNotAllowed();
      return reviewed ? await review(call, options.mayDo) : await create(context, call);
    case 'get':
      return { code: 200, body: current(context, call) };
    case 'list':
      return await list(context, call, listOptions(call.query));
    case 'update':
      return await replace(context, call);
    case 'patch':
      return await patch(context, call);
    case 'delete':
      return await remove(context, call);
    default:
      throw methodNotAllowed();
  }
}

/** A watch of one object by name is a watch of the collection with a field selector. */
export function watchOptions(call: Call): ListOptions {
  const options = listOptions(call.query);
  return call.name === '' ? options : { ...options, fields: `metadata.name=${call.name}` };
}

export type AnswerOptions = { readonly context: ApiContext; readonly mayDo: Authorizer };

const ORPHAN_WARNING =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** DELETE: 200 with a Status if the object was removed at once, with the object if it is only marked. */
async function remove(context: ApiContext, call: Call): Promise<Answer> {
  const text = await readBody(call.request);
  const body = text === '' ? undefined : parseObject(text, mediaType(call.request), 'DeleteOptions');
  const options = deleteOptions(body, call.query);
  const { resource, name } = call;
  const object = current(context, call);
  const { uid, resourceVersion } = object.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    throw preconditionFailed(
      { resource, name },
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw preconditionFailed(
      { resource, name },
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
  if (resource.kind === 'Job' && !options.explicit) call.warnings.push(ORPHAN_WARNING);
  if (resource.kind === 'Namespace')
    return { code: 200, body: terminate(context, object, options.dryRun === true) };
  const result = deleteObject(context.store, storeName(resource), object, options, Date.now());
  return { code: 200, body: result.gone ? deleted({ resource, name }, uid) : result.object };
}

/** A namespace becomes `Terminating`; its controller removes its contents, then the namespace. */
function terminate(context: ApiContext, namespace: Stored, dryRun: boolean): Stored {
  if (namespace.metadata.deletionTimestamp !== undefined) return namespace;
  const marked: Stored = {
    ...withMetadata(namespace, { deletionTimestamp: timestamp(Date.now()) }),
    status: { phase: 'Terminating' },
  };
  return dryRun ? marked : context.store.put('/namespaces', marked);
}

/** POST of a new object: 201, or 404, 409, 400, 422, 403 as on the real server (API-4). */
async function create(context: ApiContext, call: Call): Promise<Answer> {
  const { resource } = call;
  const text = await readBody(call.request);
  const options = writeOptions(call.query, 'CreateOptions', agent(call));
  const read = readObject(parseObject(text, mediaType(call.request), resource.kind), resource);
  checkUnknown(read, call, options, resource.kind);
  checkNamespace(context, call, read.object);
  if (read.object.metadata.resourceVersion !== undefined) {
    throw new ApiFailure(500, undefined, 'resourceVersion should not be set on objects to be created');
  }
  const uid = context.random.uuid();
  const admitted = admit(
    context,
    call,
    'create',
    withDefaults(fill(context, call, read.object, uid), resource, uid),
  );
  validate(admitted, resource);
  const store = storeName(resource);
  if (context.store.get(store, keyOfObject(admitted)) !== undefined) {
    throw alreadyExists({ resource, name: admitted.metadata.name });
  }
  const owned = managedOnCreate(admitted, options.manager, timestamp(Date.now()));
  return { code: 201, body: options.dryRun ? owned : context.store.put(store, owned) };
}

/** Sets the metadata of a new object. */
function fill(context: ApiContext, call: Call, object: ApiObject, uid: string): ApiObject {
  const { metadata } = object;
  const prefix = metadata.generateName;
  const name =
    metadata.name === '' && typeof prefix === 'string' && prefix !== ''
      ? `${prefix}${context.random.text(5)}`
      : metadata.name;
  const finalizers = (metadata.finalizers ?? []).length === 0 ? undefined : metadata.finalizers;
  return withMetadata(object, {
    name,
    namespace: call.resource.namespaced ? call.namespace : undefined,
    uid,
    finalizers,
    creationTimestamp: timestamp(Date.now()),
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    managedFields: undefined,
    ...(GENERATIONS.has(call.resource.kind) ? { generation: 1 } : {}),
  });
}

/** Kinds whose `metadata.generation` counts changes of the spec. */
const GENERATIONS: ReadonlySet<string> = new Set([
  'Job',
  'NetworkPolicy',
  'Pod',
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'DaemonSet',
  'CronJob',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
]);

/** One page of a collection, at one version. */
type Page = {
  readonly version: number;
  readonly items: readonly Stored[];
  readonly next?: string;
  readonly remaining?: number;
};

/** A list, paged on request: all pages of one continue token have the same version (API-1). */
async function list(context: ApiContext, call: Call, options: ListOptions): Promise<Answer> {
  const { resource } = call;
  const wanted = parseWanted(options.labels, options.fields, resource.kind);
  const page = await pageOf(context.store, call, options, wanted);
  return { code: 200, body: listBody(resource, page) };
}

/** The list object of a page; its items have neither kind nor apiVersion. */
function listBody(resource: Resource, page: Page): Readonly<Record<string, unknown>> {
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
    // Not set with selectors, as on the real server.
    ...(selected ? {} : { remaining: objects.length - limit }),
  };
}

/** The version of a list's response. Waits for a future version, then throws 504. */
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

/** How long a list waits for a future version, ms. */
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
