import { status } from '@grpc/grpc-js';
import { MASKS, type Terms } from './request.ts';
import type { StreamEnd } from './rpc.ts';

/**
 * Easier terms for a server that refused ours; undefined when the refusal is about something else. An agent refuses a
 * mask with UNKNOWN "invalid fieldmask"; Relay passes the text on in NODE_ERROR and ends with OK (HUB-3).
 */
export function easierTerms(terms: Terms, refusal: StreamEnd): Terms | undefined {
  const { code, details } = refusal;
  if (/invalid field ?mask/i.test(details)) {
    return MASKS[terms.mask] === undefined ? undefined : { ...terms, mask: terms.mask + 1 };
  }
  const isAboutRequest = code === status.INVALID_ARGUMENT || /code = InvalidArgument/.test(details);
  return isAboutRequest && terms.filters ? { ...terms, filters: false } : undefined;
}
