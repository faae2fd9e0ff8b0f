/* One active connection: model, engine, fold and keeper on top of the ports. */

import type { Pod, WorkloadRef } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort, isRecord, type Limits, type SluiceError } from '../../core/common/common.ts';
import {
  type Broken,
  brokenByPlan,
  brokenLimit,
  type Grant,
  type GrantPlan,
  type GrantRequest,
  grantId,
  type PromotedPath,
  planGrant,
  withBreakGlass,
} from '../../core/grants/grants.ts';
import {
  type ClusterEvent,
  type ClusterModel,
  createClusterModel,
  type FeedState,
  type KindName,
} from '../../core/live/live.ts';
import { createEngine, type Engine } from '../../core/policy/decide/decide.ts';
import { dialectOf, type NamedEnforcer, withCiliumConfig } from '../../core/policy/enforcers/enforcers.ts';
import type { Dialect } from '../../core/policy/match/match.ts';
import type { Clock, ClusterInfo, Identity, TrafficState } from '../../core/ports/ports.ts';
import { createFold, type Flow, type Fold } from '../../core/traffic/traffic.ts';
import {
  createKeeper,
  type GoodPlan,
  type GrantDeps,
  type GrantKeeper,
  type GrantStep,
  lazyAudit,
  recordRefusal,
} from '../grants/grants.ts';
import { type CallSink, loggedApi, loggedProbe } from './calls.ts';
import type { Connection } from './connection.ts';
import { type PlacedPromotion, promoter } from './promoter.ts';
import { workloadsOf } from './workloads-of.ts';

export { FOREIGN_FEED } from './feeds.ts';

import { FOREIGN_FEED, followForeign, kindOfFeed, trackFeeds } from './feeds.ts';

export { callsAsScript, type LoggedCall } from './calls.ts';
export type {
  Bookmark,
  BookmarkStore,
  ColumnChoices,
  ColumnStore,
  ColumnWishes,
  Connection,
  SessionDeps,
} from './connection.ts';
export type { PlacedPromotion } from './promoter.ts';

/** Events for whoever shows them; one call may carry several changes. */
export type RuntimeListener = {
  /** The events of one kind; empty if the reading of policies changed, not the objects. */
  readonly cluster?: (kind: KindName, events: readonly ClusterEvent[]) => void;
  readonly feed?: (feed: string, state: FeedState) => void;
  readonly scope?: (namespace: string | undefined) => void;
  readonly flows?: (flows: readonly Flow[]) => void;
  readonly traffic?: (state: TrafficState) => void;
  /** No more flows will come. */
  readonly trafficOver?: () => void;
  readonly grants?: () => void;
  /** Something was done to the cluster. */
  readonly called?: CallSink;
  /** The lists or the traffic source failed for good. */
  readonly problem?: (error: SluiceError, part: 'lists' | 'traffic') => void;
};

/** One active connection: the cluster's contents, the engine over them, the traffic, the grants. */
export type Runtime = {
  readonly connection: Connection;
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly fold: Fold;
  readonly info: ClusterInfo;
  readonly identity: Identity;
  readonly keeper: GrantKeeper;
  readonly grantDeps: GrantDeps;
  /** Resolves when every kind has been listed or is known to be unavailable: then verdicts are complete. */
  readonly ready: Promise<void>;
  /** Feeds still waiting for their first list. */
  readonly unlisted: () => readonly string[];
  /** Feeds whose contents are unknown, such as `pods`: that nothing is there is no news. */
  readonly unreadable: () => readonly string[];
  /** The only namespace that is read, for a user who can't list all. */
  readonly confinedTo: () => string | undefined;
  readonly plan: (request: GrantRequest, signal: AbortSignal) => Promise<GrantPlan>;
  /** Permanent policies for some paths; nothing is applied. */
  readonly promote: (paths: readonly PromotedPath[], signal: AbortSignal) => Promise<PlacedPromotion>;
  readonly grant: (
    plan: GoodPlan,
    request: GrantRequest,
    onStep: (step: GrantStep, grant: Grant) => void,
    signal: AbortSignal,
  ) => Promise<Grant>;
  /** Writes an audit record of a submitted plan that was refused. */
  readonly refused: (request: GrantRequest, plan: Extract<GrantPlan, { ok: false }>) => Promise<void>;
  readonly dispose: () => Promise<void>;
};

export type RuntimeOptions = {
  readonly namespace?: string;
  readonly clock: Clock;
  readonly version: string;
  /** Limits on grants. */
  readonly limits: Limits;
  /** Whether to follow traffic. */
  readonly traffic: boolean;
  /** The namespace in view, for sources that inspect pods one by one; absent means all. */
  readonly view?: () => string | undefined;
  /** Enforcer to assume instead of the one detected. */
  readonly enforcer?: NamedEnforcer;
  readonly listener: RuntimeListener;
  /** Returns a promise while the listener of flows is behind (see `TrafficSink`). */
  readonly slow?: () => Promise<void> | undefined;
};

