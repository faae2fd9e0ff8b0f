import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { type Hook, type SecretPlace, safeText } from '../core/common/common.ts';
import { DELIVER_WITHIN, type Outcome } from './sink.ts';

type Webhook = Extract<Hook, { webhook: string }>;

/** Answers after which the same notice will never be taken. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * Posts a notice, signed if there is a secret; it is taken once the answer is a 2xx. Redirects are not followed: whoever
 * answers could send it anywhere. A proxy of the environment is used where Node can, and for https only.
 */
export async function post(
  hook: Webhook,
  body: string,
  id: string,
  signal: AbortSignal,
  within: number = DELIVER_WITHIN,
): Promise<Outcome> {
  const secret = await secretOf(hook.secret);
  if (typeof secret === 'object') return { ok: false, ...secret };
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'sluice',
    'sluice-id': id,
    ...(secret === undefined ? {} : { 'sluice-signature': signature(body, secret, Date.now()) }),
  };
  return new Promise((resolve) => {
    const late = AbortSignal.timeout(within);
    const url = new URL(hook.webhook);
    const request = url.protocol === 'http:' ? requestHttp : requestHttps;
    const agent = url.protocol === 'http:' ? undefined : new Agent({ proxyEnv: process.env });
    const sent = request(url, {
      method: 'POST',
      headers,
      agent,
      signal: AbortSignal.any([signal, late]),
    });
    sent.on('response', (answer) => {
      answer.on('error', () => undefined);
      resolve(outcomeOf(answer.statusCode ?? 0, answer.headers['retry-after']));
      answer.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const why = late.aborted
        ? `did not answer within ${within / 1_000} s`
        : `could not be reached: ${safeText(error.code ?? error.message)}`;
      resolve({ ok: false, why });
    });
    sent.end(body);
  });
}

function outcomeOf(status: number, retryAfter: string | undefined): Outcome {
  if (status >= 200 && status < 300) return { ok: true };
  if (status >= 300 && status < 400)
    return { ok: false, why: `answered ${status}, a redirect, which is not followed` };
  const after = millisecondsOf(retryAfter, Date.now());
  return {
    ok: false,
    why: `answered ${status}`,
    ...(REFUSED.has(status) ? { refused: true } : {}),
    ...(after === undefined ? {} : { after }),
  };
}

/** The wait that a `Retry-After` asks for: seconds or a date (RFC 9110). */
function millisecondsOf(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1_000;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

/**
 * The header `sluice-signature`: `t=` seconds since the epoch, `v1=` HMAC-SHA256 in hex over that, a dot, and the body, so
 * that an old message can't be sent again as a new one.
 *
 * @param now ms since the epoch
 */
export function signature(body: string, secret: string, now: number): string {
  const time = Math.floor(now / 1_000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}

/** The secret, without a line feed at its end; undefined if none is wanted. Nothing is sent unsigned for want of it. */
async function secretOf(
  place: SecretPlace | undefined,
): Promise<string | undefined | { readonly why: string }> {
  if (place === undefined) return undefined;
  if ('env' in place) {
    const value = process.env[place.env] ?? '';
    return value === '' ? { why: `has no secret: ${safeText(place.env)} is not set` } : value;
  }
  try {
    const text = (await readFile(place.file, 'utf8')).replace(/\r?\n$/, '');
    return text === '' ? { why: `has no secret: ${safeText(place.file)} is empty` } : text;
  } catch (error) {
    return { why: `has no secret: ${safeText(error instanceof Error ? error.message : String(error))}` };
  }
}
