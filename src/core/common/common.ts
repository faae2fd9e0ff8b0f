export { formatCountdown, formatDuration, MAX_SECONDS, PRESETS, parseDuration } from './duration.ts';
export { asSluiceError, assertNever, type ErrorCode, isAbort, SluiceError } from './errors.ts';
export {
  HOOK_EVENTS,
  type Hook,
  type HookEvent,
  type ProgramArguments,
  type SecretPlace,
} from './hook-setting.ts';
export {
  at,
  isRecord,
  listAt,
  numberAt,
  numberOf,
  type Raw,
  rawOf,
  rawsOf,
  sameJson,
  textAt,
  textOf,
  textsOf,
  timeOf,
  wordOf,
} from './json.ts';
export { type Approvals, DEFAULT_APPROVALS, DEFAULT_LIMITS, type Limits } from './limits.ts';
export { nearestNames, plural, safeDeep, safeText, several } from './safe-text.ts';
export { quoted, shellWord } from './shell-word.ts';
export { placeIn } from './sorted.ts';
export { THEME_BASES, THEME_ROLES, type ThemeRole, type ThemeSetting } from './theme-setting.ts';
/* Small helpers without a subject of their own: errors, JSON access, safe text, durations. */
