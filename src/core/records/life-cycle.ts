import { safeText } from '../common/common.ts';
import type { AuditRecord, AuditType } from '../ports/ports.ts';

/**
 * What began and has no record of its end: an intent without an outcome, left by a process that died between the two, or a
 * grant whose window is over without a record of how it ended, which the cluster or somebody else then ended.
 */
export type Unfinished = {
  readonly grant: string;
  readonly what: 'intent' | 'grant';
  readonly seq: number;
  readonly time: number;
};

/** Record types that complete an intent. */
const OUTCOMES: ReadonlySet<AuditType> = new Set([
  'requested',
  'approved',
  'rejected',
  'withdrawn',
  'granted',
  'extended',
  'refused',
  'failed',
  'revoked',
  'expired',
  'closed',
  'swept',
]);

/** Record types after which a path is open, or may come to be by an approval, until the end that they name. */
const OPEN: ReadonlySet<AuditType> = new Set(['requested', 'approved', 'granted', 'extended']);

/** How long after its window a grant's end may be recorded, ms: proving it closed takes a while. */
const GRACE = 120_000;

/** Follows the grants of a log through its records. */
export type LifeCycle = {
  readonly take: (record: AuditRecord) => void;
  /** @param now ms since the epoch */
  readonly unfinished: (now: number) => readonly Unfinished[];
};

export function followGrants(): LifeCycle {
  const intents = new Map<string, Unfinished>();
  const windows = new Map<string, Unfinished & { readonly end: number }>();
  return {
    take: ({ type, grant, seq, time }) => {
      if (grant === undefined) return;
      const { id, expiresAt } = grant;
      if (type === 'intent') intents.set(id, { grant: safeText(id), what: 'intent', seq, time });
      if (OUTCOMES.has(type)) intents.delete(id);
      if (OPEN.has(type)) {
        const end = Date.parse(expiresAt ?? '');
        if (!Number.isNaN(end)) windows.set(id, { grant: safeText(id), what: 'grant', seq, time, end });
      } else if (OUTCOMES.has(type)) {
        windows.delete(id);
      }
    },
    unfinished: (now) => [
      ...intents.values(),
      ...Array.from(windows.values())
        .filter(({ grant, end }) => end + GRACE < now && !intents.has(grant))
        .map(({ end: _, ...window }) => window),
    ],
  };
}
