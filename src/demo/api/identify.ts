import type { IncomingMessage } from 'node:http';
import type { User } from './access.ts';
import type { Authorizer } from './reviews.ts';
import { ApiFailure, badRequest } from './status.ts';

/** Users by bearer token. */
export type Tokens = ReadonlyMap<string, User>;

/** The API path of a user: clients send no token over plain HTTP, so the address contains it. */
export function pathOf(token: string): string {
  return `/as/${token}`;
}

/** The API URL of a request, and the token in the address, if any. */
export function addressOf(request: IncomingMessage): { readonly url: URL; readonly token?: string } {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, token, path] = /^\/as\/([^/]+)(\/.*)$/.exec(url.pathname) ?? [];
  if (token === undefined || path === undefined) return { url };
  url.pathname = path;
  return { url, token };
}

/**
 * The user of a request, by its token; undefined for an unknown token. Without a token in the address or a header it is
 * the first user, as with `kubectl proxy`. With impersonation headers it is the impersonated user (API-8); throws 403 if
 * that is forbidden, or 400 for a group without a user.
 */
export function identify(tokens: Tokens, request: IncomingMessage, mayDo: Authorizer): User | undefined {
  const token = addressOf(request).token ?? /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const user = token === undefined ? tokens.values().next().value : tokens.get(token);
  if (user === undefined) return undefined;
  const wanted = request.headers['impersonate-user'];
  const groups = valuesOf(request, 'impersonate-group');
  if (wanted === undefined) {
    if (groups.length > 0)
      throw badRequest(`requested [{Group    ${groups[0]}      }] without impersonating a user`);
    return user;
  }
  const name = String(wanted);
  if (!mayDo(user, { verb: 'impersonate', group: '', resource: 'users' })) {
    throw new ApiFailure(
      403,
      'Forbidden',
      `users "${name}" is forbidden: User "${user.username}" cannot impersonate-on:user-info:create resource "users" in API group "" at the cluster scope`,
      { name, kind: 'users' },
    );
  }
  const known = [...tokens.values()].find(({ username }) => username === name);
  return {
    username: name,
    groups: [...groups, 'system:authenticated'],
    rules: known?.rules ?? [],
    ...extraOf(request),
  };
}

function extraOf(request: IncomingMessage): { readonly extra?: Readonly<Record<string, readonly string[]>> } {
  const names = Object.keys(request.headers).filter((name) => name.startsWith('impersonate-extra-'));
  if (names.length === 0) return {};
  return {
    extra: Object.fromEntries(
      names.map((name) => [
        decodeURIComponent(name.slice('impersonate-extra-'.length)),
        valuesOf(request, name),
      ]),
    ),
  };
}

/** All values of a repeatable header. */
function valuesOf(request: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? '');
  }
  return values;
}
