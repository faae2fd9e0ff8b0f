import type { V1DeleteOptions } from '@kubernetes/client-node';
import type { ApiObject } from '../../core/cluster/cluster.ts';
import { SluiceError, safeDeep } from '../../core/common/common.ts';
import type { ApiAnswer, ApiRef, ClusterApi, WriteOptions } from '../../core/ports/ports.ts';
import { type About, type Answer, type ApiClient, ApiError, apiPath, collectionOf } from '../http/http.ts';
import { isApiObject, listPages } from '../watch/watch.ts';

const MANAGER = 'sluice';

/** Reads and writes of single objects, and lists; see `ClusterApi`. Strings are sanitized here. */
export function objectCalls(
  client: ApiClient,
): Pick<ClusterApi, 'read' | 'list' | 'create' | 'patch' | 'delete'> {
  return {
    read: async (ref, signal) => {
      try {
        const { value } = await client.call({
          about: aboutOf('get', ref),
          path: apiPath(ref, ref.namespace, ref.name),
          signal,
        });
        return objectOf(value, ref);
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },
    list: async (resource, options = {}) => {
      const { namespace, labels, signal } = options;
      let all: ApiObject[] = [];
      await listPages(client, collectionOf(resource, { namespace, labels }), signal, (objects, first) => {
        if (first) all = [];
        for (const object of objects) all.push(safeDeep(object));
      });
      return all;
    },
    create: async (ref, object, options = {}) =>
      answerOf(
        await client.call({
          about: aboutOf('create', { ...ref, name: object.metadata.name }),
          method: 'POST',
          path: apiPath(ref, ref.namespace),
          query: writeQuery(options),
          body: object,
          auditId: options.auditId,
          signal: options.signal,
        }),
        ref,
      ),
    patch: async (ref, patch, options = {}) => {
      try {
        const answer = await client.call({
          about: aboutOf('patch', ref),
          method: 'PATCH',
          path: apiPath(ref, ref.namespace, ref.name),
          query: writeQuery(options),
          body: patch,
          contentType: 'application/merge-patch+json',
          auditId: options.auditId,
          signal: options.signal,
        });
        return answerOf(answer, ref);
      } catch (error) {
        throw isStatus(error, 422) && /metadata\.uid|uid mismatch/i.test(error.message)
          ? replaced(ref, error)
          : error;
      }
    },
    delete: async (ref, options) => {
      try {
        await client.call({
          about: aboutOf('delete', ref),
          method: 'DELETE',
          path: apiPath(ref, ref.namespace, ref.name),
          // In the body, because with a body both would be ignored in the query (LEASE-6, API-6).
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            propagationPolicy: options.propagation,
            preconditions: { uid: options.uid },
            ...(options.dryRun === true ? { dryRun: ['All'] } : {}),
          } satisfies V1DeleteOptions,
          auditId: options.auditId,
          signal: options.signal,
        });
        return 'deleted';
      } catch (error) {
        if (isGone(error)) return 'gone';
        throw error;
      }
    },
  };
}

/** Describes a call on an object. */
export function aboutOf(
  verb: string,
  ref: Omit<ApiRef, 'name' | 'version'> & { readonly name?: string },
): About {
  const { group, resource, namespace, name } = ref;
  return { verb, group, resource, namespace, name };
}

/** Only `NotFound` from the API server itself proves that an object is gone; a proxy's 404 doesn't. */
function isGone(error: unknown): boolean {
  return isStatus(error, 404) && error.reason === 'NotFound';
}

function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

function writeQuery({ dryRun }: WriteOptions): Readonly<Record<string, string | undefined>> {
  return { fieldManager: MANAGER, fieldValidation: 'Strict', dryRun: dryRun === true ? 'All' : undefined };
}

function answerOf(answer: Answer, ref: Omit<ApiRef, 'name'>): ApiAnswer {
  const { auditId, warnings } = answer;
  return { object: objectOf(answer.value, ref), auditId, warnings };
}

function objectOf(value: unknown, ref: Omit<ApiRef, 'name'>): ApiObject {
  if (isApiObject(value)) return safeDeep(value);
  throw new SluiceError(
    'failed',
    `The server returned an invalid object for ${ref.resource}.`,
    'Check for proxies between here and the API server.',
  );
}

function replaced(ref: ApiRef, cause: unknown): SluiceError {
  return new SluiceError(
    'conflict',
    `${ref.resource} "${ref.name}" in namespace "${ref.namespace ?? '(none)'}" was replaced by another object.`,
    `Check it with kubectl get ${ref.resource} ${ref.name}.`,
    cause,
  );
}
