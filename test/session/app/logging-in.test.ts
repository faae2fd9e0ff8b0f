import { afterEach, expect, test } from 'vitest';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { Login } from '../../../src/core/ports/ports.ts';
import type { Session } from '../../../src/session/session.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { eventually } from '../../helpers/eventually.ts';
import { fedConnection } from '../../helpers/fed-connection.ts';

let session: Session;
afterEach(() => session.dispose());

const WHY = 'The credential plug-in aws of user ann failed with exit code 1.';
const state = () => session.store.getState();
const never = new AbortController().signal;

/** A session on a connection with a login, as the plug-in of a user gives one. */
async function started(run: Login['run']) {
  const listeners = new Set<Parameters<Login['listen']>[0]>();
  const login: Login = {
    run,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  session = sessionOn({ connect: async () => ({ ...fedConnection().connection, login }) });
  await session.start();
  await eventually(() => expect(state().cluster.connection).toBe('live'));
  return {
    listeners,
    tell: (why: string | undefined) => {
      for (const listener of listeners) listener(why);
    },
  };
}

test('a connection that waits for a login is out of date until it has it', async () => {
  const { tell } = await started(async () => tell(undefined));
  tell(WHY);
  expect(state().login).toMatchObject({ context: 'fed', why: WHY });
  expect(state().cluster).toMatchObject({ connection: 'stale', problem: 'it waits for a login' });
  expect(state().notice).toMatchObject({
    level: 'error',
    text: WHY,
    hint: expect.stringContaining('Press l'),
  });
  await session.logIn(never);
  expect(state().login).toBeUndefined();
  expect(state().cluster.connection).toBe('live');
  expect(state().notice).toMatchObject({ level: 'info', text: 'Logged in to fed.' });
});

test('a login that fails says why, and stays to be made', async () => {
  const { tell } = await started(async () => {
    throw new SluiceError('unauthenticated', 'The code was wrong.', 'Ask for another.');
  });
  tell(WHY);
  await session.logIn(never);
  expect(state().notice).toMatchObject({
    level: 'error',
    text: 'The code was wrong.',
    hint: 'Ask for another. l logs in, q quits.',
  });
  expect(state().login).toMatchObject({ why: WHY });
});

test('a login that is interrupted says so', async () => {
  const { tell } = await started(async (signal) => signal.throwIfAborted());
  tell(WHY);
  await session.logIn(AbortSignal.abort());
  expect(state().notice).toMatchObject({ level: 'error', text: 'The login to fed was interrupted.' });
});

test('nobody is asked any more once grants are revoked for the end', async () => {
  const { listeners, tell } = await started(async () => undefined);
  tell(WHY);
  expect(listeners.size).toBe(1);
  await session.revokeAll();
  expect(listeners.size).toBe(0);
});
