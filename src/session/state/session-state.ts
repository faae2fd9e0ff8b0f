import type { EndRef, Pod, PortSpec, Service, WorkloadRef } from '../../core/cluster/cluster.ts';
import type { Limits } from '../../core/common/common.ts';
import type { Grant, GrantPlan, GrantRequest } from '../../core/grants/grants.ts';
import type { FeedState } from '../../core/live/live.ts';
import type { PathSummary } from '../../core/policy/explain/explain.ts';
import type { Finding } from '../../core/policy/lint/lint.ts';
import type { EnforcerName } from '../../core/policy/match/match.ts';
import type { Decision, Policy, Verdict } from '../../core/policy/model/model.ts';
import type { TrafficState } from '../../core/ports/ports.ts';
import type { Attempt, AttemptRow, Grouping, RateSample } from '../../core/traffic/traffic.ts';
import type { Bookmark, ColumnChoices, ColumnWishes, LoggedCall } from '../runtime/runtime.ts';
import type { TextField } from './text-field.ts';

export type PaneId = 'pods' | 'policies' | 'attempts' | 'grants';

/** Isolation of a pod in one direction: no policy isolates it, one does, or an admin policy decides. */
export type Isolation = 'open' | 'iso' | 'admin' | '?';

export type PodRow = {
  readonly key: string;
  readonly pod: Pod;
  readonly ingress: Isolation;
  readonly egress: Isolation;
};

/** How the pods of a workload are isolated in one direction: alike, or not. */
export type Standing = Isolation | 'mixed';

/** A workload as far as its pods tell: how many there are, how many are ready, when the oldest was created. */
export type WorkloadRow = {
  readonly key: string;
  readonly workload: WorkloadRef;
  readonly pods: number;
  readonly ready: number;
  readonly ingress: Standing;
  readonly egress: Standing;
  readonly oldest: number;
};

/** A Service, with the number of pods behind it, and of addresses that its EndpointSlices name. */
export type ServiceRow = {
  readonly key: string;
  readonly service: Service;
  readonly pods: number;
  readonly endpoints: number;
};

/** What the first pane lists. */
export type Listed = 'pods' | 'workloads' | 'services';

/** A table of rows: one of those that the first pane lists, or that of another pane. */
export type TableId = Listed | Exclude<PaneId, 'pods'>;

export type PolicyRow = {
  readonly key: string;
  readonly policy: Policy;
  readonly directions: 'IN' | 'OUT' | 'IN,OUT' | '-';
  readonly rules: number;
  /** What it selects and what is wrong with it; absent until computed. */
  readonly assessment?: Assessment;
};

export type AttemptLine = {
  readonly key: string;
  readonly row: AttemptRow;
  /** The WHY column: a few words from the evaluator, or from the source if it knows better. */
  readonly why: string;
  /** Set when evaluator and datapath disagree; marked in the table. */
  readonly differs?: string;
  /** Keys of the policies that decide it, as evaluated or as its flows say. */
  readonly decidedBy: readonly string[];
  /** What dropped its last dropped attempt: policies by name, else the reason. */
  readonly droppedBy?: string;
};

export type GrantLine = { readonly key: string; readonly grant: Grant };

/** The cluster as the header shows it. */
export type ClusterState = {
  readonly context: string;
  /** Namespace in view; undefined means all. */
  readonly namespace?: string;
  /** Set if the user can list one namespace only. */
  readonly confinedTo?: string;
  readonly user?: string;
  readonly version?: string;
  readonly enforcer: EnforcerName;
  readonly enforcerEvidence?: string;
  readonly connection: 'connecting' | 'live' | 'stale';
  /** Why the connection is not live, in one phrase. */
  readonly problem?: string;
  /** Since when it is stale, and when the next try is due; ms since the epoch, local. */
  readonly staleSince?: number;
  readonly retryAt?: number;
  readonly demo: boolean;
};

/** The current pair and its verdict; `verdict` is undefined while an end is missing or not evaluated yet. */
export type PathState = {
  readonly source?: EndRef;
  readonly sourceName?: string;
  readonly destination?: EndRef;
  readonly destinationName?: string;
  readonly port?: PortSpec;
  readonly verdict?: PathSummary;
  /** Whether some pods at its ends have a different verdict. */
  readonly inPart?: boolean;
  /** Why there is no verdict though both ends are marked: `db has no pods`. */
  readonly problem?: string;
  /** The pods that the ends were picked from, for a grant limited to one pod. */
  readonly sourcePod?: PodName;
  readonly destinationPod?: PodName;
  /** Whether the user marked an end; otherwise the path is that of the row under the cursor. */
  readonly marked?: boolean;
};

