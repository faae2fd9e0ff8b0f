import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestAttributes, User } from './access.ts';
import type { Answer, Call } from './call.ts';
import { discovery, VERSION } from './discovery.ts';
import { type AnswerOptions, dispatch, watchOptions } from './dispatch.ts';
import { addressOf, identify, type Tokens } from './identify.ts';
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';
import { type Form, formOf, inForm, send, sendText, shapeOf } from './respond.ts';
import { routeOf } from './route.ts';
import {
  ApiFailure,
  forbidden,
  forbiddenPath,
  methodNotAllowed,
  noResource,
  unauthorized,
} from './status.ts';
import { watch } from './watch.ts';

/** Runs before a request is processed. */
export type Gate = (request: {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
}) => Promise<'pass' | 'unauthorized' | 'reset'>;

export type ServeOptions = AnswerOptions & { readonly tokens: Tokens; readonly gate: Gate };

/** Serves one request; never rejects. `watches` has a controller for every running watch. */
export async function serve(
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  watches: Set<AbortController>,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { url } = addressOf(request);
  response.setHeader('Audit-Id', String(request.headers['audit-id'] ?? randomUUID()));
  response.setHeader('Cache-Control', 'no-cache, private');
  const gate = await options.gate({
    method: request.method ?? 'GET',
    path: url.pathname,
    signal: gone.signal,
  });
  if (gone.signal.aborted) return;
  if (gate === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  let form: Form = 'json';
  try {
    const user = identify(options.tokens, request, options.mayDo);
    if (user === undefined || gate === 'unauthorized') throw unauthorized();
    form = formOf(request.headers.accept);
    await answer(options, { request, response, url, user, form, gone: gone.signal, watches });
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    fail(response, error, form === 'yaml' ? 'yaml' : 'json');
  }
}

function fail(response: ServerResponse, error: unknown, form: Form): void {
  if (error instanceof ApiFailure) {
    if (error.code === 504) response.setHeader('Retry-After', '1');
    send(response, error.code, error.status, form);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  send(
    response,
    500,
    new ApiFailure(500, 'InternalError', `Internal error occurred: ${message}`).status,
    form,
  );
}

/** Parses, authorizes and handles a request. Throws `ApiFailure`. */
async function answer(options: AnswerOptions, known: Known): Promise<void> {
  const { request, response, url, user, form } = known;
  const method = request.method ?? 'GET';
  const route = routeOf(url.pathname);
  const found =
    method === 'GET' ? (discovery(url.pathname, form === 'discovery') ?? openApi(url.pathname)) : undefined;
  if (route.type === 'path' || found !== undefined) {
    answerPath(known, found);
    return;
  }
  const { resource, namespace, name = '', subresource } = route;
  const verb = verbOf(method, name !== '', url.searchParams);
  if (verb === undefined) throw methodNotAllowed();
  const attributes: RequestAttributes = {
    verb,
    group: route.group,
    resource: subresource === undefined ? route.plural : `${route.plural}/${subresource}`,
    ...(namespace === undefined ? namespaceOf(route.plural, name) : { namespace }),
  };
  if (!options.mayDo(user, attributes)) {
    throw forbidden({ user: user.username, ...attributes, ...(name === '' ? {} : { name }) });
  }
  if (resource === undefined) {
    if (route.group !== '' && discovery(`/apis/${route.group}`, false) === undefined) {
      sendText(response, 404, '404 page not found\n');
      return;
    }
    throw noResource();
  }
  const stop = new AbortController();
  const call: Call = {
    request,
    response,
    query: url.searchParams,
    user,
    resource,
    namespace,
    name,
    subresource,
    warnings: [],
    signal: AbortSignal.any([known.gone, stop.signal]),
  };
  if (verb === 'watch') {
    known.watches.add(stop);
    try {
      await watch(options.context, call, watchOptions(call), shapeOf(form, resource));
    } finally {
      known.watches.delete(stop);
    }
    return;
  }
  let result: Answer;
  try {
    result = await dispatch(options, call, verb);
  } finally {
    warn(response, call.warnings);
  }
  send(response, result.code, inForm(result.body, form, resource), form);
}

function warn(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0 || response.headersSent) return;
  response.setHeader(
    'Warning',
    [...new Set(warnings)].map((text) => `299 - ${JSON.stringify(text)}`),
  );
}

function verbOf(method: string, named: boolean, query: URLSearchParams): string | undefined {
  const watching = ['1', 'true'].includes(query.get('watch') ?? '');
  switch (method) {
    case 'GET':
    case 'HEAD':
      return watching ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return named ? undefined : 'create';
    case 'PUT':
      return named ? 'update' : undefined;
    case 'PATCH':
      return named ? 'patch' : undefined;
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

/** For authorization, a Namespace object is in its own namespace. */
function namespaceOf(plural: Resource['plural'], name: string): { readonly namespace?: string } {
  return plural === 'namespaces' && name !== '' ? { namespace: name } : {};
}

/** Handles non-resource paths: discovery (`found`), version, health. Throws 403 for unknown ones. */
function answerPath({ request, response, url, user, form }: Known, found: unknown): void {
  const method = request.method ?? 'GET';
  const path = url.pathname;
  if (found !== undefined) {
    if (form === 'discovery') {
      const text = JSON.stringify(found);
      response.writeHead(200, {
        'Content-Type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
        'Content-Length': Buffer.byteLength(text),
        Vary: 'Accept',
      });
      response.end(text);
      return;
    }
    send(response, 200, found, form);
  } else if (path === '/version' || path === '/version/') send(response, 200, VERSION, form);
  else if (path === '/readyz' || path === '/livez' || path === '/healthz') sendText(response, 200, 'ok');
  else if (path.startsWith('/apis/') || path.startsWith('/api/') || user.rules.some(all)) {
    sendText(response, 404, '404 page not found\n');
  } else throw forbiddenPath(user.username, method.toLowerCase(), path);
}

function all(rule: User['rules'][number]): boolean {
  return rule.resources.includes('*') && rule.groups.includes('*');
}

/** An authenticated request. */
type Known = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: User;
  readonly form: Form;
  readonly gone: AbortSignal;
  readonly watches: Set<AbortController>;
};

const PREFIX = '/openapi/v3';

/**
 * The part of OpenAPI v3 that kubectl requests before it creates or applies: which kinds support `fieldValidation`. It
 * has no schemas, so `kubectl explain` has nothing to show. Undefined for other paths.
 */
function openApi(path: string): unknown {
  if (path === PREFIX) {
    return {
      paths: Object.fromEntries(
        GROUP_VERSIONS.map((groupVersion) => [
          groupVersion,
          { serverRelativeURL: `${PREFIX}/${groupVersion}` },
        ]),
      ),
    };
  }
  if (!path.startsWith(`${PREFIX}/`)) return undefined;
  const resources = RESOURCES.filter((resource) => `${PREFIX}/${pathOf(resource)}` === path);
  if (resources.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.3' },
    paths: Object.fromEntries(
      resources.map((resource) => [`/${pathOf(resource)}/${objectPath(resource)}`, operations(resource)]),
    ),
  };
}

/** `api/v1`, `apis/batch/v1`. */
function pathOf(resource: Resource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

const GROUP_VERSIONS: readonly string[] = [...new Set(RESOURCES.map(pathOf))];

function objectPath({ namespaced, plural }: Resource): string {
  return namespaced ? `namespaces/{namespace}/${plural}/{name}` : `${plural}/{name}`;
}

function operations({ group, version, kind }: Resource): unknown {
  const parameter = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
  return {
    patch: {
      operationId: `patch${kind}`,
      parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter),
      responses: { '200': { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group, kind, version },
    },
  };
}
