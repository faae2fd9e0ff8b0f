import { formatDuration } from '../../core/common/common.ts';
import { isoSeconds, TOLD_BEFORE_END } from '../../core/grants/grants.ts';
import type { KeeperContext, KeptGrant } from './kept-grant.ts';
import { tellHooks } from './record.ts';
import { until } from './wait.ts';

/** Tells hooks that a path was seen open, once. */
export async function tellOpened({ deps, keep }: KeeperContext, { grant }: KeptGrant): Promise<void> {
  const { state } = grant;
  if (state.name !== 'open') return;
  const outcome = `first connection ${(state.after / 1_000).toFixed(1)} s after the policy, ${state.how}`;
  await keep(tellHooks(deps, 'opened', grant, outcome, 'opened'));
}

/**
 * Tells hooks some time before a grant ends, and again if it was extended; rejects once it is no longer kept. A window
 * that is shorter than that is not told of.
 */
export async function tellExpiring({ deps, keep }: KeeperContext, kept: KeptGrant): Promise<never> {
  const now = () => deps.api.clock.now();
  const told = new Set<string>();
  const next = () => {
    const { end = 0, seconds = 0 } = kept.grant.window ?? {};
    const dues = TOLD_BEFORE_END.filter((before) => before < seconds).map((before) => ({
      before,
      time: end - before * 1_000,
      id: `expiring-${before}-${isoSeconds(end)}`,
    }));
    return dues.filter(({ id }) => !told.has(id)).toSorted((one, other) => one.time - other.time)[0];
  };
  for (;;) {
    await until(() => next()?.time ?? Number.POSITIVE_INFINITY, now, kept.stop.signal);
    const due = next();
    if (due === undefined || due.time > now()) continue;
    told.add(due.id);
    if (!['applied', 'open'].includes(kept.grant.state.name)) continue;
    const left = formatDuration(due.before);
    await keep(tellHooks(deps, 'expiring', kept.grant, `ends in ${left}`, due.id));
  }
}
