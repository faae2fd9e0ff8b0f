import { access, constants, readFile, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { isatty } from 'node:tty';
import { listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { readFirstYaml, textOfBytes } from '../../core/yaml/yaml.ts';
import { homeFolder } from '../../home-folder.ts';
import {
  type ClusterEntry,
  type ExecPlugin,
  isUnsendable,
  type PluginSurroundings,
  pairProblem,
} from '../config/config.ts';
import type { Credential, Credentials } from '../http/http.ts';
import { createLogin, type How, NeedsPerson } from './login.ts';
import { treeOf } from './process-tree.ts';

/** Long enough for a person to finish a login in a browser. */
const TIMEOUT = 300_000;

/** How long after SIGTERM a plug-in is killed, ms. */
const KILL_AFTER = 500;

/**
 * How long a failure is cached for all callers, ms: a dozen reconnecting watches must not open a dozen browser logins.
 */
const FAILED_FOR = 10_000;

/** The context that a plug-in runs in, apart from its own entry. */
type Surroundings = {
  readonly user: string;
  readonly cluster: ClusterEntry;
  /** The kubeconfig that configures it. */
  readonly file: string | undefined;
} & PluginSurroundings;

/** What a plug-in has given. `expires`: ms since the epoch. */
type Given = { readonly credential: Credential; readonly expires?: number };

/**
 * Credentials from a plug-in, which is run once and cached until its `expirationTimestamp`, as in client-go
 * (k8s.io/client-go/plugin/pkg/client/auth/exec). It runs without a shell. If it is given the terminal it may prompt,
 * subject to `interactiveMode` (API-15); otherwise it has no terminal, and its stderr goes to `notice`, sanitized.
 */
export function pluginCredentials(plugin: ExecPlugin, surroundings: Surroundings): Credentials {
  let held: Promise<Given> | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  /** The one in use; none while the plug-in runs. */
  let given: Credential | undefined;
  const login = createLogin<Given>(
    ({ terminal, ...how }) =>
      run(plugin, surroundings, { ...how, terminal: terminal || surroundings.terminal }),
    surroundings.lifetime,
  );
  const hold = (running: Promise<Given>) => {
    held = running;
    given = undefined;
    running.then(
      ({ credential }) => {
        if (held === running) given = credential;
      },
      (error: unknown) => {
        const isLogin = error instanceof SluiceError && error.code === 'unauthenticated';
        if (isLogin) failed = { error, at: performance.now() };
        if (held === running) held = undefined;
      },
    );
    return running;
  };
  const fetchAnew = () => {
    if (failed !== undefined && performance.now() - failed.at < FAILED_FOR) throw failed.error;
    return hold(login.get());
  };
  return {
    get: async () => {
      const running = held ?? fetchAnew();
      const { credential, expires } = await running;
      if (expires === undefined || expires > Date.now()) return credential;
      const next = held === undefined || held === running ? fetchAnew() : held;
      return (await next).credential;
    },
    renew: (used) => {
      // A dozen calls are rejected with one credential, and it is renewed once.
      if (given !== undefined && secretOf(given) === secretOf(used)) held = undefined;
      return true;
    },
    ...(plugin.interactiveMode === 'Never'
      ? {}
      : {
          login: {
            run: async (signal) => void hold(Promise.resolve(await login.run(signal))),
            listen: login.listen,
          },
        }),
  };
}

/** What tells two credentials apart; the client certificate may be from the kubeconfig. */
function secretOf({ authorization, cert }: Credential): string | undefined {
  return authorization ?? cert;
}

async function run(
  plugin: ExecPlugin,
  surroundings: Surroundings,
  { terminal, signal, says }: How,
): Promise<Given> {
  const { user, cluster, file, notice, lifetime } = surroundings;
  const who = `The credential plug-in ${safeText(plugin.command)} of user ${safeText(user)}`;
  const mayAsk = plugin.interactiveMode !== 'Never';
  const interactive = terminal && isatty(0) && mayAsk;
  /** What a person may mend on a terminal that the plug-in does not have. */
  const Failure = mayAsk && !terminal ? NeedsPerson : SluiceError;
  if (plugin.interactiveMode === 'Always' && !interactive) {
    throw new Failure(
      'unsupported',
      `${who} needs an interactive terminal.`,
      'Log in with kubectl first, or set interactiveMode to IfAvailable in the kubeconfig.',
    );
  }
  await refuseShared(who, file);
  await pluginAllowed(plugin.command);
  const { execa } = await import('execa');
  const stop = AbortSignal.any([lifetime, signal]);
  stop.throwIfAborted();
  // A new session has no terminal, so opening /dev/tty fails at once instead of taking keys from the app.
  const alone = !terminal && process.platform !== 'win32';
  const child = execa(await inOwnPath(plugin.command), plugin.args, {
    env: { ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(requestOf(plugin, cluster, interactive)) },
    stdin: interactive ? 'inherit' : 'ignore',
    stderr: terminal ? 'inherit' : 'pipe',
    detached: alone,
    reject: false,
    maxBuffer: 1 << 20,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').map((one) => safeText(one.trim()))) {
      if (line === '') continue;
      notice(line);
      if (mayAsk) says(`${who} waits: ${line}`);
    }
  });
  const late = AbortSignal.timeout(TIMEOUT);
  const result = await endedBy(child, alone, AbortSignal.any([stop, late]));
  stop.throwIfAborted();
  // On the terminal, ctrl-c goes to the plug-in as well, which may have ended before it is told here.
  if (terminal && (result.signal === 'SIGINT' || result.exitCode === 130)) {
    throw new SluiceError('interrupted', `${who} was interrupted by ctrl-c.`, '');
  }
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
    const last = result.stderr?.trimEnd().split('\n').at(-1)?.trim();
    const why = late.aborted
      ? `timed out after ${TIMEOUT / 1_000}s`
      : `failed${result.exitCode === undefined ? '' : ` with exit code ${result.exitCode}`}`;
    throw new Failure(
      'unauthenticated',
      `${who} ${why}${last ? `: ${safeText(last, 300)}` : ''}.`.replace(/\.\.$/, '.'),
      interactive
        ? 'Log in again with its tool, then check with kubectl get pods.'
        : "Log in again with kubectl get pods or its tool, then try again: it can't prompt here.",
      result.cause,
    );
  }
  return readExecCredential(result.stdout, plugin.apiVersion, who);
}

