import { SluiceError } from '../core/errors.ts';
import { listAt, numberAt, textAt } from '../core/json.ts';
import { safeText } from '../core/safe-text.ts';
import type { About, Origin } from './http/about.ts';
import { refusalOf } from './http/refusal.ts';

/** An answer of the API server that is no success. The fields say what callers decide by. */
export class ApiError extends SluiceError {
  /** HTTP status, or the `code` of a Status inside a watch. */
  readonly status: number;
  /** `reason` of the Status: `AlreadyExists`, `Expired`, … */
  readonly reason: string;
  /** Seconds that the server asks to wait. */
  readonly retryAfter?: number;

  constructor(
    status: number,
    reason: string,
    error: ConstructorParameters<typeof SluiceError>,
    retryAfter?: number,
  ) {
    super(...error);
    this.status = status;
    this.reason = reason;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/**
 * The error for an answer with an HTTP status ≥ 400.
 *
 * @param body the answer's text; a `Status` object, or whatever a proxy in between says
 */
export function apiError(
  origin: Origin,
  about: About,
  status: number,
  body: string,
  retryAfter?: number,
): ApiError {
  const parsed = parseStatus(body);
  const said = (textAt(parsed, 'message') ?? plain(body)).replaceAll(/\s+/g, ' ').trim();
  const message = safeText(said || `HTTP ${status}`, 600);
  const reason = safeText(textAt(parsed, 'reason') ?? '');
  const seconds = numberAt(parsed, 'details', 'retryAfterSeconds') ?? retryAfter;
  const causes = listAt(parsed, 'details', 'causes').length;
  return new ApiError(
    status,
    reason,
    refusalOf({ origin, about, status, reason, message, causes, fromApi: parsed !== undefined }),
    seconds,
  );
}

/** The error for a `Status` that came as an `ERROR` event inside a watch. */
export function watchError(origin: Origin, about: About, status: unknown): ApiError {
  return apiError(origin, about, numberAt(status, 'code') ?? 500, JSON.stringify(status));
}

function parseStatus(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return textAt(value, 'kind') === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first words of a page that is not from the API server. */
function plain(body: string): string {
  return body
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}
