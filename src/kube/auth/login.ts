import { SluiceError } from '../../core/common/common.ts';
import type { Login } from '../../core/ports/ports.ts';
import { delayAfter, pause } from '../../wait.ts';

/** How an attempt to get credentials goes: with the terminal or without, and until when. */
export type How = {
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  /** Gets a sentence with what it says while it has no terminal, such as a code to enter. */
  readonly says: (sentence: string) => void;
};

/** Getting credentials without the terminal has failed; with it, a person may help. */
export class NeedsPerson extends SluiceError {}

/** How long after a failure it is tried again without a person, ms: what failed may have been the network. */
const AGAIN = { base: 15_000, cap: 300_000 };

/** What is said by an attempt that then goes on for this long, ms, is meant for a person. */
const WAITS = 2_000;

/**
 * Gets something without a person. While somebody listens who can ask one, a failure that a person may mend is waited
 * out, however long that takes: by a login on the terminal, or by another attempt without it. One attempt runs at a time.
 *
 * @param attempt rejects with `NeedsPerson` when it needs one
 */
export function createLogin<T>(attempt: (how: How) => Promise<T>, lifetime: AbortSignal) {
  const listeners = new Set<(why: string | undefined) => void>();
  let needed: string | undefined;
  let alone: Promise<T> | undefined;
  let login: Promise<T> | undefined;
  let wake = new AbortController();

  const tell = (why: string | undefined) => {
    if (why === needed) return;
    needed = why;
    for (const listener of listeners) listener(why);
  };
  const withoutPerson = async (): Promise<T> => {
    wake = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const says = (sentence: string) => {
      clearTimeout(timer);
      timer = setTimeout(tell, WAITS, sentence);
    };
    alone = attempt({ terminal: false, signal: wake.signal, says });
    try {
      return await alone;
    } finally {
      clearTimeout(timer);
      alone = undefined;
    }
  };
  const asked = async (signal: AbortSignal): Promise<T> => {
    wake.abort();
    await alone?.catch(() => undefined);
    return attempt({ terminal: true, signal, says: () => undefined });
  };
  /** Resolves with what a login gives; with nothing after a while, or when nobody listens any more. */
  const loggedIn = async (failures: number): Promise<T | undefined> => {
    for (;;) {
      const given = await login?.catch(() => undefined);
      if (given !== undefined) return given;
      wake = new AbortController();
      const until = AbortSignal.any([wake.signal, lifetime]);
      const isOver = await pause(delayAfter(failures, AGAIN, 1), until).then(
        () => true,
        () => login === undefined,
      );
      lifetime.throwIfAborted();
      if (isOver) return undefined;
    }
  };

  const get = async (): Promise<T> => {
    for (let failures = 1; ; failures += 1) {
      let error: unknown;
      try {
        const got = await withoutPerson();
        tell(undefined);
        return got;
      } catch (reason) {
        error = reason;
      }
      if (login === undefined) {
        if (!(error instanceof NeedsPerson) || listeners.size === 0) throw error;
        tell(error.message);
      }
      const given = await loggedIn(failures);
      if (given !== undefined) return given;
      if (listeners.size === 0) throw error;
    }
  };
  const run = async (signal: AbortSignal): Promise<T> => {
    login ??= asked(signal).finally(() => {
      login = undefined;
    });
    const given = await login;
    tell(undefined);
    return given;
  };
  const listen: Login['listen'] = (listener) => {
    listeners.add(listener);
    if (needed !== undefined) listener(needed);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) wake.abort();
    };
  };
  return { get, run, listen };
}
