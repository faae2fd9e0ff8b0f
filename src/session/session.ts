import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Grant } from '../core/access/grant.ts';
import { asSluiceError, isAbort } from '../core/errors.ts';
import { sameJson } from '../core/json.ts';
import type { App } from './app/app.ts';
import { commandLine } from './app/command-line.ts';
import { grantForm } from './app/grant-form.ts';
import { initialState } from './app/initial.ts';
import { life } from './app/life.ts';
import { marking } from './app/marking.ts';
import { navigation } from './app/navigation.ts';
import { watchOthers } from './app/others.ts';
import { panels } from './app/panels.ts';
import { judged, shownPath } from './app/path-state.ts';
import { createPublisher, type Dirty, followCursors, type Publisher } from './app/publish.ts';
import { typing } from './app/typing.ts';
import type { Commands, VisibleRows } from './commands.ts';
import type { Connection, SessionDeps } from './connection.ts';
import { isLiving } from './grants/states.ts';
import { createVisibleRows } from './rows/visible-rows.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import type { Overlay, SessionState } from './state.ts';
import { pause } from './wait.ts';

/** The running app without its screen. */
export type Session = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  readonly visibleRows: VisibleRows;
  /** Connects; rejects when the first connection can't be made. */
  readonly start: () => Promise<void>;
  /** Ends every grant of this process, as when a signal asks it to go; resolves within 5 s. */
  readonly revokeAll: () => Promise<void>;
  readonly dispose: () => Promise<void>;
};

/** The screen is told at most ten times a second of what the cluster does; keys show at once. */
const PUBLISH_EVERY = 100;

/** Notices go by themselves after this long, errors when a key is pressed. */
const NOTICE_FOR = 6_000;