/** The full path of a program: it is looked up in our own PATH, and not in one that its `env` sets (API-50). */
async function inOwnPath(command: string): Promise<string> {
  if (process.platform === 'win32' || command.includes('/')) return command;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command);
    const isProgram = await access(path, constants.X_OK).then(
      () => isAbsolute(folder),
      () => false,
    );
    if (isProgram) return path;
  }
  return command;
}

/** Awaits a child; stops it and its children when the signal aborts. `isGroup`: it has a process group of its own. */
async function endedBy<T>(
  child: PromiseLike<T> & { readonly pid?: number },
  isGroup: boolean,
  signal: AbortSignal,
): Promise<T> {
  const { pid } = child;
  const found = () => (pid === undefined ? [] : isGroup ? [-pid] : treeOf(pid));
  let hard: NodeJS.Timeout | undefined;
  const stop = () => {
    // Once a parent has ended, its children can't be found any more.
    const all = found();
    killAll(all, 'SIGTERM');
    hard = setTimeout(killAll, KILL_AFTER, all, 'SIGKILL');
  };
  const vanish = () => killAll(found(), 'SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  process.once('exit', vanish);
  try {
    return await child;
  } finally {
    clearTimeout(hard);
    signal.removeEventListener('abort', stop);
    process.off('exit', vanish);
  }
}

function killAll(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has already exited.
    }
  }
}

/** A kubeconfig names programs to run, so a world-writable one lets anyone run code as the user (API-13). */
async function refuseShared(who: string, file: string | undefined): Promise<void> {
  if (file === undefined || process.platform === 'win32') return;
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  );
  if ((mode & 0o002) === 0) return;
  throw new SluiceError(
    'config',
    `${who} was not run: its kubeconfig ${safeText(file)} is world-writable.`,
    `Run chmod o-w ${safeText(file)}, and check the commands in it.`,
  );
}

/**
 * Enforces `credentialPluginPolicy` of kubectl's preferences (`KUBERC`, else `~/.kube/kuberc`; KEP-3104):
 * `AllowAll`, `DenyAll`, or an `Allowlist` of names or full paths. Without the file, everything is allowed.
 *
 * @throws SluiceError `refused` when the policy does not allow the command
 */
