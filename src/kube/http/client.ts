import { at, safeText } from '../../core/common/common.ts';
import { delayAfter, pause } from '../../wait.ts';
import { type About, ApiError, apiError, type Origin, redirectError } from './errors.ts';
import { exchange, type Incoming, type LearningClock, readText } from './exchange.ts';
import { NetworkError, networkError } from './network-error.ts';
import type { Access, Transport } from './transport.ts';

/** One call. `path` starts with `/` and has no query. */
export type Call = {
  readonly about: About;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly auditId?: string;
  readonly signal?: AbortSignal;
  /** Total timeout, ms; defaults to `TIMEOUT`. */
  readonly timeout?: number;
  /** Whether the call is safe to retry; defaults to true for GET. */
  readonly repeatable?: boolean;
};

/** The response of a call, parsed but not sanitized. */
export type Answer = {
  readonly value: unknown;
  readonly auditId?: string;
  readonly warnings: readonly string[];
};

export type ApiClient = {
  readonly origin: Origin;
  readonly clock: LearningClock;
  readonly transport: Transport;
  /** Calls and parses the JSON response; retries reads if that may help. */
  call(call: Call): Promise<Answer>;
  /** Calls once, and returns the uncompressed body for streaming once the response is a success. */
  open(call: Call): Promise<Incoming>;
};

/** How long a call may take, ms. */
export const TIMEOUT = 20_000;
const LONGEST_BODY = 60_000;

/**
 * A client for one API server. Each call has a timeout; a read is retried after 429, 5xx and lost connections, with
 * backoff and `Retry-After`; any call is retried once after a 401 that fresh credentials may fix, and for two seconds
 * after a 403 that follows a lost connection, because a starting server rejects everyone at first.
 */
