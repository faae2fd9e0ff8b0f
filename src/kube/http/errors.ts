import { numberAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { roleWith } from '../../core/roles/roles.ts';

/** An error response of the API server, with the fields that callers branch on. */
export class ApiError extends SluiceError {
  /** HTTP status, or the `code` of a Status in a watch; 0 for a 4xx that is not from the API server itself. */
  readonly status: number;
  /** `reason` of the Status: `NotFound`, `AlreadyExists`, `Expired`, … */
  readonly reason: string;
  /** Seconds to wait, per the server. */
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
 * The error for a response with an HTTP status ≥ 400.
 *
 * @param body the response's text: a `Status` object, or the output of a proxy in between
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
  // The API server's response for an unknown group or kind.
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

/**
 * The error for a redirect: nothing behind it is an API server, and the credentials must not follow it. Of where it
 * leads only host and path are shown, as a login page gets secrets in its query.
 */
export function redirectError(origin: Origin, status: number, location: string | undefined): ApiError {
  const base = origin.server.href;
  const to = location !== undefined && URL.canParse(location, base) ? new URL(location, base) : undefined;
  const where = to === undefined ? '' : ` to ${safeText(`${to.protocol}//${to.host}${to.pathname}`, 300)}`;
  return new ApiError(0, '', [
    'unreachable',
    `${origin.server.host} redirects${where} (HTTP ${status}) instead of answering like a Kubernetes API server.`,
    to !== undefined && to.host === origin.server.host && to.protocol !== origin.server.protocol
      ? `Set ${to.protocol}// in the server address of the kubeconfig.`
      : 'Log in there if it is a login page, and check the server address in the kubeconfig.',
  ]);
}

/** The error for a `Status` in an `ERROR` event of a watch. */
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

/** The beginning of a page that is not from the API server. */
function plain(body: string): string {
  return body
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** The server's response, parsed from its `Status`. */
type Answer = {
  readonly origin: Origin;
  readonly about: About;
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  /** Whether the body was a `Status`, and thus from the API server itself. */
  readonly fromApi: boolean;
};

const NEEDS_TLS =
  'Set an https:// server address in the kubeconfig: like kubectl, sluice sends credentials only over TLS.';

/** Code, sentence and next step for a response (API-12). */
function refusalOf(answer: Answer): ConstructorParameters<typeof SluiceError> {
  const { about, status, message, origin } = answer;
  switch (status) {
    case 401:
      if (origin.server.protocol !== 'https:') {
        return [
          'unauthenticated',
          `${origin.server.host} requires credentials, which are not sent over plain http:// (context ${safeText(origin.context)}).`,
          NEEDS_TLS,
        ];
      }
      return [
        'unauthenticated',
        `${origin.server.host} rejected the credentials of ${safeText(origin.user) || 'no user'} (context ${safeText(origin.context)}).`,
        'They are expired or invalid: log in again, then check with kubectl auth whoami.',
      ];
    case 403:
      return forbidden(answer);
    case 404:
      return [
        'not-found',
        `${capital(thing(about))} not found.`,
        'It may have been deleted; list the objects again.',
      ];
    case 405:
      return ['unsupported', `The server does not support ${about.verb} for ${thing(about)}.`, message];
    case 409:
      return answer.reason === 'AlreadyExists'
        ? [
            'conflict',
            `${capital(thing(about))} already exists.`,
            'Use another name, or check the existing object.',
          ]
        : [
            'conflict',
            `${capital(thing(about))} has been modified: ${message}`,
            'Read it again, then retry.',
          ];
    case 410:
      return [
        'failed',
        `The list of ${plural(about)} has expired on the server: ${message}`,
        'Start the list again.',
      ];
    case 400:
    case 422:
      return [
        'refused',
        `The server rejected ${thing(about)}: ${policyMessage(message)}`,
        hintFor422(message),
      ];
    case 413:
    case 414:
      return ['refused', `The request for ${thing(about)} is too large for ${origin.server.host}.`, message];
    case 429:
      return [
        'failed',
        `${origin.server.host} is too busy to ${about.verb} ${plural(about)}: ${message}`,
        'Wait, then try again.',
      ];
    default:
      return [
        status >= 502 && !answer.fromApi ? 'unreachable' : 'failed',
        `${origin.server.host} failed to ${about.verb} ${plural(about)} (HTTP ${status}): ${message}`,
        'Try again; if it persists, check the logs of the API server or the proxy in front of it.',
      ];
  }
}

/** Code, sentence and next step for a response that is not from an API server. */
function strangerOf(
  origin: Origin,
  status: number,
  message: string,
): ConstructorParameters<typeof SluiceError> {
  if (status === 407) {
    return [
      'unreachable',
      `A proxy before ${origin.server.host} wants a user and a password: ${message}`,
      'Put them into proxy-url of the cluster in the kubeconfig, or into HTTP_PROXY.',
    ];
  }
  return [
    'unreachable',
    `${origin.server.host} does not respond like a Kubernetes API server (HTTP ${status}): ${message}`,
    'Check the server address in the kubeconfig, and any proxy in between.',
  ];
}

function forbidden({ about, message, origin }: Answer): ConstructorParameters<typeof SluiceError> {
  if (/exceeded quota/.test(message)) {
    return [
      'refused',
      `A quota rejected ${thing(about)}: ${tail(message)}`,
      'Free up quota, or request more.',
    ];
  }
  if (/because it is being terminated/.test(message)) {
    return [
      'refused',
      `Namespace "${safeText(about.namespace ?? '')}" is being deleted and does not accept new objects.`,
      'Wait until it is gone, or use another namespace.',
    ];
  }
  const user = userIn(message);
  if (/cannot impersonate/.test(message)) {
    const whom = /^"?[\w.:/-]+ "([^"]*)" is forbidden/.exec(message)?.[1];
    return [
      'forbidden',
      `${user === undefined ? 'You' : `User "${user}"`} cannot impersonate ${whom === undefined ? 'that user' : `"${safeText(whom)}"`}`,
      'Remove --as, or request permission to impersonate users and groups.',
    ];
  }
  if (user === undefined && !/forbidden: User/.test(message)) {
    return [
      'refused',
      `The server rejected ${thing(about)}: ${tail(message)}`,
      'Check the admission policies of the cluster.',
    ];
  }
  const verb = /cannot ([a-z]+) resource/.exec(message)?.[1] ?? about.verb;
  // A WebSocket is a GET, and since 1.35 also a create (API-11).
  const verbs = about.subresource === undefined ? verb : 'get and create';
  const resource = qualified(about);
  const role = roleWith({ ...about, verb });
  const where =
    about.namespace === undefined ? 'at the cluster scope' : `in namespace "${safeText(about.namespace)}"`;
  const what = about.name === undefined ? resource.short : `${resource.short} ${safeText(about.name)}`;
  return [
    'forbidden',
    `${user === undefined ? `The user of context ${safeText(origin.context)}` : `User "${user}"`} cannot ${verb} ${what} ${where}`,
    user === 'system:anonymous' && origin.server.protocol !== 'https:'
      ? NEEDS_TLS
      : `Request permission to ${verbs} ${resource.full} ${where}${role === undefined ? '' : `: ${role}`}.`,
  ];
}

/** The user in a forbidden message; constrained impersonation has the same format. */
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

/** The text after `… is forbidden: `. */
function tail(message: string): string {
  return message.replace(/^.*? is forbidden: /, '');
}

/** The message of an admission policy, without the server's wrapping text. */
function policyMessage(message: string): string {
  const policy = /ValidatingAdmissionPolicy '([^']+)' .*?denied request: (.*)$/.exec(message);
  if (policy !== null) return `denied by policy ${policy[1]}: ${policy[2]}`;
  const webhook = /admission webhook "([^"]+)" denied the request: (.*)$/.exec(message);
  if (webhook !== null) return `denied by webhook ${webhook[1]}: ${webhook[2]}`;
  return message.replace(/^.*? is invalid: /, '');
}

function hintFor422(message: string): string {
  if (/denied request|admission webhook/.test(message)) return 'Check the admission policies of the cluster.';
  if (/strict decoding error/.test(message)) return 'The server does not know a field: it may be too old.';
  return 'Fix the fields named in the message.';
}

/** Describes a call, for messages. `resource` is the plural; `subresource` as in `pods/exec`. */
export type About = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
};

/** The server and the kubeconfig entries of a call, for messages. */
export type Origin = { readonly server: URL; readonly context: string; readonly user: string };