/** A session over whatever `deps` connects to. Nothing runs before `start`. */
export function createSession(deps: SessionDeps): Session {
  const store = createStore<SessionState>(() => initialState(deps.clock.now(), deps.limits));
  const visibleRows = createVisibleRows();
  const stop = new AbortController();
  const stack: Overlay[] = [];
  let runtime: Runtime | undefined;
  let publisher: Publisher | undefined;
  let others: readonly Grant[] = [];
  let dirty: Dirty = { cluster: false, traffic: false, grants: false };
  let timer: NodeJS.Timeout | undefined;

  const set = (change: Partial<SessionState>) => store.setState(change);
  const state = () => store.getState();

  const app: App = {
    store,
    deps,
    visibleRows,
    runtime: () => runtime,
    state,
    set,
    push: (overlay) => {
      stack.push(state().overlay);
      set({ overlay });
    },
    pop: () => set({ overlay: stack.pop() ?? { type: 'none' } }),
    update: (type, change) => {
      const { overlay } = state();
      if (isOverlay(overlay, type)) set({ overlay: change(overlay) });
    },
    clear: () => {
      stack.length = 0;
      set({ overlay: { type: 'none' } });
    },
    notify: (level, text, hint) =>
      set({ notice: { level, text, at: deps.clock.now(), ...(hint === undefined ? {} : { hint }) } }),
    fail: (error) => {
      if (isAbort(error) || stop.signal.aborted) return;
      const { message, hint } = asSluiceError(error);
      app.notify('error', message, hint);
    },
    run: (effect) => {
      effect(stop.signal).catch(app.fail);
    },
    refresh: () => {
      dirty = { cluster: true, traffic: true, grants: true };
      publish();
    },
    reconnect: (target) => app.run((signal) => reconnect(target, signal)),
    end: () => set({ ended: true }),
  };

  const publish = () => {
    clearTimeout(timer);
    timer = undefined;
    if (runtime === undefined || publisher === undefined) return;
    const what = dirty;
    dirty = { cluster: false, traffic: false, grants: false };
    set(publisher(state(), what, others));
    const panes = followCursors(state(), visibleRows);
    if (panes !== undefined) set({ panes });
    if (what.cluster || what.traffic) {
      const { path } = state();
      const shown = path.marked === true ? judged(runtime, path) : shownPath(app);
      if (!sameJson(path, shown)) set({ path: shown });
    }
  };

  const soon = (what: keyof Dirty) => {
    dirty[what] = true;
    timer ??= setTimeout(publish, PUBLISH_EVERY);
  };

  const connect = async (connection: Connection, signal: AbortSignal) => {
    const made = await startRuntime(
      connection,
      {
        ...(connection.namespace === undefined ? {} : { namespace: connection.namespace }),
        clock: deps.clock,
        version: deps.version,
        limits: deps.limits,
        traffic: true,
        view: () => state().cluster.namespace,
        listener: {
          cluster: (kind) => {
            soon('cluster');
            if (kind === 'policies') void lookForOthers();
          },
          feed: (feed, feedState) => {
            const feeds = { ...state().feeds, [feed]: feedState };
            set({ feeds, cluster: { ...state().cluster, ...connectionOf(feeds) } });
          },
          scope: (namespace) => {
            const { confinedTo: _, ...rest } = state().cluster;
            set({ cluster: namespace === undefined ? rest : { ...rest, confinedTo: namespace, namespace } });
          },
          flows: () => soon('traffic'),
          traffic: (traffic) => set({ traffic }),
          grants: () => soon('grants'),
          problem: (error) => {
            app.fail(error);
            if (state().traffic.status === 'connecting') {
              set({
                traffic: { ...state().traffic, source: 'none', status: 'failed', detail: error.message },
              });
            }
          },
        },
      },
      signal,
    );
    runtime = made;
    publisher = createPublisher(made, () => deps.clock.now());
    const { info, identity } = made;
    set({
      cluster: {
        ...state().cluster,
        context: info.context,
        user: identity.username,
        version: info.version,
        enforcer: made.engine.dialect.enforcer,
        enforcerEvidence: info.enforcerEvidence,
        demo: connection.demo,
      },
    });
    app.refresh();
    void lookForOthers();
  };

  const reconnect = async (
    target: { readonly context?: string; readonly namespace?: string },
    signal: AbortSignal,
  ) => {
    const left = runtime?.keeper.grants().filter(isLiving).length ?? 0;
    const connection = await deps.connect(target, signal);
    const before = runtime;
    runtime = undefined;
    others = [];
    const { following, focus, zoomed } = state();
    set({ ...initialState(deps.clock.now(), deps.limits), following, focus, zoomed });
    app.clear();
    await before?.dispose();
    await connect(connection, signal);
    if (left > 0)
      app.notify('warn', `${left} of your grants in ${before?.info.context} go on until their leases end.`);
  };

  const lookForOthers = watchOthers(
    () => runtime,
    () => state().cluster.confinedTo,
    (found) => {
      others = found;
      soon('grants');
    },
    app.fail,
    stop.signal,
  );

  const tick = async () => {
    while (!stop.signal.aborted) {
      await pause(1_000 - (deps.clock.now() % 1_000), stop.signal);
      const now = deps.clock.now();
      const { notice } = state();
      set({
        now,
        serverNow: runtime?.connection.api.clock.now() ?? now,
        ...(notice !== undefined && notice.level !== 'error' && now - notice.at > NOTICE_FOR
          ? { notice: undefined }
          : {}),
      });
      dirty = { ...dirty, traffic: true, grants: true };
      publish();
    }
  };

  const form = grantForm(app);
  const lives = life(app);
  const panel = panels(app);
  const line = commandLine(app, () => commands);
  const commands: Commands = {
    ...navigation(app),
    ...marking(app),
    ...panel,
    ...typing(app, { form, life: lives, line, detail: panel.detail }),
    openGrant: form.openGrant,
    grantField: form.grantField,
    grantScope: form.grantScope,
    grantPreset: form.grantPreset,
    grantYaml: form.grantYaml,
    openRevoke: lives.openRevoke,
    openExtend: lives.openExtend,
    quit: lives.quit,
    quitWith: lives.quitWith,
    notify: app.notify,
    dismiss: () => set({ notice: undefined }),
  };

  return {
    store,
    commands,
    visibleRows,
    start: async () => {
      const connection = await deps.connect({}, stop.signal);
      if (connection.namespace !== undefined && !deps.allNamespaces) {
        set({ cluster: { ...state().cluster, namespace: connection.namespace } });
      }
      await connect(connection, stop.signal);
      tick().catch(app.fail);
    },
    revokeAll: async () => {
      const ids =
        runtime?.keeper
          .grants()
          .filter(isLiving)
          .map(({ id }) => id) ?? [];
      if (runtime !== undefined) await Promise.race([runtime.keeper.revoke(ids), pause(4_500, stop.signal)]);
    },
    dispose: async () => {
      stop.abort();
      clearTimeout(timer);
      await runtime?.dispose();
    },
  };
}

function isOverlay<T extends Overlay['type']>(
  overlay: Overlay,
  type: T,
): overlay is Extract<Overlay, { type: T }> {
  return overlay.type === type;
}

/** The connection as a whole: live while any list is, else why not. */
function connectionOf(feeds: SessionState['feeds']): Pick<SessionState['cluster'], 'connection' | 'problem'> {
  const states = Object.values(feeds);
  if (states.some(({ state }) => state === 'live')) return { connection: 'live', problem: undefined };
  const stale = states.find((feed) => feed.state === 'stale');
  if (stale?.state === 'stale') return { connection: 'stale', problem: stale.reason };
  return { connection: 'connecting', problem: undefined };
}
