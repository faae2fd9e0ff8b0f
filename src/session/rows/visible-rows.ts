import uFuzzy from '@leeoniya/ufuzzy';
import { keyOf, type Labels, parseLabelQuery } from '../../core/cluster/cluster.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import {
  type AttemptLine,
  type GrantLine,
  type PaneId,
  type PodRow,
  type PolicyRow,
  rowsIn,
  type ServiceRow,
  type SessionState,
  type Sort,
  type Standing,
  type VisibleRows,
  type WorkloadRow,
} from '../state/state.ts';
import { droppedText } from './traffic-bars.ts';

type Keys<T> = Readonly<Record<string, (row: T) => string | number>>;

/** Sort keys by column; the ids are those of the views' columns. */
const POD_KEYS: Keys<PodRow> = {
  namespace: ({ pod }) => pod.namespace,
  name: ({ pod }) => pod.name,
  ready: ({ pod }) => pod.readyContainers - pod.containers.length,
  status: ({ pod }) => pod.status,
  restarts: ({ pod }) => -pod.restarts,
  ip: ({ pod }) => pod.ips[0] ?? '',
  node: ({ pod }) => pod.node ?? '',
  in: ({ ingress }) => ingress,
  out: ({ egress }) => egress,
  age: ({ pod }) => -pod.created,
};
const WORKLOAD_KEYS: Keys<WorkloadRow> = {
  namespace: ({ workload }) => workload.namespace,
  kind: ({ workload }) => workload.kind,
  name: ({ workload }) => workload.name,
  ready: ({ ready, pods }) => ready - pods,
  age: ({ oldest }) => -oldest,
};
const SERVICE_KEYS: Keys<ServiceRow> = {
  namespace: ({ service }) => service.namespace,
  name: ({ service }) => service.name,
  type: ({ service }) => service.type,
  ports: ({ service }) => service.ports[0]?.port ?? 0,
  pods: ({ pods }) => -pods,
  endpoints: ({ endpoints }) => -endpoints,
};
/** Most severe first. */
const SEVERITY = { error: 0, warning: 1, info: 2, none: 3 } as const;
const POLICY_KEYS: Keys<PolicyRow> = {
  namespace: ({ policy }) => policy.namespace ?? '',
  name: ({ policy }) => policy.name,
  kind: ({ policy }) => policy.kind,
  dir: ({ directions }) => directions,
  selects: ({ assessment }) => -(assessment?.selects ?? 0),
  rules: ({ rules }) => -rules,
  lint: ({ assessment }) => SEVERITY[assessment?.findings[0]?.severity ?? 'none'],
  age: ({ policy }) => -policy.created,
};
const ATTEMPT_KEYS: Keys<AttemptLine> = {
  age: ({ row }) => -row.last,
  verdict: ({ row }) => (row.verdict === 'drop' ? '0' : row.verdict),
  source: ({ row }) => row.sourceName,
  destination: ({ row }) => row.destinationName,
  port: ({ row }) => row.port ?? 0,
  dropped: ({ row }) => -row.dropped,
  passed: ({ row }) => row.dropped - row.count,
  why: ({ why }) => why,
};
const GRANT_KEYS: Keys<GrantLine> = {
  path: ({ grant }) => `${grant.source} ${grant.destination}`,
  state: ({ grant }) => grant.state.name,
  left: ({ grant }) => grant.window?.end ?? 0,
  requester: ({ grant }) => grant.requester,
};

/** Rows of each pane after filter and sort, memoized until one of the inputs changes. */
export function createVisibleRows(): VisibleRows {
  const memo: Partial<
    Record<PaneId, { readonly from: readonly unknown[]; readonly rows: readonly { readonly key: string }[] }>
  > = {};
  return (state, pane) => {
    const { filter, sort, drill } = state.panes[pane];
    const source = rowsIn(state, pane);
    const from = [source, filter, sort, drill?.keys, pane === 'attempts' && state.dropsOnly];
    const before = memo[pane];
    if (before?.from.every((part, index) => part === from[index]) === true) return before.rows;
    const rows = compute(drilledState(state, pane), pane, filter, sort);
    memo[pane] = { from, rows };
    return rows;
  };
}

/** The state with only the rows of a pane that its drill leaves. */
function drilledState(state: SessionState, pane: PaneId): SessionState {
  const { drill } = state.panes[pane];
  if (drill === undefined) return state;
  const name = pane === 'pods' ? state.listed : pane;
  return { ...state, [name]: state[name].filter(({ key }) => drill.keys.has(key)) };
}

function compute(
  state: SessionState,
  pane: PaneId,
  filter: string,
  sort: Sort | undefined,
): readonly { readonly key: string }[] {
  switch (pane) {
    case 'pods':
      if (state.listed === 'workloads')
        return arrange(state.workloads, filter, workloadText, sort, WORKLOAD_KEYS);
      if (state.listed === 'services')
        return arrange(state.services, filter, serviceText, sort, SERVICE_KEYS);
      return arrange(state.pods, filter, podText, sort, POD_KEYS);
    case 'policies':
      return arrange(state.policies, filter, policyText, sort, POLICY_KEYS);
    case 'attempts': {
      const rows = state.dropsOnly
        ? state.attempts.filter(({ row }) => row.verdict === 'drop')
        : state.attempts;
      return arrange(rows, filter, attemptText, sort, ATTEMPT_KEYS);
    }
    case 'grants':
      return arrange(state.grants, filter, grantText, sort, GRANT_KEYS);
  }
}

