import type { Login } from '../../core/ports/ports.ts';
import type { ClusterEntry, Impersonation } from '../config/config.ts';
import { type Agent, makeAgent } from './agent.ts';
import { ApiError } from './errors.ts';
import type { LearningClock } from './exchange.ts';
import { explainRejection } from './rejection.ts';

/** What a request or a WebSocket needs: the connection pool and the authentication headers. */
export type Access = {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
};

/** The transport to one server as one user. */
export type Transport = {
  readonly server: URL;
  /** Attempts something, and once more with fresh credentials if the server rejects the first ones (401). */
  authorized<T>(attempt: (access: Access) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** The full URL of a path, which may have a query. */
  url(path: string): URL;
  dispose(): void;
};

/**
 * Creates the transport to a cluster. The agent is recreated when a credential plug-in returns another client
 * certificate.
 */
export function createTransport(
  cluster: ClusterEntry,
  credentials: Credentials,
  impersonate: Impersonation | undefined,
  clock: Pick<LearningClock, 'now' | 'offset'>,
): Transport {
  const fixed = { 'User-Agent': 'kubectl-sluice', ...impersonationHeaders(impersonate) };
  let held: { readonly cert?: string; readonly agent: Agent } | undefined;

  const agentFor = (credential: Credential): Agent => {
    if (held !== undefined && held.cert === credential.cert) return held.agent;
    held?.agent.destroy();
    const agent = makeAgent(cluster, credential);
    held = { agent, ...(credential.cert === undefined ? {} : { cert: credential.cert }) };
    return agent;
  };

  const accessWith = (credential: Credential): Access => {
    const { authorization } = credential;
    return {
      agent: agentFor(credential),
      headers: authorization === undefined ? fixed : { ...fixed, Authorization: bytes(authorization) },
    };
  };

  return {
    server: cluster.server,
    authorized: async (attempt, signal) => {
      for (let tries = 1; ; tries += 1) {
        const used = await credentials.get(signal);
        try {
          return await attempt(accessWith(used));
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof ApiError) || error.status !== 401) throw error;
          if (tries > 1 || !credentials.renew(used)) throw explainRejection(error, used, clock);
        }
      }
    },
    url: (path) => new URL(`${cluster.server.href.replace(/\/$/, '')}${path}`),
    dispose: () => {
      held?.agent.destroy();
      held = undefined;
    },
  };
}

/**
 * One `Impersonate-Group` line per group. Keys of extra fields are percent-encoded to be valid header names: what
 * `encodeURIComponent` leaves, other than parentheses, may stand in one.
 */
function impersonationHeaders(
  who: Impersonation | undefined,
): Readonly<Record<string, string | readonly string[]>> {
  if (who === undefined) return {};
  const escaped = (key: string) =>
    encodeURIComponent(key.toWellFormed()).replaceAll('(', '%28').replaceAll(')', '%29');
  return {
    'Impersonate-User': bytes(who.user),
    ...(who.groups.length === 0 ? {} : { 'Impersonate-Group': who.groups.map(bytes) }),
    ...(who.uid === undefined ? {} : { 'Impersonate-Uid': bytes(who.uid) }),
    ...Object.fromEntries(
      Object.entries(who.extra).map(([key, values]) => [
        `Impersonate-Extra-${escaped(key)}`,
        values.map(bytes),
      ]),
    ),
  };
}

/** A header value as Node takes it: a character for each byte of its UTF-8, which is what the server reads (API-45). */
function bytes(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** The credential of a request: a header, a client certificate, both or neither. */
export type Credential = {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
};

/** The credentials of a user, renewed as they expire. */
export type Credentials = {
  get(signal?: AbortSignal): Promise<Credential>;
  /** After a 401: drops the credential that was used, unless it has been renewed since; false if it can't be. */
  renew(used: Credential): boolean;
  /** Absent unless a person may have to do something. */
  readonly login?: Login;
};
