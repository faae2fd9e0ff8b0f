import { wallClock } from '../../../views/text/text.ts';
import { formatDuration, plural } from '../../core/common/common.ts';
import { formatPorts, type Grant, type GrantPlan, usageText } from '../../core/grants/grants.ts';
import type { Verdict } from '../../core/policy/model/model.ts';
import type { LivingConnection } from '../../core/ports/ports.ts';
import { trustOf } from '../../core/traffic/traffic.ts';
import { type AttemptLine, rowPath } from '../../session/session.ts';
import { livingJson } from './living.ts';
import { pad } from './table.ts';

/** The events of line mode, in order. Times are ms since the epoch. */
export type LineEvent =
  | { readonly event: 'attempt'; readonly time: number; readonly line: AttemptLine }
  | { readonly event: 'verdict'; readonly time: number; readonly path: string; readonly verdict: Verdict }
  | { readonly event: 'intent'; readonly time: number; readonly plan: Extract<GrantPlan, { ok: true }> }
  | { readonly event: 'leased'; readonly time: number; readonly grant: Grant }
  /** A request waits for approval; then it is approved, refused, or has run out. */
  | { readonly event: 'requested'; readonly time: number; readonly grant: Grant; readonly plan: string }
  | { readonly event: 'approved'; readonly time: number; readonly grant: Grant; readonly by: string }
  | { readonly event: 'unanswered'; readonly time: number; readonly grant: Grant; readonly why: string }
  | { readonly event: 'granted'; readonly time: number; readonly grant: Grant }
  | {
      readonly event: 'open';
      readonly time: number;
      readonly grant: Grant;
      readonly after: number;
      readonly how: string;
    }
  | { readonly event: 'countdown'; readonly time: number; readonly grant: Grant; readonly left: number }
  /** Somebody else set the window. */
  | { readonly event: 'extended'; readonly time: number; readonly grant: Grant; readonly by: string }
  | { readonly event: 'drift'; readonly time: number; readonly grant: Grant; readonly what: string }
  | {
      readonly event: 'revoked';
      readonly time: number;
      readonly grant: Grant;
      readonly by: string;
      readonly late: number;
    }
  | {
      readonly event: 'closed';
      readonly time: number;
      readonly grant: Grant;
      /** `unproven`: the policy is gone, but no attempts of the pairs in `unproven` have been seen since. */
      readonly state: 'closed' | 'unproven' | 'flowing';
      readonly proof: string;
      readonly unproven: readonly string[];
    }
  /** Connections that lived on were ended; `left` could not be. */
  | {
      readonly event: 'cut';
      readonly time: number;
      readonly grant: Grant;
      readonly cut: number;
      readonly left: readonly LivingConnection[];
    }
  | { readonly event: 'failed'; readonly time: number; readonly grant: Grant; readonly message: string }
  | {
      readonly event: 'audit';
      readonly time: number;
      readonly records: number;
      readonly ok: boolean;
      readonly text: string;
    };

/** The event as one JSON value, with ISO times and no internals. */
export function eventJson(event: LineEvent): Readonly<Record<string, unknown>> {
  const base = { event: event.event, time: new Date(event.time).toISOString() };
  switch (event.event) {
    case 'attempt':
      return { ...base, ...attemptJson(event.line) };
    case 'verdict':
      return { ...base, path: event.path, ...event.verdict };
    case 'intent': {
      const { id, source, destination, ports, seconds, opens, extra, isolates, unjudged, wide } = event.plan;
      const { after, warnings, halves } = event.plan;
      const objects = halves.flatMap(({ lease, policy }) =>
        [lease, policy].map(({ kind, metadata: { namespace, name } }) => ({ kind, namespace, name })),
      );
      return {
        ...base,
        id,
        source,
        destination,
        ports: formatPorts(ports),
        seconds,
        opens,
        extra,
        isolates,
        unjudged,
        wide,
        after,
        warnings,
        objects,
      };
    }
    case 'leased':
    case 'granted':
      return { ...base, ...grantJson(event.grant) };
    case 'requested':
      return { ...base, ...grantJson(event.grant), plan: event.plan };
    case 'approved':
      return { ...base, ...grantJson(event.grant), by: event.by };
    case 'unanswered':
      return { ...base, id: event.grant.id, why: event.why };
    case 'open':
      return { ...base, id: event.grant.id, afterMs: Math.round(event.after), how: event.how };
    case 'countdown':
      return { ...base, id: event.grant.id, leftMs: Math.round(event.left) };
    case 'extended':
      return { ...base, ...grantJson(event.grant), by: event.by };
    case 'drift':
      return { ...base, id: event.grant.id, what: event.what };
    case 'revoked':
      return {
        ...base,
        id: event.grant.id,
        by: event.by,
        lateMs: Math.round(event.late),
        usage: event.grant.usage,
      };
    case 'closed':
      return {
        ...base,
        id: event.grant.id,
        state: event.state,
        closed: event.state === 'closed',
        proof: event.proof,
        unproven: event.unproven,
        ...(event.grant.state.name === 'flowing' && event.grant.state.living !== undefined
          ? { living: livingJson(event.grant.state.living) }
          : {}),
      };
    case 'cut':
      return { ...base, id: event.grant.id, cut: event.cut, left: livingJson(event.left) };
    case 'failed':
      return { ...base, id: event.grant.id, message: event.message };
    case 'audit':
      return { ...base, records: event.records, ok: event.ok, text: event.text };
  }
}

