import { type FieldError, fieldErrorText } from '../../core/cluster/cluster.ts';
import { qualified, type Resource } from './resources.ts';

/** An error response with a `Status`: thrown by handlers, written by the server. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly code: number;
  readonly status: Readonly<Record<string, unknown>>;

  constructor(
    code: number,
    reason: string | undefined,
    message: string,
    details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.code = code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      details,
      code,
    };
  }
}

type Named = { readonly resource: Resource; readonly name: string };

function detailsOf({ resource, name }: Named, kind: string = resource.plural): Record<string, unknown> {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind,
  };
}

export function notFound(what: Named): ApiFailure {
  const title = qualified(what.resource.plural, what.resource.group);
  return new ApiFailure(404, 'NotFound', `${title} "${what.name}" not found`, detailsOf(what));
}

/** The resource does not exist on this server. */
export function noResource(): ApiFailure {
  return new ApiFailure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(what: Named): ApiFailure {
  const title = qualified(what.resource.plural, what.resource.group);
  return new ApiFailure(409, 'AlreadyExists', `${title} "${what.name}" already exists`, detailsOf(what));
}

/** A stale `metadata.resourceVersion` in an update. */
export function modified(what: Named): ApiFailure {
  const title = qualified(what.resource.plural, what.resource.group);
  const message = `Operation cannot be fulfilled on ${title} "${what.name}": the object has been modified; please apply your changes to the latest version and try again`;
  return new ApiFailure(409, 'Conflict', message, detailsOf(what));
}

/** A failed precondition of a delete; here the real server names the kind, not the resource. */
export function preconditionFailed(what: Named, why: string): ApiFailure {
  const title = qualified(what.resource.kind, what.resource.group);
  const message = `Operation cannot be fulfilled on ${title} "${what.name}": ${why}`;
  return new ApiFailure(409, 'Conflict', message, detailsOf(what, what.resource.kind));
}

export function badRequest(message: string): ApiFailure {
  return new ApiFailure(400, 'BadRequest', message);
}

export function methodNotAllowed(): ApiFailure {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiFailure(405, 'MethodNotAllowed', message, {});
}

export function unauthorized(): ApiFailure {
  return new ApiFailure(401, 'Unauthorized', 'Unauthorized');
}

/** A list or watch from an expired version. */
export function expired(message: string): ApiFailure {
  return new ApiFailure(410, 'Expired', message);
}

/** 422 for an object or for options; `kind` may be `CreateOptions` of `meta.k8s.io`. */
export function invalid(
  what: { readonly group: string; readonly kind: string; readonly name: string },
  errors: readonly FieldError[],
): ApiFailure {
  const texts = [...new Set(errors.map(fieldErrorText))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const message = `${qualified(what.kind, what.group)} "${what.name}" is invalid: ${text}`;
  return new ApiFailure(422, 'Invalid', message, {
    ...(what.name === '' ? {} : { name: what.name }),
    ...(what.group === '' ? {} : { group: what.group }),
    ...(what.kind === '' ? {} : { kind: what.kind }),
    causes: errors.map(({ reason, message: why, field }) => ({ reason, message: why, field })),
  });
}

/** The action of a forbidden request. */
export type Refused = {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  /** `pods/portforward` for subresources. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
};

export function forbidden(refused: Refused): ApiFailure {
  const { user, verb, group, resource, namespace, name } = refused;
  const plural = resource.split('/')[0] ?? resource;
  const title = qualified(resource, group) + (name === undefined ? '' : ` "${name}"`);
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${title} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  return new ApiFailure(403, 'Forbidden', message, {
    name,
    ...(group === '' ? {} : { group }),
    kind: plural,
  });
}

export function forbiddenPath(user: string, verb: string, path: string): ApiFailure {
  return new ApiFailure(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${path}"`, {});
}

/** `Status` of a delete that removed the object at once. */
export function deleted(what: Named, uid: string): Readonly<Record<string, unknown>> {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { ...detailsOf(what), uid },
  };
}