/**
 * Starts a connection: queries the cluster and the identity, then lists, watches and follows in the background until
 * disposed.
 *
 * @throws SluiceError if the cluster is unreachable or rejects the credentials
 */
export async function startRuntime(
  opened: Connection,
  options: RuntimeOptions,
  signal: AbortSignal,
): Promise<Runtime> {
  const { listener, clock, version } = options;
  const connection = logged(opened, (call) => listener.called?.(call));
  const stop = new AbortController();
  const stopped = stop.signal;
  const [info, identity] = await Promise.all([connection.api.info(signal), connection.api.identity(signal)]);
  const model = createClusterModel();
  const dialect = await dialectFor(connection, enforcerOf(info, options.enforcer), signal);
  const engine = createEngine(model, dialect);
  const fold = createFold({ workloadOf: (end) => ownerOf(model, end) });

  const flowListeners = new Set<() => void>();
  let watched = false;
  const audit = lazyAudit(() => connection.audit(info));
  const { limits } = options;
  const { api, hooks } = connection;
  const grantDeps: GrantDeps = {
    ...{ api, audit, identity, info, clock, version, limits },
    ...(hooks === undefined ? {} : { tell: (news, id) => hooks.tell(info, news, id) }),
  };
  const keeper = createKeeper(
    grantDeps,
    engine,
    {
      attempts: (since) => fold.attempts({ since }),
      onFlows: (call) => {
        flowListeners.add(call);
        return () => flowListeners.delete(call);
      },
      isWatched: () => watched,
      keepsEstablished: () => engine.dialect.keepsEstablished,
      probe: connection.probe,
      connections: connection.connections,
    },
    () => listener.grants?.(),
  );

  let inView: { readonly namespace?: string; readonly pods: readonly Pod[] } | undefined;
  const pods = () => {
    const namespace = options.view?.();
    if (inView === undefined || inView.namespace !== namespace)
      inView = { namespace, pods: podsInView(model, namespace) };
    return inView.pods;
  };
  const feeds = trackFeeds();
  let denied: readonly string[] = [];
  let confinedTo: string | undefined;
  const updateUnreadable = () =>
    engine.setUnreadable([...feeds.unreadable().flatMap((feed) => kindOfFeed(feed) ?? []), ...denied]);
  const onState = (feed: string, state: FeedState) => {
    feeds.set(feed, state);
    updateUnreadable();
    listener.feed?.(feed, state);
  };
  const background: Promise<void>[] = [];
  const keep = (part: 'lists' | 'traffic', work: Promise<void>) =>
    background.push(
      work.catch((error: unknown) => {
        if (!isAbort(error) && !stopped.aborted) listener.problem?.(asSluiceError(error), part);
      }),
    );

  keep(
    'lists',
    connection.feed.run(
      {
        namespace: options.namespace,
        onEvents: (events) => {
          applyAll(model, engine, events, (kind, some) => listener.cluster?.(kind, some));
          if (events.some(({ kind }) => kind === 'pods')) inView = undefined;
          if (events.some(({ kind }) => TOUCHING.has(kind))) keeper.clusterChanged();
          for (const event of events) if (event.type === 'reset') feeds.listed(event.source);
          updateUnreadable();
        },
        onState,
        onScope: (namespace) => {
          confinedTo = namespace;
          listener.scope?.(namespace);
        },
      },
      stopped,
    ),
  );
  const found = ({ objects, denied: kinds }: Awaited<ReturnType<Connection['foreign']>>) => {
    denied = kinds;
    engine.setForeign([...objects]);
    feeds.listed(FOREIGN_FEED);
    updateUnreadable();
    listener.cluster?.('policies', []);
  };
  keep(
    'lists',
    followForeign(connection.foreign, { found, state: (state) => onState(FOREIGN_FEED, state) }, stopped),
  );
  if (options.traffic) {
    keep(
      'traffic',
      connection.traffic(model, stopped).then(async (source) => {
        await source.run(
          { pods, podAt: (ip) => model.podAt(ip) },
          {
            flows: (flows) => {
              fold.add(flows, clock.now());
              listener.flows?.(flows);
              for (const call of flowListeners) call();
            },
            state: (state) => {
              watched ||= state.status === 'live';
              listener.traffic?.(state);
            },
            slow: options.slow,
          },
          stopped,
        );
        if (!stopped.aborted) listener.trafficOver?.();
      }),
    );
  }

  return {
    connection,
    model,
    engine,
    fold,
    info,
    identity,
    keeper,
    grantDeps,
    ready: feeds.ready,
    unlisted: feeds.unlisted,
    unreadable: feeds.unreadable,
    confinedTo: () => confinedTo,
    plan: planner({ connection, model, engine, info, identity, limits, version }),
    promote: promoter(connection.api, { model, engine }),
    grant: keeper.make,
    refused: (request, { message }) => recordRefusal(grantDeps, request, message),
    dispose: async () => {
      await keeper.dispose();
      stop.abort();
      await Promise.all(background);
      await connection.dispose();
    },
  };
}

