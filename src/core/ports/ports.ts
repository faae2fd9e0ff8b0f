/* What the adapters implement: the API server, the feed of objects, sources of flows, the probe, the log. */

import type { ApiObject, Pod, Protocol, Workload, WorkloadRef } from '../cluster/cluster.ts';
import type { ClusterEvent, FeedState } from '../live/live.ts';
import type { EnforcerName } from '../policy/match/match.ts';
import type { Flow } from '../traffic/traffic.ts';

/** Names one object on the server; `resource` is the plural (`jobs`). */
export type ApiRef = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
};

/** The caller's identity according to the API server (SelfSubjectReview). */
export type Identity = {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
  /** Set when the caller impersonates: the server's answer then does not name the user whose credentials are used. */
  readonly impersonating: boolean;
};

/** The login of a user whose credential plug-in may want a person (API-15). */
export type Login = {
  /**
   * Runs the plug-in on the terminal, which nothing else may use meanwhile. Aborting ends the plug-in within a second.
   *
   * @throws SluiceError if it fails, or the signal's reason
   */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * Calls back with why a person is needed, and with undefined when none is any more, until disposed. While anybody
   * listens, calls that need credentials wait for the login; otherwise they fail.
   */
  readonly listen: (listener: (why: string | undefined) => void) => () => void;
};

/** What is known about the cluster without listing anything. */
export type ClusterInfo = {
  readonly context: string;
  readonly server: string;
  /** `1.36`, and the full git version. */
  readonly version: string;
  readonly gitVersion: string;
  readonly minor: number;
  /** UID of kube-system, the identity of the cluster; absent if it can't be read. */
  readonly clusterUid?: string;
  /** SHA-256 of the CA the client trusts, hex; absent when the system trust store is used. */
  readonly caSha256?: string;
  readonly enforcer: EnforcerName;
  /** How the enforcer was detected: `CRDs of crd.projectcalico.org`. */
  readonly enforcerEvidence: string;
  readonly enforcerVersion?: string;
};

/** One question for SelfSubjectAccessReview. */
export type AccessQuestion = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
};

export type AccessAnswer = AccessQuestion & { readonly allowed: boolean; readonly reason?: string };

/** The result of a write. */
export type ApiAnswer = {
  readonly object: ApiObject;
  readonly auditId?: string;
  /** Texts of `Warning` headers. */
  readonly warnings: readonly string[];
};

export type WriteOptions = {
  readonly dryRun?: boolean;
  /** Sent as `Audit-ID`, so that the intent can be logged under it before the call (API-9). */
  readonly auditId?: string;
  readonly signal?: AbortSignal;
};

export type DeleteWith = WriteOptions & {
  /** Preconditions; 409 `conflict` if another object has taken the name. */
  readonly uid: string;
  readonly propagation: 'Foreground' | 'Background';
};

/** Server time from `Date` headers (API-10): `now()` in ms since the epoch, `error` its half-width. */
export type ServerClock = { now(): number; readonly error: number; readonly offset: number };

/** One event of a narrow watch: `state` is undefined once the object is gone. */
export type ObjectEvent = { readonly name: string; readonly uid: string; readonly state?: ApiObject };

/**
 * Calls to one cluster as one user. Every call has a timeout. Errors are `SluiceError`s: `forbidden` names verb,
 * resource, and namespace; `unauthenticated`, `unreachable`, `conflict`, `not-found`, `refused` (admission, quota).
 */
