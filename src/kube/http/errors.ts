import { numberAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';

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

/** What the server answered, read from its `Status`. */
type Answer = {
  readonly origin: Origin;
  readonly about: About;
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  /** Whether the body was a `Status`, and so from the API server itself. */
  readonly fromApi: boolean;
};

const NEEDS_TLS =
  'As kubectl, sluice sends credentials over TLS only: give the server an https:// address in the kubeconfig.';

/** Code, sentence and next step for an answer (API-12). */
function refusalOf(answer: Answer): ConstructorParameters<typeof SluiceError> {
  const { about, status, message, origin } = answer;
  switch (status) {
    case 401:
      if (origin.server.protocol !== 'https:') {
        return [
          'unauthenticated',
          `${origin.server.host} asks who you are, and no credentials are sent over plain http:// (context ${safeText(origin.context)}).`,
          NEEDS_TLS,
        ];
      }
      return [
        'unauthenticated',
        `${origin.server.host} does not accept the credentials of ${safeText(origin.user) || 'no user'} (context ${safeText(origin.context)}).`,
        'They have expired or are wrong: log in again, then try kubectl auth whoami.',
      ];
    case 403:
      return forbidden(answer);
    case 404:
      return [
        'not-found',
        `There is no ${thing(about)}.`,
        'It may have been deleted; look at the list again.',
      ];
    case 405:
      return ['unsupported', `${capital(thing(about))} can't be used with ${about.verb} here.`, message];
    case 409:
      return answer.reason === 'AlreadyExists'
        ? [
            'conflict',
            `${capital(thing(about))} exists already.`,
            'Use another name, or look at what is there.',
          ]
        : [
            'conflict',
            `${capital(thing(about))} has changed in the meantime: ${message}`,
            'Read it again, then repeat.',
          ];
    case 410:
      return [
        'failed',
        `The list of ${plural(about)} has expired on the server: ${message}`,
        'List again from the start.',
      ];
    case 400:
    case 422:
      return [
        'refused',
        `The server refuses ${thing(about)}: ${policyMessage(message)}`,
        hintFor422(message),
      ];
    case 413:
    case 414:
      return [
        'refused',
        `The request about ${thing(about)} is too large for ${origin.server.host}.`,
        message,
      ];
    case 429:
      return [
        'failed',
        `${origin.server.host} is too busy for ${about.verb} ${plural(about)}: ${message}`,
        'Wait, then repeat.',
      ];
    default:
      return [
        status >= 502 && !answer.fromApi ? 'unreachable' : 'failed',
        `${origin.server.host} failed to ${about.verb} ${plural(about)} (HTTP ${status}): ${message}`,
        'Repeat; if it stays, look at the logs of the API server or the proxy in front of it.',
      ];
  }
}

/** Code, sentence and next step for an answer that does not come from an API server. */
function strangerOf(
  origin: Origin,
  status: number,
  message: string,
): ConstructorParameters<typeof SluiceError> {
  return [
    'unreachable',
    `${origin.server.host} answers with HTTP ${status}, and not as a Kubernetes API server does: ${message}`,
    'Check the server address in the kubeconfig, and any proxy in between.',
  ];
}

function forbidden({ about, message, origin }: Answer): ConstructorParameters<typeof SluiceError> {
  if (/exceeded quota/.test(message)) {
    return [
      'refused',
      `A quota refuses ${thing(about)}: ${tail(message)}`,
      'Free something that counts, or ask for more quota.',
    ];
  }
  if (/because it is being terminated/.test(message)) {
    return [
      'refused',
      `The namespace ${safeText(about.namespace ?? '')} is being deleted, and takes nothing new.`,
      'Wait until it is gone, or choose another one.',
    ];
  }
  const user = userIn(message);
  if (/cannot impersonate/.test(message)) {
    const whom = /^"?[\w.:/-]+ "([^"]*)" is forbidden/.exec(message)?.[1];
    return [
      'forbidden',
      `${user ?? 'You'} may not impersonate ${whom === undefined ? 'that user' : safeText(whom)}`,
      'Drop --as, or ask for the verb impersonate on users and groups.',
    ];
  }
  if (user === undefined && !/forbidden: User/.test(message)) {
    return ['refused', `The server refuses ${thing(about)}: ${tail(message)}`, 'An admission rule says so.'];
  }
  const verb = /cannot ([a-z]+) resource/.exec(message)?.[1] ?? about.verb;
  // A WebSocket is a GET, and from 1.35 a create as well (API-11).
  const verbs = about.subresource === undefined ? `the verb ${verb}` : 'the verbs get and create';
  const resource = qualified(about);
  const where =
    about.namespace === undefined ? 'across the cluster' : `in namespace ${safeText(about.namespace)}`;
  const what = about.name === undefined ? resource.short : `${resource.short} ${safeText(about.name)}`;
  return [
    'forbidden',
    `${user ?? `The user of context ${safeText(origin.context)}`} may not ${verb} ${what} ${where}`,
    user === 'system:anonymous' && origin.server.protocol !== 'https:'
      ? NEEDS_TLS
      : `Ask for ${verbs} on ${resource.full} ${where}; \`sluice manifests rbac\` prints the roles.`,
  ];
}

/** Who the server says was refused; constrained impersonation quotes it likewise. */
function userIn(message: string): string | undefined {
  const found = /User "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return found === undefined || found === '' ? undefined : safeText(found);
}

function qualified({ group, resource, subresource }: About): {
  readonly short: string;
  readonly full: string;
} {
  const short = subresource === undefined ? resource : `${resource}/${subresource}`;
  return { short, full: group === '' ? short : `${short} (${group})` };
}

function plural({ resource, subresource, namespace }: About): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return namespace === undefined ? what : `${what} in namespace ${safeText(namespace)}`;
}

function thing(about: About): string {
  const singular = about.resource.replace(/ies$/, 'y').replace(/s$/, '');
  const what = about.subresource === undefined ? singular : `${about.resource}/${about.subresource}`;
  const name = about.name === undefined ? '' : ` ${safeText(about.name)}`;
  return `${what}${name}${about.namespace === undefined ? '' : ` in namespace ${safeText(about.namespace)}`}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What follows `… is forbidden: `. */
function tail(message: string): string {
  return message.replace(/^.*? is forbidden: /, '');
}

/** The message of an admission policy, without the frame that the server puts around it. */
function policyMessage(message: string): string {
  const policy = /ValidatingAdmissionPolicy '([^']+)' .*?denied request: (.*)$/.exec(message);
  if (policy !== null) return `policy ${policy[1]} says: ${policy[2]}`;
  const webhook = /admission webhook "([^"]+)" denied the request: (.*)$/.exec(message);
  if (webhook !== null) return `webhook ${webhook[1]} says: ${webhook[2]}`;
  return message.replace(/^.*? is invalid: /, '');
}

function hintFor422(message: string): string {
  if (/denied request|admission webhook/.test(message)) return 'An admission rule of this cluster says so.';
  if (/strict decoding error/.test(message))
    return 'The server does not know a field: it may be older than it should be.';
  return 'Change what the message names.';
}

/** What a call is about, for messages. `resource` is the plural; `subresource` as in `pods/exec`. */
export type About = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
};

/** Where calls go and with whose entry of the kubeconfig, for messages. */
export type Origin = { readonly server: URL; readonly context: string; readonly user: string };
