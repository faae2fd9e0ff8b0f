import { formatDuration, nearestNames, plural, SluiceError } from '../../core/common/common.ts';
import { type Finding, findLeftovers, MAKING_WITHIN } from '../../core/grants/grants.ts';
import { type GrantDeps, type Swept, sweepFound } from '../../session/session.ts';
import { EXIT, type GlobalOptions, type Output, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { table } from './table.ts';
import { earliestNow, type FoundGrants, withGrants } from './with-grants.ts';

/**
 * `sluice sweep [NAME…]`: finds what grants have left in the current namespace, or in all namespaces with `-A`, tells why
 * each is left, and removes it (GRANT-21). With names, only those, in whatever namespace they are; an object that sluice
 * did not make is removed only by its name (GRANT-22). It never asks.
 *
 * @returns 6 with `dryRun` when there is a leftover; else 1 when one was not removed or not recorded in the log, 6 when a
 *   foreign finalizer holds one, 4 when it can't be told whether one is gone or a half of one is out of view
 */
export async function sweep(
  context: VerbContext,
  names: readonly string[],
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<number> {
  const { output, options, signal } = context;
  return withGrants(context, names.length === 0 ? 'in-view' : 'wherever', async (deps, found) => {
    const all = findLeftovers(found.objects, earliestNow(deps.api.clock));
    const chosen =
      names.length === 0 ? all : [...new Set(names)].map((name) => pickFinding(all, found, name));
    const isDue = ({ state }: Finding) => state === 'leftover' || (names.length > 0 && state === 'foreign');
    const due = chosen.filter(isDue);
    const ends = dryRun ? new Map<Finding, Swept>() : await sweepEach(deps, due, signal);
    const results = chosen.map((finding): Result => ({ finding, end: ends.get(finding) }));
    writeAnswer(output, options.output, results.map(resultJson), () =>
      results.length === 0
        ? noLeftovers(found.namespace)
        : table(['name', 'state', 'namespace', 'requester', 'path', 'why'], results.map(resultRow)),
    );
    for (const result of results) tell(output, result);
    if (dryRun) {
      if (due.length > 0) tellDue(output, due.length, names, options);
      return due.length > 0 ? EXIT.leftovers : EXIT.done;
    }
    if (ends.size < due.length) {
      throw new SluiceError(
        'left-open',
        `Interrupted: ${due.length - ends.size} of ${plural(due.length, 'leftover')} were not removed.`,
        'Run the command again for the rest.',
      );
    }
    return codeOf(results);
  });
}

/** A finding, and what became of it if it was to be removed. */
export type Result = { readonly finding: Finding; readonly end: Swept | undefined };

/** One after the other; an interrupt takes effect between leftovers, never within one. */
async function sweepEach(
  deps: GrantDeps,
  findings: readonly Finding[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Finding, Swept>> {
  const ends = new Map<Finding, Swept>();
  for (const finding of findings) {
    if (signal.aborted) break;
    ends.set(finding, await sweepFound(deps, finding.grant, finding.why));
  }
  return ends;
}

/** The leftover or foreign object of a name. Throws `not-found` with those that there are, `refused` for what lives. */
function pickFinding(
  findings: readonly Finding[],
  { grants, requests, namespace }: FoundGrants,
  name: string,
): Finding {
  const finding = findings.find((candidate) => candidate.name === name);
  if (finding?.state === 'leftover' || finding?.state === 'foreign') return finding;
  if (finding?.state === 'making') {
    throw new SluiceError(
      'refused',
      `"${name}" may be a grant in the making: ${finding.why.join('; ')}.`,
      `Sweep again once ${formatDuration(MAKING_WITHIN / 1_000)} have passed, or run sluice revoke ${name}.`,
    );
  }
  if ([...grants, ...requests].some(({ id, halves }) => id === name && halves.length > 0)) {
    throw new SluiceError(
      'refused',
      `"${name}" is no leftover: the grant lives, and its lease will end it.`,
      `To end it now, run sluice revoke ${name}.`,
    );
  }
  const names = findings
    .filter(({ state }) => state === 'leftover' || state === 'foreign')
    .map((candidate) => candidate.name);
  const near = nearestNames(name, names, 2);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  throw new SluiceError(
    'not-found',
    `Leftover "${name}" not found${where}.`,
    names.length === 0 ? `There are no leftovers${where}.` : `${meant}There are: ${names.join(', ')}.`,
  );
}

function codeOf(results: readonly Result[]): number {
  const ends = results.flatMap(({ end }) => end ?? []);
  const isLeft = ({ left, held, unknown }: Swept) => left.length > 0 && !held && !unknown;
  if (ends.some((end) => isLeft(end) || end.unrecorded.length > 0)) return EXIT.failed;
  if (ends.some(({ held }) => held)) return EXIT.leftovers;
  const isPart = results.some(({ finding, end }) => end !== undefined && unseenOf(finding).length > 0);
  return isPart || ends.some(({ unknown }) => unknown) ? EXIT.undecidable : EXIT.done;
}

/** What an entry is, once removed or not: as the JSON has it, and in the words of the table. */
const STATES = {
  leftover: 'leftover',
  removed: 'removed',
  held: 'held',
  failed: 'not removed',
  unknown: 'not known',
  making: 'being made',
  drifted: 'drifted',
  foreign: "not sluice's",
} as const;

function stateOf({ finding, end }: Result): keyof typeof STATES {
  if (end === undefined) return finding.state;
  if (end.left.length === 0) return 'removed';
  if (end.held) return 'held';
  return end.unknown ? 'unknown' : 'failed';
}

/** The same fields for every entry; those that do not apply are absent. */
export function resultJson(result: Result): Readonly<Record<string, unknown>> {
  const { finding, end } = result;
  const { name, why, grant, state } = finding;
  const isForeign = state === 'foreign';
  return {
    name,
    state: stateOf(result),
    requester: grant.requester,
    source: isForeign ? undefined : grant.source,
    destination: isForeign ? undefined : grant.destination,
    end: grant.window === undefined ? undefined : new Date(grant.window.end).toISOString(),
    why,
    objects: grant.halves.flatMap(({ namespace, policy, lease }) => [
      ...(policy === undefined ? [] : [{ kind: 'NetworkPolicy', namespace, ...policy }]),
      ...(lease === undefined ? [] : [{ kind: 'Job', namespace, ...lease }]),
    ]),
    unseen: grant.unseen,
    left: end?.left,
    recorded: end === undefined ? undefined : end.unrecorded.length === 0,
  };
}

/** Name, state, namespaces, requester, path, and why. */
export function resultRow(result: Result): readonly string[] {
  const { name, grant, why, state } = result.finding;
  return [
    name,
    STATES[stateOf(result)],
    [...new Set(grant.halves.map(({ namespace }) => namespace))].join(','),
    grant.requester,
    state === 'foreign' ? '' : `${grant.source} → ${grant.destination}`,
    why.join('; '),
  ];
}

function unseenOf({ grant }: Finding): NonNullable<Finding['grant']['unseen']> {
  return grant.unseen ?? [];
}

/** What is wrong, with the next step; nothing for what was removed, and for what is a leftover still. */
function tell({ err }: Output, { finding, end }: Result): void {
  const { name, state, why, grant } = finding;
  const say = (text: string, next: string) => err(`sluice: ${text}.\n        ${next}.\n`);
  const due = state === 'leftover' || end !== undefined;
  if (state === 'drifted')
    say(
      `${name} lives, but something is wrong with it: ${why.join('; ')}`,
      `End it with sluice revoke ${name}`,
    );
  if (state === 'foreign' && !due)
    say(
      `${name} has sluice's label, but sluice did not make it`,
      `Remove the label, or the object with sluice sweep ${name}`,
    );
  for (const half of due ? unseenOf(finding) : []) {
    const who = grant.requester;
    say(
      `The half of ${name} in ${half.namespace} is out of view: ${half.why}`,
      `Ask ${who}, or who may read ${half.namespace}, to run sluice sweep there`,
    );
  }
  if (end === undefined) return;
  const left = end.left.join('; ');
  if (end.held)
    say(`${name} is left behind: ${left}`, 'Ask who set the finalizer to remove it; the object goes with it');
  else if (end.unknown)
    say(`${name} is not known to be removed: ${left}`, 'Run sluice sweep again once the cluster answers');
  else if (end.left.length > 0)
    say(`Unable to remove ${name}: ${left}`, 'Fix that, and run sluice sweep again');
  for (const text of end.unrecorded) err(`sluice: WARNING: ${name} is not in the audit log: ${text}\n`);
}

function tellDue({ err }: Output, count: number, names: readonly string[], options: GlobalOptions): void {
  const where = options.allNamespaces === true ? ['-A'] : [];
  const named = options.namespace === undefined ? [] : ['-n', options.namespace];
  const command = ['sluice', 'sweep', ...names, ...where, ...named].join(' ');
  err(`sluice: ${plural(count, 'leftover')} found.\n        Remove with ${command}.\n`);
}

function noLeftovers(namespace: string | undefined): string {
  return namespace === undefined
    ? 'No leftovers found.\n'
    : `No leftovers found in ${namespace} namespace. Use -A to look in all namespaces.\n`;
}
