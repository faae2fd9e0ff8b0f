import { safeText } from '../../src/core/common/common.ts';
import type { DesktopCode } from './terminal-takes.ts';

export const BELL = '\u0007';

/** Keeps the title that the terminal has now, for `RESTORE_TITLE`. */
export const KEEP_TITLE = '\u001b[22;2t';

/** The kept title again; where the terminal keeps none, an empty one, for which it shows its own. */
export const RESTORE_TITLE = '\u001b]2;\u0007\u001b[23;2t';

export const CLEAR_PROGRESS = '\u001b]9;4;0\u0007';

/** Wheel and buttons are reported, in the format that has no limit of columns (SGR). */
export const MOUSE_ON = '\u001b[?1000h\u001b[?1006h';
export const MOUSE_OFF = '\u001b[?1006l\u001b[?1000l';

/** Sets the title of the terminal's window (OSC 2). */
export function titleCode(text: string): string {
  return `\u001b]2;${safeText(text)}\u0007`;
}

/** Shows a progress bar in the tab or taskbar; `percent` is from 0 to 100. */
export function progressCode(percent: number): string {
  return `\u001b]9;4;1;${percent}\u0007`;
}

/** Shows a notification on the desktop. */
export function desktopCode(code: DesktopCode, text: string): string {
  const safe = safeText(text);
  switch (code) {
    case 9:
      // A text that begins with a number and a semicolon would be a command of its own.
      return `\u001b]9;sluice: ${safe}\u0007`;
    case 99:
      return `\u001b]99;;sluice: ${safe}\u001b\\`;
    case 777:
      return `\u001b]777;notify;sluice;${safe.replaceAll(';', ',')}\u0007`;
  }
}
