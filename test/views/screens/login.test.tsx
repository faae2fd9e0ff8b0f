import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import { NOW, sessionState } from '../../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

const { cluster } = sessionState();

/** A connection that waits for a login: the one that is shown, unless another context is named. */
function waiting(context = cluster.context) {
  const isShown = context === cluster.context;
  return sessionState({
    login: { context, why: 'The credential plug-in aws of user ann failed with exit code 1.', since: NOW },
    cluster: isShown ? { ...cluster, connection: 'stale', staleSince: NOW } : cluster,
    notice: undefined,
  });
}

test.each([60, 80, 120, 200])(
  'at %i columns, the header says that a login is needed, and the keys how',
  async (columns) => {
    screen = openScreen({ columns, state: waiting() });
    await screen.settled();
    const lines = screen.lines();
    expect(lines[0]).toContain('✗ LOGIN NEEDED, l logs in: '.slice(0, columns - 50));
    expect(lines[0]).not.toContain('DISCONNECTED');
    expect(lines.at(-1)).toMatch(/^ l log in {2}/);
  },
);

test('where the login is for another context, the header names it', async () => {
  screen = openScreen({ state: waiting('prod') });
  await screen.settled();
  expect(screen.lines()[0]).toContain('✗ LOGIN NEEDED TO prod, l logs in: ');
});

test('a terminal that is too small for a table says so, too', async () => {
  screen = openScreen({ columns: 50, rows: 10, state: waiting() });
  await screen.settled();
  expect(screen.lines()[0]).toBe(`✗ ${cluster.context}: l logs in`);
});

test('what can only be done in the cluster says that a login is needed', async () => {
  screen = openScreen({ state: waiting() });
  screen.press('g');
  await eventually(() =>
    expect(screen.calls).toContainEqual([
      'notify',
      'warn',
      `g: ${cluster.context} waits for a login; l logs in`,
    ]),
  );
});

test('l gives the terminal away until the login is over; without one to make, it does not', async () => {
  const login = Promise.withResolvers<void>();
  let logins = 0;
  const onLogin = () => {
    logins += 1;
    return login.promise;
  };
  screen = openScreen({ state: sessionState(), onLogin });
  await screen.until('3 Attempts');
  screen.press('l');
  await eventually(() => expect(screen.calls.at(-1)?.[0]).toBe('remark'));
  expect(logins).toBe(0);
  screen.set(waiting());
  await screen.until('LOGIN NEEDED');
  screen.press('l');
  await screen.until(`Logging in to ${cluster.context}; ctrl-c goes back to sluice.`);
  expect(screen.text()).not.toContain('3 Attempts');
  expect(logins).toBe(1);
  screen.set({ login: undefined, cluster });
  login.resolve();
  await screen.until('3 Attempts');
  expect(screen.text()).not.toContain('LOGIN NEEDED');
});
