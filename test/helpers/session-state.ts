import type { Pod } from '../../src/core/cluster/objects.ts';
import { DEFAULT_LIMITS } from '../../src/core/common/limits.ts';
import type { Grant, GrantState } from '../../src/core/grants/grant.ts';
import type { Finding } from '../../src/core/policy/lint/finding.ts';
import type { Policy } from '../../src/core/policy/model/policy.ts';
import type { Half, Verdict } from '../../src/core/policy/model/verdict.ts';
import type { Attempt, AttemptVerdict } from '../../src/core/traffic/attempt.ts';
import type {
  Assessment,
  AttemptLine,
  GrantForm,
  GrantLine,
  PaneState,
  PodRow,
  PolicyRow,
  SessionState,
} from '../../src/session/state/session-state.ts';
import { textField } from '../../src/session/state/text-field.ts';

/** The time of all fixtures: whole seconds, so that ages in tables are plain. */
export const NOW = Date.UTC(2026, 10, 21, 12, 4, 11);

const pane: PaneState = { index: 0, filter: '' };

export function podRow(name: string, change: Partial<Pod> = {}, row: Partial<PodRow> = {}): PodRow {
  const pod: Pod = {
    kind: 'Pod',
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    labels: { app: name.split('-')[0] ?? name },
    ips: ['10.1.0.12'],
    node: 'node-a',
    hostNetwork: false,
    phase: 'Running',
    deleting: false,
    ports: [],
    containers: ['main'],
    serviceAccount: 'default',
    readyContainers: 1,
    restarts: 0,
    status: 'Running',
    created: NOW - 3_600_000,
    ...change,
  };
  return { key: `${pod.namespace}/${name}`, pod, ingress: 'iso', egress: 'open', ...row };
}

export function policyRow(
  name: string,
  row: Partial<PolicyRow> = {},
  change: Partial<Policy> = {},
): PolicyRow {
  const policy: Policy = {
    kind: 'NetworkPolicy',
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    labels: {},
    annotations: {},
    tier: 'normal',
    subject: { namespaces: { by: 'name', name: 'shop' }, pods: [] },
    isolates: { ingress: true, egress: false },
    ingress: [],
    egress: [],
    problems: [],
    created: NOW - 7_200_000,
    ...change,
  };
  return {
    key: `NetworkPolicy/shop/${name}`,
    policy,
    directions: 'IN',
    rules: 1,
    assessment: assessment(1),
    ...row,
  };
}

/** What is to be said of a policy: how many pods it selects, and mistakes in it. */
export function assessment(selects: number, findings: readonly Finding[] = []): Assessment {
  return { selects, findings };
}

/** A mistake in a policy. */
export function finding(id: string, severity: Finding['severity'], change: Partial<Finding> = {}): Finding {
  const policy = { kind: 'NetworkPolicy', namespace: 'shop', name: 'x' };
  return { id, severity, policy, text: `It is ${id}.`, fix: 'Mend it.', ...change };
}

export type AttemptWish = {
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  readonly verdict?: AttemptVerdict;
  readonly ago?: number;
  readonly count?: number;
  readonly why?: string;
  readonly differs?: string;
  readonly dropped?: number;
  readonly droppedBy?: string;
  readonly turned?: number;
};

export function attemptLine(wish: AttemptWish = {}): AttemptLine {
  const { from = 'web', to = 'db', port = 5432, verdict = 'drop', ago = 1000, count = 42 } = wish;
  const key = `${from}>${to}:${port}`;
  const source = { namespace: 'shop', pod: `${from}-0`, workload: { kind: 'Deployment', name: from } };
  const destination = { namespace: 'shop', pod: `${to}-0`, workload: { kind: 'StatefulSet', name: to } };
  const newest: Attempt = {
    key: `${key}#1`,
    rowKey: key,
    verdict,
    first: NOW - ago,
    last: NOW - ago,
    turned: NOW - ago,
    tries: 1,
    protocol: 'TCP',
    source,
    destination,
    allowedBy: [],
    deniedBy: [],
    seen: 'hubble',
    nodes: ['node-a', 'node-b'],
    ...(verdict === 'drop' ? { dropReason: { code: 133, text: 'Policy denied' } } : {}),
  };
  return {
    key,
    decidedBy: [],
    why: wish.why ?? 'db-only-api: admits api, not web',
    ...(wish.differs === undefined ? {} : { differs: wish.differs }),
    ...(wish.droppedBy === undefined ? {} : { droppedBy: wish.droppedBy }),
    row: {
      key,
      verdict,
      count,
      dropped: wish.dropped ?? (verdict === 'drop' ? count : 0),
      recent: { newest: Math.floor(NOW / 7_500), counts: [1, 2, 4, 8, 8, 4, 2, 1] },
      first: NOW - 180_000,
      last: NOW - ago,
      turned: wish.turned ?? NOW - 60_000,
      source,
      destination,
      sourceName: from,
      destinationName: to,
      port,
      protocol: 'TCP',
      newest,
    },
  };
}

export function grantLine(
  state: GrantState = { name: 'open', at: NOW - 600_000, after: 800, how: 'seen' },
  change: Partial<Grant> = {},
): GrantLine {
  const grant: Grant = {
    id: '7f3k',
    source: 'web',
    destination: 'db',
    ports: [{ port: 5432, protocol: 'TCP' }],
    reason: 'payment page shows no orders',
    ticket: 'INC-4411',
    requester: 'responder@demo',
    halves: [],
    window: { start: NOW - 648_000, end: NOW + 252_000, seconds: 900 },
    state,
    drift: [],
    mine: true,
    ...change,
  };
  return { key: grant.id, grant };
}