/** The event as one aligned line in the past tense. */
export function eventText(event: LineEvent): string {
  const [word, text] = words(event);
  return `${wallClock(event.time)}  ${pad(word, 9)}  ${text}`.trimEnd();
}

function words(event: LineEvent): readonly [string, string] {
  switch (event.event) {
    case 'attempt':
      return attemptWords(event.line, event.line.row.source.namespace);
    case 'verdict':
      return [
        'verdict',
        `${event.path} ${event.verdict.verdict}: egress ${event.verdict.egress.summary}; ingress ${event.verdict.ingress.summary}`,
      ];
    case 'intent': {
      const { opens, isolates, after } = event.plan;
      const isolated =
        isolates.length === 0 ? 'isolates no pods' : `isolates ${plural(isolates.length, 'pod')}`;
      return ['planned', `opens ${plural(opens.length, 'pair')}, ${isolated}; at the end ${after}`];
    }
    case 'leased':
      return [
        'leased',
        `${names(event.grant)} running since ${wallClock(event.grant.window?.start ?? event.time)}`,
      ];
    case 'requested': {
      const { id, window } = event.grant;
      return ['requested', `${id} until ${wallClock(window?.end ?? event.time)}: ${pathOf(event.grant)}`];
    }
    case 'approved':
      return ['approved', `by ${event.by}, until ${wallClock(event.grant.window?.end ?? event.time)}`];
    case 'unanswered':
      return ['ended', event.why];
    case 'granted':
      return [
        'granted',
        `${event.grant.id} for ${formatDuration(event.grant.window?.seconds ?? 0)}: ${pathOf(event.grant)}`,
      ];
    case 'open':
      return [
        'open',
        `first connection ${(event.after / 1_000).toFixed(1)} s after the policy, ${event.how}`,
      ];
    case 'countdown':
      return ['countdown', `${formatDuration(Math.ceil(event.left / 1_000))} left`];
    case 'extended': {
      const { window } = event.grant;
      const until = window === undefined ? '' : `, until ${wallClock(window.end)}`;
      return ['extended', `${event.by} set the window to ${formatDuration(window?.seconds ?? 0)}${until}`];
    }
    case 'drift':
      return ['drift', event.what];
    case 'revoked':
      return ['revoked', `${revokedText(event.by, event.late)}; ${usageText(event.grant.usage)}`];
    case 'closed':
      return [event.state, event.proof];
    case 'cut':
      return ['cut', `${event.cut} of ${plural(event.cut + event.left.length, 'connection')} ended`];
    case 'failed':
      return ['failed', event.message];
    case 'audit':
      return ['audit', event.text];
  }
}

/** One attempt row as `flows` prints it, with namespaces other than the one in view. */
export function attemptWords(line: AttemptLine, inView: string | undefined): readonly [string, string] {
  const { row, why, differs } = line;
  const path = `${rowPath(line, inView)}/${row.protocol.toLowerCase()}`;
  const finding = differs === undefined ? '' : `  (${differs})`;
  return [VERDICT_WORDS[row.verdict], `${path}   ${why}${finding}`];
}

const VERDICT_WORDS = {
  allow: 'allowed',
  drop: 'dropped',
  audit: 'audit',
  l7: 'l7',
  error: 'error',
  pending: 'pending',
  failed: 'refused',
} as const;

/** One attempt row as JSON: source, destination, verdict, and why. */
export function attemptJson({ row, why, differs }: AttemptLine): Readonly<Record<string, unknown>> {
  const { newest } = row;
  return {
    verdict: row.verdict,
    source: { name: row.sourceName, ...newest.source },
    destination: { name: row.destinationName, ...newest.destination },
    port: row.port,
    protocol: row.protocol,
    why,
    differs,
    count: row.count,
    dropped: row.dropped,
    first: new Date(row.first).toISOString(),
    last: new Date(row.last).toISOString(),
    tries: newest.tries,
    dropReason: newest.dropReason,
    allowedBy: newest.allowedBy,
    deniedBy: newest.deniedBy,
    seen: newest.seen,
    trust: trustOf(newest),
    nodes: newest.nodes,
  };
}

/** A grant as JSON. */
export function grantJson(grant: Grant): Readonly<Record<string, unknown>> {
  const {
    id,
    source,
    destination,
    ports,
    requester,
    reason,
    ticket,
    halves,
    unseen,
    window,
    announced,
    approval,
    breakGlass,
    state,
    drift,
  } = grant;
  return {
    id,
    source,
    destination,
    ports: formatPorts(ports),
    requester,
    reason,
    ticket,
    state: state.name,
    start: window === undefined ? undefined : new Date(window.start).toISOString(),
    end: window === undefined ? undefined : new Date(window.end).toISOString(),
    seconds: window?.seconds,
    announced,
    approvedBy: approval?.by,
    breakGlass,
    halves,
    unseen,
    drift,
  };
}

function revokedText(by: string, late: number): string {
  switch (by) {
    case 'deadline':
      return `policy removed ${(late / 1_000).toFixed(2)} s after the window ended`;
    case 'lease':
      return 'policy removed by the cluster at the deadline';
    case 'other':
      return 'policy removed by another user';
    default:
      return 'policy removed on request';
  }
}

function pathOf({ source, destination, ports }: Grant): string {
  return `${source} → ${destination} :${formatPorts(ports)}`;
}

function names({ halves }: Grant): string {
  const jobs = halves.flatMap(({ lease }) => (lease === undefined ? [] : [lease.name]));
  return `lease ${jobs.length === 1 ? 'Job' : 'Jobs'} ${jobs.join(', ')}`;
}
