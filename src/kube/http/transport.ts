import type { ClusterEntry, Impersonation } from '../config/config.ts';
import { type Agent, makeAgent } from './agent.ts';

/** What a request or a WebSocket needs: the connection pool and the headers that say who asks. */
export type Access = {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
};

/** The way to one server as one user. */
export type Transport = {
  readonly server: URL;
  access(signal?: AbortSignal): Promise<Access>;
  /** After a 401: whether another try with fresh credentials makes sense. */
  renew(): boolean;
  /** The full address of a path, which may have a query. */
  url(path: string): URL;
  dispose(): void;
};

/**
 * Opens the way to a cluster. The agent is made anew when a credential plug-in hands out another client
 * certificate.
 */
export function createTransport(
  cluster: ClusterEntry,
  credentials: Credentials,
  impersonate: Impersonation | undefined,
): Transport {
  const fixed = { 'User-Agent': 'kubectl-sluice', ...impersonationHeaders(impersonate) };
  let held: { readonly cert?: string; readonly agent: Promise<Agent> } | undefined;

  const agentFor = (credential: Credential): Promise<Agent> => {
    if (held !== undefined && held.cert === credential.cert) return held.agent;
    held?.agent.then((agent) => agent.destroy()).catch(() => undefined);
    const agent = makeAgent(cluster, credential);
    held = { agent, ...(credential.cert === undefined ? {} : { cert: credential.cert }) };
    return agent;
  };

  return {
    server: cluster.server,
    access: async (signal) => {
      const credential = await credentials.get(signal);
      const { authorization } = credential;
      return {
        agent: await agentFor(credential),
        headers: authorization === undefined ? fixed : { ...fixed, Authorization: authorization },
      };
    },
    renew: () => credentials.renew(),
    url: (path) => new URL(`${cluster.server.href.replace(/\/$/, '')}${path}`),
    dispose: () => {
      held?.agent.then((agent) => agent.destroy()).catch(() => undefined);
      held = undefined;
    },
  };
}

/** One `Impersonate-Group` line each; keys of extra fields are percent-encoded, as header names must be. */
function impersonationHeaders(
  who: Impersonation | undefined,
): Readonly<Record<string, string | readonly string[]>> {
  if (who === undefined) return {};
  return {
    'Impersonate-User': who.user,
    ...(who.groups.length === 0 ? {} : { 'Impersonate-Group': who.groups }),
    ...(who.uid === undefined ? {} : { 'Impersonate-Uid': who.uid }),
    ...Object.fromEntries(
      Object.entries(who.extra).map(([key, values]) => [
        `Impersonate-Extra-${encodeURIComponent(key)}`,
        values,
      ]),
    ),
  };
}

/** What a request proves itself with: a header, a client certificate, both or neither. */
export type Credential = {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
};

/** The credentials of a user, renewed as they run out. */
export type Credentials = {
  get(signal?: AbortSignal): Promise<Credential>;
  /** After a 401: forgets what can be got anew; false when there is nothing to renew. */
  renew(): boolean;
};
