import { sign } from 'node:crypto';
import { json, type Seen, scriptedServer } from './scripted-server.ts';
import { TEST_CERT, TEST_KEY } from './tls-pair.ts';

export type IssuerOptions = {
  /** How clients may prove themselves; `none` for a client without a secret. */
  readonly auth?: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** How long its ID tokens last, s. */
  readonly lasts?: number;
  /** What it answers instead of tokens. */
  readonly refuses?: { readonly error: string; readonly error_description?: string };
  /** Whether each refresh token is good once, and another one comes with the ID token. */
  readonly rotates?: boolean;
  /** Runs before it answers a refresh. */
  readonly changed?: () => Promise<void>;
  /** Whether it gives an ID token with each refresh. */
  readonly identifies?: boolean;
};

/** An OpenID Connect issuer on loopback, over TLS with a CA of its own: discovery, and a token endpoint that refreshes. */
export type Issuer = {
  readonly url: string;
  /** Requests that reached its token endpoint. */
  readonly refreshes: () => readonly Seen[];
  /** The refresh token that is good now. */
  readonly refreshToken: () => string;
  /** Signed for its client, running out in so many seconds. */
  readonly idToken: (seconds: number) => string;
  /** A kubeconfig's user that logs in here, as YAML flow fields; undefined leaves a field out. */
  readonly user: (change?: Readonly<Record<string, string | undefined>>) => string;
  readonly close: () => Promise<void>;
};

const CLIENT = 'kubernetes';
/** With characters that a header and a form spell differently. */
const SECRET = 's3cr+t: &%';

export async function startIssuer({
  auth = 'client_secret_basic',
  lasts = 3_600,
  refuses,
  identifies = true,
  rotates = true,
  changed,
}: IssuerOptions = {}): Promise<Issuer> {
  let made = 1;
  const refreshToken = () => `refresh-${made}`;
  const server = await scriptedServer(
    async (request, response) => {
      if (request.path === '/realm/.well-known/openid-configuration') {
        json(response, {
          issuer: url,
          token_endpoint: `${url}/token`,
          token_endpoint_auth_methods_supported: [auth],
          id_token_signing_alg_values_supported: ['ES256'],
        });
      } else if (request.path !== '/realm/token') json(response, { error: 'not here' }, 404);
      else if (!knows(request, auth)) json(response, { error: 'invalid_client' }, 401);
      else if (refuses !== undefined) json(response, refuses, 400);
      else if (new URLSearchParams(request.body).get('refresh_token') !== refreshToken()) {
        json(response, { error: 'invalid_grant', error_description: 'token was used before' }, 400);
      } else {
        if (rotates) made += 1;
        await changed?.();
        json(response, {
          access_token: 'opaque',
          token_type: 'Bearer',
          ...(rotates ? { refresh_token: refreshToken() } : {}),
          ...(identifies ? { id_token: idToken(lasts) } : {}),
        });
      }
    },
    { tls: true },
  );
  const url = `${server.url}/realm`;
  const idToken = (seconds: number) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: url, aud: CLIENT, sub: 'alice', iat: now - 60, exp: now + seconds, made };
    const text = [{ alg: 'ES256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(text), { key: TEST_KEY, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
  return {
    url,
    refreshes: () => server.requests.filter(({ path }) => path === '/realm/token'),
    refreshToken,
    idToken,
    user: (change = {}) => {
      const config = {
        'idp-issuer-url': url,
        'client-id': CLIENT,
        'client-secret': auth === 'none' ? undefined : SECRET,
        'idp-certificate-authority-data': Buffer.from(TEST_CERT).toString('base64'),
        'id-token': idToken(-60),
        'refresh-token': refreshToken(),
        ...change,
      };
      return `auth-provider: {name: oidc, config: ${JSON.stringify(config)}}`;
    },
    close: server.close,
  };
}

/** Whether a client proved who it is, in the one way that is taken (RFC 6749 §2.3.1: both parts form-encoded). */
function knows({ headers, body }: Seen, auth: NonNullable<IssuerOptions['auth']>): boolean {
  const form = new URLSearchParams(body);
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  const [id, secret] = Buffer.from(basic ?? '', 'base64')
    .toString()
    .split(':')
    .map((part) => new URLSearchParams(`part=${part}`).get('part'));
  switch (auth) {
    case 'client_secret_basic':
      return id === CLIENT && secret === SECRET && !form.has('client_secret');
    case 'client_secret_post':
      return basic === undefined && form.get('client_id') === CLIENT && form.get('client_secret') === SECRET;
    case 'none':
      return basic === undefined && form.get('client_id') === CLIENT && !form.has('client_secret');
  }
}
