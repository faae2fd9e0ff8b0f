import { afterEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../../src/core/grants/grant.ts';
import type { GrantLine, SessionState } from '../../../src/session/state/session-state.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { grantLine, NOW, sessionState } from '../../helpers/session-state.ts';

type Environment = NonNullable<ScreenOptions['environment']>;

const XTERM = { TERM: 'xterm-256color' };

let screen: Screen | undefined;
afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

/** A grant of this session that ends in so many seconds, of a window of 900. */
function ending(seconds: number, change: Partial<Grant> = {}): GrantLine {
  const end = NOW + seconds * 1000;
  return grantLine(undefined, { window: { start: end - 900_000, end, seconds: 900 }, ...change });
}

function open(grants: readonly GrantLine[], options: ScreenOptions = {}): Screen {
  screen = openScreen({ state: sessionState({ grants }), environment: XTERM, ...options });
  return screen;
}

/** So many seconds later. */
async function after(seconds: number, change: Partial<SessionState> = {}): Promise<void> {
  const later = NOW + seconds * 1000;
  screen?.set({ now: later, serverNow: later, ...change });
  await screen?.settled();
}

const ended = (by: 'deadline' | 'revoke', at: number): GrantLine =>
  ending(at, { state: { name: 'revoked', at: NOW + at * 1000, by } });

describe('the title', () => {
  test('counts down to the end of the grant that ends next, and is given back when none lives', async () => {
    const { title, scribble, settled, set } = open([]);
    scribble('\u001b]2;my shell\u0007');
    await settled();
    await after(1, { grants: [ending(300, { id: 'late', source: 'cart' }), ending(253)] });
    expect(title()).toBe('◷ 04:12 web → db · sluice');
    await after(2);
    expect(title()).toBe('◷ 04:11 web → db · sluice');
    set({ grants: [ended('deadline', 2)] });
    await settled();
    expect(title()).toBe('my shell');
  });

  test('is given back when the app ends', async () => {
    const { title, scribble, settled, close } = open([]);
    scribble('\u001b]2;my shell\u0007');
    await settled();
    await after(1, { grants: [ending(253)] });
    expect(title()).toContain('web → db');
    await close();
    await settled();
    expect(title()).toBe('my shell');
  });

  test('is given to the shell and taken back', async () => {
    const titles: string[] = [];
    const { press, bytes, settled, title } = open([ending(253)], { onSuspend: () => void titles.push('') });
    await settled();
    press('\u001a');
    await eventually(() => expect(titles).toHaveLength(1));
    await settled();
    expect(title()).toContain('web → db');
    expect(bytes().split('\u001b[23;2t')).toHaveLength(2);
  });

  test('is given to the shell along with the mouse, and what tells of another background', async () => {
    let suspended = false;
    const { press, bytes, settled } = open([ending(253)], {
      environment: { ...XTERM, COLORTERM: 'truecolor' },
      mouse: 'click',
      onSuspend: () => (suspended = true),
    });
    await settled();
    press('\u001a');
    await eventually(() => expect(suspended).toBe(true));
    await settled();
    const modes = /\u001b\[(?:\?1000|\?2031|2[23];2)[hlt]/g;
    expect(
      bytes()
        .match(modes)
        ?.map((code) => code.slice(2)),
    ).toEqual([
      ...['?2031h', '22;2t', '?1000h'],
      ...['?2031l', '?1000l', '23;2t'],
      ...['?1000h', '22;2t', '?2031h'],
    ]);
  });

  test('is written when its text changes, and never otherwise', async () => {
    const { bytes, set, settled } = open([ending(253)]);
    await settled();
    const titles = () => bytes().split('\u001b]2;').length - 1;
    expect(titles()).toBe(1);
    set({ rate: 7 });
    set({ focus: 'pods' });
    set({ serverNow: NOW + 10 });
    await settled();
    expect(titles()).toBe(1);
    await after(1);
    expect(titles()).toBe(2);
  });

  test('is plain where the app is', async () => {
    const { title, settled } = open([ending(253)], { ascii: true });
    await settled();
    expect(title()).toMatch(/^[\x20-\x7e]* 04:13 web > db [\x20-\x7e]* sluice$/);
  });
});

describe('the progress', () => {
  const terminals: readonly Environment[] = [
    { WT_SESSION: 'a' },
    { ...XTERM, ConEmuANSI: 'ON' },
    { ...XTERM, TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.2.0' },
    { ...XTERM, TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.10.1' },
    { ...XTERM, VTE_VERSION: '8000' },
  ];
  test.each(terminals)('is the part of the window that is over: %o', async (environment) => {
    const { bytes, settled, set } = open([ending(450)], { environment });
    await settled();
    expect(bytes()).toContain('\u001b]9;4;1;50\u0007');
    set({ grants: [] });
    await settled();
    expect(bytes()).toContain('\u001b]9;4;0\u0007');
  });

  const others: readonly Environment[] = [
    XTERM,
    { ...XTERM, TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.1.3' },
    { ...XTERM, TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.6.5' },
    { ...XTERM, VTE_VERSION: '7802' },
  ];
  test.each(others)(
    'is not sent where each percent might be shown as a notification: %o',
    async (environment) => {
      const { bytes, settled } = open([ending(450)], { environment });
      await settled();
      expect(bytes()).not.toContain('\u001b]9;');
    },
  );

  test('is refreshed before a terminal takes the program for dead', async () => {
    const { bytes, settled } = open([ending(80_000, { window: { start: 0, end: 2 * NOW, seconds: 1 } })], {
      environment: { WT_SESSION: 'a' },
    });
    await settled();
    const sent = () => bytes().split('\u001b]9;4;1;50').length - 1;
    await after(9);
    expect(sent()).toBe(1);
    await after(10);
    expect(sent()).toBe(2);
  });
});

describe('a notice', () => {
  const told = () => screen?.calls.filter(([name]) => name === 'notify').map(([, ...rest]) => rest);

  test('comes 5 minutes and 1 minute before the end, and at the end', async () => {
    open([ending(302)]);
    await after(1);
    expect(told()).toEqual([]);
    await after(2);
    expect(told()).toEqual([['info', '7f3k web → db ends in 5m; + extends it.', undefined, '7f3k']]);
    await after(242);
    expect(told()?.at(-1)).toEqual(['warn', '7f3k web → db ends in 1m; + extends it.', undefined, '7f3k']);
    await after(302, { grants: [ended('deadline', 302)] });
    expect(told()?.at(-1)).toEqual(['info', '7f3k web → db has ended: use not known.']);
    await after(303);
    expect(told()).toHaveLength(3);
  });

  test('comes again after an extension, and not for the extension', async () => {
    open([ending(61)]);
    await after(1);
    expect(told()).toHaveLength(1);
    await after(2, { grants: [ending(200)] });
    await after(3);
    expect(told()).toHaveLength(1);
    await after(140);
    expect(told()).toHaveLength(2);
  });

  test('is one after a pause that passed both marks', async () => {
    open([ending(400)]);
    await after(350);
    expect(told()).toEqual([['warn', '7f3k web → db ends in 1m; + extends it.', undefined, '7f3k']]);
  });

  test('does not come twice when the estimate of the server time goes back', async () => {
    open([ending(61)]);
    await after(1.2);
    await after(0.9);
    await after(1.9);
    expect(told()).toHaveLength(1);
  });

  test('is about grants of this session alone, and not about an end that was asked for', async () => {
    open([ending(61, { mine: false })]);
    await after(2);
    await after(3, { grants: [ended('revoke', 2)] });
    await after(4, { grants: [ending(30)] });
    await after(5, { grants: [ended('revoke', 2)] });
    expect(told()).toEqual([]);
  });

  const codes = [
    [XTERM, ''],
    [{ ...XTERM, TERM_PROGRAM: 'iTerm.app' }, '\u001b]9;sluice: 7f3k web → db ends in 1m\u0007'],
    [{ TERM: 'xterm-kitty' }, '\u001b]99;;sluice: 7f3k web → db ends in 1m\u001b\\'],
    [{ TERM: 'foot' }, '\u001b]777;notify;sluice;7f3k web → db ends in 1m\u0007'],
    [{ TERM: 'xterm-ghostty' }, '\u001b]777;notify;sluice;7f3k web → db ends in 1m\u0007'],
  ] as const;
  test.each(codes)(
    'rings, and is on the desktop where the terminal takes it: %o',
    async (environment, code) => {
      const { bytes } = open([ending(61)], { environment, notify: { title: false } });
      await after(1);
      expect(bytes()).toContain(`${code}\u0007`);
      if (code === '') expect(bytes()).not.toMatch(/\u001b\](9|99|777);/);
    },
  );

  test('goes to what is outside the terminal, too', async () => {
    const texts: string[] = [];
    open([ending(61)], { onNotice: (text) => texts.push(text) });
    await after(1);
    expect(texts).toEqual(['7f3k web → db ends in 1m']);
  });
});

describe('what the terminal gets beyond the frames', () => {
  /** A set theme: the terminal is not asked for its background (TERM-11). */
  const DARK: ScreenOptions['theme'] = { base: 'dark', roles: {} };

  /** The same in CI, where nothing is sent. */
  function inCi({ environment, ...options }: ScreenOptions): ScreenOptions {
    return { ...options, theme: DARK, environment: { ...environment, CI: 'true' } };
  }

  /** All bytes of a session with a countdown, a notice and an end; the same frames each time. */
  async function bytesOf(options: ScreenOptions): Promise<string> {
    const { bytes, close } = open([ending(61)], options);
    await screen?.settled();
    await after(1);
    await after(2);
    await after(61, { grants: [ended('deadline', 61)] });
    await after(62);
    await close();
    screen = undefined;
    return bytes();
  }

  const silent: readonly (readonly [name: string, options: ScreenOptions, bells: number])[] = [
    ['CI', { environment: { ...XTERM, CI: 'true' } }, 0],
    ['TERM=dumb', { environment: { TERM: 'dumb' } }, 0],
    ['no terminal', { environment: XTERM, isTerminal: false }, 0],
    ['tmux', { environment: { TERM: 'tmux-256color', TMUX: '/socket,1,0', TERM_PROGRAM: 'tmux' } }, 2],
    ['tmux behind ssh', { environment: { TERM: 'tmux-256color' } }, 2],
    ['screen', { environment: { TERM: 'screen.xterm-256color' } }, 2],
    ['Zellij', { environment: { ...XTERM, ZELLIJ: '0' } }, 2],
    ['a terminal of no known kind', { environment: { TERM: 'vt100' } }, 2],
    [
      'all switched off',
      { notify: { title: false, bell: false, desktop: false }, environment: knowsAll() },
      0,
    ],
  ];
  test.each(silent)('%s: not a byte but bells', async (_, options, bells) => {
    const plain = await bytesOf(inCi(options));
    const sent = await bytesOf({ ...options, theme: DARK });
    expect(sent.split('\u0007')).toHaveLength(bells + 1);
    expect(sent).not.toMatch(/\u001b(\]|\[2[23];2t|\[\?1000)/);
    expect(sent.replaceAll('\u0007', '')).toBe(plain);
  });

  test('a screen reader: the bell and the lines', async () => {
    const plain = await bytesOf({ ...inCi({ environment: knowsAll() }), screenReader: true });
    const sent = await bytesOf({ environment: knowsAll(), screenReader: true });
    expect(sent.split('\u0007')).toHaveLength(3);
    expect(sent.replaceAll('\u0007', '')).toBe(plain);
  });

  test('where all of it is known: the codes, and the very same frames', async () => {
    const plain = await bytesOf(inCi({ environment: knowsAll() }));
    const sent = await bytesOf({ environment: knowsAll(), theme: DARK });
    expect(sent).toContain('\u001b]9;4;1;');
    const codes = /\u001b\][^\u0007]*\u0007|\u001b\[2[23];2t|\u0007/g;
    expect(sent.replaceAll(codes, '')).toBe(plain);
  });
});

function knowsAll(): Environment {
  return { ...XTERM, TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.3.0' };
}
