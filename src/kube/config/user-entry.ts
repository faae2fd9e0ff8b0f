import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Entry } from './kubeconfig.ts';

/** The user to impersonate (`Impersonate-*` headers). */
export type Impersonation = {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra: Readonly<Record<string, readonly string[]>>;
};

/** A credential plug-in: a program that prints an ExecCredential. */
export type ExecPlugin = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly installHint?: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: string;
};

/** The user entry of a context. Absent fields are not configured. */
export type UserEntry = {
  readonly name: string;
  /** The file that defines it, for messages. */
  readonly file?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: ExecPlugin;
  readonly authProvider?: { readonly name: string; readonly config: Readonly<Record<string, string>> };
  readonly impersonate?: Impersonation;
};

/**
 * Reads a user of a kubeconfig, with certificate and key; no entry means no credentials. For a server without TLS only
 * impersonation is read, because credentials would be sent in clear text.
 * Source: k8s.io/client-go/tools/clientcmd/client_config.go, `DirectClientConfig.ClientConfig`.
 *
 * @throws SluiceError `config` for an unreadable certificate or key
 */
export async function readUser(entry: Entry | undefined, server: URL): Promise<UserEntry> {
  if (entry === undefined) return { name: '' };
  const { fields } = entry;
  const impersonate = readImpersonation(fields);
  const known = {
    name: entry.name,
    file: entry.file,
    ...(impersonate === undefined ? {} : { impersonate }),
  };
  if (server.protocol !== 'https:') return known;
  const [cert, key] = await Promise.all([
    readMaterial(entry, 'client-certificate'),
    readMaterial(entry, 'client-key'),
  ]);
  const token = textAt(fields, 'token');
  const tokenFile = textAt(fields, 'tokenFile');
  const username = textAt(fields, 'username');
  const exec = readExec(entry);
  const provider = textAt(fields, 'auth-provider', 'name');
  return {
    ...known,
    ...(token ? { token } : {}),
    ...(tokenFile ? { tokenFile: resolvePath(entry, tokenFile) } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(username ? { basic: { username, password: textAt(fields, 'password') ?? '' } } : {}),
    ...(exec === undefined ? {} : { exec }),
    ...(provider
      ? { authProvider: { name: provider, config: texts(fields['auth-provider'], 'config') } }
      : {}),
  };
}

/** A command with a slash is a path relative to the kubeconfig; a bare name is looked up in PATH. */
function readExec(entry: Entry): ExecPlugin | undefined {
  const exec = entry.fields.exec;
  const command = textAt(exec, 'command');
  if (!command) return undefined;
  const installHint = textAt(exec, 'installHint');
  const env = listAt(exec, 'env').flatMap((item) => {
    const name = textAt(item, 'name');
    return name ? [[name, textAt(item, 'value') ?? ''] as const] : [];
  });
  return {
    command: /[\\/]/.test(command) ? resolvePath(entry, command) : command,
    args: listAt(exec, 'args').map(String),
    env: Object.fromEntries(env),
    apiVersion: textAt(exec, 'apiVersion') ?? '',
    ...(installHint ? { installHint } : {}),
    provideClusterInfo: isRecord(exec) && exec.provideClusterInfo === true,
    interactiveMode: textAt(exec, 'interactiveMode') ?? 'IfAvailable',
  };
}

function readImpersonation(fields: Entry['fields']): Impersonation | undefined {
  const user = textAt(fields, 'as');
  if (!user) return undefined;
  const uid = textAt(fields, 'as-uid');
  const extra = fields['as-user-extra'];
  return {
    user,
    groups: listAt(fields, 'as-groups').map(String),
    ...(uid ? { uid } : {}),
    extra: isRecord(extra)
      ? Object.fromEntries(Object.keys(extra).map((key) => [key, listAt(extra, key).map(String)]))
      : {},
  };
}

function texts(value: unknown, field: string): Readonly<Record<string, string>> {
  const map = isRecord(value) ? value[field] : undefined;
  if (!isRecord(map)) return {};
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item] as const] : [])),
  );
}

/** The context that credential plug-ins run in, and how they interact with the user. */
export type PluginSurroundings = {
  /** Called with each sanitized line of stderr, unless the plug-in has the terminal. */
  readonly notice: (line: string) => void;
  /** Whether they may use the terminal, if there is one. */
  readonly terminal: boolean;
  /** Whether an expired login is renewed; renewing may replace what the kubeconfig holds. */
  readonly renews?: boolean;
  /** Stops running plug-ins when it aborts. */
  readonly lifetime: AbortSignal;
};

/** Makes a path of a kubeconfig absolute: relative paths start from the directory of the file. */
export function resolvePath(entry: Entry, path: string): string {
  return isAbsolute(path) ? path : join(entry.folder, path);
}

/**
 * A certificate or key as text: from `<field>-data` (base64), else from the file that `<field>` names.
 *
 * @throws SluiceError `config` when the file can't be read
 */
export async function readMaterial(entry: Entry, field: string): Promise<string | undefined> {
  const data = textAt(entry.fields, `${field}-data`);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const named = textAt(entry.fields, field);
  if (!named) return undefined;
  const path = resolvePath(entry, named);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError(
      'config',
      `Unable to read ${field} ${safeText(path)} of ${safeText(entry.name)}.`,
      `Check the path in ${safeText(entry.file)}.`,
      error,
    );
  }
}
