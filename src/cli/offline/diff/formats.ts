import type { ClusterModel } from '../../../core/cluster/model.ts';
import { isNothing, portsText } from '../../../core/policy/model/connections.ts';
import { type EndGroup, fullEndText } from '../../../core/policy/reach/ends.ts';
import type { OpenPath } from '../../../core/policy/reach/matrix.ts';
import type { WorkloadIsolation } from '../../../core/policy/reach/tree-diff.ts';
import { policyText } from '../explain/policy-edit.ts';
import { type RefusedObject, refusalJson, refusalText } from '../manifests/refused.ts';
import { beyondJson, pathPortsText, portsJson, endJson as rowEndJson } from '../matrix/formats.ts';
import { isNoChange, type TreeChanges } from './compare.ts';
import { type PathLine, pathLines } from './path-lines.ts';

/** A part of the answer: its name, and a line for each change. */
type Section = { readonly title: string; readonly lines: readonly string[] };

/** The difference for people. */
export function diffText(diff: TreeChanges, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return 'Nothing changes.\n';
  const sections = sectionsOf(diff, refused).map(({ title, lines }) => [
    title,
    ...lines.map((line) => `  ${line}`),
  ]);
  return `${[...sections.flat(), summaryOf(diff, refused)].join('\n')}\n`;
}

/** The difference for a pull request. */
export function diffMarkdown(diff: TreeChanges, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return '**Nothing changes** in who may talk to whom.\n';
  const sections = sectionsOf(diff, refused).flatMap(({ title, lines }) => [
    `#### ${title} (${lines.length})`,
    '',
    ...folded(lines),
    '',
  ]);
  return `**${summaryOf(diff, refused)}**\n\n${sections.join('\n')}`;
}

/** The difference as data; `model` is the new tree. */
export function diffJson(model: ClusterModel, diff: TreeChanges, refused: readonly RefusedObject[]): unknown {
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
    { title: 'Would be refused', lines: refused.map((item) => `${refusalText(item)}. ${item.fate}`) },
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

/** One sentence: what changed, and what comes of it. */
function summaryOf(
  { policies, paths, arrivals, isolated, freed }: TreeChanges,
  refused: readonly RefusedObject[],
): string {
  const count = (key: 'opens' | 'closes' | 'blurs') => paths.filter((path) => !isNothing(path[key])).length;
  const some = (number: number, one: string, many: string) =>
    number === 0 ? [] : [`${number} ${number === 1 ? one : many}`];
  const effects = [
    ...some(refused.length, 'would be refused', 'would be refused'),
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
  return effects.length === 0 ? `${what}, and no path.` : `${what}: ${effects.join(', ')}.`;
}

function arrivalOf(row: OpenPath): PathLine {
  return { from: fullEndText(row.from), to: fullEndText(row.to), ports: pathPortsText(row) };
}

function endJson(end: EndGroup): object {
  if (end.type !== 'workload') return beyondJson(end);
  const { kind, namespace, name, pods } = end;
  return { kind, namespace, name, ...(pods === undefined ? {} : { pods }) };
}

function isolationText({ end, direction }: WorkloadIsolation): string {
  return `${fullEndText(end)} ${direction}`;
}

/** Long lists are folded, as code hosts do with `details`. */
function folded(lines: readonly string[]): readonly string[] {
  const items = lines.map((line) => `- \`${line}\``);
  return items.length <= 20 ? items : ['<details><summary>show</summary>', '', ...items, '', '</details>'];
}
