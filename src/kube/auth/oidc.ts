import { chown, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { ClientAuth, CustomFetch } from 'openid-client';
import { isScalar, parseDocument } from 'yaml';
import { listAt, numberAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { PluginSurroundings, UserEntry } from '../config/config.ts';
import {
  type Agent,
  type Credentials,
  exchange,
  makeAgent,
  NetworkError,
  networkError,
  readText,
} from '../http/http.ts';

/** How long before expiry a token is renewed, so that calls in flight don't fail, ms. */
const EARLY = 10_000;

/**
 * Credentials of the `oidc` auth provider: the ID token, renewed at the issuer when it expires, as in client-go
 * (k8s.io/client-go/plugin/pkg/client/auth/oidc). New tokens are kept for the process, and saved to the kubeconfig if
 * the issuer changed the refresh token.
 *
 * @throws SluiceError `unauthenticated` when there is no token, or the issuer does not renew it
 */
export function oidcCredentials(
  { name: user, file }: UserEntry,
  given: Readonly<Record<string, string>>,
  { notice, lifetime, renews }: Pick<PluginSurroundings, 'notice' | 'lifetime' | 'renews'>,
): Credentials {
  let config = given;
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    const before = { 'id-token': '', 'refresh-token': '', ...config };
    const tokens = await renewTokens(user, config, lifetime);
    config = { ...config, ...tokens };
    if (file === undefined || tokens['refresh-token'] === before['refresh-token']) return;
    await keepTokens(file, user, before, tokens).catch((error: unknown) => {
      const why = safeText(error instanceof Error ? error.message : String(error));
      notice(
        `The new refresh token of user ${safeText(user)} was not saved to ${safeText(file)}, so kubectl may need a new login: ${why}`,
      );
    });
  };
  return {
    get: async () => {
      if (renews !== false && expiry(config['id-token']) - EARLY <= Date.now()) {
        renewing ??= renew().finally(() => {
          renewing = undefined;
        });
        await renewing;
      }
      const token = config['id-token'];
      if (expiry(token) <= Date.now()) {
        throw new SluiceError(
          'unauthenticated',
          `The login of user ${safeText(user)} has expired.`,
          LOG_IN_AGAIN,
        );
      }
      return { authorization: `Bearer ${token}` };
    },
    renew: () => false,
  };
}

/** When a JWT expires, ms since the epoch; 0 if unknown. */
function expiry(token: string | undefined): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
    return (numberAt(claims, 'exp') ?? 0) * 1_000;
  } catch {
    return 0;
  }
}

/** The fields of an `oidc` auth provider in a kubeconfig. */
type Config = Readonly<Record<string, string>>;

const LOG_IN_AGAIN = 'Log in again at your identity provider.';
const CHECK_ISSUER = 'Check idp-issuer-url of the user in the kubeconfig.';

/** How long one request to the issuer may take, ms. */
const TIMEOUT = 20_000;

/**
 * Exchanges a refresh token for an ID token at the issuer, found by discovery, with the issuer's CA, any proxy from the
 * environment, and the client authentication that the issuer supports. `refresh-token` is the next one to use.
 *
 * @throws SluiceError `unauthenticated`, `config` for an unreadable CA, or the signal's reason
 */
async function renewTokens(user: string, config: Config, signal: AbortSignal): Promise<Tokens> {
  const fault = (why: string, hint: string, cause?: unknown) =>
    new SluiceError(
      'unauthenticated',
      `The login of user ${safeText(user)} has expired, and ${why}.`,
      hint,
      cause,
    );
  const field = (name: string) => {
    const value = config[name];
    if (!value) throw fault(`it has no ${name}`, LOG_IN_AGAIN);
    return value;
  };
  const refreshToken = field('refresh-token');
  const address = field('idp-issuer-url');
  const client = field('client-id');
  if (!URL.canParse(address))
    throw fault(`its idp-issuer-url ${safeText(address)} is not a valid URL`, CHECK_ISSUER);
  const issuer = new URL(address);
  const agent = await agentFor(issuer, config);
  const oidc = await import('openid-client');
  try {
    const options = { [oidc.customFetch]: fetchOver(agent, signal) };
    const found = await oidc.discovery(issuer, client, undefined, undefined, options);
    const methods = found.serverMetadata().token_endpoint_auth_methods_supported;
    const auth = authOf(oidc, config['client-secret'], methods);
    const renewing = new oidc.Configuration(found.serverMetadata(), client, undefined, auth);
    renewing[oidc.customFetch] = options[oidc.customFetch];
    const tokens = await oidc.refreshTokenGrant(renewing, refreshToken);
    if (tokens.id_token === undefined) {
      throw fault(
        `${safeText(address)} renewed it without an ID token`,
        'Log in again with the openid scope, or use the credential plug-in of your identity provider.',
      );
    }
    return { 'id-token': tokens.id_token, 'refresh-token': tokens.refresh_token ?? refreshToken };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SluiceError) throw error;
    const [why, hint] = wordsFor(error, address);
    throw fault(why, hint, error);
  } finally {
    agent.destroy();
  }
}