function arrange<T extends { readonly key: string }>(
  rows: readonly T[],
  filter: string,
  search: (row: T) => Searchable,
  sort: Sort | undefined,
  keys: Keys<T>,
): readonly T[] {
  const passes = parseFilter(filter);
  const kept = filter.trim() === '' ? rows : rows.filter((row) => passes(search(row)));
  const key = sort === undefined ? undefined : keys[sort.column];
  if (sort === undefined || key === undefined) return kept;
  const sign = sort.descending ? -1 : 1;
  return kept
    .map((row) => ({ row, by: key(row) }))
    .sort((a, b) => (a.by < b.by ? -sign : a.by > b.by ? sign : a.row.key < b.row.key ? -1 : 1))
    .map(({ row }) => row);
}

/** `in:open`, `out:iso` etc. match the columns IN and OUT. */
function podText({ pod, ingress, egress }: PodRow): Searchable {
  const { status, ips, node = '', owner } = pod;
  return {
    text: `${keyOf(pod)} ${status} ${ips.join(' ')} ${node} ${owner?.name ?? ''} in:${ingress} out:${egress}`,
    labels: pod.labels,
  };
}

function workloadText({ workload, ingress, egress }: WorkloadRow): Searchable {
  return { text: `${workload.kind} ${keyOf(workload)} in:${ingress} out:${egress}` };
}

/** Labels are those of its selector: `-l app=web` finds what leads to such pods. */
function serviceText({ service }: ServiceRow): Searchable {
  const { type, ports, clusterIPs, selector } = service;
  const text = [keyOf(service), type, ...ports.map(({ port }) => String(port)), ...clusterIPs].join(' ');
  return selector === undefined ? { text } : { text, labels: selector };
}

/** Contains `lint:` with the id and severity of each finding, so `/lint:` matches every policy with one. */
function policyText({ policy, assessment }: PolicyRow): Searchable {
  const lints = assessment?.findings.map(({ id, severity }) => `lint:${id} lint:${severity}`) ?? [];
  return { text: [keyOf(policy), policy.kind, ...lints].join(' '), labels: policy.labels };
}

/** Ends with `denied:` and a policy, if attempts of the row were dropped. */
function attemptText(line: AttemptLine): Searchable {
  const { row, why } = line;
  const labels = row.source.labels ?? row.destination.labels;
  return {
    text: `${row.sourceName} ${row.destinationName} ${row.port ?? ''} ${row.protocol} ${row.verdict} ${why} ${droppedText(line)}`,
    labels,
  };
}

function grantText({ grant }: GrantLine): Searchable {
  const { id, source, destination, ports, requester, reason, ticket, state } = grant;
  return {
    text: [id, source, destination, formatPorts(ports), requester, reason, ticket ?? '', state.name].join(
      ' ',
    ),
  };
}

/** The parts of a row that a filter matches against. */
export type Searchable = { readonly text: string; readonly labels?: Labels };

/** Whether a row passes. */
export type RowFilter = (row: Searchable) => boolean;

const all: RowFilter = () => true;

const none: RowFilter = () => false;

/**
 * Parses a filter in k9s's syntax: `text` is a regular expression (matched literally if invalid), `!text` its inverse,
 * `-l app=web,tier!=x` labels as with kubectl `-l`, `-f text` fuzzy. An empty filter passes everything, an invalid
 * selector nothing (`filterProblem` says why).
 */
export function parseFilter(text: string): RowFilter {
  const trimmed = text.trim();
  if (trimmed === '') return all;
  if (trimmed.startsWith('-l ')) return byLabels(trimmed.slice(3));
  if (trimmed.startsWith('-f ')) return byFuzzy(trimmed.slice(3).trim());
  if (trimmed.startsWith('!')) {
    const inner = parseFilter(trimmed.slice(1));
    return inner === all || inner === none ? inner : (row) => !inner(row);
  }
  const pattern = STANDING.test(trimmed) ? literal(trimmed) : patternOf(trimmed);
  return (row) => pattern.test(row.text);
}

/** A value of the columns IN and OUT; `?` is literal there. */
const STANDING = /^(?:in|out):([a-z?]*)$/i;

const STANDINGS: readonly Standing[] = ['open', 'iso', 'admin', '?', 'mixed'];

/** A regular expression as typed, case-insensitive; an invalid one is matched literally. */
export function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'iu');
  } catch {
    return literal(text);
  }
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu');
}

/** Why a filter is invalid; undefined if it is valid. */
export function filterProblem(text: string): string | undefined {
  const [, standing] = STANDING.exec(text.trim().replace(/^(?:!\s*)+/, '')) ?? [];
  if (standing !== undefined && !STANDINGS.some((known) => known.startsWith(standing.toLowerCase()))) {
    return `"${standing}" is not open, iso, admin, mixed or ?`;
  }
  const [, selector] = /^\s*(?:!\s*)*-l (.*)$/s.exec(text) ?? [];
  const query = parseLabelQuery(selector ?? '');
  // The server's message ends with examples and a regular expression.
  return 'problem' in query ? query.problem.replace(/ \(e\.g\. .*$/s, '') : undefined;
}

function byLabels(text: string): RowFilter {
  const query = parseLabelQuery(text);
  if ('problem' in query) return none;
  return ({ labels }) => labels !== undefined && query.matches(labels);
}

function byFuzzy(needle: string): RowFilter {
  if (needle === '') return all;
  const found = fuzzyFilter(needle);
  return ({ text }) => found([text]).length > 0;
}

/** Finds the texts that have the letters of `needle` in this order, by their index. */
export function fuzzyFilter(needle: string): (texts: string[]) => readonly number[] {
  const fuzzy = new uFuzzy({ intraIns: Number.POSITIVE_INFINITY, intraChars: '[a-z\\d/._-]' });
  return (texts) => fuzzy.filter(texts, needle) ?? [];
}
