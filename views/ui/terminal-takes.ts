/** The codes for desktop notifications, by the number of their OSC. */
export type DesktopCode = 9 | 99 | 777;

/** What the terminal is known to understand, beyond what every frame needs (TERM-13). */
export type TerminalTakes = {
  readonly bell: boolean;
  readonly title: boolean;
  /** A progress bar in the tab or taskbar. */
  readonly progress: boolean;
  readonly desktop?: DesktopCode;
  readonly mouse: boolean;
};

const NOTHING: TerminalTakes = { bell: false, title: false, progress: false, mouse: false };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What may be sent to the terminal of this environment. `lines`: it is read out by a screen reader, which would read a
 * title every second.
 */
export function terminalTakes(env: Env, isTerminal: boolean, lines: boolean): TerminalTakes {
  if (!isTerminal || env.TERM === 'dumb' || isSet(env.CI)) return NOTHING;
  if (lines) return { ...NOTHING, bell: true };
  if (isMultiplexed(env)) return { ...NOTHING, bell: true, mouse: true };
  const desktop = desktopCode(env);
  return {
    bell: true,
    title: isSet(env.TERM_PROGRAM) || isSet(env.WT_SESSION) || TITLED.test(env.TERM ?? ''),
    progress: hasProgress(env),
    ...(desktop === undefined ? {} : { desktop }),
    mouse: true,
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}

/** Values of `TERM` whose terminals have a title. */
const TITLED =
  /^(xterm|rxvt|alacritty|foot|wezterm|ghostty|konsole|vte|gnome|kitty|st|contour|mintty|putty)(-|$)/;

/**
 * Inside tmux, screen or Zellij: the outer terminal gets only what they let through, which can't be asked. Their `TERM`
 * comes through SSH too.
 */
function isMultiplexed(env: Env): boolean {
  const names = [env.TMUX, env.STY, env.ZELLIJ];
  return names.some((name) => name !== undefined) || /^(tmux|screen)\b/.test(env.TERM ?? '');
}

/** Older versions of some would show each percent as a notification. */
function hasProgress(env: Env): boolean {
  if (isSet(env.WT_SESSION) || env.ConEmuANSI === 'ON') return true;
  const version = env.TERM_PROGRAM_VERSION ?? '';
  switch (env.TERM_PROGRAM) {
    case 'ghostty':
      return isFrom(version, [1, 2]);
    case 'iTerm.app':
      return isFrom(version, [3, 6, 6]);
    case 'WezTerm':
      return isFrom(version, [20_250_101]);
    case 'mintty':
      return true;
    case undefined:
      return isFrom(env.VTE_VERSION ?? '', [8_000]);
    default:
      return false;
  }
}

function desktopCode({
  TERM_PROGRAM: program,
  TERM: term = '',
  KITTY_WINDOW_ID: kitty,
}: Env): DesktopCode | undefined {
  if (program === 'iTerm.app') return 9;
  if (program === 'ghostty' || program === 'WezTerm') return 777;
  if (program !== undefined) return undefined;
  if (term === 'xterm-kitty' || isSet(kitty)) return 99;
  return /^(xterm-ghostty|wezterm|foot|rxvt-unicode)\b/.test(term) ? 777 : undefined;
}

/** Whether a version such as `3.6.6` is this one or a later one. */
function isFrom(version: string, least: readonly number[]): boolean {
  const numbers = /^\d+(\.\d+)*/.exec(version)?.[0].split('.').map(Number);
  if (numbers === undefined) return false;
  const differs = least.findIndex((part, at) => part !== (numbers[at] ?? 0));
  return differs === -1 || (numbers[differs] ?? 0) > (least[differs] ?? 0);
}
