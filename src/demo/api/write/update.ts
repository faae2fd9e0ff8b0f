import { type FieldError, fieldErrors } from '../../../core/cluster/validation/field-error.ts';
import { isRecord, sameJson } from '../../../core/json.ts';
import type { ApiObject } from '../../../core/ports.ts';
import { readObject, validate, withDefaults } from '../../admission/admit.ts';
import { jobStatusUpdateFaults, jobUpdateFaults } from '../../admission/job.ts';
import { putOrFinish } from '../../store/deletion.ts';
import { objectKey, type Stored, timestamp, withMetadata } from '../../store/objects.ts';
import type { Answer, ApiContext, Call } from '../call.ts';
import { mediaType, parseObject, readBody } from '../http/body.ts';
import { storeName } from '../kinds/resources.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import { ApiFailure, badRequest, modified, notFound } from '../status.ts';
import { admit } from './admit.ts';
import { agent, checkNamespace, checkUnknown, checkUnknownInPatch } from './checks.ts';
import { managedOnUpdate } from './managed-fields.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patch.ts';

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

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
