import type { Connections } from '../../../core/policy/connections.ts';
import { policyText } from '../explain/policy-edit.ts';
import { type RefusedObject, refusalJson, refusalText } from '../manifests/refused.ts';
import { portsJson } from '../matrix/formats.ts';
import { rangeTexts } from '../reach/outside.ts';
import { isNothing, portsText } from '../reach/port-sets.ts';
import { type DiffEnd, type IsolationDiff, isNoChange, type PathDiff, type TreeDiff } from './compare.ts';
import type { WorkloadName } from './tree.ts';

/** A part of the answer: its name, and a line for each change. */
type Section = { readonly title: string; readonly lines: readonly string[] };

/** The difference for people. */
export function diffText(diff: TreeDiff, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return 'Nothing changes.\n';
  const sections = sectionsOf(diff, refused).map(({ title, lines }) => [
    title,
    ...lines.map((line) => `  ${line}`),
  ]);
  return `${[...sections.flat(), summaryOf(diff)].join('\n')}\n`;
}

/** The difference for a pull request. */
export function diffMarkdown(diff: TreeDiff, refused: readonly RefusedObject[]): string {
  if (isNoChange(diff) && refused.length === 0) return '**Nothing changes** in who may talk to whom.\n';
  const sections = sectionsOf(diff, refused).flatMap(({ title, lines }) => [
    `#### ${title} (${lines.length})`,
    '',
    ...folded(lines),
    '',
  ]);
  return `**${summaryOf(diff)}**\n\n${sections.join('\n')}`;
}

/** The difference as data. */
export function diffJson(diff: TreeDiff, refused: readonly RefusedObject[]): unknown {
  const paths = (key: 'opens' | 'closes' | 'blurs') =>
    diff.paths
      .filter((path) => !isNothing(path[key]))
      .map((path) => ({ from: endJson(path.from), to: endJson(path.to), ports: portsJson(path[key]) }));
  const isolation = (list: readonly IsolationDiff[]) =>
    list.map(({ party: { kind, namespace, name, pods }, direction }) => ({
      kind,
      namespace,
      name,
      ...(pods === undefined ? {} : { pods }),
      direction,
    }));
  return {
    changes: !isNoChange(diff),
    policies: diff.policies,
    workloads: diff.workloads,
    opens: paths('opens'),
    closes: paths('closes'),
    undecidable: paths('blurs'),
    isolated: isolation(diff.isolated),
    freed: isolation(diff.freed),
    refused: refused.map(refusalJson),
  };
}

function sectionsOf(
  { policies, workloads, paths, isolated, freed }: TreeDiff,
  refused: readonly RefusedObject[],
): readonly Section[] {
  const paths3 = (key: 'opens' | 'closes' | 'blurs') =>
    paths.filter((path) => !isNothing(path[key])).map((path) => pathText(path, path[key]));
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
        ...workloads.added.map((workload) => `+ ${workloadText(workload)}`),
        ...workloads.removed.map((workload) => `- ${workloadText(workload)}`),
      ],
    },
    { title: 'Opens', lines: paths3('opens') },
    { title: 'Closes', lines: paths3('closes') },
    { title: 'Becomes undecidable', lines: paths3('blurs') },
    { title: 'Newly isolated', lines: isolated.map(isolationText) },
    { title: 'No longer isolated', lines: freed.map(isolationText) },
  ].filter(({ lines }) => lines.length > 0);
}

function summaryOf({ policies, paths, isolated, freed }: TreeDiff): string {
  const count = (key: 'opens' | 'closes' | 'blurs') => paths.filter((path) => !isNothing(path[key])).length;
  const touched = policies.added.length + policies.changed.length + policies.removed.length;
  const parts = [
    `${touched} ${touched === 1 ? 'policy' : 'policies'} changed`,
    `${count('opens')} ${count('opens') === 1 ? 'path opens' : 'paths open'}`,
    `${count('closes')} ${count('closes') === 1 ? 'closes' : 'close'}`,
    ...(count('blurs') === 0 ? [] : [`${count('blurs')} become undecidable`]),
    `${isolated.length} newly isolated`,
    `${freed.length} no longer isolated`,
  ];
  return parts.join(', ');
}

function pathText({ from, to }: PathDiff, ports: Connections): string {
  return `${endText(from)} → ${endText(to)}   ${portsText(ports)}`;
}

function endText(end: DiffEnd): string {
  if (end.type === 'pods') return workloadText(end.party);
  if (end.everywhere) return 'outside';
  const ranges = rangeTexts(end.ranges);
  const shown = ranges.slice(0, 3).join(',');
  return ranges.length > 3 ? `${shown} and ${ranges.length - 3} more ranges` : shown;
}

function endJson(end: DiffEnd): unknown {
  if (end.type === 'outside') return { outside: rangeTexts(end.ranges) };
  const { kind, namespace, name, pods } = end.party;
  return { kind, namespace, name, ...(pods === undefined ? {} : { pods }) };
}

function workloadText({
  kind,
  namespace,
  name,
  pods,
}: WorkloadName & { readonly pods?: readonly string[] }): string {
  return `${namespace}/${name}[${kind}]${pods === undefined ? '' : `{${pods.join(',')}}`}`;
}

function isolationText({ party, direction }: IsolationDiff): string {
  return `${workloadText(party)} ${direction}`;
}

/** Long lists are folded, as code hosts do with `details`. */
function folded(lines: readonly string[]): readonly string[] {
  const items = lines.map((line) => `- \`${line}\``);
  return items.length <= 20 ? items : ['<details><summary>show</summary>', '', ...items, '', '</details>'];
}
