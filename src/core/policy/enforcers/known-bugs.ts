import type { Dialect, EnforcerName } from '../match/match.ts';
import type { Rule } from '../model/model.ts';

/** A bug of some releases by which packets fare otherwise than policies say. */
type KnownBug = {
  readonly enforcer: EnforcerName;
  /** The first release that has it, and the first one after it that has not, of each line. */
  readonly versions: readonly (readonly [first: string, fixed: string])[];
  /** Whether rules, on a path, depend on what is broken. */
  readonly concerns: (dialect: Dialect, rule: Rule) => boolean;
  readonly text: string;
  readonly source: string;
};

/** Bugs that make a verdict untrue; each with the public report (ENF-37). */
const BUGS: readonly KnownBug[] = [
  {
    enforcer: 'cilium',
    versions: [['1.14.0', '1.14.1']],
    concerns: (_, { peers }) => peers !== 'any' && peers.some(({ type }) => type === 'cidr'),
    text: 'after a restart of its agent, rules with CIDRs may be lost',
    source: 'cilium #27210',
  },
  {
    enforcer: 'cilium',
    versions: [
      ['1.13.9', '1.13.13'],
      ['1.14.0', '1.14.8'],
      ['1.15.0', '1.15.2'],
    ],
    concerns: (_, { l7 }) => l7 === 'http',
    text: 'rules on HTTP requests are not applied to all traffic',
    source: 'CVE-2024-28248',
  },
  {
    enforcer: 'cilium',
    versions: [['1.20.0', '1.20.1']],
    concerns: ({ ipBlockMatchesPods }, { peers }) =>
      ipBlockMatchesPods === 'yes' && peers !== 'any' && peers.some(({ type }) => type === 'cidr'),
    text: 'with policy-cidr-match-mode=pods, rules with CIDRs miss pods after a restart of its agent',
    source: 'cilium PR #47880',
  },
];

/** What is known to be broken in this release for some rules, one phrase each; none where the version is unknown. */
export function knownBugs(dialect: Dialect, rules: readonly Rule[]): readonly string[] {
  const { enforcer, version } = dialect;
  if (version === undefined) return [];
  return BUGS.filter(
    (bug) =>
      bug.enforcer === enforcer &&
      bug.versions.some(([first, fixed]) => isBetween(version, first, fixed)) &&
      rules.some((rule) => bug.concerns(dialect, rule)),
  ).map(({ text, source }) => `${enforcer} ${version} has a known bug: ${text} (${source})`);
}

/** Whether a whole version such as `1.14.0` is in a range; `1.14` alone says nothing of its patches. */
function isBetween(version: string, first: string, fixed: string): boolean {
  return isWhole(version) && compare(version, first) >= 0 && compare(version, fixed) < 0;
}

function isWhole(version: string): boolean {
  return /^\d+\.\d+\.\d+/.test(version);
}

function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  const at = [0, 1, 2].find((index) => x?.[index] !== y?.[index]) ?? 0;
  return (x?.[at] ?? 0) - (y?.[at] ?? 0);
}
