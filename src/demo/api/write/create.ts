import type { ApiObject } from '../../../core/ports.ts';
import { readObject, validate, withDefaults } from '../../admission/admit.ts';
import { keyOfObject, timestamp, withMetadata } from '../../store/objects.ts';
import type { Answer, ApiContext, Call } from '../call.ts';
import { mediaType, parseObject, readBody } from '../http/body.ts';
import { storeName } from '../kinds/resources.ts';
import { writeOptions } from '../options.ts';
import { ApiFailure, alreadyExists } from '../status.ts';
import { admit } from './admit.ts';
import { agent, checkNamespace, checkUnknown } from './checks.ts';
import { managedOnCreate } from './managed-fields.ts';

/** POST of a new object: 201, or 404, 409, 400, 422, 403 as the real server answers (API-4). */
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
