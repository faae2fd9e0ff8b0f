import { type ApiObject, type FieldError, fieldErrors } from '../../core/cluster/cluster.ts';
import { isRecord, sameJson } from '../../core/common/common.ts';
import { objectKey, putOrFinish, type Stored, timestamp, withMetadata } from '../store/store.ts';
import { admit, readObject, validate, withDefaults } from './admission.ts';
import { mediaType, parseObject, readBody } from './body.ts';
import type { Answer, ApiContext, Call } from './call.ts';
import { agent, checkNamespace, checkUnknown, checkUnknownInPatch } from './checks.ts';
import { jobStatusUpdateFaults, jobUpdateFaults } from './job.ts';
import { managedOnUpdate } from './managed-fields.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { storeName } from './resources.ts';
import { ApiFailure, badRequest, modified, notFound } from './status.ts';

/** A JSON merge patch (RFC 7386): null removes, objects merge, everything else replaces. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that a strategic merge patch merges, by the field that identifies their items. */
const MERGED: Readonly<Record<string, string | null>> = {
  ownerReferences: 'uid',
  finalizers: null,
  conditions: 'type',
  containers: 'name',
};

/** A strategic merge patch, for the lists used here; `$patch: delete` removes an item. */
function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value) && Array.isArray(before) && Object.hasOwn(MERGED, key)) {
      result[key] = mergeList(before, value, MERGED[key] ?? null);
    } else result[key] = strategicPatch(before, value);
  }
  return result;
}

function mergeList(before: readonly unknown[], patch: readonly unknown[], by: string | null): unknown[] {
  if (by === null) return [...new Set([...before, ...patch])];
  const result = [...before];
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const index = result.findIndex((other) => isRecord(other) && other[by] === item[by]);
    if (item.$patch === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicPatch(result[index], item);
    else result.push(item);
  }
  return result;
}

/** A JSON patch (RFC 6902) with `add`, `remove`, `replace` and `test`. Throws 422 for a failed test. */
function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: not a list of operations');
  return patch.reduce<unknown>(applyOperation, target);
}

function applyOperation(target: unknown, operation: unknown): unknown {
  if (!isRecord(operation) || typeof operation.path !== 'string') {
    throw badRequest('error decoding patch: an operation needs op and path');
  }
  const steps = operation.path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return change(target, steps, String(operation.op), operation.value);
}

function change(here: unknown, steps: readonly string[], op: string, value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (op === 'test' && !sameJson(here, value)) throw refused();
    return op === 'test' ? here : value;
  }
  if (Array.isArray(here)) {
    const index = step === '-' ? here.length : Number(step);
    if (rest.length > 0) return here.with(index, change(here[index], rest, op, value));
    if (op === 'add') return here.toSpliced(index, 0, value);
    if (index >= here.length) throw refused();
    return op === 'remove' ? here.toSpliced(index, 1) : here.with(index, change(here[index], [], op, value));
  }
  if (!isRecord(here)) throw refused();
  if (rest.length > 0) return { ...here, [step]: change(here[step], rest, op, value) };
  if (op !== 'add' && op !== 'test' && !Object.hasOwn(here, step)) throw refused();
  if (op !== 'remove') return { ...here, [step]: change(here[step], [], op, value) };
  return Object.fromEntries(Object.entries(here).filter(([key]) => key !== step));
}

function refused(): ApiFailure {
  return new ApiFailure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
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

/** The object of a request. Throws 404. */
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

/** Keeps what an update can't change: the server's metadata, and the status, or everything but the status. */
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

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