export type PodName = { readonly namespace: string; readonly name: string };

export type Sort = { readonly column: string; readonly descending: boolean };

/** What was drilled into, by its identity; `text` names it. */
export type Subject = { readonly text: string } & (
  | ({ readonly type: 'pod' | 'service' } & PodName)
  | { readonly type: 'workload'; readonly ref: WorkloadRef }
  | { readonly type: 'policies'; readonly keys: readonly string[] }
  /** The path of a grant, and the keys of its policies: the path has traffic before and after them. */
  | ({ readonly type: 'grant'; readonly policies: readonly string[] } & GrantEnds)
  /** The attempts of one row. */
  | { readonly type: 'attempts'; readonly key: string }
);

/** What a grant opens, as far as its ends are known. */
export type GrantEnds = {
  readonly source: EndRef | undefined;
  readonly destination: EndRef | undefined;
  readonly ports: readonly PortSpec[];
};

/** Only the rows of a pane that have to do with one subject; `keys` are those rows as last found. */
export type Drill = {
  readonly into: Subject;
  /** What led here, the nearest first: `pod web-7d9f`. */
  readonly crumbs: readonly string[];
  readonly keys: ReadonlySet<string>;
};

/** What is seen of the cluster and how: what going back restores. */
export type View = Pick<SessionState, 'focus' | 'zoomed' | 'panes' | 'dropsOnly' | 'listed'> & {
  readonly namespace: string | undefined;
};

/** One pane. The cursor follows `key` when rows move; a pane that never had the focus has no key and keeps `index`. */
export type PaneState = {
  /** Set while all columns are shown whole: cells that are scrolled out at the left, as far as there are so many. */
  readonly wide?: number;
  readonly key?: string;
  readonly index: number;
  readonly filter: string;
  readonly sort?: Sort;
  readonly drill?: Drill;
};

export type GrantField = EndField | 'ports' | 'duration' | 'reason' | 'ticket';

export type EndField = 'from' | 'to';

/** An end in the form. `about`: `Deployment in shop · 2 pods now`. */
export type FormEnd = {
  readonly end: EndRef;
  readonly about: string;
  /** What else it can be: the one pod that was picked, or the workload of the pod. */
  readonly other?: EndRef;
};

/** Something that exists and that the typed text may mean; `text` is how to write it. */
export type EndChoice = {
  readonly end: EndRef;
  readonly text: string;
  readonly kind: string;
  readonly namespace: string;
  readonly pods: number;
};

/** What an end may be, best first, with the chosen one; `more` are not listed. */
export type EndChoices = {
  readonly items: readonly EndChoice[];
  readonly index: number;
  readonly more: number;
};

/** The plan below the form, which is always that of its fields: an edit that may change it makes it `making`. */
export type PlanState =
  /** The fields don't say a path yet. */
  | { readonly state: 'none' }
  /** `before`: the plan that was shown last, whose room the next one takes. */
  | { readonly state: 'making'; readonly before?: GrantPlan }
  | {
      readonly state: 'made';
      /** What was planned; its reason and ticket are those of the form. */
      readonly request: Omit<GrantRequest, 'reason' | 'ticket'>;
      readonly plan: GrantPlan;
      readonly server?: ServerSays;
    };

/** The server's dry-run: `pending`, accepted (with what admission changed), or refused. */
export type ServerSays =
  | { readonly state: 'pending' }
  | { readonly state: 'accepted'; readonly changes: readonly string[] }
  | { readonly state: 'refused'; readonly message: string; readonly hint: string };

export type GrantForm = {
  /** The ends that the fields name; missing while one is typed, or names nothing. */
  readonly ends: Readonly<Partial<Record<EndField, FormEnd>>>;
  /** The ports that the field stands for now. */
  readonly ports?: readonly PortSpec[];
  /** What the end being typed may be. */
  readonly choices?: EndChoices;
  readonly field: GrantField;
  readonly fields: Readonly<Record<GrantField, TextField>>;
  /** Validation errors by field. */
  readonly problems: Readonly<Partial<Record<GrantField, string>>>;
  readonly plan: PlanState;
  /** The running step, while the grant is being made. */
  readonly busy?: string;
  /** Waiting for a second enter, because pods would be isolated. */
  readonly confirming: boolean;
  /** First line shown, if the terminal has no room for all. */
  readonly scroll: number;
};

