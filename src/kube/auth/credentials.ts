import { readFile } from 'node:fs/promises';
import { SluiceError, safeText } from '../../core/common/common.ts';
import {
  type ClusterEntry,
  isUnsendable,
  type PluginSurroundings,
  type UserEntry,
  whyUnread,
} from '../config/config.ts';
import type { Credential, Credentials } from '../http/http.ts';
import { pluginCredentials } from './exec-plugin.ts';
import { oidcCredentials } from './oidc.ts';

/** How long a file is cached before it is read again, ms. As in client-go for tokens: a minute less ten seconds. */
const FILE_AGE = 50_000;

/**
 * The credentials of a kubeconfig user, in the order of client-go (API-44): the token file and the token, else the
 * password, else the OIDC provider, and the client certificate with any of them; a plug-in only where there is none.
 *
 * @throws SluiceError `unsupported` for a cloud auth provider, which kubectl dropped in 1.26
 */
export function credentialsOf(
  user: UserEntry,
  cluster: ClusterEntry,
  surroundings: PluginSurroundings,
): Credentials {
  if (user.authProvider !== undefined && user.authProvider.name !== 'oidc') {
    throw new SluiceError(
      'unsupported',
      `User ${safeText(user.name)} uses the auth provider ${safeText(user.authProvider.name)}, which Kubernetes removed in 1.26.`,
      'Use its credential plug-in instead, such as gke-gcloud-auth-plugin or kubelogin; kubectl needs it too.',
    );
  }
  const own = ownCertificate(user);
  if (user.tokenFile !== undefined) return both(own, fileToken(user.name, user.tokenFile, user.token));
  if (user.token !== undefined) return both(own, fixed({ authorization: `Bearer ${user.token}` }));
  if (user.basic !== undefined) return both(own, fixed({ authorization: basicOf(user.basic) }));
  if (user.authProvider !== undefined)
    return both(own, oidcCredentials(user, user.authProvider.config, surroundings));
  if (user.exec !== undefined && user.cert === undefined) {
    const around = { ...surroundings, user: user.name, cluster, file: user.file };
    return both(own, pluginCredentials(user.exec, around));
  }
  return cluster.login === undefined ? own : both(own, fixed({ authorization: basicOf(cluster.login) }));
}

function basicOf({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function fixed(credential: Credential): Credentials {
  return { get: async () => credential, renew: () => false };
}

/** The client certificate of the kubeconfig, read again from time to time if its files may be renewed. */
function ownCertificate({ cert, key, reread }: UserEntry): Credentials {
  if (cert === undefined || key === undefined) return fixed({});
  return reread === undefined ? fixed({ cert, key }) : aging(reread, { cert, key });
}

/**
 * What is read from files that are renewed in place: read again after a while, and after a 401. What was read before
 * goes on counting while the new one can't be read, as in client-go.
 *
 * @param isFallback whether the first one only counts where nothing can be read
 */
function aging(read: () => Promise<Credential>, first?: Credential, isFallback = false): Credentials {
  let held = first === undefined ? undefined : { credential: first, at: performance.now() };
  let isStale = isFallback;
  return {
    get: async () => {
      if (isStale || held === undefined || performance.now() - held.at > FILE_AGE) {
        const before = held?.credential;
        const credential = await read().catch((error: unknown) => {
          if (before === undefined) throw error;
          return before;
        });
        held = { credential, at: performance.now() };
        isStale = false;
      }
      return held.credential;
    },
    renew: () => {
      const wasFresh = !isStale;
      isStale = true;
      return wasFresh;
    },
  };
}

/** A client certificate and another credential, which wins; stops waiting when the caller's signal aborts. */
function both(own: Credentials, inner: Credentials): Credentials {
  return {
    get: async (signal) => ({ ...(await own.get()), ...(await within(signal, inner.get(signal))) }),
    renew: (used) => [own.renew(used), inner.renew(used)].includes(true),
    ...(inner.login === undefined ? {} : { login: inner.login }),
  };
}

async function within<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The token in a file; `fallback`, if there is one, while the file can't be read. */
function fileToken(user: string, path: string, fallback: string | undefined): Credentials {
  return aging(
    async () => ({ authorization: `Bearer ${await readToken(user, path)}` }),
    fallback === undefined ? undefined : { authorization: `Bearer ${fallback}` },
    true,
  );
}

async function readToken(user: string, path: string): Promise<string> {
  const fault = (what: string, cause?: unknown) =>
    new SluiceError(
      'config',
      `The token file ${safeText(path)} of user ${safeText(user)} ${what}.`,
      'Log in again, or check tokenFile in the kubeconfig.',
      cause,
    );
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fault(`can't be read: ${whyUnread(error)}`, error);
  });
  const token = text.trim();
  if (token === '') throw fault('is empty');
  if (isUnsendable(token)) throw fault('has more than one line, or is not text');
  return token;
}