export interface ClusterApi {
  info(signal?: AbortSignal): Promise<ClusterInfo>;
  identity(signal?: AbortSignal): Promise<Identity>;
  allowed(questions: readonly AccessQuestion[], signal?: AbortSignal): Promise<readonly AccessAnswer[]>;
  /** The object, or undefined on 404. */
  read(ref: ApiRef, signal?: AbortSignal): Promise<ApiObject | undefined>;
  /** All objects of a collection, page by page; `namespace` absent: everywhere. */
  list(
    collection: Omit<ApiRef, 'name' | 'namespace'>,
    options?: { readonly namespace?: string; readonly labels?: string; readonly signal?: AbortSignal },
  ): Promise<readonly ApiObject[]>;
  /** POST, `fieldValidation=Strict`; never server-side apply (API-4, API-5). */
  create(ref: Omit<ApiRef, 'name'>, object: ApiObject, options?: WriteOptions): Promise<ApiAnswer>;
  /** JSON merge patch; put `metadata.resourceVersion` and `metadata.uid` in it as preconditions. */
  patch(ref: ApiRef, patch: unknown, options?: WriteOptions): Promise<ApiAnswer>;
  /** DeleteOptions in the body (LEASE-6, API-6). `gone` if the object no longer existed. */
  delete(ref: ApiRef, options: DeleteWith): Promise<'deleted' | 'gone'>;
  /**
   * Follows objects of one collection by label, in one namespace or everywhere, until `signal` aborts: first all existing
   * ones, then every change, reconnecting automatically. `onEvent` gets `state: undefined` only for objects that a GET
   * has confirmed as gone.
   */
  follow(
    collection: Omit<ApiRef, 'name'>,
    labels: string,
    onEvent: (event: ObjectEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** The workload with its pod selector; undefined if it does not exist or can't be read. */
  workload(ref: WorkloadRef, signal?: AbortSignal): Promise<Workload | undefined>;
  readonly clock: ServerClock;
}

/** The live contents of a cluster. */
export interface ClusterFeed {
  /**
   * Lists and watches every kind until `signal` aborts; never rejects for a kind that fails: its `FeedState` says so.
   * Without cluster-wide permissions it continues in `namespace` only and reports that scope.
   */
  run(
    options: {
      readonly namespace?: string;
      readonly onEvents: (events: readonly ClusterEvent[]) => void;
      readonly onState: (feed: string, state: FeedState) => void;
      readonly onScope: (namespace: string | undefined) => void;
    },
    signal: AbortSignal,
  ): Promise<void>;
}

/** The state of a traffic source, as the header shows it. */
export type TrafficState = {
  readonly source: 'hubble' | 'probe' | 'replay' | 'none';
  readonly status: 'connecting' | 'live' | 'reconnecting' | 'failed' | 'off';
  /** One phrase: the server's address, or why it is not live. */
  readonly detail: string;
  readonly nodes?: { readonly connected: number; readonly total: number };
  /** Flows the source reported as lost, since the start. */
  readonly lost: number;
  /** What of a recording could not be read, as a phrase. */
  readonly unread?: string;
  /** The last stretch that flows may be missing from, because they could not be read again, ms since the epoch. */
  readonly gap?: { readonly from: number; readonly to: number };
  readonly version?: string;
};

export type TrafficSink = {
  readonly flows: (flows: readonly Flow[]) => void;
  readonly state: (state: TrafficState) => void;
  /** Returns a promise while the consumer of the flows is behind: the source then stops reading until it resolves. */
  readonly slow?: () => Promise<void> | undefined;
};

/** What a source may query from the app while it runs. */
export type TrafficContext = {
  /** Running pods in view, with an address; the same array as long as nothing changed. */
  readonly pods: () => readonly Pod[];
  /** The pod that currently has an address, never a finished one (NP-32). */
  readonly podAt: (ip: string) => Pod | undefined;
};

/** Where flows come from. */
export interface TrafficSource {
  readonly name: 'hubble' | 'probe' | 'replay';
  /** Delivers flows until `signal` aborts, reconnecting automatically; rejects only if it can never work. */
  run(context: TrafficContext, sink: TrafficSink, signal: AbortSignal): Promise<void>;
}

/** The result of one connect test; `unknown` when no tool could tell. `how` names the tool and the evidence. */
export type ProbeResult = {
  readonly outcome: 'open' | 'refused' | 'timeout' | 'dns-failure' | 'unknown';
  readonly how: string;
  readonly milliseconds: number;
};

/** A container that commands run in. */
export type ExecTarget = { readonly namespace: string; readonly pod: string; readonly container: string };

/** Tests a connection from inside a pod (PROBE-2). `onExec` gets every command that it runs there, before it runs. */
export interface ConnectProbe {
  connect(
    from: Pod,
    to: { readonly host: string; readonly port: number; readonly protocol: Protocol },
    signal: AbortSignal,
    onExec?: (target: ExecTarget, command: readonly string[]) => void,
  ): Promise<ProbeResult>;
}

/** A connection of a pod that can still carry data, by the ends that its socket table has. */
export type LivingConnection = {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly protocol: 'TCP' | 'UDP';
  readonly local: { readonly ip: string; readonly port: number };
  readonly remote: { readonly ip: string; readonly port: number };
};

/** The connections of a pod, from its socket table. */
export interface ConnectionTable {
  /** Established connections from the pod to any of `targets`, each `ip:port/PROTOCOL`. */
  established(
    from: Pod,
    targets: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly LivingConnection[]>;
  /** Ends connections of the pod from inside it, where the kernel allows that; gives those that live on. */
  cut(
    from: Pod,
    living: readonly LivingConnection[],
    signal: AbortSignal,
  ): Promise<readonly LivingConnection[]>;
}

/** Runs a command in a container; the exit code is the command's. Errors are `SluiceError`s. */
export type Exec = (
  target: ExecTarget,
  command: readonly string[],
  options: { readonly signal: AbortSignal; readonly timeout: number },
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/** What a record is about. */
export const AUDIT_TYPES = [
  'intent',
  'requested',
  'approved',
  'rejected',
  'withdrawn',
  'break-glass',
  'granted',
  'refused',
  'extended',
  'revoked',
  'expired',
  'closed',
  'failed',
  'drift',
  'swept',
  'recovered',
  'key',
] as const;

export type AuditType = (typeof AUDIT_TYPES)[number];

/** What a grant was used for, as far as it was seen (GRANT-52). */
export type Usage = {
  readonly connections: number;
  /** From the beginning of the window to the last of their traffic. */
  readonly seconds: number;
  /** The length of the window. */
  readonly of: number;
};

/** The content of one record, before it is chained. Fields that do not apply to the type are absent. */
export type AuditEntry = {
  readonly type: AuditType;
  /** Server time, ms since the epoch. */
  readonly time: number;
  readonly actor: Identity;
  readonly cluster: {
    readonly context: string;
    readonly server: string;
    readonly clusterUid?: string;
    readonly caSha256?: string;
  };
  readonly grant?: {
    readonly id: string;
    readonly source: string;
    readonly destination: string;
    readonly ports: string;
    readonly seconds?: number;
    readonly expiresAt?: string;
  };
  readonly reason?: string;
  readonly ticket?: string;
  /** What happened, one sentence. */
  readonly outcome: string;
  /** How the path was found after its end; of `closed`. */
  readonly proof?: 'closed' | 'unproven' | 'flowing';
  /** What the grant was used for; of the record of its end, where traffic was watched. */
  readonly usage?: Usage;
  readonly objects?: readonly {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
    readonly auditId?: string;
  }[];
};

/** An entry as stored in the log. */
export type AuditRecord = AuditEntry & {
  readonly v: 1;
  readonly seq: number;
  /** Hash of the previous record, hex SHA-256; 64 zeros for the first. */
  readonly prev: string;
  readonly hash: string;
  /** On the first record whose checkpoint a key signs: the public key, and what the key before it signed about it. */
  readonly key?: { readonly verifier: string; readonly endorsement?: string };
  readonly writer: {
    readonly user: string;
    readonly host: string;
    readonly version: string;
    readonly pid: number;
  };
};

/** What is told of a grant while it lives, and is no record of the log. */
export type LiveNews = Omit<AuditEntry, 'type' | 'grant'> & {
  readonly type: 'opened' | 'expiring';
  readonly grant: NonNullable<AuditEntry['grant']>;
};

/** Gets every record of a log once and in order, even if processes die in between (GRANT-50). Never rejects. */
export interface RecordFollower {
  /** The number of the last record that was taken; undefined before the first time. */
  last(): Promise<number | undefined>;
  /** Takes records, whose last has the number `newest`; with none, what came before is not wanted. */
  take(records: readonly AuditRecord[], newest: number): Promise<void>;
}

/** The log of one cluster, a hash chain with a signed checkpoint. */
export interface AuditLog {
  /** Chains, writes, and syncs one record; once it resolves, the record is on disk. */
  append(entry: AuditEntry): Promise<AuditRecord>;
  /** The signed checkpoint after the last record of this process (AUD-6); undefined before one. */
  checkpoint(): string | undefined;
  /**
   * Appends what is missing according to the records since a time (ms): nobody else writes between reading and appending,
   * so that two processes don't append the same.
   */
  appendMissing(
    since: number,
    missing: (records: readonly AuditRecord[]) => readonly AuditEntry[],
  ): Promise<readonly AuditRecord[]>;
  /** Location of the log, for messages. */
  readonly path: string;
}

/** Local time. `monotonic` never jumps; both in ms. */
export interface Clock {
  now(): number;
  monotonic(): number;
}
