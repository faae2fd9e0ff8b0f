import { SluiceError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** Windows offered by the grant form, in seconds. */
export const PRESETS: readonly number[] = [300, 900, 1_800, 3_600];

/** The longest window unless configured otherwise: 8 h. */
export const MAX_SECONDS = 28_800;

/**
 * Parses a window: `90s`, `15m`, `1h30m`; units d, h, m, s, each at most once and descending. No bare number, fraction,
 * or sign: a lenient parser reads "15" as 15 ms.
 * @returns whole seconds, from 1 to `max`
 * @throws SluiceError `usage`
 */
export function parseDuration(text: string, max: number = MAX_SECONDS): number {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim());
  if (match === null || text.trim() === '') {
    throw new SluiceError('usage', `"${text}" is not a duration.`, 'Use a format like 90s, 15m or 1h30m.');
  }
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  const total = Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (total === 0) {
    throw new SluiceError(
      'usage',
      `Duration must be longer than 0s, got "${text}".`,
      `Use a value from 1s to ${formatDuration(max)}.`,
    );
  }
  if (total > max) {
    throw new SluiceError(
      'usage',
      `"${text}" exceeds the maximum grant duration of ${formatDuration(max)}.`,
      `Use ${formatDuration(max)} or less; extensions count toward it.`,
    );
  }
  return total;
}

/** Seconds as `parseDuration` reads them: `1h30m`, `15m`, `45s`, `0s`. Fractions are dropped. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  let text = '';
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

/** Time left as a clock: `04:12`, `1:04:12`; never negative. */
export function formatCountdown(milliseconds: number): string {
  const total = Math.max(0, Math.ceil(milliseconds / 1_000));
  const hours = Math.floor(total / 3_600);
  const minutes = Math.floor((total % 3_600) / 60);
  const tail = `${String(minutes).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}
