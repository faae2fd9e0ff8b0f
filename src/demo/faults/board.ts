import type { User, Wish } from '../api/access.ts';
import { allows } from '../api/access.ts';
import type { Admission } from '../api/call.ts';
import type { Gate } from '../api/http/serve.ts';
import type { Faults, Match, Undo } from './faults.ts';

/** What the servers ask of the faults. */
export type FaultState = {
  readonly mayDo: (user: User, wish: Wish) => boolean;
  readonly gate: Gate;
  readonly takeExpiry: () => boolean;
  readonly admissions: () => readonly Admission[];
  readonly warnings: () => readonly string[];
};

type Hold = {
  readonly method?: string;
  readonly path?: string;
  readonly kind: 'stall' | 'reset';
  readonly over: Promise<void>;
};

/** The state of the faults, and the part of `Faults` that needs nothing else. */
export type FaultBoard = FaultState &
  Pick<Faults, 'expireWatches' | 'forbid' | 'unauthorized' | 'stall' | 'reset' | 'admit' | 'warn'>;

export function createFaultBoard(): FaultBoard {
  const forbidden = new Set<Match>();
  const holds = new Set<Hold>();
  const admissions = new Set<Admission>();
  const warnings = new Set<{ readonly text: string }>();
  let locked = 0;
  let expiries = 0;

  const hold = (kind: Hold['kind'], match: { readonly method?: string; readonly path?: string }): Undo => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { ...match, kind, over: promise };
    holds.add(entry);
    return () => {
      holds.delete(entry);
      resolve();
    };
  };
  const put = <T>(set: Set<T>, item: T): Undo => {
    set.add(item);
    return () => set.delete(item);
  };

  return {
    mayDo: (user, wish) => allows(user, wish) && ![...forbidden].some((match) => matches(match, user, wish)),
    gate: async ({ method, path, signal }) => {
      for (const entry of holds) {
        if (entry.method !== undefined && entry.method !== method) continue;
        if (entry.path !== undefined && !path.startsWith(entry.path)) continue;
        if (entry.kind === 'reset') return 'reset';
        await Promise.race([entry.over, aborted(signal)]);
      }
      return locked > 0 ? 'unauthorized' : 'pass';
    },
    takeExpiry: () => {
      if (expiries === 0) return false;
      expiries -= 1;
      return true;
    },
    admissions: () => [...admissions],
    warnings: () => [...warnings].map(({ text }) => text),
    expireWatches: (count = 1) => {
      expiries += count;
    },
    forbid: (match) => put(forbidden, match),
    unauthorized: () => {
      locked += 1;
      let undone = false;
      return () => {
        if (!undone) locked -= 1;
        undone = true;
      };
    },
    stall: (match) => hold('stall', match),
    reset: (match) => hold('reset', match),
    admit: (admission) => put(admissions, admission),
    warn: (text) => put(warnings, { text }),
  };
}

function matches(match: Match, user: User, wish: Wish): boolean {
  return (
    (match.verb === undefined || match.verb === wish.verb) &&
    (match.resource === undefined || match.resource === wish.resource) &&
    (match.namespace === undefined || match.namespace === wish.namespace) &&
    (match.user === undefined || match.user === user.username)
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
