import { SluiceError } from '../core/errors.ts';
import { numberAt, textAt } from '../core/json.ts';
import { safeText } from '../core/safe-text.ts';
import type { About, Origin } from './http/about.ts';
import { refusalOf, strangerOf } from './http/refusal.ts';

/** An answer of the API server that is no success. The fields say what callers decide by. */
export class ApiError extends SluiceError {
  /** HTTP status, or the `code` of a Status inside a watch; 0 for a 4xx that is not from the API server itself. */
  readonly status: number;
  /** `reason` of the Status: `NotFound`, `AlreadyExists`, `Expired`, … */
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
  // The API server's own words for a group or a kind that it does not have.
  const fromApi = parsed !== undefined || body.trim() === '404 page not found';
  const believed = fromApi || status >= 500 || status === 401 || status === 429;
  return new ApiError(
    believed ? status : 0,
    reason,
    believed
      ? refusalOf({ origin, about, status, reason, message, fromApi })
      : strangerOf(origin, status, message),
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
