import type { EndRef, Pod, PortSpec } from '../../core/cluster/cluster.ts';
import type { Limits } from '../../core/common/common.ts';
import type { Grant, GrantPlan } from '../../core/grants/grants.ts';
import type { FeedState } from '../../core/live/live.ts';
import type { PathSummary } from '../../core/policy/explain/explain.ts';
import type { Finding } from '../../core/policy/lint/lint.ts';
import type { EnforcerName } from '../../core/policy/match/match.ts';
import type { Decision, Policy, Verdict } from '../../core/policy/model/model.ts';
import type { TrafficState } from '../../core/ports/ports.ts';
import type { AttemptRow } from '../../core/traffic/traffic.ts';
import type { TextField } from './text-field.ts';

export type PaneId = 'pods' | 'policies' | 'attempts' | 'grants';

/** How a pod stands in one direction: no policy isolates it, one does, or an administrator's policy decides. */
export type Isolation = 'open' | 'iso' | 'admin' | '?';

export type PodRow = {
  readonly key: string;
  readonly pod: Pod;
  readonly ingress: Isolation;
  readonly egress: Isolation;
};

export type PolicyRow = {
  readonly key: string;
  readonly policy: Policy;
  readonly directions: 'IN' | 'OUT' | 'IN,OUT' | '-';
  readonly rules: number;
  /** What it selects and what is wrong with it; absent while that is still being worked out. */
  readonly assessment?: Assessment;
};

export type AttemptLine = {
  readonly key: string;
  readonly row: AttemptRow;
  /** The WHY column: a few words from the evaluator, or from the source where it knows better. */
  readonly why: string;
  /** Set when evaluator and datapath disagree: a finding, marked in the table. */
  readonly differs?: string;
};

export type GrantLine = { readonly key: string; readonly grant: Grant };

/** The cluster as the header shows it. */
export type ClusterState = {
  readonly context: string;
  /** Namespace in view; undefined: all. */
  readonly namespace?: string;
  /** Set when the user may list one namespace only. */
  readonly confinedTo?: string;
  readonly user?: string;
  readonly version?: string;
  readonly enforcer: EnforcerName;
  readonly enforcerEvidence?: string;
  readonly connection: 'connecting' | 'live' | 'stale';
  /** Why the connection is not live, one phrase. */
  readonly problem?: string;
  readonly demo: boolean;
};

/** The marked pair and its verdict; `verdict` undefined while an end is missing or not evaluated yet. */
export type PathState = {
  readonly source?: EndRef;
  readonly sourceName?: string;
  readonly destination?: EndRef;
  readonly destinationName?: string;
  readonly port?: PortSpec;
  readonly verdict?: PathSummary;
  /** Whether some of the pods at its ends have another verdict. */
  readonly inPart?: boolean;
  /** Why there is no verdict though both ends are marked: `db has no pods`. */
  readonly problem?: string;
  /** The pods that the ends were picked as, for a grant of one pod only. */
  readonly sourcePod?: PodName;
  readonly destinationPod?: PodName;
  /** Whether a person marked an end; else the path is that of the attempt under the cursor. */
  readonly marked?: boolean;
};

export type PodName = { readonly namespace: string; readonly name: string };

export type Sort = { readonly column: string; readonly descending: boolean };

/** One pane. The cursor follows `key` when rows move; before the pane had the focus it has none, and keeps `index`. */
export type PaneState = {
  readonly key?: string;
  readonly index: number;
  readonly filter: string;
  readonly sort?: Sort;
};

export type GrantField = 'ports' | 'duration' | 'reason' | 'ticket';

/** The plan under the form. `stale`: the form changed since, a new plan is being made. */
export type PlanState =
  | { readonly state: 'none' }
  | { readonly state: 'making' }
  | {
      readonly state: 'made';
      readonly plan: GrantPlan;
      readonly stale: boolean;
      readonly server?: ServerSays;
    };

/** The server's dry-run: `pending`, accepted (with what admission changed), or refused. */
export type ServerSays =
  | { readonly state: 'pending' }
  | { readonly state: 'accepted'; readonly changes: readonly string[] }
  | { readonly state: 'refused'; readonly message: string; readonly hint: string };

export type GrantForm = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly sourceText: string;
  readonly destinationText: string;
  readonly scope: 'workload' | 'pod';
  /** Whether the other scope can be chosen: the source was picked as a pod of a workload. */
  readonly canScope: boolean;
  readonly field: GrantField;
  readonly fields: Readonly<Record<GrantField, TextField>>;
  /** What is wrong with a field, by field. */
  readonly problems: Readonly<Partial<Record<GrantField, string>>>;
  readonly plan: PlanState;
  /** Set while the grant is being made: the step that runs. */
  readonly busy?: string;
  /** Pods that would be isolated must be confirmed by a second enter. */
  readonly confirming: boolean;
  /** First line shown, where the terminal has no room for all. */
  readonly scroll: number;
};

