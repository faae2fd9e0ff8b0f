import { readFile } from 'node:fs/promises';
import { SluiceError, safeText } from '../../core/common/common.ts';
import type { ClusterEntry, PluginSurroundings, UserEntry } from '../config/config.ts';
import type { Credential, Credentials } from '../http/http.ts';
import { pluginCredentials } from './exec-plugin.ts';
import { oidcCredentials } from './oidc.ts';

/** How long a token file is cached before it is read again, as in client-go. */
const TOKEN_FILE_AGE = 60_000;

/**
 * The credentials of a kubeconfig user: plug-in, OIDC, token file, token, password, and the client certificate with
 * any of them.
 *
 * @throws SluiceError `unsupported` for a cloud auth provider, which kubectl dropped in 1.26
 */
export function credentialsOf(
  user: UserEntry,
  cluster: ClusterEntry,
  surroundings: PluginSurroundings,
): Credentials {
  const own: Credential = {
    ...(user.cert === undefined ? {} : { cert: user.cert }),
    ...(user.key === undefined ? {} : { key: user.key }),
  };
  if (user.exec !== undefined) {
    const around = { ...surroundings, user: user.name, cluster, file: user.file };
    return withOwn(own, pluginCredentials(user.exec, around));
  }
  if (user.authProvider?.name === 'oidc')
    return withOwn(own, oidcCredentials(user, user.authProvider.config, surroundings));
  if (user.authProvider !== undefined) {
    throw new SluiceError(
      'unsupported',
      `User ${safeText(user.name)} uses the auth provider ${safeText(user.authProvider.name)}, which Kubernetes removed in 1.26.`,
      'Use its credential plug-in instead, such as gke-gcloud-auth-plugin or kubelogin; kubectl needs it too.',
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

/** Adds the client certificate from the kubeconfig, and stops waiting when the caller's signal aborts. */
function withOwn(own: Credential, inner: Credentials): Credentials {
  return {
    get: async (signal) => ({ ...own, ...(await within(signal, inner.get(signal))) }),
    renew: (used) => inner.renew(used),
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
      `Unable to read the token file ${safeText(path)}.`,
      'Log in again, or check tokenFile in the kubeconfig.',
      error,
    );
  }
}
