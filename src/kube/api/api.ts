/* API server calls: objects, permissions, identity, exec, port-forward, detecting the enforcer and Relay. */

import { createHash, X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1SelfSubjectAccessReview } from '@kubernetes/client-node';
import {
  type ApiObject,
  parseSelector,
  safeLabels,
  selectorOf,
  type Workload,
  type WorkloadRef,
  workloadResource,
} from '../../core/cluster/cluster.ts';
import { at, SluiceError, safeDeep, safeText, textAt } from '../../core/common/common.ts';
import type {
  AccessAnswer,
  AccessQuestion,
  ClusterApi,
  ClusterInfo,
  ObjectEvent,
} from '../../core/ports/ports.ts';
import type { Target } from '../config/config.ts';
import {
  type ApiClient,
  ApiError,
  type Credentials,
  collectionOf,
  type Discovery,
  streamsLists,
  type VersionSource,
} from '../http/http.ts';
import { listWatch } from '../watch/watch.ts';
import { detectEnforcer } from './enforcer.ts';
import { askIdentity } from './identity.ts';
import { objectCalls } from './object-calls.ts';

export { createExec } from './exec.ts';
export { type ForeignPolicies, listForeignPolicies } from './foreign-policies.ts';
export { type Forward, openForward } from './port-forward.ts';
export { findRelay, type Relay } from './relay.ts';

/** API calls to one cluster as one user; see `ClusterApi`. */
export function createApi(parts: {
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly version: VersionSource;
  readonly target: Target;
  readonly credentials: Credentials;
}): ClusterApi {
  const { client, version, target, credentials } = parts;
  const objects = objectCalls(client);
  return {
    ...objects,
    info: (signal) => askInfo({ ...parts, read: objects.read }, signal),
    identity: (signal) => askIdentity(client, credentials, target.impersonate, signal),
    allowed: (questions, signal) => askAllowed(client, questions, signal),
    follow: followCall(client, version, objects.read),
    workload: (ref, signal) => readWorkload(objects.read, ref, signal),
    clock: client.clock,
  };
}

/**
 * A workload with the selector of its pods. Undefined if it does not exist, reading it is forbidden, its kind is not
 * supported, or its selector is invalid.
 */
async function readWorkload(
  read: ClusterApi['read'],
  ref: WorkloadRef,
  signal?: AbortSignal,
): Promise<Workload | undefined> {
  const place = workloadResource(ref.kind);
  if (place === undefined) return undefined;
  const object = await read({ ...place, namespace: ref.namespace, name: ref.name }, signal).catch(
    (error: unknown) => {
      if (error instanceof SluiceError && error.code === 'forbidden') return undefined;
      throw error;
    },
  );
  if (object === undefined) return undefined;
  const raw = at(object, 'spec', 'selector');
  if (ref.kind === 'ReplicationController') return { ...ref, selector: selectorOf(safeLabels(raw)) };
  const { selector, problems } = parseSelector(raw);
  return problems.length > 0 || selector.length === 0 ? undefined : { ...ref, selector };
}

/** Number of concurrent reviews. */
const TOGETHER = 8;

/** Creates a SelfSubjectAccessReview for each question; the answers are in the same order. */
async function askAllowed(
  client: ApiClient,
  questions: readonly AccessQuestion[],
  signal?: AbortSignal,
): Promise<readonly AccessAnswer[]> {
  const answers: AccessAnswer[] = [];
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const some = questions.slice(start, start + TOGETHER);
    answers.push(...(await Promise.all(some.map((question) => ask(client, question, signal)))));
  }
  return answers;
}

async function ask(client: ApiClient, question: AccessQuestion, signal?: AbortSignal): Promise<AccessAnswer> {
  const apiVersion = 'authorization.k8s.io/v1';
  const { value } = await client.call({
    about: { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
    method: 'POST',
    path: `/apis/${apiVersion}/selfsubjectaccessreviews`,
    body: {
      apiVersion,
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { ...question } },
    } satisfies V1SelfSubjectAccessReview,
    repeatable: true,
    signal,
  });
  const reason = textAt(value, 'status', 'reason') || textAt(value, 'status', 'evaluationError');
  return {
    ...question,
    allowed: at(value, 'status', 'allowed') === true,
    ...(reason ? { reason: safeText(reason) } : {}),
  };
}

