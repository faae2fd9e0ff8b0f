import type { EndRef, PortSpec } from '../../core/cluster/cluster.ts';
import type { Limits } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { ForeignObject } from '../../core/policy/model/model.ts';
import type {
  AuditLog,
  AuditRecord,
  Clock,
  ClusterApi,
  ClusterFeed,
  ClusterInfo,
  ConnectionTable,
  ConnectProbe,
  LiveNews,
  Login,
  TrafficSource,
} from '../../core/ports/ports.ts';

/**
 * One cluster as one user, with everything that reaches it; created by `cli`, the only room that knows the adapters.
 */
export type Connection = {
  readonly api: ClusterApi;
  readonly feed: ClusterFeed;
  readonly context: string;
  /** The namespace of the context or as requested; undefined means all. */
  readonly namespace?: string;
  readonly demo: boolean;
  /** Finds the source of flows; rejects with a hint if the requested one is unavailable. */
  readonly traffic: (model: ClusterModel, signal: AbortSignal) => Promise<TrafficSource>;
  /** Tries connections from inside pods; absent unless enabled. */
  readonly probe?: ConnectProbe;
  readonly connections?: ConnectionTable;
  /** Opens the log of the cluster to write, which creates it. */
  readonly audit: (info: ClusterInfo) => Promise<AuditLog>;
  /** The records of that log since a time, ms; none where there is no log. */
  readonly records: (info: ClusterInfo, since: number) => AsyncIterable<AuditRecord>;
  /** Whoever is told of grants outside (GRANT-50); absent unless configured. The log itself tells of its records. */
  readonly hooks?: {
    /** Tells what no record says; `id` names it among all that is told of its grant. Never rejects. */
    readonly tell: (info: ClusterInfo, news: LiveNews, id: string) => Promise<void>;
    /** Starts to deliver, what earlier processes left too; `onTrouble` gets what failed, and the next step. */
    readonly start: (info: ClusterInfo, onTrouble: (message: string, hint: string) => void) => void;
  };
  /** Policies of kinds that sluice doesn't evaluate, and which of these kinds can't be listed. */
  readonly foreign: (signal: AbortSignal) => Promise<{
    readonly objects: readonly ForeignObject[];
    readonly denied: readonly string[];
  }>;
  /** Warnings about how it was made, one sentence each. */
  readonly warnings?: readonly string[];
  /** Absent unless a person may have to do something. */
  readonly login?: Login;
  readonly dispose: () => Promise<void>;
};

/** A pair and a port that are kept over sessions. */
export type Bookmark = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly port: PortSpec;
};

/** Bookmarks by context. `load` rejects for what can't be read, and then `save` changes nothing. */
export type BookmarkStore = {
  readonly load: (context: string) => Promise<readonly Bookmark[]>;
  readonly save: (context: string, all: readonly Bookmark[]) => Promise<void>;
};

/** Columns of a table that the user asked for (true) or hid (false), by their ids; the others are automatic. */
export type ColumnWishes = Readonly<Record<string, boolean>>;

/** The wishes for each table, by what it lists. */
export type ColumnChoices = Readonly<Record<string, ColumnWishes>>;

/** The choice of columns, of all contexts. `load` rejects for what can't be read, and then `save` changes nothing. */
export type ColumnStore = {
  readonly load: () => Promise<ColumnChoices | undefined>;
  readonly save: (all: ColumnChoices) => Promise<void>;
};

/** How the session reaches clusters. */
export type SessionDeps = {
  readonly connect: (
    target: { readonly context?: string; readonly namespace?: string },
    signal: AbortSignal,
  ) => Promise<Connection>;
  readonly contexts: () => Promise<{ readonly names: readonly string[]; readonly current?: string }>;
  readonly clock: Clock;
  readonly version: string;
  /** Limits on grants. */
  readonly limits: Limits;
  /** Whether to start with all namespaces. */
  readonly allNamespaces: boolean;
  /** Absent: bookmarks are not kept. */
  readonly bookmarks?: BookmarkStore;
  /** Absent: the choice of columns is not kept. */
  readonly columns?: ColumnStore;
};
