import { wallClock } from '../../../views/text/time.ts';
import type { Attempt, AttemptRow } from '../../core/traffic/attempt.ts';
import type { Fold } from '../../core/traffic/fold.ts';
import type { AttemptLine } from '../../session/state.ts';
import { pause } from '../../wait.ts';
import { systemClock } from '../clock.ts';
import { EXIT } from '../exit-codes.ts';
import { pad } from '../output/text.ts';
import { writeEvent } from '../output/write.ts';
import type { VerbContext } from '../verbs/context.ts';
import { attemptJson, attemptWords } from './events.ts';

/** To be called after every batch of flows. */
export type Telling = { call: () => void };

export type TellOptions = {
  readonly fold: Fold;
  readonly linesOf: (rows: readonly AttemptRow[]) => readonly AttemptLine[];
  readonly wanted: (line: AttemptLine) => boolean;
  readonly limit: number;
  readonly telling: Telling;
  /** Resolves when no more flows will come; absent: they go on for ever. */
  readonly ended?: Promise<void>;
};

/** Attempts stay pending this long after the last flow: the fold's own grace. */
const FOLD_GRACE = 3_100;

/** Verdicts may settle without a further flow, when a grace runs out. */
const LOOK_EVERY = 500;

/**
 * Writes attempts as they get their verdict or change it, one a line, until `limit` are told or the flows end.
 *
 * @returns the exit code; rejects with the reason when the verb is interrupted, or with the source's error
 */
export async function tellAttempts(
  { output, options, signal }: VerbContext,
  told: TellOptions,
): Promise<number> {
  const { fold, linesOf, wanted, limit, telling, ended } = told;
  const full = Promise.withResolvers<number>();
  let count = 0;
  const look = (later = 0) => {
    const now = systemClock.now() + later;
    const settled = fold.settled(now);
    if (settled.length === 0) return;
    const rows = new Map(fold.rows(now).map((row) => [row.key, row]));
    for (const line of linesOf(settled.flatMap((attempt) => rowFor(rows.get(attempt.rowKey), attempt)))) {
      if (count >= limit || !wanted(line)) continue;
      count += 1;
      const value = { time: new Date(line.row.newest.last).toISOString(), ...attemptJson(line) };
      writeEvent(output, options.output, value, () => lineText(line));
    }
    if (count >= limit) full.resolve(EXIT.done);
  };
  telling.call = () => look();
  const stop = new AbortController();
  const ticks = lookOften(look, AbortSignal.any([signal, stop.signal]));
  try {
    return await Promise.race([
      full.promise,
      ticks,
      ...(ended === undefined ? [] : [ended.then(() => lastLook(look, signal))]),
    ]);
  } finally {
    stop.abort();
    ticks.catch(() => undefined);
    telling.call = () => {};
  }
}

async function lookOften(look: () => void, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(LOOK_EVERY, signal);
    look();
  }
}

/** Nothing comes any more, so what is pending is as settled as it will ever be. */
function lastLook(look: (later: number) => void, signal: AbortSignal): number {
  signal.throwIfAborted();
  look(FOLD_GRACE);
  return EXIT.done;
}

/** The row as it was for this attempt: rows go on counting, a line is about one attempt. */
function rowFor(row: AttemptRow | undefined, attempt: Attempt): readonly AttemptRow[] {
  return row === undefined ? [] : [{ ...row, newest: attempt, verdict: attempt.verdict }];
}

function lineText(line: AttemptLine): string {
  const [word, rest] = attemptWords(line);
  return `${wallClock(line.row.newest.last)}  ${pad(word, 9)}  ${rest}`;
}
