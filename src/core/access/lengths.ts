import { NOTE } from '../grants/grants.ts';

/** A length as `formatDuration` writes it. */
export const LENGTH = '([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?';

/** Seconds of a length `t`; CEL knows no days. */
export const SECONDS =
  "(t.contains('d') ? int(t.split('d')[0]) * 86400 : 0) + (t.endsWith('d') || t == '' ? 0 : duration(t.substring(t.indexOf('d') + 1)).getSeconds())";

const TEXT = `variables.notes[?'${NOTE.asked}'].orValue('')`;

/** Whether an object says what it asks for (GRANT-30), and for how many seconds; 0 if it can't be read. */
export const ASKED = `'${NOTE.asked}' in variables.notes`;
export const ASKED_SECONDS = `${TEXT}.matches('^${LENGTH}$') ? [${TEXT}].map(t, ${SECONDS})[0] : 0`;
