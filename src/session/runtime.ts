import type { Grant, GrantRequest } from '../core/access/grant.ts';
import type { Limits } from '../core/access/limits.ts';
import type { GrantPlan } from '../core/access/plan.ts';
import type { ClusterEvent, FeedState, KindName } from '../core/cluster/events.ts';
import { type ClusterModel, createClusterModel } from '../core/cluster/model.ts';
import { asSluiceError, isAbort, type SluiceError } from '../core/errors.ts';
import { createEngine, type Engine } from '../core/policy/decide/engine.ts';
import type { NamedEnforcer } from '../core/policy/enforcers/enforcers.ts';
import type { Clock, ClusterInfo, Identity, TrafficState } from '../core/ports.ts';
import type { Flow } from '../core/traffic/flow.ts';
import { createFold, type Fold } from '../core/traffic/fold.ts';
import type { Connection } from './connection.ts';
import { createKeeper, type GrantKeeper } from './grants/keeper.ts';
import { lazyAudit } from './grants/lazy-audit.ts';
import { type GrantDeps, recordRefusal } from './grants/record.ts';
import type { GoodPlan, GrantStep } from './grants/steps/make-grant.ts';
import { applyAll, ownerOf, podsInView } from './runtime/contents.ts';
import { dialectFor, enforcerOf } from './runtime/dialect.ts';
import { kindOfFeed, trackFeeds } from './runtime/feeds.ts';
import { FOREIGN_FEED, followForeign } from './runtime/foreign.ts';
import { planner } from './runtime/plan.ts';

/** What happened, for whoever shows it; several changes may come as one call. */
export type RuntimeListener = {
  /** The events of one kind; none when not objects changed, but how policies are read. */
  readonly cluster?: (kind: KindName, events: readonly ClusterEvent[]) => void;
  readonly feed?: (feed: string, state: FeedState) => void;
  readonly scope?: (namespace: string | undefined) => void;
  readonly flows?: (flows: readonly Flow[]) => void;
  readonly traffic?: (state: TrafficState) => void;
  readonly grants?: () => void;
  /** What has ended for good, though nobody asked it to: the lists, or the source of flows. */
  readonly problem?: (error: SluiceError, part: 'lists' | 'traffic') => void;
};

/** One connection at work: the cluster's contents, the engine over them, the traffic, the grants. */
export type Runtime = {
  readonly connection: Connection;
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly fold: Fold;
  readonly info: ClusterInfo;
  readonly identity: Identity;
  readonly keeper: GrantKeeper;
  readonly grantDeps: GrantDeps;
  /** Resolves when every kind has been listed, or is known not to be: then verdicts are whole. */
  readonly ready: Promise<void>;
  /** Feeds of which no list came so far, though none was refused. */
  readonly unlisted: () => readonly string[];
  readonly plan: (request: GrantRequest, signal: AbortSignal) => Promise<GrantPlan>;
  readonly grant: (
    plan: GoodPlan,
    request: GrantRequest,
    onStep: (step: GrantStep, grant: Grant) => void,
    signal: AbortSignal,
  ) => Promise<Grant>;
  /** Audits that a plan was refused to somebody who asked for it in earnest. */
  readonly refused: (request: GrantRequest, plan: Extract<GrantPlan, { ok: false }>) => Promise<void>;
  readonly dispose: () => Promise<void>;
};

export type RuntimeOptions = {
  readonly namespace?: string;
  readonly clock: Clock;
  readonly version: string;
  /** What may be granted at all. */
  readonly limits: Limits;
  /** Whether to follow traffic at all. */
  readonly traffic: boolean;
  /** The namespace in view, for sources that look into pods one by one; absent: all. */
  readonly view?: () => string | undefined;
  /** Enforcer to assume instead of the one detected. */
  readonly enforcer?: NamedEnforcer;
  readonly listener: RuntimeListener;
  /** Gives a promise while whoever listens to flows is behind (see `TrafficSink`). */
  readonly slow?: () => Promise<void> | undefined;
};

/**
 * Starts a connection: asks who and what, then lists, watches and follows in the background until disposed.
 *
 * @throws SluiceError when the cluster can't be reached or doesn't know the caller
 */
export async function startRuntime(
  connection: Connection,
  options: RuntimeOptions,
  signal: AbortSignal,
): Promise<Runtime> {
  const { listener, clock, version } = options;
  const stop = new AbortController();
  const stopped = stop.signal;
  const [info, identity] = await Promise.all([connection.api.info(signal), connection.api.identity(signal)]);
  const model = createClusterModel();
  const dialect = await dialectFor(connection, enforcerOf(info, options.enforcer), signal);
  const engine = createEngine(model, dialect);
  const fold = createFold({ workloadOf: (end) => ownerOf(model, end) });

  const flowListeners = new Set<() => void>();
  const audit = lazyAudit(() => connection.audit(info));
  const { limits } = options;
  const grantDeps: GrantDeps = { api: connection.api, audit, identity, info, clock, version, limits };
  const keeper = createKeeper(
    grantDeps,
    engine,
    {
      attempts: (since) => fold.attempts({ since }),
      onFlows: (call) => {
        flowListeners.add(call);
        return () => flowListeners.delete(call);
      },
      keepsEstablished: () => engine.dialect.keepsEstablished,
      probe: connection.probe,
      connections: connection.connections,
    },
    () => listener.grants?.(),
  );

  const feeds = trackFeeds();
  let denied: readonly string[] = [];
  const tellUnreadable = () =>
    engine.setUnreadable([...feeds.unreadable().flatMap((feed) => kindOfFeed(feed) ?? []), ...denied]);
  const onState = (feed: string, state: FeedState) => {
    feeds.set(feed, state);
    tellUnreadable();
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
          if (events.some(({ kind }) => TOUCHING.has(kind))) keeper.clusterChanged();
          for (const event of events) if (event.type === 'reset') feeds.listed(event.source);
          tellUnreadable();
        },
        onState,
        onScope: (namespace) => listener.scope?.(namespace),
      },
      stopped,
    ),
  );
  const found = ({ objects, denied: kinds }: Awaited<ReturnType<Connection['foreign']>>) => {
    denied = kinds;
    engine.setForeign([...objects]);
    feeds.listed(FOREIGN_FEED);
    tellUnreadable();
    listener.cluster?.('policies', []);
  };
  keep(
    'lists',
    followForeign(connection.foreign, { found, state: (state) => onState(FOREIGN_FEED, state) }, stopped),
  );
  if (options.traffic) {
    keep(
      'traffic',
      connection.traffic(model, stopped).then((source) =>
        source.run(
          { pods: () => podsInView(model, options.view?.()), podAt: (ip) => model.podAt(ip) },
          {
            flows: (flows) => {
              fold.add(flows, clock.now());
              listener.flows?.(flows);
              for (const call of flowListeners) call();
            },
            state: (state) => listener.traffic?.(state),
            slow: options.slow,
          },
          stopped,
        ),
      ),
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
    plan: planner({ connection, model, engine, info, identity, limits, version }),
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

/** What a standing grant may be touched by. */
const TOUCHING: ReadonlySet<KindName> = new Set(['pods', 'policies', 'namespaces']);