async function pluginAllowed(command: string): Promise<void> {
  if (process.env.KUBERC === 'off') return;
  const path = process.env.KUBERC || join(homeFolder(), '.kube', 'kuberc');
  const preferences = await readPreferences(path);
  const policy = textAt(preferences, 'credentialPluginPolicy') ?? 'AllowAll';
  if (policy === 'AllowAll') return;
  const listed = listAt(preferences, 'credentialPluginAllowlist')
    .map((item) => textAt(item, 'command') ?? textAt(item, 'name'))
    .some((name) => name === command || (name !== undefined && name === basename(command)));
  if (policy === 'Allowlist' && listed) return;
  throw new SluiceError(
    'refused',
    `credentialPluginPolicy ${safeText(policy)} in ${safeText(path)} does not allow the credential plug-in ${safeText(command)}.`,
    'Add it to credentialPluginAllowlist in that file if you trust it.',
  );
}

async function readPreferences(path: string): Promise<unknown> {
  try {
    return readFirstYaml(textOfBytes(await readFile(path))).value;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SluiceError(
      'config',
      `Unable to read kubectl's preferences ${safeText(path)}, so credential plug-ins are not allowed to run.`,
      'Fix the file, or set KUBERC=off.',
      error,
    );
  }
}

/**
 * The ExecCredential passed in `KUBERNETES_EXEC_INFO`: whether the plug-in may prompt, and the cluster if
 * `provideClusterInfo` is set, with what its extension says to plug-ins (API-50).
 * Source: k8s.io/client-go/pkg/apis/clientauthentication/v1; rest/exec.go, `ConfigToExecCluster`.
 */
function requestOf(plugin: ExecPlugin, cluster: ClusterEntry, interactive: boolean): unknown {
  return {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: {
      interactive,
      ...(plugin.provideClusterInfo
        ? {
            cluster: {
              server: cluster.address,
              ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
              ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
              ...(cluster.ca === undefined
                ? {}
                : { 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') }),
              ...(cluster.proxy === undefined ? {} : { 'proxy-url': cluster.proxy.href.replace(/\/$/, '') }),
              ...(cluster.disableCompression ? { 'disable-compression': true } : {}),
              config: cluster.pluginConfig ?? null,
            },
          }
        : {}),
    },
  };
}

/**
 * Parses the output of a plug-in, JSON or YAML.
 *
 * @param who the plug-in, as the subject of a sentence
 * @throws SluiceError `unauthenticated` if it is not an ExecCredential of the requested version, or has no credential
 */
function readExecCredential(output: string, apiVersion: string, who: string): Given {
  const fault = (what: string) =>
    new SluiceError(
      'unauthenticated',
      `${who} ${what}.`,
      'Check its apiVersion in the kubeconfig, and update the plug-in.',
    );
  const value = parseAnswer(output);
  if (textAt(value, 'kind') !== 'ExecCredential') throw fault('did not print an ExecCredential');
  const answered = textAt(value, 'apiVersion');
  if (answered !== apiVersion)
    throw fault(`printed apiVersion ${safeText(answered ?? '(none)')} instead of ${apiVersion}`);
  const token = textAt(value, 'status', 'token');
  const cert = textAt(value, 'status', 'clientCertificateData');
  const key = textAt(value, 'status', 'clientKeyData');
  if (!token && !cert && !key) throw fault('returned neither a token nor a certificate with its key');
  if (token && isUnsendable(token))
    throw fault('returned a token with a line break or another control character');
  if (!cert !== !key)
    throw fault(`returned a ${cert ? 'certificate without its key' : 'key without its certificate'}`);
  const problem = cert && key ? pairProblem({ cert, key }) : undefined;
  if (problem !== undefined) {
    throw fault(
      problem === 'mismatch'
        ? 'returned a key that is not the key of its certificate'
        : `returned a ${problem === 'certificate' ? 'certificate' : 'key'} that is not PEM`,
    );
  }
  const expires = Date.parse(textAt(value, 'status', 'expirationTimestamp') ?? '');
  return {
    credential: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(cert && key ? { cert, key } : {}),
    },
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function parseAnswer(text: string): unknown {
  try {
    return readFirstYaml(text).value;
  } catch {
    return undefined;
  }
}
