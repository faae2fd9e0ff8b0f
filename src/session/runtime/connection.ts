import type { Limits } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { ForeignObject } from '../../core/policy/model/model.ts';
import type {
  AuditLog,
  Clock,
  ClusterApi,
  ClusterFeed,
  ClusterInfo,
  ConnectionCount,
  ConnectProbe,
  TrafficSource,
} from '../../core/ports/ports.ts';

/** One cluster as one user, with everything that reaches it; made by `cli`, which alone names the adapters. */
export type Connection = {
  readonly api: ClusterApi;
  readonly feed: ClusterFeed;
  readonly context: string;
  /** The namespace of the context, or as asked for; undefined: all. */
  readonly namespace?: string;
  readonly demo: boolean;
  /** Finds the source of flows; rejects with what to do when the one asked for can't be had. */
  readonly traffic: (model: ClusterModel, signal: AbortSignal) => Promise<TrafficSource>;
  /** Enters pods to try connections; absent when not asked for. */
  readonly probe?: ConnectProbe;
  readonly connections?: ConnectionCount;
  readonly audit: (info: ClusterInfo) => Promise<AuditLog>;
  /** Policies of kinds that sluice doesn't evaluate, and those of these kinds that may not be listed. */
  readonly foreign: (signal: AbortSignal) => Promise<{
    readonly objects: readonly ForeignObject[];
    readonly denied: readonly string[];
  }>;
  /** What the user should know of how it was made, one sentence each. */
  readonly warnings?: readonly string[];
  readonly dispose: () => Promise<void>;
};

/** How the session gets at clusters. */
export type SessionDeps = {
  readonly connect: (
    target: { readonly context?: string; readonly namespace?: string },
    signal: AbortSignal,
  ) => Promise<Connection>;
  readonly contexts: () => Promise<{ readonly names: readonly string[]; readonly current?: string }>;
  readonly clock: Clock;
  readonly version: string;
  /** What may be granted at all. */
  readonly limits: Limits;
  /** All namespaces at the start. */
  readonly allNamespaces: boolean;
};
