import type { PathDecision } from '../decide/decision.ts';
import type { Engine } from '../decide/engine.ts';
import type { End } from '../model/verdict.ts';
import type { Cell } from './cells.ts';

/**
 * Whether an allow holds although Cilium knows a name's addresses only from lookups that it proxies (CIL-20): some rule
 * of the source sends lookups there, or no rule that names domains is needed.
 */
export function isLearned(engine: Engine, cells: readonly Cell[]): boolean {
  if (!engine.dialect.identityLabels) return true;
  return cells.every(({ query, decision }) => {
    if (decision.verdict !== 'allow' || query.from.type !== 'pod') return true;
    if (engine.rulesOn(query.from.pod).some(({ l7 }) => l7 === 'dns')) return true;
    return withoutName(engine, query).egress.verdict === 'allow';
  });
}

/** What rules that name domains make of a name besides the verdict. */
export function dnsNotes(engine: Engine, name: string, cells: readonly Cell[]): readonly string[] {
  const shares = cells.some(
    ({ query, decision }) =>
      decision.egress.verdict === 'deny' && withoutName(engine, query).egress.verdict === 'undecidable',
  );
  return shares ? [`an address that ${name} shares with an admitted name is admitted as well`] : [];
}

function withoutName(engine: Engine, query: Cell['query']): PathDecision {
  const to: End = query.to.type === 'ip' ? { type: 'ip', ip: query.to.ip } : query.to;
  return engine.decide({ ...query, to });
}
