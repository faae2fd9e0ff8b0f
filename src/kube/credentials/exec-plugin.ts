import { stat } from 'node:fs/promises';
import { SluiceError } from '../../core/errors.ts';
import { safeText } from '../../core/safe-text.ts';
import type { ClusterEntry } from '../config/cluster-entry.ts';
import type { ExecPlugin } from '../config/user-entry.ts';
import type { Credential, Credentials, Notice } from './credentials.ts';
import { readExecCredential, requestOf } from './exec-credential.ts';
import { pluginAllowed } from './kuberc.ts';

/** Long enough for a person to finish a login in a browser. */
const TIMEOUT = 300_000;

/**
 * How long a failure stands for all who ask, ms: a dozen watches that reconnect must not open a dozen logins in a
 * browser.
 */
const FAILED_FOR = 10_000;

/**
 * Credentials from a plug-in, run once and kept until the `expirationTimestamp` that it gives, as client-go does
 * (k8s.io/client-go/plugin/pkg/client/auth/exec). It runs without a shell and without a terminal; what it writes to
 * stderr goes to `notice`, sanitised.
 */
export function pluginCredentials(
  plugin: ExecPlugin,
  user: string,
  cluster: ClusterEntry,
  file: string | undefined,
  notice: Notice,
): Credentials {
  let held: Promise<{ readonly credential: Credential; readonly expires?: number }> | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  const fetchAnew = () => {
    if (failed !== undefined && performance.now() - failed.at < FAILED_FOR) throw failed.error;
    const running = run(plugin, user, cluster, file, notice);
    held = running;
    running.catch((error: unknown) => {
      const isLogin = error instanceof SluiceError && error.code === 'unauthenticated';
      if (isLogin) failed = { error, at: performance.now() };
      if (held === running) held = undefined;
    });
    return running;
  };
  return {
    get: async () => {
      const running = held ?? fetchAnew();
      const { credential, expires } = await running;
      if (expires === undefined || expires > Date.now()) return credential;
      const next = held === undefined || held === running ? fetchAnew() : held;
      return (await next).credential;
    },
    renew: () => {
      const fresh = held !== undefined;
      held = undefined;
      return fresh;
    },
  };
}

async function run(
  plugin: ExecPlugin,
  user: string,
  cluster: ClusterEntry,
  file: string | undefined,
  notice: Notice,
) {
  const who = `The credential plug-in ${safeText(plugin.command)} of user ${safeText(user)}`;
  if (plugin.interactiveMode === 'Always') {
    throw new SluiceError(
      'unsupported',
      `${who} needs a terminal of its own.`,
      'Log in with kubectl first, or set interactiveMode to IfAvailable in the kubeconfig.',
    );
  }
  await refuseShared(who, file);
  await pluginAllowed(plugin.command);
  const { execa } = await import('execa');
  const child = execa(plugin.command, plugin.args, {
    env: { ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(requestOf(plugin, cluster)) },
    stdin: 'ignore',
    reject: false,
    timeout: TIMEOUT,
    maxBuffer: 1 << 20,
    forceKillAfterDelay: 2_000,
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) if (line.trim() !== '') notice(safeText(line));
  });
  const result = await child;
  if (result.code === 'ENOENT') {
    throw new SluiceError(
      'unauthenticated',
      `${who} is not installed.`,
      plugin.installHint === undefined
        ? `Install ${safeText(plugin.command)}, or put it in PATH.`
        : safeText(plugin.installHint.replaceAll(/\s+/g, ' ').trim()),
      result.cause,
    );
  }
  if (result.failed) {
    const last = result.stderr.trimEnd().split('\n').at(-1)?.trim();
    const why = result.timedOut
      ? `did not answer in ${TIMEOUT / 1_000} s`
      : `failed${result.exitCode === undefined ? '' : ` with exit code ${result.exitCode}`}`;
    throw new SluiceError(
      'unauthenticated',
      `${who} ${why}${last ? `: ${safeText(last, 300)}` : ''}.`.replace(/\.\.$/, '.'),
      'Log in again with the tool behind it, then try kubectl get pods.',
      result.cause,
    );
  }
  return readExecCredential(result.stdout, plugin.apiVersion, who);
}

/** A kubeconfig names programs to run, so one that everybody may write to is as good as everybody's shell (API-13). */
async function refuseShared(who: string, file: string | undefined): Promise<void> {
  if (file === undefined || process.platform === 'win32') return;
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  );
  if ((mode & 0o002) === 0) return;
  throw new SluiceError(
    'config',
    `${who} was not run: everybody may write to ${safeText(file)}, which names it.`,
    `Run chmod o-w ${safeText(file)}, and check what it runs.`,
  );
}
