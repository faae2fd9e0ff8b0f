import type { IncomingMessage } from 'node:http';
import type { User } from '../access.ts';
import type { MayDo } from '../read/reviews.ts';
import { ApiFailure, badRequest } from '../status.ts';

/** Users by bearer token. */
export type Tokens = ReadonlyMap<string, User>;

/**
 * Who makes a request: the user of its token, nobody for a wrong token. Without a token it is the first user, as behind
 * `kubectl proxy`: kubectl never sends credentials over plain HTTP. With impersonation headers the impersonated user,
 * if the caller may (API-8); then throws 403, or 400 for a group without a user.
 */
export function identify(tokens: Tokens, request: IncomingMessage, mayDo: MayDo): User | undefined {
  const { authorization } = request.headers;
  const token = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1];
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

/** All values of a header that may come several times. */
function valuesOf(request: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? '');
  }
  return values;
}
