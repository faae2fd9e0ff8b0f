import { isRecord, sameJson } from '../../core/json.ts';
import type { ApiObject } from '../../core/ports.ts';
import { type Read, readObject, validate, withDefaults } from '../admission/admit.ts';
import { jobStatusUpdateFaults, jobUpdateFaults } from '../admission/job.ts';
import { deleteObject, putOrFinish } from '../store/deletion.ts';
import { keyOfObject, objectKey, type Stored, timestamp, withMetadata } from '../store/objects.ts';
import { mediaType, parseObject, readBody } from './body.ts';
import type { Answer, ApiContext, Call } from './call.ts';
import { managedOnCreate, managedOnUpdate } from './managed-fields.ts';
import { deleteOptions, type WriteOptions, writeOptions } from './options.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patch.ts';
import { qualified, storeName } from './resources.ts';
import {
  ApiFailure,
  alreadyExists,
  badRequest,
  deleted,
  type FieldError,
  fieldErrors,
  invalid,
  modified,
  notFound,
  preconditionFailed,
} from './status.ts';

const ORPHAN_WARNING =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** POST of a new object: 201, or 404, 409, 400, 422, 403 as the real server answers (facts/access.md §2.10). */
export async function create(context: ApiContext, call: Call): Promise<Answer> {
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

/** PUT of a whole object, or of its status. */
export async function replace(context: ApiContext, call: Call): Promise<Answer> {
  const text = await readBody(call.request);
  const options = writeOptions(call.query, 'UpdateOptions', agent(call));
  const read = readObject(parseObject(text, mediaType(call.request), call.resource.kind), call.resource);
  checkUnknown(read, call, options, call.resource.kind);
  return { code: 200, body: update(context, call, current(context, call), read.object, options) };
}

/** PATCH: JSON merge patch, strategic merge patch (for the lists that matter) or JSON patch. */
export async function patch(context: ApiContext, call: Call): Promise<Answer> {
  const text = await readBody(call.request);
  const options = writeOptions(call.query, 'PatchOptions', agent(call));
  const type = mediaType(call.request);
  const apply = PATCHES[type];
  if (apply === undefined) {
    throw new ApiFailure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  }
  const before = current(context, call);
  const patched = apply(before, parsePatch(text));
  if (!isRecord(patched)) throw badRequest('error decoding patch: not an object');
  const read = readObject(patched, call.resource);
  checkUnknownInPatch(read, call, options, patched);
  return { code: 200, body: update(context, call, before, read.object, options) };
}

const PATCHES: Readonly<Record<string, (target: unknown, patch: unknown) => unknown>> = {
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicPatch,
  'application/json-patch+json': jsonPatch,
};

/** DELETE: 200 with a Status when the object went at once, with the object when it is only marked. */
export async function remove(context: ApiContext, call: Call): Promise<Answer> {
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

/** A namespace goes through `Terminating`; its controller removes what it holds, then the namespace. */
function terminate(context: ApiContext, namespace: Stored, dryRun: boolean): Stored {
  if (namespace.metadata.deletionTimestamp !== undefined) return namespace;
  const marked: Stored = {
    ...withMetadata(namespace, { deletionTimestamp: timestamp(Date.now()) }),
    status: { phase: 'Terminating' },
  };
  return dryRun ? marked : context.store.put('/namespaces', marked);
}

/** The object that a request names. Throws 404. */
export function current(context: ApiContext, call: Call): Stored {
  const { resource, namespace, name } = call;
  const object = context.store.get(storeName(resource), objectKey(namespace, name));
  if (object === undefined) throw notFound({ resource, name });
  return object;
}

function update(
  context: ApiContext,
  call: Call,
  before: Stored,
  wanted: ApiObject,
  options: WriteOptions,
): Stored {
  const { resource, name } = call;
  const { metadata } = wanted;
  if (metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  checkNamespace(context, call, wanted);
  const version = metadata.resourceVersion;
  if (version !== undefined && version !== before.metadata.resourceVersion)
    throw modified({ resource, name });
  const faults: FieldError[] = [];
  if (metadata.uid !== undefined && metadata.uid !== before.metadata.uid) {
    faults.push(fieldErrors.invalid('metadata.uid', metadata.uid, 'field is immutable'));
  }
  const next = carryOver(
    before,
    wanted,
    call.subresource === 'status',
    resource.subresources.includes('status'),
  );
  const uid = before.metadata.uid;
  const admitted =
    call.subresource === 'status'
      ? next
      : admit(
          context,
          call,
          'update',
          resource.kind === 'NetworkPolicy' ? withDefaults(next, resource, uid) : next,
        );
  if (resource.kind === 'Job') {
    faults.push(
      ...(call.subresource === 'status'
        ? jobStatusUpdateFaults(before, admitted)
        : jobUpdateFaults(before, admitted)),
    );
  }
  validate(admitted, resource, faults);
  if (sameJson(admitted, before)) return before;
  const generation = before.metadata.generation;
  const grown =
    generation !== undefined && !sameJson(before.spec, admitted.spec) ? { generation: generation + 1 } : {};
  const owned = managedOnUpdate(
    before,
    withMetadata(admitted, grown) as Stored,
    options.manager,
    timestamp(Date.now()),
    call.subresource,
  );
  return options.dryRun ? owned : putOrFinish(context.store, storeName(resource), owned);
}

/** What an update can't touch stays: the server's metadata, and the status, or all but the status. */
function carryOver(before: Stored, wanted: ApiObject, statusOnly: boolean, hasStatus: boolean): ApiObject {
  if (statusOnly) return { ...before, status: wanted.status };
  const {
    uid,
    resourceVersion,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
  } = before.metadata;
  const next = withMetadata(wanted, {
    uid,
    resourceVersion,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    managedFields: before.metadata.managedFields,
  });
  return hasStatus && before.status !== undefined ? { ...next, status: before.status } : next;
}

/** The metadata that a server gives a new object. */
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

function admit(context: ApiContext, call: Call, verb: 'create' | 'update', object: ApiObject): ApiObject {
  call.warnings.push(...context.warnings());
  return context.admissions().reduce((admitted, admission) => {
    const result = admission(admitted, { verb, resource: call.resource.plural, user: call.user.username });
    if (!('deny' in result) || typeof result.deny !== 'string') return result as ApiObject;
    const { resource } = call;
    const name = admitted.metadata.name;
    const title = `${qualified(resource.plural, resource.group)} "${name}"`;
    throw new ApiFailure(403, 'Forbidden', `${title} is forbidden: ${result.deny}`, {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
    });
  }, object);
}

function checkNamespace(context: ApiContext, call: Call, object: ApiObject): void {
  const { namespace, resource } = call;
  if (!resource.namespaced || namespace === undefined) return;
  if (object.metadata.namespace !== undefined && object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (call.request.method !== 'POST') return;
  const found = context.store.get('/namespaces', namespace);
  if (found === undefined) {
    throw new ApiFailure(404, 'NotFound', `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: 'namespaces',
    });
  }
  if (found.metadata.deletionTimestamp === undefined) return;
  const title = `${qualified(resource.plural, resource.group)} "${object.metadata.name}"`;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new ApiFailure(403, 'Forbidden', `${title} is forbidden: ${why}`, {
    name: object.metadata.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}

function checkUnknown(read: Read, call: Call, options: WriteOptions, kind: string): void {
  if (read.unknown.length === 0) return;
  const texts = read.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (options.validation === 'Warn') call.warnings.push(...texts);
  if (options.validation !== 'Strict') return;
  throw badRequest(
    `${kind} in version "${call.resource.version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(', ')}`,
  );
}

function checkUnknownInPatch(read: Read, call: Call, options: WriteOptions, patched: unknown): void {
  if (read.unknown.length === 0) return;
  const texts = read.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (options.validation === 'Warn') call.warnings.push(...texts);
  if (options.validation !== 'Strict') return;
  throw invalid({ group: '', kind: '', name: '' }, [
    fieldErrors.invalid('patch', JSON.stringify(patched), `strict decoding error: ${texts.join(', ')}`),
  ]);
}

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function agent(call: Call): string {
  return call.request.headers['user-agent'] ?? 'unknown';
}