/** Basic is the default if the server doesn't list its methods (OpenID Connect Discovery 1.0, section 3). */
function authOf(
  oidc: typeof import('openid-client'),
  secret: string | undefined,
  methods: readonly string[] = ['client_secret_basic'],
): ClientAuth {
  if (!secret) return oidc.None();
  return methods.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(secret)
    : oidc.ClientSecretPost(secret);
}

async function agentFor(issuer: URL, config: Config): Promise<Agent> {
  const ca = await authority(config);
  return makeAgent({ server: issuer, insecure: false, ...(ca === undefined ? {} : { ca }) }, {});
}

/** PEM of the issuer's CA: from the kubeconfig, else from a file relative to the working directory. */
async function authority(config: Config): Promise<string | undefined> {
  const data = config['idp-certificate-authority-data'];
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const path = config['idp-certificate-authority'];
  if (!path) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError(
      'config',
      `Unable to read idp-certificate-authority ${safeText(path)}.`,
      'Fix its path in the kubeconfig.',
      error,
    );
  }
}

/** `fetch` over an agent: Node's own supports neither a CA nor a proxy. */
function fetchOver(agent: Agent, lifetime: AbortSignal): CustomFetch {
  return async (address, { method, headers, body, signal }) => {
    const url = new URL(address);
    try {
      const answer = await exchange({
        agent,
        method,
        url,
        headers,
        ...(body === undefined || body === null ? {} : { body: String(body) }),
        signal: signal === undefined ? lifetime : AbortSignal.any([lifetime, signal]),
        timeout: TIMEOUT,
      });
      const text = await readText(answer.body, TIMEOUT);
      const type = answer.headers['content-type'];
      return new Response(text, {
        status: answer.status,
        headers: type === undefined ? {} : { 'content-type': type },
      });
    } catch (error) {
      throw networkError({ server: url, context: '', user: '' }, error);
    }
  };
}

/** Explains why the issuer did not renew a login, with the next step. */
function wordsFor(error: unknown, issuer: string): readonly [why: string, hint: string] {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NetworkError) {
      return [
        `its issuer can't be reached: ${cause.message.replace(/\.$/, '')}`,
        'Check idp-issuer-url and idp-certificate-authority of the user in the kubeconfig.',
      ];
    }
  }
  const refused = `${safeText(issuer)} did not renew it`;
  const code = textAt(error, 'error');
  if (code !== undefined) {
    const said = [code, textAt(error, 'error_description')].filter((part) => part !== undefined).join(', ');
    return [
      `${refused}: ${safeText(said, 300)}`,
      code === 'invalid_client' || code === 'unauthorized_client'
        ? 'Check client-id and client-secret of the user in the kubeconfig.'
        : LOG_IN_AGAIN,
    ];
  }
  const message = error instanceof Error ? error.message : String(error);
  return [`${refused}: ${safeText(message, 300)}`, CHECK_ISSUER];
}

/** The tokens of an `oidc` auth provider, by their fields in a kubeconfig. */
type Tokens = { readonly 'id-token': string; readonly 'refresh-token': string };

/**
 * Replaces the tokens in the kubeconfig with the renewed ones, as kubectl does: an issuer that rotates refresh tokens
 * no longer accepts the old one, so kubectl would need a new login. A token that was missing (`''`) is not added, every
 * other byte of the file stays the same, and kubectl's lock file is held meanwhile.
 *
 * @throws Error that says why the file was not changed
 */
async function keepTokens(file: string, user: string, before: Tokens, after: Tokens): Promise<void> {
  const path = await realpath(file);
  // As in clientcmd (k8s.io/client-go/tools/clientcmd/loader.go, `lockFile`): the second writer fails.
  const lock = `${file}.lock`;
  await (await open(lock, 'wx', 0o600)).close();
  try {
    const { mode, uid, gid } = await stat(path);
    const text = withTokens(await readFile(path, 'utf8'), user, before, after);
    const fresh = `${path}.${process.pid}`;
    try {
      await writeFile(fresh, text, { mode: mode & 0o777, flag: 'wx' });
      await chown(fresh, uid, gid);
      await rename(fresh, path);
    } finally {
      await rm(fresh, { force: true });
    }
  } finally {
    await rm(lock, { force: true });
  }
}

function withTokens(text: string, user: string, before: Tokens, after: Tokens): string {
  const document = parseDocument(text);
  const index = listAt(document.toJS(), 'users').findIndex((item) => textAt(item, 'name') === user);
  const fields = (['id-token', 'refresh-token'] as const).filter((field) => before[field] !== '');
  const places = fields.map((field) => {
    const node = document.getIn(['users', index, 'user', 'auth-provider', 'config', field], true);
    if (!isScalar(node) || node.value !== before[field] || !node.range || node.type?.startsWith('BLOCK')) {
      throw new Error(`its ${field} has changed since it was read, or is not on a single line`);
    }
    const [start, end] = node.range;
    return { start, end, token: JSON.stringify(after[field]) };
  });
  return places
    .toSorted((a, b) => b.start - a.start)
    .reduce((so, { start, end, token }) => so.slice(0, start) + token + so.slice(end), text);
}