/** One line about an object; without a label it continues the previous one. `apart`: preceded by an empty line. */
export type AboutItem = {
  readonly label: string;
  readonly text: string;
  readonly level?: 'good' | 'warn' | 'bad' | 'faint';
  readonly apart?: boolean;
};

/** A search in an open text, while it is typed and after; `at` is the current match, from 0. */
export type Search = { readonly field: TextField; readonly typing: boolean; readonly at: number };

/** An open text: the first line shown, and the search in it. A `scroll` past the end shows the end. */
type Scrolled = { readonly scroll: number; readonly search?: Search };

/** Where a key is pressed: in a pane, or in what is open over the panes. */
export type Place = PaneId | Exclude<Overlay['type'], 'none'>;

/** What the palette offers besides actions: a command line to run, or a row to go to. */
export type PaletteTarget =
  | {
      readonly kind: 'command' | 'namespace' | 'context';
      readonly text: string;
      readonly note: string;
      readonly line: string;
      /** Other names of a command, and what it takes. */
      readonly names?: readonly string[];
      readonly takes?: 'namespace' | 'context';
    }
  | {
      readonly kind: 'pod' | 'workload' | 'policy' | 'pair';
      readonly text: string;
      readonly note: string;
      readonly pane: PaneId;
      readonly namespace?: string;
      /** The row to put the cursor on, or a filter that leaves the rows. */
      readonly key?: string;
      readonly filter?: string;
    };

/** A text for the clipboard, and what it is. */
export type Copyable = { readonly what: string; readonly text: string };

/** What is open over the panes, one at a time. */
export type Overlay =
  | { readonly type: 'none' }
  /** `of`: whose keys it lists. */
  | ({ readonly type: 'help'; readonly of: Place } & Scrolled)
  | ({ readonly type: 'messages' } & Scrolled)
  /** `manifests`: whether the YAML is shown below its command. */
  | ({ readonly type: 'log'; readonly manifests: boolean } & Scrolled)
  | ({
      readonly type: 'explain';
      readonly title: string;
      readonly verdict?: Verdict;
      /** Names of the ends, for the halves. */
      readonly names?: { readonly from: string; readonly to: string };
      /** Parts of the path with different verdicts, and the pair that `verdict` is about. */
      readonly parts?: readonly { readonly verdict: Decision; readonly text: string; readonly why: string }[];
      readonly shown?: string;
      /** Additional notes about the ends. */
      readonly notes?: readonly string[];
      readonly attempt?: AttemptLine;
      readonly problem?: string;
      readonly at: number;
    } & Scrolled)
  | ({
      readonly type: 'detail';
      readonly title: string;
      /** The description above the YAML. */
      readonly about?: readonly AboutItem[];
      /** What is told instead of a description. */
      readonly tells?: 'history' | 'reach' | 'attempts';
      /** Attempts of one row, one by one. */
      readonly attempts?: readonly Attempt[];
      readonly lines: readonly string[];
      readonly loading: boolean;
    } & Scrolled)
  | { readonly type: 'grant'; readonly form: GrantForm }
  | {
      readonly type: 'extend';
      readonly id: string;
      readonly title: string;
      readonly field: TextField;
      readonly problem?: string;
    }
  /** `hash`: of the plan that is shown, by which it is approved; absent if it can't be, and then `cannot` says why. */
  | ({
      readonly type: 'review';
      readonly id: string;
      readonly title: string;
      readonly about: readonly AboutItem[];
      readonly hash?: string | undefined;
      readonly cannot?: string | undefined;
      readonly loading: boolean;
    } & Scrolled)
  | {
      readonly type: 'refuse';
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
      /** Where to switch instead of quitting. */
      readonly target?: { readonly context?: string; readonly namespace?: string };
    }
  | {
      readonly type: 'pick';
      readonly what: 'context' | 'namespace' | 'field' | 'bookmark';
      readonly items: readonly string[];
      /** What the items stand for, if they are to be copied. */
      readonly fields?: readonly Copyable[];
      /** What the items stand for, if they are bookmarks. */
      readonly bookmarks?: readonly Bookmark[];
      readonly current?: string;
      readonly filter: TextField;
      readonly index: number;
    }
  | {
      readonly type: 'command';
      readonly field: TextField;
      readonly problem?: string;
      /** Where it was opened: its keys are offered as actions. */
      readonly of: Place;
      readonly targets: readonly PaletteTarget[];
      /** The chosen item; absent until one is chosen with the arrows. */
      readonly index?: number;
    }
  /** `before`: the filter to restore on esc. */
  | {
      readonly type: 'filter';
      readonly pane: PaneId;
      readonly field: TextField;
      readonly before?: string;
    }
  /** The columns of the table in focus; `index` is that under the cursor. */
  | { readonly type: 'columns'; readonly index: number }
  /** `bar`: the one under the cursor, by its key. */
  | { readonly type: 'charts'; readonly bar?: string };

