import { readFile } from 'node:fs/promises';
import { SluiceError } from '../../core/errors.ts';
import { safeText } from '../../core/safe-text.ts';
import type { ClusterEntry } from '../config/cluster-entry.ts';
import type { UserEntry } from '../config/user-entry.ts';
import { pluginCredentials } from './exec-plugin.ts';
import { oidcCredentials } from './oidc.ts';

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

/** How credential plug-ins talk to a person: a line of theirs, sanitised, as it comes. */
export type Notice = (line: string) => void;

/** How long a token file is believed before it is read again, as client-go does. */
const TOKEN_FILE_AGE = 60_000;

/**
 * The credentials of a kubeconfig user: plug-in, OIDC, token file, token, password, and the client certificate with
 * any of them.
 *
 * @throws SluiceError `unsupported` for a cloud auth provider, which kubectl dropped in 1.26
 */
export function credentialsOf(user: UserEntry, cluster: ClusterEntry, notice: Notice): Credentials {
  const own: Credential = {
    ...(user.cert === undefined ? {} : { cert: user.cert }),
    ...(user.key === undefined ? {} : { key: user.key }),
  };
  if (user.exec !== undefined)
    return withOwn(own, pluginCredentials(user.exec, user.name, cluster, user.file, notice));
  if (user.authProvider?.name === 'oidc')
    return withOwn(own, oidcCredentials(user.name, user.authProvider.config));
  if (user.authProvider !== undefined) {
    throw new SluiceError(
      'unsupported',
      `The user ${safeText(user.name)} logs in with the auth provider ${safeText(user.authProvider.name)}, which Kubernetes removed in 1.26.`,
      'Use its credential plug-in instead (gke-gcloud-auth-plugin, kubelogin): kubectl needs it too.',
    );
  }
  if (user.tokenFile !== undefined) return withOwn(own, fileToken(user.tokenFile));
  if (user.token !== undefined) return fixed({ ...own, authorization: `Bearer ${user.token}` });
  if (user.basic !== undefined) {
    const pair = Buffer.from(`${user.basic.username}:${user.basic.password}`).toString('base64');
    return fixed({ ...own, authorization: `Basic ${pair}` });
  }
  return fixed(own);
}

function fixed(credential: Credential): Credentials {
  return { get: async () => credential, renew: () => false };
}

function withOwn(own: Credential, inner: Credentials): Credentials {
  return { get: async (signal) => ({ ...own, ...(await inner.get(signal)) }), renew: () => inner.renew() };
}

function fileToken(path: string): Credentials {
  let held: { readonly token: string; readonly at: number } | undefined;
  return {
    get: async () => {
      if (held === undefined || performance.now() - held.at > TOKEN_FILE_AGE) {
        held = { token: (await readToken(path)).trim(), at: performance.now() };
      }
      return { authorization: `Bearer ${held.token}` };
    },
    renew: () => {
      const fresh = held !== undefined;
      held = undefined;
      return fresh;
    },
  };
}

async function readToken(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError(
      'config',
      `The token file ${safeText(path)} can't be read.`,
      'Log in again, or check tokenFile in the kubeconfig.',
      error,
    );
  }
}
