import { X509Certificate } from 'node:crypto';
import { numberAt } from '../../core/common/common.ts';
import { certificatesIn } from '../config/config.ts';
import { ApiError } from './errors.ts';
import type { LearningClock } from './exchange.ts';

/** A clock that is further off than this, ms, may make a fresh token invalid. */
const SKEW = 60_000;

/**
 * The error for a 401 with what the credential itself tells: it has expired by the server's clock, or the clocks
 * differ, by which tokens that were made here may be too old or too young.
 */
export function explainRejection(
  error: ApiError,
  credential: { readonly authorization?: string; readonly cert?: string },
  clock: Pick<LearningClock, 'now' | 'offset'>,
): ApiError {
  const why =
    tokenFault(credential.authorization, clock.now()) ?? certificateFault(credential.cert, clock.now());
  const isOff = Math.abs(clock.offset) > SKEW;
  if (why === undefined && !isOff) return error;
  const minutes = Math.round(Math.abs(clock.offset) / 60_000);
  return new ApiError(error.status, error.reason, [
    error.code,
    why === undefined ? error.message : `${error.message.replace(/\.$/, '')}: ${why}.`,
    isOff
      ? `Set the clock of this machine, which is ${minutes} min ${clock.offset > 0 ? 'behind' : 'ahead of'} that of the server, then log in again.`
      : 'Log in again, then check with kubectl auth whoami.',
    error.cause,
  ]);
}

function tokenFault(authorization: string | undefined, now: number): string | undefined {
  const claims = claimsOf(authorization?.replace(/^Bearer /, '') ?? '');
  const expires = numberAt(claims, 'exp');
  const begins = numberAt(claims, 'nbf');
  if (expires !== undefined && expires * 1_000 <= now) return `the token expired at ${time(expires * 1_000)}`;
  if (begins !== undefined && begins * 1_000 > now)
    return `the token is not valid before ${time(begins * 1_000)}`;
  return undefined;
}

function claimsOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

function certificateFault(cert: string | undefined, now: number): string | undefined {
  const [first] = certificatesIn(cert ?? '');
  if (first === undefined) return undefined;
  const { validFromDate, validToDate } = new X509Certificate(first);
  if (validToDate.getTime() <= now) return `the client certificate expired at ${time(validToDate.getTime())}`;
  return validFromDate.getTime() > now
    ? `the client certificate is not valid before ${time(validFromDate.getTime())}`
    : undefined;
}

function time(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'an impossible time' : date.toISOString().replace('.000Z', 'Z');
}
