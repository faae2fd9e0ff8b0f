import { isRecord, safeText } from '../../core/common/common.ts';
import { type Entry, faultOf, flagField, isUnsendable, listField, textField, textsField } from './fields.ts';
import { type Pair, pairOf, readMaterial, resolvePath } from './material.ts';

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
  /** Reads certificate and key again, if both are files, which may be renewed. */
  readonly reread?: () => Promise<Pair>;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: ExecPlugin;
  readonly authProvider?: { readonly name: string; readonly config: Readonly<Record<string, string>> };
};

/**
 * Reads the credentials of a user, with certificate and key. Without TLS there are none, because they would be sent in
 * clear text (API-42).
 * Source: k8s.io/client-go/tools/clientcmd/client_config.go, `DirectClientConfig.ClientConfig`, and validation.go.
 *
 * @throws SluiceError `config` for what kubectl refuses: an unreadable certificate or key, methods that exclude each other
 */
export async function readUser(entry: Entry | undefined, server: URL): Promise<UserEntry> {
  if (entry === undefined) return { name: '' };
  const known = { name: entry.name, file: entry.file };
  if (server.protocol !== 'https:') return known;
  const token = textField(entry, 'token');
  const tokenFile = textField(entry, 'tokenFile');
  const username = textField(entry, 'username');
  const exec = readExec(entry);
  const authProvider = readProvider(entry);
  if (username !== undefined && (token ?? tokenFile) !== undefined)
    throw faultOf(entry, 'has both a username and a token', 'Keep one of them');
  if (exec !== undefined && authProvider !== undefined)
    throw faultOf(entry, 'has both exec and auth-provider', 'Keep one of them');
  if (token !== undefined && isUnsendable(token)) {
    throw faultOf(
      entry,
      'has a token with a line break or another control character, which no HTTP header can carry',
      'Write the token on one line, without a trailing \\n,',
    );
  }
  const others = token ?? tokenFile ?? username ?? exec ?? authProvider;
  return {
    ...known,
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolvePath(entry, tokenFile) }),
    ...(await readPair(entry, others !== undefined)),
    ...(username === undefined ? {} : { basic: { username, password: textField(entry, 'password') ?? '' } }),
    ...(exec === undefined ? {} : { exec }),
    ...(authProvider === undefined ? {} : { authProvider }),
  };
}

/** Certificate and key. A key alone is passed over where another method is left, as kubectl does. */
async function readPair(
  entry: Entry,
  hasOthers: boolean,
): Promise<Pick<UserEntry, 'cert' | 'key' | 'reread'>> {
  const read = () =>
    Promise.all([readMaterial(entry, 'client-certificate'), readMaterial(entry, 'client-key')]);
  const [cert, key] = await read();
  if (cert === undefined) {
    if (key === undefined || hasOthers) return {};
    throw faultOf(entry, `has a ${key.field} but no client-certificate`, 'Add the certificate');
  }
  if (key === undefined) throw faultOf(entry, `has a ${cert.field} but no client-key`, 'Add the key');
  const pair = pairOf(entry, cert, key);
  if (cert.path === undefined || key.path === undefined) return pair;
  const reread = async () => {
    const [newCert, newKey] = await read();
    return newCert === undefined || newKey === undefined ? pair : pairOf(entry, newCert, newKey);
  };
  return { ...pair, reread };
}

const INTERACTIVE: readonly string[] = ['Never', 'IfAvailable', 'Always'];

const EXEC_VERSIONS: readonly string[] = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
];

/** A command with a slash is a path relative to the kubeconfig; a bare name is looked up in PATH (API-40). */
function readExec(entry: Entry): ExecPlugin | undefined {
  if (!isRecord(entry.fields.exec)) return undefined;
  const command = textField(entry, 'exec', 'command');
  if (command === undefined) throw faultOf(entry, 'has an exec without a command', 'Name the plug-in');
  const apiVersion = textField(entry, 'exec', 'apiVersion');
  if (apiVersion === undefined || !EXEC_VERSIONS.includes(apiVersion)) {
    throw faultOf(
      entry,
      `has an exec with the unsupported apiVersion ${safeText(apiVersion ?? '(none)')}`,
      `Set it to ${EXEC_VERSIONS.join(' or ')}, as the plug-in prints,`,
    );
  }
  const interactiveMode = textField(entry, 'exec', 'interactiveMode') ?? 'IfAvailable';
  if (!INTERACTIVE.includes(interactiveMode)) {
    throw faultOf(
      entry,
      `has an exec with the unknown interactiveMode ${safeText(interactiveMode)}`,
      `Set it to ${INTERACTIVE.join(', ')}`,
    );
  }
  const installHint = textField(entry, 'exec', 'installHint');
  return {
    command: /[\\/]/.test(command) ? resolvePath(entry, command) : command,
    args: textsField(entry, 'exec', 'args'),
    env: Object.fromEntries(readEnv(entry)),
    apiVersion,
    ...(installHint === undefined ? {} : { installHint }),
    provideClusterInfo: flagField(entry, 'exec', 'provideClusterInfo'),
    interactiveMode,
  };
}

function readEnv(entry: Entry): readonly (readonly [name: string, value: string])[] {
  return listField(entry, 'exec', 'env').map((item, index) => {
    const within: Entry = { ...entry, fields: { [`exec.env.${index}`]: item } };
    const name = textField(within, `exec.env.${index}`, 'name');
    if (name === undefined) throw faultOf(entry, `has an exec with a nameless variable in env`, 'Name it');
    return [name, textField(within, `exec.env.${index}`, 'value') ?? ''];
  });
}

function readProvider(entry: Entry): UserEntry['authProvider'] {
  if (!isRecord(entry.fields['auth-provider'])) return undefined;
  const { config } = entry.fields['auth-provider'];
  return {
    name: textField(entry, 'auth-provider', 'name') ?? '',
    config: isRecord(config)
      ? Object.fromEntries(
          Object.keys(config).map((key) => [key, textField(entry, 'auth-provider', 'config', key) ?? '']),
        )
      : {},
  };
}

/** The fields of a user's impersonation, each of which a flag may replace. */
export function readImpersonation(entry: Entry | undefined): Partial<Impersonation> {
  if (entry === undefined) return {};
  const user = textField(entry, 'as');
  const uid = textField(entry, 'as-uid');
  const extra = entry.fields['as-user-extra'];
  const keys = isRecord(extra) ? Object.keys(extra) : [];
  return {
    ...(user === undefined ? {} : { user }),
    ...(uid === undefined ? {} : { uid }),
    groups: textsField(entry, 'as-groups'),
    extra: Object.fromEntries(keys.map((key) => [key, textsField(entry, 'as-user-extra', key)])),
  };
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