/** A request of somebody else that waits for approval. */
export function requestLine(): GrantLine {
  const waiting = { seconds: 600, path: undefined, plan: '' };
  return grantLine({ name: 'applied', at: NOW }, { id: 'q9zt', requester: 'alice', mine: false, waiting });
}

export function half(change: Partial<Half> = {}): Half {
  return {
    verdict: 'allow',
    isolated: false,
    deciders: [],
    nearMisses: [],
    cannotOpen: [],
    summary: 'not isolated',
    ...change,
  };
}

/** `web → db`: egress open, ingress denied by db-only-api and default-deny. */
export function deniedVerdict(): Verdict {
  return {
    verdict: 'deny',
    egress: half(),
    ingress: half({
      verdict: 'deny',
      isolated: true,
      summary: 'db-only-api: admits api, not web',
      deciders: [
        {
          kind: 'NetworkPolicy',
          namespace: 'shop',
          name: 'default-deny',
          direction: 'ingress',
          action: 'isolate',
          tier: 'normal',
          text: 'admits nothing',
        },
      ],
      nearMisses: [
        {
          kind: 'NetworkPolicy',
          namespace: 'shop',
          name: 'db-only-api',
          direction: 'ingress',
          ruleIndex: 0,
          why: 'peer',
          text: 'admits app=api, not app=web',
          admits: 'pods app=api · tcp 5432',
          because: 'web has app=web',
          edit: {
            type: 'add-peer',
            part: 0,
            direction: 'ingress',
            index: 0,
            peer: { type: 'pods', namespaces: { by: 'name', name: 'shop' }, pods: [] },
            text: 'add app=web to rule 1',
          },
        },
      ],
    }),
    assumptions: ['enforcer cilium'],
  };
}

const WEB = { type: 'workload', ref: { kind: 'Deployment', namespace: 'shop', name: 'web' } } as const;
const DB = { type: 'workload', ref: { kind: 'StatefulSet', namespace: 'shop', name: 'db' } } as const;

/** What the story's form asks for. */
export const ASKED = {
  source: WEB,
  destination: DB,
  ports: [{ port: 5432, protocol: 'TCP' }],
  seconds: 900,
} as const;

export function grantForm(change: Partial<GrantForm> = {}): GrantForm {
  return {
    ends: {
      from: {
        end: WEB,
        about: 'Deployment in shop · 2 pods now',
        other: { type: 'pod', namespace: 'shop', name: 'web-7d9f-x2x' },
      },
      to: { end: DB, about: 'StatefulSet in shop · 1 pod now' },
    },
    ports: ASKED.ports,
    field: 'reason',
    fields: {
      from: textField('web'),
      to: textField('sts/db'),
      ports: textField('5432/tcp'),
      duration: textField('15m'),
      reason: textField('INC-4411 payment page shows no orders'),
      ticket: textField(),
    },
    problems: {},
    plan: { state: 'none' },
    confirming: false,
    scroll: 0,
    ...change,
  };
}

/** The demo's story as the screen shows it. */
export function sessionState(change: Partial<SessionState> = {}): SessionState {
  return {
    now: NOW,
    serverNow: NOW,
    limits: DEFAULT_LIMITS,
    cluster: {
      context: 'demo',
      namespace: 'shop',
      user: 'responder@demo',
      version: '1.36',
      enforcer: 'cilium',
      connection: 'live',
      demo: true,
    },
    feeds: { pods: { state: 'live' }, networkpolicies: { state: 'live' } },
    traffic: {
      source: 'hubble',
      status: 'live',
      detail: 'hubble-relay in kube-system',
      nodes: { connected: 3, total: 3 },
      lost: 0,
    },
    rate: 38,
    samples: [],
    spans: [],
    pods: [
      podRow('api-6c9d-4kx'),
      podRow('api-6c9d-t7p', { ips: ['10.1.1.9'] }),
      podRow('db-0', { ips: ['10.1.2.4'] }),
      podRow('web-7d9f-x2x', { ips: ['10.1.0.7'] }, { ingress: 'open' }),
    ],
    listed: 'pods',
    workloads: [],
    services: [],
    policies: [policyRow('db-only-api'), policyRow('default-deny', { assessment: assessment(14), rules: 0 })],
    attempts: [
      attemptLine(),
      attemptLine({ to: 'api', port: 8080, verdict: 'allow', count: 1234, why: 'api-from-web' }),
      attemptLine({ from: 'api', verdict: 'allow', ago: 3000, count: 310, why: 'db-only-api' }),
      attemptLine({
        to: 'pay.example.com',
        port: 443,
        verdict: 'l7',
        ago: 4000,
        count: 12,
        why: 'GET /v1/pay',
      }),
      attemptLine({ from: 'backup', ago: 11_000, count: 3 }),
    ],
    drops: 2,
    grants: [grantLine()],
    path: {
      sourceName: 'web',
      destinationName: 'db',
      source: { type: 'workload', ref: { kind: 'Deployment', namespace: 'shop', name: 'web' } },
      destination: { type: 'workload', ref: { kind: 'StatefulSet', namespace: 'shop', name: 'db' } },
      port: { port: 5432, protocol: 'TCP' },
      verdict: deniedVerdict(),
    },
    focus: 'attempts',
    zoomed: false,
    panes: { pods: pane, policies: pane, attempts: pane, grants: pane },
    columns: {},
    trail: [],
    ahead: [],
    following: true,
    dropsOnly: false,
    grouping: 'workload',
    overlay: { type: 'none' },
    messages: [],
    calls: [],
    ended: false,
    ...change,
  };
}