/** The connection with everything that it does to the cluster reported. */
function logged(connection: Connection, sink: CallSink): Connection {
  const { api, probe, context } = connection;
  return {
    ...connection,
    api: loggedApi(api, context, sink),
    ...(probe === undefined ? {} : { probe: loggedProbe(probe, api, context, sink) }),
  };
}

/** Kinds whose changes can affect an existing grant. */
const TOUCHING: ReadonlySet<KindName> = new Set(['pods', 'policies', 'namespaces']);

/** Running pods with an address, in one namespace or in all. */
function podsInView(model: ClusterModel, namespace: string | undefined): readonly Pod[] {
  const pods = namespace === undefined ? [...model.pods()] : model.podsIn(namespace);
  return pods.filter((pod) => pod.phase === 'Running' && pod.ips.length > 0);
}

/** Applies events to the model and the engine, in order, then reports them by kind. */
function applyAll(
  model: ClusterModel,
  engine: Engine,
  events: readonly ClusterEvent[],
  onKind: (kind: KindName, events: readonly ClusterEvent[]) => void,
): void {
  for (const event of events) {
    model.apply(event);
    engine.apply(event);
  }
  for (const [kind, some] of Map.groupBy(events, (event) => event.kind)) onKind(kind, some);
}

/** The workload of the pod at one end of a flow. */
function ownerOf(
  model: ClusterModel,
  end: { readonly namespace?: string; readonly pod?: string; readonly ip?: string },
): WorkloadRef | undefined {
  const pod =
    end.namespace !== undefined && end.pod !== undefined
      ? model.pod(end.namespace, end.pod)
      : end.ip === undefined
        ? undefined
        : model.podAt(end.ip);
  return pod?.owner;
}

/** The requested enforcer, else the detected one; a bare name keeps the detected version. */
function enforcerOf(
  info: Pick<ClusterInfo, 'enforcer' | 'enforcerVersion'>,
  asked: NamedEnforcer | undefined,
): NamedEnforcer {
  const { enforcer: name, enforcerVersion: version } = info;
  const seen = version === undefined ? { name } : { name, version };
  if (asked === undefined) return seen;
  return asked.name === name && asked.version === undefined ? seen : asked;
}

/** The dialect of the enforcer in this cluster; for Cilium partly from its ConfigMap, if readable. */
async function dialectFor(
  { api }: Connection,
  { name, version }: NamedEnforcer,
  signal: AbortSignal,
): Promise<Dialect> {
  const dialect = dialectOf(name, version);
  if (name !== 'cilium') return dialect;
  const ref = {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'kube-system',
    name: 'cilium-config',
  };
  const config = await api.read(ref, signal).catch(() => undefined);
  if (config === undefined) return dialect;
  const data = isRecord(config.data) ? config.data : {};
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return withCiliumConfig(dialect, Object.fromEntries(texts));
}

/** What a plan is based on. */
export type PlanParts = {
  readonly connection: Connection;
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly info: ClusterInfo;
  readonly identity: Identity;
  readonly limits: Limits;
  readonly version: string;
};

/** Plans grants on one connection, within the limits of the configuration; nothing is written. */
export function planner(
  parts: PlanParts,
): (request: GrantRequest, signal: AbortSignal) => Promise<GrantPlan> {
  const { connection, model, engine, info, identity, limits, version } = parts;
  return async (request, signal) => {
    const broken = brokenLimit(request, limits, info.context);
    if (broken !== undefined) return refusedBy(broken);
    const plan = planGrant({
      model,
      engine,
      request,
      id: grantId(crypto.getRandomValues(new Uint8Array(8))),
      requester: identity.username,
      version,
      maxSeconds: limits.maxSeconds,
      workloads: await workloadsOf(connection.api, [request.source, request.destination], signal),
    });
    if (!plan.ok) return plan;
    const guarded = brokenByPlan(plan, request, limits, info.context);
    if (guarded !== undefined) return refusedBy(guarded);
    return request.approval?.type === 'break-glass' ? withBreakGlass(plan, request.approval.why) : plan;
  };
}

function refusedBy({ message, hint, needs }: Broken): GrantPlan {
  return { ok: false, reason: needs === 'approval' ? 'needs-approval' : 'invalid', message, hint };
}
