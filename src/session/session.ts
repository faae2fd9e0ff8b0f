/* One running app: its store, its background work, and the commands that views dispatch. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { asSluiceError, isAbort } from '../core/common/common.ts';
import type { Grant } from '../core/grants/grants.ts';
import { pause } from '../wait.ts';
import {
  type App,
  answering,
  type BookedGrant,
  bookmarking,
  choosingColumns,
  commandLine,
  copying,
  createGrantBook,
  createLink,
  createOverlays,
  createPublishing,
  drilling,
  grantForm,
  grantHistory,
  initialState,
  life,
  loggingIn,
  marking,
  navigation,
  newsInto,
  palette,
  panels,
  reaching,
  shownPath,
  tick,
  typing,
  watchOthers,
  withMessage,
} from './app/app.ts';
import { isLiving } from './grants/grants.ts';
import { createVisibleRows } from './rows/rows.ts';
import type { Runtime, SessionDeps } from './runtime/runtime.ts';
import type { Commands, SessionState, VisibleRows } from './state/state.ts';

export {
  asksForApproval,
  attemptUnderCursor,
  type BookedGrant,
  deniedPaths,
  FIELD_NAMES,
  isPlanned,
  type NotNamed,
  noticedGrant,
  notYet,
  pathsOfGrant,
  pickItems,
  touches,
  yamlOf,
} from './app/app.ts';
export {
  type Answer,
  approve,
  awaitAnswer,
  cutLiving,
  dryRun,
  extendGrant,
  factsOf,
  findAnchors,
  findGrants,
  findLivingAfter,
  findObjects,
  findRequests,
  type GrantDeps,
  grantsOf,
  isLiving,
  type Living,
  lazyAudit,
  type MadeGrant,
  makeRequest,
  mustBeFit,
  opensAlone,
  type PlanGround,
  pathText,
  type Review,
  type Revoked,
  recordEnds,
  refuse,
  requestsOf,
  reviewRequest,
  revokeFound,
  type SweepEvent,
  type Swept,
  sweepFound,
  untilAborted,
  watchLeftovers,
  whyLeft,
} from './grants/grants.ts';
export {
  barsOf,
  createAttemptLines,
  filterProblem,
  lineOfFlows,
  patternOf,
  rowPath,
  type TrafficBar,
  type TrafficBars,
  trafficBars,
} from './rows/rows.ts';
export {
  type Bookmark,
  type BookmarkStore,
  type ColumnStore,
  type ColumnWishes,
  type Connection,
  callsAsScript,
  type LoggedCall,
  type PlacedPromotion,
  type Runtime,
  type RuntimeListener,
  type SessionDeps,
  startRuntime,
} from './runtime/runtime.ts';
export {
  type AboutItem,
  type AttemptLine,
  type ClusterState,
  type Commands,
  type Copyable,
  type EndChoices,
  type EndField,
  type GrantField,
  type GrantForm,
  type GrantLine,
  type GrantSpan,
  type Isolation,
  type Listed,
  type Notice,
  type Overlay,
  type PaletteTarget,
  type PaneId,
  type PathState,
  type Place,
  type PodRow,
  type PolicyRow,
  rowsIn,
  type Search,
  type ServerSays,
  type ServiceRow,
  type SessionState,
  type Sort,
  type Standing,
  type TableId,
  type TextEdit,
  type TextField,
  tableOf,
  textField,
  type VisibleRows,
  type WorkloadRow,
  waitsForLogin,
  wishesIn,
} from './state/state.ts';

/** A running app without its screen. */
export type Session = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  readonly visibleRows: VisibleRows;
  /** Connects; rejects when the first connection can't be made. */
  readonly start: () => Promise<void>;
  /** Logs in where a credential plug-in wants a person: it gets the terminal, which must be free. Never rejects. */
  readonly logIn: (signal: AbortSignal) => Promise<void>;
  /** Ends every grant of this process, e.g. on a signal; resolves within 5 s with those that still exist. */
  readonly revokeAll: () => Promise<readonly Grant[]>;
  /** The grants of this session as last seen, those that have ended too. */
  readonly booked: () => readonly BookedGrant[];
  readonly dispose: () => Promise<void>;
};

