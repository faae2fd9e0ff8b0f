import { afterEach, describe, expect, test } from 'vitest';
import { THEME_ROLES, type ThemeSetting } from '../../../src/core/common/theme-setting.ts';
import type { SessionState } from '../../../src/session/state/session-state.ts';
import { contrast, hexColor, xtermColor } from '../../helpers/contrast.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import { attemptLine, grantForm, grantLine, NOW, sessionState } from '../../helpers/session-state.ts';

let screen: Screen | undefined;
afterEach(() => screen?.close());

const GROUNDS = {
  dark: { answer: '\u001b]11;rgb:1c1c/1f1f/2626\u001b\\', papers: ['#000000', '#1c1f26', '#282c34'] },
  light: { answer: '\u001b]11;rgb:fafa/fafa/fafa\u001b\\', papers: ['#ffffff', '#fafafa'] },
} as const;

const STATES: readonly Partial<SessionState>[] = [
  {},
  {
    attempts: [
      attemptLine({ differs: 'dropped, although policies allow it' }),
      attemptLine({ verdict: 'error' }),
    ],
    grants: [
      grantLine(),
      grantLine(
        { name: 'flowing', at: NOW, by: 'revoke', connections: '2 pairs', still: 'new' },
        { id: 'q2m4' },
      ),
    ],
    notice: { level: 'error', text: 'Gone.', at: NOW },
  },
  { notice: { level: 'warn', text: 'Nothing to copy here.', at: NOW } },
  { overlay: { type: 'grant', form: grantForm() } },
  { overlay: { type: 'help', of: 'attempts', scroll: 0 } },
  // Without the Grants pane, the header says how long they live.
  { zoomed: true },
];

/** Every color on the screen by its number, and the text in it. */
function colorsOn(shown: Screen): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (let row = 0; row < 30; row += 1) {
    for (let column = 0; column < 120; column += 1) {
      const { text, dim, mode, colour } = shown.cell(column, row);
      if (text.trim() === '') continue;
      expect(dim, `${text} at ${column}, ${row} is faint in a way that nobody can measure`).toBe(false);
      if (mode === 'palette') found.set(colour, (found.get(colour) ?? '') + text);
    }
  }
  return found;
}

for (const base of ['auto', 'dark', 'light', 'colorblind'] as const) {
  for (const ground of ['dark', 'light'] as const) {
    if ((base === 'dark' || base === 'light') && base !== ground) continue;
    test(`every text of ${base} on ${ground} has a contrast of 4.5 or more`, async () => {
      const { answer, papers } = GROUNDS[ground];
      const seen = new Set<number>();
      for (const state of STATES) {
        screen = openScreen({
          state: sessionState(state),
          environment: { TERM: 'xterm-256color' },
          theme: { base, roles: {} },
        });
        await screen.settled();
        if (base !== 'dark' && base !== 'light') {
          screen.press(answer);
          await screen.until(() => colorsOf(screen).every((colour) => colour >= 16));
        }
        for (const [colour, text] of colorsOn(screen)) {
          for (const paper of papers) {
            expect(
              contrast(xtermColor(colour), hexColor(paper)),
              `${colour} on ${paper}: ${text}`,
            ).toBeGreaterThan(4.5);
          }
          seen.add(colour);
        }
        await screen.close();
      }
      expect(seen, 'all roles').toHaveProperty('size', THEME_ROLES.length);
    });
  }
}

function colorsOf(shown: Screen | undefined): readonly number[] {
  const cells = Array.from({ length: 30 * 120 }, (_, at) => shown?.cell(at % 120, Math.floor(at / 120)));
  return cells.flatMap((cell) => (cell?.mode === 'palette' && cell.text.trim() !== '' ? [cell.colour] : []));
}

describe('a color of its own for a role', () => {
  const theme: ThemeSetting = { base: 'dark', roles: { drop: '#ff5f00' } };
  const dropOf = async (environment: Readonly<Record<string, string>>) => {
    screen = openScreen({ environment, theme });
    await screen.until('✗ DROP');
    const row = screen.lines().findLastIndex((line) => line.includes('✗ DROP'));
    const { mode, colour } = screen.cell(screen.lines()[row]?.indexOf('✗ DROP') ?? 0, row);
    await screen.close();
    return [mode, colour];
  };

  test('is exact where the terminal has it, else the nearest there is', async () => {
    expect(await dropOf({ TERM: 'xterm-256color', COLORTERM: 'truecolor' })).toEqual(['rgb', 0xff5f00]);
    expect(await dropOf({ TERM: 'xterm-256color' })).toEqual(['palette', 202]);
    expect(await dropOf({ TERM: 'xterm' })).toEqual(['palette', 9]);
  });
});
