import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Entry } from './kubeconfig.ts';

/** Whom to act as (`Impersonate-*` headers). */
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

/** The user's side of a context. Fields that are absent are not configured. */
export type UserEntry = {
  readonly name: string;
  /** The file that it stands in, for messages. */
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
 * Reads a user of a kubeconfig, with certificate and key; no entry is a user without credentials. For a server
 * without TLS no credentials are read at all, only whom to act as: they would go out in clear text.
 * Source: k8s.io/client-go/tools/clientcmd/client_config.go, `DirectClientConfig.ClientConfig`.
 *
 * @throws SluiceError `config` when a certificate or a key can't be read
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

/** A command with a slash in it is a path of the kubeconfig; a bare name is looked up in PATH. */
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

/** What surrounds credential plug-ins, and how they talk to a person. */
export type PluginSurroundings = {
  /** Takes a line of theirs, sanitised, as it comes; not what is written to a terminal that is lent. */
  readonly notice: (line: string) => void;
  /** Lends them the terminal, where there is one. */
  readonly terminal: boolean;
  /** Ends what runs when it aborts. */
  readonly lifetime: AbortSignal;
};

/** A path of a kubeconfig, absolute: relative ones start from the file's own folder. */
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
      `The ${field} ${safeText(path)} of ${safeText(entry.name)} can't be read.`,
      `Check the path in ${safeText(entry.file)}.`,
      error,
    );
  }
}