/** A session over whatever `deps` connects to. Nothing runs before `start`. */
export function createSession(deps: SessionDeps): Session {
  const store = createStore<SessionState>(() => initialState(deps.clock.now(), deps.limits));
  const visibleRows = createVisibleRows();
  const stop = new AbortController();
  const set = (change: Partial<SessionState>) => store.setState(change);
  const state = () => store.getState();
  const living = () => link.runtime()?.keeper.grants().filter(isLiving) ?? [];

  const app: App = {
    store,
    deps,
    visibleRows,
    runtime: () => link.runtime(),
    state,
    set,
    ...createOverlays(state, set, () => shownPath(app)),
    notify: (level, text, hint, grant) =>
      set(withMessage(state(), { level, text, at: deps.clock.now(), hint, grant })),
    fail: (error) => {
      if (isAbort(error) || stop.signal.aborted) return;
      const { message, hint } = asSluiceError(error);
      app.notify('error', message, hint);
    },
    run: (effect) => {
      effect(stop.signal).catch(app.fail);
    },
    refresh: () => publishing.now('cluster', 'traffic', 'grants'),
    reconnect: (target) => {
      const grants = living();
      if (grants.length > 0) app.push({ type: 'quit', grants, target });
      else app.switchTo(target);
    },
    switchTo: (target) => {
      app.clear();
      app.notify('info', `Connecting to ${target.context ?? 'the current context'}.`);
      app.run((signal) => link.to(target, signal));
    },
    end: () => set({ ended: true }),
  };
  const publishing = createPublishing(app);
  const lookForOthers = watchOthers(
    () => link.runtime(),
    () => state().cluster.confinedTo,
    (found) => {
      publishing.setOthers(found);
      publishing.soon('grants');
    },
    app.fail,
    stop.signal,
  );
  const grants = createGrantBook();
  const book = () => {
    const runtime = link.runtime();
    if (runtime !== undefined) grants.note(runtime, runtime.connection.api.clock.now());
  };
  const news = newsInto(app, publishing, () => void lookForOthers());
  const link = createLink({
    deps,
    view: () => state().cluster.namespace,
    listener: {
      ...news,
      grants: () => {
        book();
        news.grants?.();
      },
    },
    onShown: (runtime) => {
      const {
        following,
        grouping,
        focus,
        zoomed,
        panes,
        columns,
        listed,
        overlay,
        cluster,
        messages,
        calls,
      } = state();
      const isFirst = cluster.context === '';
      if (grouping !== 'workload') runtime.fold.group(grouping);
      if (!isFirst) app.clear();
      set({
        ...initialState(deps.clock.now(), deps.limits),
        following,
        grouping,
        focus,
        zoomed,
        columns,
        listed,
        messages,
        calls,
        // Keep what was typed while connecting.
        ...(isFirst ? { panes, overlay } : {}),
        notice: undefined,
        cluster: clusterOf(runtime, deps),
      });
      publishing.over(runtime);
      app.refresh();
      void lookForOthers();
    },
    onWarning: (text) => app.notify('warn', text),
    onLogin: (connection, why) => logins.onLogin(connection, why),
  });
  const logins = loggingIn(app);

  const marks = bookmarking(app);
  const { restore, ...columns } = choosingColumns(app);
  const form = grantForm(app);
  const lives = life(app);
  const answers = answering(app);
  const line = commandLine(app, () => commands);
  const panel = panels(app);
  const commands: Commands = {
    ...navigation(app),
    ...drilling(app),
    ...marks,
    ...columns,
    ...reaching(app),
    ...grantHistory(app, grants.past),
    ...marking(app),
    ...panel,
    ...copying(app),
    ...palette(app, line, () => commands),
    ...typing(app, {
      form,
      life: lives,
      answers,
      line,
      about: panel.about,
      markBookmark: marks.markBookmark,
    }),
    openGrant: form.openGrant,
    grantField: form.grantField,
    grantChoice: form.grantChoice,
    grantScope: form.grantScope,
    grantPreset: form.grantPreset,
    grantYaml: form.grantYaml,
    openRevoke: lives.openRevoke,
    openExtend: lives.openExtend,
    openReview: answers.openReview,
    openRefuse: answers.openRefuse,
    quit: lives.quit,
    quitWith: lives.quitWith,
    notify: app.notify,
    remark: (text) => set(withMessage(state(), { level: 'info', text, at: deps.clock.now(), passing: true })),
    dismiss: () => set({ notice: undefined }),
  };

  return {
    store,
    commands,
    visibleRows,
    start: async () => {
      const restored = restore();
      await link.to({}, stop.signal);
      tick(app, publishing, stop.signal).catch(app.fail);
      const problem = await restored;
      if (problem !== undefined) app.fail(problem);
    },
    logIn: logins.logIn,
    revokeAll: async () => {
      link.leaveLogin();
      const ids = living().map(({ id }) => id);
      const revoked = ids.length > 0 ? link.runtime()?.keeper.revoke(ids) : undefined;
      if (revoked !== undefined) await Promise.race([revoked, pause(4_500, stop.signal)]);
      return living();
    },
    booked: () => {
      book();
      return grants.grants();
    },
    dispose: async () => {
      stop.abort();
      publishing.dispose();
      await link.dispose();
    },
  };
}

/** What the header shows for a connection before its lists arrive. */
function clusterOf(
  { connection, info, identity, engine }: Runtime,
  { allNamespaces }: SessionDeps,
): SessionState['cluster'] {
  const { namespace, demo } = connection;
  return {
    context: info.context,
    ...(namespace === undefined || allNamespaces ? {} : { namespace }),
    user: identity.username,
    version: info.version,
    enforcer: engine.dialect.enforcer,
    enforcerEvidence: info.enforcerEvidence,
    connection: 'connecting',
    demo,
  };
}
