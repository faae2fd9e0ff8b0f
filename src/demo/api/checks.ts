import { type ApiObject, fieldErrors } from '../../core/cluster/cluster.ts';
import type { Read } from './admission.ts';
import type { ApiContext, Call } from './call.ts';
import type { WriteOptions } from './options.ts';
import { qualified } from './resources.ts';
import { ApiFailure, badRequest, invalid } from './status.ts';

/** Throws 400 for an object of another namespace; for a new one also 404 or 403 if the namespace is gone or terminating. */
export function checkNamespace(context: ApiContext, call: Call, object: ApiObject): void {
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

/** Handles unknown fields according to `fieldValidation`: throws 400, warns, or does nothing (API-4). */
export function checkUnknown(read: Read, call: Call, options: WriteOptions, kind: string): void {
  if (read.unknown.length === 0) return;
  const texts = read.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (options.validation === 'Warn') call.warnings.push(...texts);
  if (options.validation !== 'Strict') return;
  throw badRequest(
    `${kind} in version "${call.resource.version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(', ')}`,
  );
}

/** The same for the result of a patch, which is a 422. */
export function checkUnknownInPatch(read: Read, call: Call, options: WriteOptions, patched: unknown): void {
  if (read.unknown.length === 0) return;
  const texts = read.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (options.validation === 'Warn') call.warnings.push(...texts);
  if (options.validation !== 'Strict') return;
  throw invalid({ group: '', kind: '', name: '' }, [
    fieldErrors.invalid('patch', JSON.stringify(patched), `strict decoding error: ${texts.join(', ')}`),
  ]);
}

/** The user agent of a client. */
export function agent(call: Call): string {
  return call.request.headers['user-agent'] ?? 'unknown';
}