/** One thing that is said of an object; without a label it belongs to the one before. `apart`: after an empty line. */
export type AboutItem = {
  readonly label: string;
  readonly text: string;
  readonly level?: 'good' | 'warn' | 'bad' | 'faint';
  readonly apart?: boolean;
};

/** What lies over the panes: one thing at a time. */
export type Overlay =
  | { readonly type: 'none' }
  | { readonly type: 'help'; readonly scroll: number }
  | {
      readonly type: 'explain';
      readonly title: string;
      readonly verdict?: Verdict;
      /** What the ends of the halves are called. */
      readonly names?: { readonly from: string; readonly to: string };
      /** Parts of the path that differ, and the pair that the verdict is about then. */
      readonly parts?: readonly { readonly verdict: Decision; readonly text: string; readonly why: string }[];
      readonly shown?: string;
      /** What else is to be known of the ends. */
      readonly notes?: readonly string[];
      readonly attempt?: AttemptLine;
      readonly problem?: string;
      readonly scroll: number;
      readonly at: number;
    }
  | {
      readonly type: 'detail';
      readonly title: string;
      /** What is to be said of the object, above its YAML. */
      readonly about?: readonly AboutItem[];
      readonly lines: readonly string[];
      readonly scroll: number;
      readonly loading: boolean;
    }
  | { readonly type: 'grant'; readonly form: GrantForm }
  | {
      readonly type: 'extend';
      readonly id: string;
      readonly title: string;
      readonly field: TextField;
      readonly problem?: string;
    }
  | {
      readonly type: 'revoke';
      readonly ids: readonly string[];
      readonly title: string;
      readonly consequences: readonly string[];
    }
  | {
      readonly type: 'quit';
      readonly grants: readonly Grant[];
      readonly busy?: string;
      /** Where one goes instead of ending the app. */
      readonly target?: { readonly context?: string; readonly namespace?: string };
    }
  | {
      readonly type: 'pick';
      readonly what: 'context' | 'namespace';
      readonly items: readonly string[];
      readonly current?: string;
      readonly filter: TextField;
      readonly index: number;
    }
  | {
      readonly type: 'command';
      readonly field: TextField;
      readonly problem?: string;
      readonly completions: readonly string[];
    }
  /** `before`: the filter that comes back when the typing is left. */
  | {
      readonly type: 'filter';
      readonly pane: PaneId;
      readonly field: TextField;
      readonly before?: string;
    }
  | { readonly type: 'charts' };

/** A message in the key-hint line for some seconds; `error` stays until a key is pressed. */
export type Notice = {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly hint?: string;
  readonly at: number;
};

/** Attempts per second by verdict, one sample a second, newest last, at most 120: for the charts. */
export type TrafficSample = {
  readonly time: number;
  readonly allow: number;
  readonly drop: number;
  readonly other: number;
};

/** Everything that the screen shows. Arrays are replaced, never changed; unchanged rows keep their identity. */
export type SessionState = {
  /** Local time, ms; ticks once a second. */
  readonly now: number;
  readonly serverNow: number;
  readonly limits: Limits;
  readonly cluster: ClusterState;
  readonly feeds: Readonly<Record<string, FeedState>>;
  readonly traffic: TrafficState;
  /** Flows a second over the last seconds. */
  readonly rate: number;
  readonly samples: readonly TrafficSample[];
  readonly dropReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly talkers: readonly { readonly name: string; readonly count: number }[];
  readonly pods: readonly PodRow[];
  readonly policies: readonly PolicyRow[];
  readonly attempts: readonly AttemptLine[];
  /** Rows whose newest attempt was dropped. */
  readonly drops: number;
  readonly grants: readonly GrantLine[];
  readonly path: PathState;
  readonly focus: PaneId;
  readonly zoomed: boolean;
  readonly panes: Readonly<Record<PaneId, PaneState>>;
  readonly following: boolean;
  readonly dropsOnly: boolean;
  readonly overlay: Overlay;
  readonly notice?: Notice;
  /** Set once the app should end; the views unmount. */
  readonly ended: boolean;
};

/** What is to be said of one policy besides what is written in it. */
export type Assessment = {
  /** Live pods that it selects. */
  readonly selects: number;
  /** Mistakes in it, gravest first. */
  readonly findings: readonly Finding[];
};
