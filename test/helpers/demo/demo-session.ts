import { expect } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { SessionDeps } from '../../../src/session/runtime/connection.ts';
import { createSession, type Session } from '../../../src/session/session.ts';
import { eventually } from '../eventually.ts';

/** A session as the cli makes it, on connections of a test; it is not started yet. */
export function sessionOn(deps: Pick<SessionDeps, 'connect'> & Partial<SessionDeps>): Session {
  return createSession({
    contexts: async () => ({ names: ['demo'], current: 'demo' }),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    version: 'test',
    limits: DEFAULT_LIMITS,
    allNamespaces: false,
    ...deps,
  });
}

/** Shows only the story's path, `web → db`, and puts the cursor on it. */
export async function showStory({ commands, store, visibleRows }: Session): Promise<void> {
  commands.focus('attempts');
  commands.openFilter();
  commands.type({ type: 'insert', text: '^web db' });
  commands.confirm();
  await eventually(() => expect(visibleRows(store.getState(), 'attempts')).toHaveLength(1));
  await eventually(() => expect(store.getState().path.verdict?.verdict).toBe('deny'));
}

/** Waits until the open form has a plan. */
export function planned({ store }: Session): Promise<void> {
  return eventually(() =>
    expect(store.getState().overlay).toMatchObject({ form: { plan: { state: 'made' } } }),
  );
}

/** Opens the story's path by the form, and waits until it is seen open. */
export async function grantStory(session: Session): Promise<void> {
  const { commands, store } = session;
  await showStory(session);
  commands.openGrant();
  await planned(session);
  commands.type({ type: 'insert', text: 'why' });
  commands.confirm();
  await eventually(() => expect(store.getState().grants[0]?.grant.state.name).toBe('open'));
}
