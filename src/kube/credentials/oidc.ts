import { SluiceError } from '../../core/errors.ts';
import { numberAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';
import type { Credentials } from './credentials.ts';

/** Renewed this long before it runs out, so that a call under way does not fail. */
const EARLY = 10_000;

/**
 * Credentials of the `oidc` auth provider: the ID token, refreshed at the issuer when it runs out. client-node does
 * the exchange, and is loaded only then. The new token is not written back to the kubeconfig.
 *
 * @throws SluiceError `unauthenticated` when there is no token, or the issuer refuses to refresh it
 */
export function oidcCredentials(user: string, given: Readonly<Record<string, string>>): Credentials {
  const config: Record<string, string> = { ...given };
  let refreshing: Promise<void> | undefined;
  const refresh = async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    // A new one each time: it takes the expiry from the token only while it holds none.
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromClusterAndUser(
      { name: 'issuer', server: 'https://localhost', skipTLSVerify: false },
      { name: user, authProvider: { name: 'oidc', config } },
    );
    await kubeconfig.applyToHTTPSOptions({});
  };
  return {
    get: async () => {
      if (tokenExpiry(config['id-token'] ?? '') - EARLY <= Date.now()) {
        refreshing ??= refresh().finally(() => {
          refreshing = undefined;
        });
        await refreshing.catch((error: unknown) => {
          throw new SluiceError(
            'unauthenticated',
            `The login of user ${safeText(user)} has expired, and ${safeText(config['idp-issuer-url'] ?? 'its issuer')} did not renew it.`,
            'Log in again at your identity provider.',
            error,
          );
        });
      }
      const token = config['id-token'];
      if (!token || tokenExpiry(token) <= Date.now()) {
        throw new SluiceError(
          'unauthenticated',
          `The login of user ${safeText(user)} has expired.`,
          'Log in again at your identity provider.',
        );
      }
      return { authorization: `Bearer ${token}` };
    },
    renew: () => false,
  };
}

/** When a JWT runs out, ms since the epoch; 0 when it does not say. */
export function tokenExpiry(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return (numberAt(claims, 'exp') ?? 0) * 1_000;
  } catch {
    return 0;
  }
}
