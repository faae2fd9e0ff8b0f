import { nameOfEnd } from '../../core/policy/path/path.ts';
import type { Commands } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { judged, shownPath } from './path-state.ts';
import { pickedUnderCursor } from './picked-ends.ts';

type Marking = Pick<Commands, 'markSource' | 'markDestination' | 'clearMarks'>;

/** Marking the two ends of a path. */
export function marking(app: App): Marking {
  const mark = (role: 'source' | 'destination') => {
    const runtime = app.runtime();
    if (runtime === undefined) return;
    const picked = pickedUnderCursor(app.state(), app.visibleRows, runtime.model, role);
    if (picked === undefined) {
      app.notify('warn', `Nothing here can be a ${role}.`, 'Move to a pod or an attempt.');
      return;
    }
    const { path } = app.state();
    const before = path.marked === true ? path : {};
    const port =
      role === 'destination'
        ? (picked.port ?? before.port)
        : (before.port ?? (isAttempt(app) ? picked.port : undefined));
    app.set({
      path: judged(runtime, {
        ...before,
        marked: true,
        ...(role === 'source'
          ? { source: picked.end, sourcePod: picked.pod }
          : { destination: picked.end, destinationPod: picked.pod }),
        port,
      }),
    });
    app.notify('info', `${role === 'source' ? 'Source' : 'Destination'}: ${nameOfEnd(picked.end)}`);
  };
  return {
    markSource: () => mark('source'),
    markDestination: () => mark('destination'),
    clearMarks: () => {
      app.set({ path: {} });
      app.set({ path: shownPath(app) });
    },
  };
}

function isAttempt(app: App): boolean {
  return app.state().focus === 'attempts';
}