/** The cluster's version, identity and enforcer; see `ClusterInfo`. */
async function askInfo(
  parts: {
    readonly client: ApiClient;
    readonly discovery: Discovery;
    readonly version: VersionSource;
    readonly target: Target;
    readonly read: ClusterApi['read'];
  },
  signal?: AbortSignal,
): Promise<ClusterInfo> {
  const { client, discovery, target } = parts;
  const version = await parts.version.get(signal);
  const [enforcer, clusterUid] = await Promise.all([
    detectEnforcer(client, discovery, version.gitVersion, signal),
    systemUid(parts.read, signal),
  ]);
  const { ca } = target.cluster;
  return {
    context: safeText(target.context),
    server: safeText(target.cluster.server.href.replace(/\/$/, '')),
    version: `${version.major}.${version.minor}`,
    gitVersion: version.gitVersion,
    minor: version.minor,
    clusterUid,
    caSha256: ca === undefined ? undefined : fingerprint(ca),
    ...enforcer,
  };
}

async function systemUid(read: ClusterApi['read'], signal?: AbortSignal): Promise<string | undefined> {
  try {
    const ref = { group: '', version: 'v1', resource: 'namespaces', name: 'kube-system' };
    return (await read(ref, signal))?.metadata.uid;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** SHA-256 of the first certificate in a PEM, hex, like `openssl x509 -fingerprint -sha256` without colons. */
function fingerprint(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return createHash('sha256').update(pem).digest('hex');
  }
}

/** How often to re-check an object that left the watch but still exists, ms. */
const RECHECK = 2_000;
/** How long to wait before retrying after losing the permission to list, ms. */
const REGAIN = 5_000;

/**
 * Follows objects by label; see `ClusterApi.follow`. An object whose label was removed leaves the watch as if it were
 * deleted, so each deletion is confirmed by a GET, and an object that still exists is polled until it is gone (API-2).
 *
 * @throws ApiError if the first list is forbidden
 */
function followCall(
  client: ApiClient,
  version: VersionSource,
  read: ClusterApi['read'],
): ClusterApi['follow'] {
  return async (resource, labels, onEvent, signal) => {
    const collection = collectionOf(resource, { namespace: resource.namespace, labels });
    const seen = new Map<string, ApiObject>();
    const checks = new Map<string, Promise<void>>();
    let listed = false;

    const show = (object: ApiObject) => {
      const uid = object.metadata.uid ?? '';
      seen.set(uid, object);
      onEvent(eventOf(object));
    };
    const doubt = (object: ApiObject) => {
      const uid = object.metadata.uid ?? '';
      // The event that removes an object from the selection carries its new version, which was not emitted yet.
      const shown = seen.get(uid)?.metadata.resourceVersion;
      seen.delete(uid);
      if (checks.has(uid)) return;
      const check = confirm(object, shown)
        .catch(() => undefined)
        .finally(() => checks.delete(uid));
      checks.set(uid, check);
    };
    const confirm = async (object: ApiObject, shown: string | undefined) => {
      const { name, namespace, uid = '' } = object.metadata;
      let last = shown;
      while (!signal.aborted && !seen.has(uid)) {
        const now = await read({ ...resource, name, namespace }, signal).catch(() => 'unknown' as const);
        if (seen.has(uid) || signal.aborted) return;
        if (now === undefined || (now !== 'unknown' && now.metadata.uid !== uid)) {
          onEvent({ name, uid });
          return;
        }
        if (now !== 'unknown' && now.metadata.resourceVersion !== last) {
          last = now.metadata.resourceVersion;
          onEvent(eventOf(now));
        }
        await sleep(RECHECK, undefined, { signal });
      }
    };

    while (!signal.aborted) {
      try {
        const known = await version.get(signal).catch(() => undefined);
        await listWatch<ApiObject>(
          {
            client,
            collection,
            map: (raw) => safeDeep(raw),
            streaming: known !== undefined && streamsLists(known),
            reset: (objects) => {
              listed = true;
              const uids = new Set(objects.map(({ metadata }) => metadata.uid));
              for (const [uid, object] of [...seen]) if (!uids.has(uid)) doubt(object);
              for (const object of objects) show(object);
            },
            changes: (steps) => {
              for (const { type, object } of steps) (type === 'set' ? show : doubt)(object);
            },
            state: () => undefined,
          },
          signal,
        );
      } catch (error) {
        if (!listed || !(error instanceof ApiError)) throw error;
        await sleep(REGAIN, undefined, { signal }).catch(() => undefined);
      }
    }
    await Promise.all(checks.values());
  };
}

function eventOf(object: ApiObject): ObjectEvent {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '', state: object };
}
