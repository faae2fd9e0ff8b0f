import type { Packet } from './dial.ts';
import { pathText } from './paths.ts';
import type { Draft, Round, Tried } from './round.ts';

/**
 * Valid reasons for an undecidable verdict: a connection to a service reaches any of its backends; whether the name of a
 * sidecar's port resolves depends on a version that may be unknown; a finished pod has no network.
 */
export const OPEN_QUESTIONS =
  /^its backends differ$|port names of sidecars is not known|has terminated: it has no network/;

/** The totals of all scenarios. */
export type Totals = {
  readonly add: (policies: number, round: Round) => void;
  readonly policies: () => number;
  readonly tests: () => number;
  /** The distinct results of correctly denied packets. */
  readonly denials: () => readonly Packet[];
  readonly text: () => string;
};

/** Counts policies and connection tests. */
export function createTotals(): Totals {
  const tried: Tried[] = [];
  let policies = 0;
  let slowest = 0;
  const count = (holds: (item: Tried) => boolean) => tried.filter(holds).length;
  return {
    add: (more, round) => {
      policies += more;
      tried.push(...round.tried);
      slowest = Math.max(slowest, round.settled);
    },
    policies: () => policies,
    tests: () => tried.length,
    denials: () => [
      ...new Set(tried.filter(({ judgement }) => judgement.verdict === 'deny').map(({ packet }) => packet)),
    ],
    text: () => {
      const open = tried.filter(({ judgement }) => judgement.verdict === 'undecidable');
      const reasons = Map.groupBy(open, ({ judgement }) => judgement.reason);
      return [
        `${policies} policies, ${tried.length} connection tests: ${count(({ agrees }) => agrees) - open.length} agree` +
          ` (${count(({ judgement }) => judgement.verdict === 'allow')} allowed,` +
          ` ${count(({ judgement }) => judgement.verdict === 'deny')} denied,` +
          ` ${count(({ judgement }) => judgement.verdict === 'nowhere')} lead nowhere),` +
          ` ${count(({ agrees }) => !agrees)} differ, ${open.length} undecidable`,
        ...[...reasons].map(([reason, list]) => {
          const packets = [...new Set(list.map(({ packet }) => packet))].join(', ');
          return `  undecidable ${list.length}×: ${reason} (packets: ${packets})`;
        }),
        `slowest to agree: ${Math.round(slowest)} ms`,
      ].join('\n');
    },
  };
}

/** The faults of a round: paths that differ, and undecidable ones that `known` does not list. */
export function faults(
  { tried }: Round,
  drafts: readonly Draft[],
  known: RegExp | undefined,
): readonly string[] {
  const differing = tried.filter(({ agrees }) => !agrees).map(differenceText);
  const unnamed = tried
    .filter(({ judgement: { verdict, reason } }) => verdict === 'undecidable' && known?.test(reason) !== true)
    .map(differenceText);
  const lines = [...differing, ...unnamed];
  return lines.length === 0 ? [] : [...lines, ...drafts.map(draftText)];
}

/** A path whose packets do not fit its verdict. */
export function differenceText({ judgement, packet, ...path }: Tried): string {
  return `${pathText(path)}  sluice: ${judgement.verdict} (${judgement.reason})  packet: ${packet}`;
}

/** The policy as an applicable manifest, for a failing test. */
export function draftText({ namespace, spec }: Draft): string {
  return `policy in ${namespace}:\n${spec
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}`;
}
