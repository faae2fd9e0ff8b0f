import { SluiceError } from '../../core/errors.ts';
import { numberAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';
import type { UserEntry } from '../config/user-entry.ts';
import type { Credentials, PluginSurroundings } from './credentials.ts';
import { keepTokens } from './keep-tokens.ts';
import { LOG_IN_AGAIN, renewTokens } from './oidc-renewal.ts';

/** Renewed this long before it runs out, so that a call under way does not fail. */
const EARLY = 10_000;

/**
 * Credentials of the `oidc` auth provider: the ID token, renewed at the issuer when it runs out, as client-go does
 * (k8s.io/client-go/plugin/pkg/client/auth/oidc). New tokens are kept for the process, and in the kubeconfig once the
 * issuer has changed the refresh token.
 *
 * @throws SluiceError `unauthenticated` when there is no token, or the issuer does not renew it
 */
export function oidcCredentials(
  { name: user, file }: UserEntry,
  given: Readonly<Record<string, string>>,
  { notice, lifetime }: Pick<PluginSurroundings, 'notice' | 'lifetime'>,
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
        `The new refresh token of user ${safeText(user)} was not kept in ${safeText(file)}, so kubectl may have to log in again: ${why}`,
      );
    });
  };
  return {
    get: async () => {
      if (expiry(config['id-token']) - EARLY <= Date.now()) {
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

/** When a JWT runs out, ms since the epoch; 0 when it does not say. */
function expiry(token: string | undefined): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
    return (numberAt(claims, 'exp') ?? 0) * 1_000;
  } catch {
    return 0;
  }
}
