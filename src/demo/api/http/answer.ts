import type { IncomingMessage, ServerResponse } from 'node:http';
import type { User, Wish } from '../access.ts';
import type { Answer, ApiContext, Call } from '../call.ts';
import { discovery } from '../kinds/discovery.ts';
import { openApi } from '../kinds/openapi.ts';
import type { Resource } from '../kinds/resources.ts';
import type { MayDo } from '../read/reviews.ts';
import { watch } from '../read/watch.ts';
import { forbidden, methodNotAllowed, noResource } from '../status.ts';
import { answerPath } from './answer-path.ts';
import { dispatch, watchOptions } from './dispatch.ts';
import { type Form, inForm, send, sendText, shapeOf } from './respond.ts';
import { routeOf } from './route.ts';

export type AnswerOptions = { readonly context: ApiContext; readonly mayDo: MayDo };

/** A request whose caller is known. */
export type Known = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: User;
  readonly form: Form;
  readonly gone: AbortSignal;
  readonly watches: Set<AbortController>;
};

/** Finds out what a request wants, whether its caller may, and answers it. Throws `ApiFailure`. */
export async function answer(options: AnswerOptions, known: Known): Promise<void> {
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
  const wish: Wish = {
    verb,
    group: route.group,
    resource: subresource === undefined ? route.plural : `${route.plural}/${subresource}`,
    ...(namespace === undefined ? namespaceOf(route.plural, name) : { namespace }),
  };
  if (!options.mayDo(user, wish)) {
    throw forbidden({ user: user.username, ...wish, ...(name === '' ? {} : { name }) });
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

/** For rights, a namespace lies in itself. */
function namespaceOf(plural: Resource['plural'], name: string): { readonly namespace?: string } {
  return plural === 'namespaces' && name !== '' ? { namespace: name } : {};
}