export function createClient(options: {
  readonly transport: Transport;
  readonly origin: Origin;
  readonly clock: LearningClock;
  readonly compress: boolean;
  readonly debug: (line: string) => void;
  /** Aborts every call. */
  readonly lifetime: AbortSignal;
}): ApiClient {
  const { transport, origin, clock, compress, debug, lifetime } = options;
  const health = createHealth();
  const bound = (call: Call): Call => ({
    ...call,
    signal: call.signal === undefined ? lifetime : AbortSignal.any([call.signal, lifetime]),
  });

  async function once(call: Call, gzip: boolean): Promise<Incoming> {
    return transport.authorized((access) => attempt(call, gzip, access), call.signal);
  }

  async function attempt(call: Call, gzip: boolean, access: Access): Promise<Incoming> {
    const { method = 'GET', about, signal, timeout = TIMEOUT } = call;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const url = transport.url(withQuery(call.path, call.query));
    const answer = await exchange({
      ...access,
      method,
      url,
      headers: {
        ...access.headers,
        Accept: call.accept ?? 'application/json',
        ...(gzip ? { 'Accept-Encoding': 'gzip' } : {}),
        ...(body === undefined
          ? {}
          : {
              'Content-Type': call.contentType ?? 'application/json',
              'Content-Length': String(Buffer.byteLength(body)),
            }),
        ...(call.auditId === undefined ? {} : { 'Audit-ID': call.auditId }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
      timeout,
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      health.lost();
      throw networkError(origin, error);
    });
    health.answered();
    clock.learn(answer.headers.date, answer.sent, answer.received);
    debug(`${method} ${url.pathname}${url.search} ${answer.status} ${answer.received - answer.sent} ms`);
    if (answer.status < 300) return answer;
    if (answer.status < 400) {
      answer.body.destroy();
      throw redirectError(origin, answer.status, answer.headers.location);
    }
    const text = await textOf(answer, call);
    throw apiError(origin, about, answer.status, text, seconds(answer.headers['retry-after']));
  }

  async function textOf(answer: Incoming, call: Call): Promise<string> {
    try {
      return await readText(answer.body, Math.max(call.timeout ?? TIMEOUT, LONGEST_BODY));
    } catch (error) {
      call.signal?.throwIfAborted();
      health.lost();
      throw networkError(origin, error);
    }
  }

  const repeated = createRepeat({ health, debug });

  return {
    origin,
    clock,
    transport,
    call: (asked) => {
      const call = bound(asked);
      return repeated(call, async () => {
        const answer = await once(call, compress);
        const text = await textOf(answer, call);
        const auditId = answer.headers['audit-id'];
        return {
          value: text === '' ? undefined : parseJson(origin, call.about, text),
          ...(typeof auditId === 'string' ? { auditId: safeText(auditId) } : {}),
          warnings: warningTexts(answer.headers.warning),
        };
      });
    },
    open: (asked) => {
      const call = bound({ ...asked, repeatable: false });
      return repeated(call, () => once(call, false));
    },
  };
}

function parseJson(origin: Origin, about: About, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw apiError(origin, about, 200, text);
  }
}

function withQuery(path: string, query: Call['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function seconds(header: string | undefined): number | undefined {
  const value = Number(header);
  return header === undefined || !Number.isFinite(value) ? undefined : value;
}

/** The continue token of a list, if there is more. */
export function continueToken(value: unknown): string | undefined {
  const token = at(value, 'metadata', 'continue');
  return typeof token === 'string' && token !== '' ? token : undefined;
}

/** Makes an attempt, and retries if that may help. Rejects with the error of the last attempt. */
type Repeat = <T>(
  call: Pick<Call, 'method' | 'repeatable' | 'signal'>,
  attempt: () => Promise<T>,
) => Promise<T>;

const TRIES = 4;

const BACK_OFF = { base: 400, cap: 5_000 };

/** The longest `Retry-After` honored, ms. */
const LONGEST_WAIT = 10_000;

/** How soon a 403 after a lost connection is retried, ms (API-7). */
const FORBIDDEN_PAUSE = 250;

/**
 * Retries a read after 429, 5xx and lost connections, with backoff and `Retry-After`; retries any call after a 403 while
 * the server is starting, because that had no effect.
 */
function createRepeat(parts: { readonly health: Health; readonly debug: (line: string) => void }): Repeat {
  const { health, debug } = parts;
  return async (call, attempt) => {
    const repeatable = call.repeatable ?? (call.method ?? 'GET') === 'GET';
    for (let tries = 1; ; ) {
      try {
        return await attempt();
      } catch (error) {
        call.signal?.throwIfAborted();
        if (error instanceof ApiError && error.status === 403 && health.starting()) {
          await pause(FORBIDDEN_PAUSE, call.signal);
          continue;
        }
        const wait = repeatable && tries < TRIES ? waitBefore(error, tries) : undefined;
        if (wait === undefined) throw error;
        debug(`retrying in ${wait} ms: ${error instanceof Error ? error.message : String(error)}`);
        await pause(wait, call.signal);
        tries += 1;
      }
    }
  };
}

/** How long to wait before retrying a read, ms; undefined if a retry would not help. */
function waitBefore(error: unknown, tries: number): number | undefined {
  if (error instanceof NetworkError) {
    if (error.network !== 'lost') return undefined;
    // A dead connection from the pool; the next one is new.
    return tries === 1 ? 0 : delayAfter(tries, BACK_OFF, Math.random());
  }
  if (!(error instanceof ApiError)) return undefined;
  if (error.status !== 429 && error.status < 500) return undefined;
  if (error.retryAfter !== undefined) return Math.min(error.retryAfter * 1_000, LONGEST_WAIT);
  return delayAfter(tries, BACK_OFF, Math.random());
}

/**
 * The texts of `Warning` headers: `299 - "text"`, which Node joins with commas. The text is a quoted string with `\"`
 * and `\\` (RFC 9110 §5.6.4).
 */
function warningTexts(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    safeText((match[1] ?? '').replaceAll(/\\(.)/g, '$1'), 1_000),
  );
}

/** The state of the connection, from recent calls. */
type Health = {
  lost(): void;
  answered(): void;
  /** Whether the server has just come back after being unreachable. */
  starting(): boolean;
};

/** How long after its return a server's 403 is ignored, ms; measured at 0.8 to 1.3 s. */
const STARTING = 2_000;

/**
 * Tracks lost connections. A starting API server responds with 403 until its RBAC caches are filled (API-7).
 *
 * @param now a monotonic clock, ms
 */
function createHealth(now: () => number = () => performance.now()): Health {
  let away = false;
  let back = Number.NEGATIVE_INFINITY;
  return {
    lost: () => {
      away = true;
    },
    answered: () => {
      if (away) back = now();
      away = false;
    },
    starting: () => now() - back < STARTING,
  };
}