/** A message in place of the key hints for some seconds; an `error` stays until a key is pressed. */
export type Notice = {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly hint?: string;
  readonly at: number;
  /** The id of the grant that it speaks of. */
  readonly grant?: string;
  /** Set for an answer to a key that does nothing. */
  readonly passing?: true;
  /** How often it came in a row, if more than once. */
  readonly times?: number;
};

/** The window of a grant, in local time; cut short when the grant ended early. */
export type GrantSpan = {
  readonly id: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
};

/** Everything that the screen shows. Arrays are replaced, never mutated; unchanged rows keep their identity. */
export type SessionState = {
  /** Local time, ms; ticks once a second. */
  readonly now: number;
  readonly serverNow: number;
  readonly limits: Limits;
  readonly cluster: ClusterState;
  /** Set while a connection, shown or being made, waits for a login; `why` is a sentence. */
  readonly login?: { readonly context: string; readonly why: string; readonly since: number };
  readonly feeds: Readonly<Record<string, FeedState>>;
  readonly traffic: TrafficState;
  /** Flows per second over the last seconds. */
  readonly rate: number;
  /** Attempts in view by second and verdict, newest last; only while the charts are open. */
  readonly samples: readonly RateSample[];
  /** Windows of all grants seen since the app was started; only while the charts are open. */
  readonly spans: readonly GrantSpan[];
  readonly pods: readonly PodRow[];
  /** What the first pane lists; workloads and Services have rows only while they are listed. */
  readonly listed: Listed;
  readonly workloads: readonly WorkloadRow[];
  readonly services: readonly ServiceRow[];
  readonly policies: readonly PolicyRow[];
  readonly attempts: readonly AttemptLine[];
  /** Rows whose newest attempt was dropped. */
  readonly drops: number;
  readonly grants: readonly GrantLine[];
  readonly path: PathState;
  readonly focus: PaneId;
  readonly zoomed: boolean;
  readonly panes: Readonly<Record<PaneId, PaneState>>;
  /** Which columns were asked for or hidden, by table. */
  readonly columns: ColumnChoices;
  /** The views that were drilled from, the last at the end; and those that were left by going back. */
  readonly trail: readonly View[];
  readonly ahead: readonly View[];
  readonly following: boolean;
  readonly dropsOnly: boolean;
  /** What a row of attempts stands for. */
  readonly grouping: Grouping;
  readonly overlay: Overlay;
  readonly notice?: Notice;
  /** Every notice so far, the newest last. */
  readonly messages: readonly Notice[];
  /** What was done to clusters, the newest last. */
  readonly calls: readonly LoggedCall[];
  /** Set once the app should end; the views unmount. */
  readonly ended: boolean;
};

/** What is known about a policy beyond its own text. */
export type Assessment = {
  /** Live pods that it selects. */
  readonly selects: number;
  /** Lint findings, most severe first. */
  readonly findings: readonly Finding[];
};

/** The table of a pane, which in the first one is what it lists. */
export function tableOf({ listed }: Pick<SessionState, 'listed'>, pane: PaneId): TableId {
  return pane === 'pods' ? listed : pane;
}

const NO_WISHES: ColumnWishes = {};

/** The columns that were asked for (true) or hidden (false) in the table of a pane. */
export function wishesIn(state: SessionState, pane: PaneId): ColumnWishes {
  return state.columns[tableOf(state, pane)] ?? NO_WISHES;
}

/** Whether the cluster that is shown waits for a login: nothing of it is current, and nothing can be done in it. */
export function waitsForLogin({ cluster, login }: Pick<SessionState, 'cluster' | 'login'>): boolean {
  return login !== undefined && login.context === cluster.context;
}

/** All rows of a pane, whatever the first one lists. */
export function rowsIn(state: SessionState, pane: PaneId): readonly { readonly key: string }[] {
  return state[tableOf(state, pane)];
}
