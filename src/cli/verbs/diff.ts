import { isLive } from '../../core/cluster/cluster.ts';
import { sameJson, several } from '../../core/common/common.ts';
import { type ClusterModel, policyKey } from '../../core/live/live.ts';
import type { NamedEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import {
  type Connections,
  isNothing,
  type Policy,
  type PolicyRef,
  portsText,
} from '../../core/policy/model/model.ts';
import {
  clusterMatrix,
  type EndGroup,
  fullEndText,
  inOrder,
  type OpenPath,
  type Turn,
  type Turned,
  treeDiff,
  turnedTo,
  type WorkloadIsolation,
  workloadKey,
} from '../../core/policy/reach/reach.ts';
import { askedDialect, dialectFrom, type PolicyWorld, tellNotes, worldOf } from '../connect/connect.ts';
import { loadManifests, type RefusedObject, refusalJson, refusalText } from '../manifests/manifests.ts';
import { EXIT, toJson, type VerbContext } from '../shared/shared.ts';
import { policyText } from './explain-policy-edit.ts';
import { beyondJson, pathPortsText, portsJson, endJson as rowEndJson } from './matrix-formats.ts';

export const DIFF_FORMATS = ['table', 'json', 'markdown'] as const;

export type DiffVerbOptions = {
  readonly output: (typeof DIFF_FORMATS)[number];
  readonly enforcer?: NamedEnforcer;
  readonly assume?: readonly string[];
  readonly exitCode?: boolean;
};

/** `sluice diff OLD NEW`: what changes between two trees of manifests; with `--exit-code`, exits 1 on any change. */
export async function diff(
  { options, output }: VerbContext,
  old: string,
  now: string,
  asked: DiffVerbOptions,
): Promise<number> {
  const dialect = dialectFrom(askedDialect(asked), asked.assume);
  const namespace = options.namespace ?? 'default';
  const load = async (path: string) => {
    const loaded = await loadManifests([path], { namespace, mayBeEmpty: true });
    return { ...loaded, tree: worldOf(loaded, dialect) };
  };
  const before = await load(old);
  const after = await load(now);
  tellNotes(output, after.notes);
  const found = compareTrees(before.tree, after.tree);
  const { refused } = after;
  switch (asked.output) {
    case 'table':
      output.out(diffText(found, refused));
      break;
    case 'json':
      output.out(`${toJson(diffJson(after.tree.model, found, refused), 2)}\n`);
      break;
    case 'markdown':
      output.out(diffMarkdown(found, refused));
      break;
  }
  return asked.exitCode === true && !isNoChange(found) ? EXIT.failed : EXIT.done;
}

/** A section of the output: its title, and a line for each change. */
type Section = { readonly title: string; readonly lines: readonly string[] };

/** The difference as text. */
function diffText(diff: TreeChanges, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return 'No changes.\n';
  const sections = sectionsOf(diff, refused).map(({ title, lines }) => [
    title,
    ...lines.map((line) => `  ${line}`),
  ]);
  return `${[...sections.flat(), summaryOf(diff, refused)].join('\n')}\n`;
}

/** The difference for a pull request. */
function diffMarkdown(diff: TreeChanges, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return '**No changes** to allowed paths.\n';
  const sections = sectionsOf(diff, refused).flatMap(({ title, lines }) => [
    `#### ${title} (${lines.length})`,
    '',
    ...folded(lines),
    '',
  ]);
  return `**${summaryOf(diff, refused)}**\n\n${sections.join('\n')}`;
}

/** The difference as data; `model` is the new tree. */
function diffJson(model: ClusterModel, diff: TreeChanges, refused: readonly RefusedObject[]): unknown {
  const paths = (key: 'opens' | 'closes' | 'blurs') =>
    diff.paths
      .filter((path) => !isNothing(path[key]))
      .map((path) => ({ from: endJson(path.from), to: endJson(path.to), ports: portsJson(path[key]) }));
  const isolation = (list: readonly WorkloadIsolation[]) =>
    list.map(({ end, direction }) => ({ ...endJson(end), direction }));
  return {
    changes: !isNoChange(diff),
    policies: diff.policies,
    workloads: diff.workloads,
    opens: paths('opens'),
    closes: paths('closes'),
    undecidable: paths('blurs'),
    new: diff.arrivals.map(({ from, to, open, unsure }) => ({
      from: rowEndJson(model, from),
      to: rowEndJson(model, to),
      open: portsJson(open),
      undecidable: portsJson(unsure),
    })),
    isolated: isolation(diff.isolated),
    freed: isolation(diff.freed),
    refused: refused.map(refusalJson),
  };
}

function sectionsOf(
  { policies, workloads, paths, arrivals, isolated, freed }: TreeChanges,
  refused: readonly RefusedObject[],
): readonly Section[] {
  const changed = (key: 'opens' | 'closes' | 'blurs') =>
    paths
      .filter((path) => !isNothing(path[key]))
      .map((path) => ({
        from: fullEndText(path.from),
        to: fullEndText(path.to),
        ports: portsText(path[key]),
      }));
  return [
    { title: 'Would be rejected', lines: refused.map((item) => `${refusalText(item)}. ${item.fate}`) },
    {
      title: 'Policies',
      lines: [
        ...policies.added.map((ref) => `+ ${policyText(ref)}`),
        ...policies.changed.map((ref) => `~ ${policyText(ref)}`),
        ...policies.removed.map((ref) => `- ${policyText(ref)}`),
      ],
    },
    {
      title: 'Workloads',
      lines: [
        ...workloads.added.map((workload) => `+ ${fullEndText({ type: 'workload', ...workload })}`),
        ...workloads.removed.map((workload) => `- ${fullEndText({ type: 'workload', ...workload })}`),
      ],
    },
    { title: 'Opens', lines: pathLines(changed('opens')) },
    { title: 'Closes', lines: pathLines(changed('closes')) },
    { title: 'Becomes undecidable', lines: pathLines(changed('blurs')) },
    { title: 'Paths of new workloads', lines: pathLines(arrivals.map(arrivalOf)) },
    { title: 'Newly isolated', lines: isolated.map(isolationText) },
    { title: 'No longer isolated', lines: freed.map(isolationText) },
  ].filter(({ lines }) => lines.length > 0);
}

/** One sentence: what changed, and its effects. */
function summaryOf(
  { policies, paths, arrivals, isolated, freed }: TreeChanges,
  refused: readonly RefusedObject[],
): string {
  const count = (key: 'opens' | 'closes' | 'blurs') => paths.filter((path) => !isNothing(path[key])).length;
  const some = (number: number, one: string, many: string) =>
    number === 0 ? [] : [`${number} ${number === 1 ? one : many}`];
  const effects = [
    ...some(refused.length, 'would be rejected', 'would be rejected'),
    ...some(count('opens'), 'path opens', 'paths open'),
    ...some(count('closes'), 'path closes', 'paths close'),
    ...some(count('blurs'), 'path becomes undecidable', 'paths become undecidable'),
    ...some(arrivals.length, 'path of new workloads', 'paths of new workloads'),
    ...some(isolated.length, 'newly isolated', 'newly isolated'),
    ...some(freed.length, 'no longer isolated', 'no longer isolated'),
  ];
  const touched = policies.added.length + policies.changed.length + policies.removed.length;
  const what =
    touched === 0 ? 'No policy changed' : `${touched} ${touched === 1 ? 'policy' : 'policies'} changed`;
  return effects.length === 0 ? `${what}, no paths affected.` : `${what}: ${effects.join(', ')}.`;
}

function arrivalOf(row: OpenPath): PathLine {
  return { from: fullEndText(row.from), to: fullEndText(row.to), ports: pathPortsText(row) };
}

function endJson(end: EndGroup): object {
  if (end.type !== 'workload') return beyondJson(end);
  const { kind, namespace, name, pods } = end;
  return { kind, namespace, name, pods };
}

function isolationText({ end, direction }: WorkloadIsolation): string {
  return `${fullEndText(end)} ${direction}`;
}

/** Long lists are collapsed with `details`, which code hosts support. */
function folded(lines: readonly string[]): readonly string[] {
  const items = lines.map((line) => `- \`${line}\``);
  return items.length <= 20 ? items : ['<details><summary>show</summary>', '', ...items, '', '</details>'];
}

/** One path as text. */
type PathLine = { readonly from: string; readonly to: string; readonly ports: string };

/** How many ends are named on a line. */
const NAMED = 6;

/**
 * Paths as lines, grouped by equal ports and a shared end: each path joins the larger of its groups, by destination or
 * by source. Lines are in the order of the first path of each.
 */
function pathLines(paths: readonly PathLine[]): readonly string[] {
  const keys = ({ from, to, ports }: PathLine) => [`→ ${to}\n${ports}`, `${from} →\n${ports}`] as const;
  const counts = new Map<string, number>();
  for (const key of paths.flatMap(keys)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const groups = Map.groupBy(paths, (path) => {
    const [byTo, byFrom] = keys(path);
    return (counts.get(byFrom) ?? 0) > (counts.get(byTo) ?? 0) ? byFrom : byTo;
  });
  return Array.from(groups.values(), (list) => {
    const [from, to] = [listed(list.map((path) => path.from)), listed(list.map((path) => path.to))];
    return `${from} → ${to}   ${list[0]?.ports ?? ''}`;
  });
}

function listed(names: readonly string[]): string {
  return several([...new Set(names)], NAMED);
}

/** Ports between two ends whose verdict changed. */
export type PathDiff = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  /** Newly open. */
  readonly opens: Connections;
  /** Newly closed. */
  readonly closes: Connections;
  /** Newly undecidable. */
  readonly blurs: Connections;
};

/** What changes from one tree of manifests to another. `paths` covers ends that both trees have, and the outside. */
export type TreeChanges = {
  readonly policies: Readonly<Record<'added' | 'removed' | 'changed', readonly PolicyRef[]>>;
  readonly workloads: Readonly<Record<'added' | 'removed', readonly WorkloadName[]>>;
  readonly paths: readonly PathDiff[];
  /** Open paths of workloads that only the new tree has. */
  readonly arrivals: readonly OpenPath[];
  readonly isolated: readonly WorkloadIsolation[];
  readonly freed: readonly WorkloadIsolation[];
};

/** Compares two trees, for all pairs and all ports. */
export function compareTrees(old: Tree, now: Tree): TreeChanges {
  const { turns, isolation } = treeDiff(old.engine, now.engine);
  const workloads = workloadChanges(old, now);
  const sorted = inOrder(isolation.map((turn) => ({ ...turn, from: turn.end, to: turn.end })));
  return {
    policies: policyChanges(old, now),
    workloads,
    paths: inOrderOfTelling(turns).map(pathDiffOf),
    arrivals: arrivalsIn(now, workloads.added),
    isolated: sorted.filter(({ isolates }) => isolates),
    freed: sorted.filter(({ isolates }) => !isolates),
  };
}

/** Whether there are no differences. */
export function isNoChange({ policies, workloads, paths, isolated, freed }: TreeChanges): boolean {
  const lists = [...Object.values(policies), ...Object.values(workloads), paths, isolated, freed];
  return lists.every((list) => list.length === 0);
}

/** Paths between workloads first, then each workload's paths to other ends. */
function inOrderOfTelling(turns: readonly Turn<Turned>[]): readonly Turn<Turned>[] {
  const sorted = inOrder(turns);
  const isWithin = ({ from, to }: Turn<Turned>) => from.type === 'workload' && to.type === 'workload';
  const beyond = sorted
    .filter((turn) => !isWithin(turn))
    .map((turn) => ({ turn, workload: turn.from.type === 'workload' ? turn.from : turn.to }));
  const byWorkload = inOrder(beyond.map(({ turn, workload }) => ({ turn, from: workload, to: workload })));
  return [...sorted.filter(isWithin), ...byWorkload.map(({ turn }) => turn)];
}

function pathDiffOf({ from, to, changes }: Turn<Turned>): PathDiff {
  const [opens, closes] = [turnedTo(changes, 'allow'), turnedTo(changes, 'deny')];
  return { from, to, opens, closes, blurs: turnedTo(changes, 'undecidable') };
}

function arrivalsIn({ engine }: Tree, added: readonly WorkloadName[]): readonly OpenPath[] {
  if (added.length === 0) return [];
  const keyOf = ({ kind, namespace, name }: WorkloadName) => `${kind} ${namespace}/${name}`;
  const keys = new Set(added.map(keyOf));
  return clusterMatrix(engine, { about: (workload) => keys.has(keyOf(workload)) });
}

/** One of the two trees being compared. */
type Tree = Pick<PolicyWorld, 'model' | 'engine'>;

/** A workload, or a pod without one, by name. */
type WorkloadName = { readonly kind: string; readonly namespace: string; readonly name: string };

/** Policies by type of change. Labels and annotations are ignored. */
type PolicyChanges = Readonly<Record<'added' | 'removed' | 'changed', readonly PolicyRef[]>>;

function policyChanges(old: Tree, now: Tree): PolicyChanges {
  const before = byKey(old);
  const after = byKey(now);
  const changed = [...after].filter(([key, policy]) => {
    const former = before.get(key);
    return former !== undefined && !sameJson(meaningOf(former), meaningOf(policy));
  });
  return {
    added: [...after].filter(([key]) => !before.has(key)).map(([, policy]) => refOf(policy)),
    removed: [...before].filter(([key]) => !after.has(key)).map(([, policy]) => refOf(policy)),
    changed: changed.map(([, policy]) => refOf(policy)),
  };
}

/** Workloads that only one tree has. */
function workloadChanges(
  old: Tree,
  now: Tree,
): Readonly<Record<'added' | 'removed', readonly WorkloadName[]>> {
  const before = workloadsOf(old);
  const after = workloadsOf(now);
  const onlyIn = (a: ReadonlyMap<string, WorkloadName>, b: ReadonlyMap<string, WorkloadName>) =>
    [...a].filter(([key]) => !b.has(key)).map(([, workload]) => workload);
  return { added: onlyIn(after, before), removed: onlyIn(before, after) };
}

function workloadsOf({ model }: Tree): ReadonlyMap<string, WorkloadName> {
  const pods = [...model.pods()].filter(isLive);
  return new Map(
    pods.map((pod) => {
      const { kind, namespace, name } = pod.owner ?? pod;
      return [workloadKey(pod), { kind, namespace, name }];
    }),
  );
}

function byKey({ engine }: Tree): ReadonlyMap<string, Policy> {
  return new Map([...engine.policies()].map((policy) => [policyKey(policy), policy]));
}

function refOf({ kind, namespace, name }: Policy): PolicyRef {
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

function meaningOf(policy: Policy): unknown {
  const { uid: _uid, created: _created, labels: _labels, annotations: _annotations, ...meaning } = policy;
  return meaning;
}
