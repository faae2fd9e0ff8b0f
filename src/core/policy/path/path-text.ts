import { DECISION_WORDS, explainText, type PathNames, remark, wrapped } from '../explain/explain.ts';
import type { Decision, End, Verdict } from '../model/model.ts';
import { type AskedPorts, portRangeText } from './asked-ports.ts';
import { type PathAnswer, pathTitle } from './judge-path.ts';
import type { PathPart } from './parts.ts';

const WORDS: Readonly<Record<Decision, string>> = {
  allow: '✓ ALLOW',
  deny: '✗ DENY',
  undecidable: '? UNDECIDABLE',
};

/**
 * An answer as lines of 80 columns: the verdict, the parts of the path if they differ, the halves with their causes (of
 * a denied part, if there is one), and remarks.
 */
export function pathText(answer: PathAnswer, ports: AskedPorts): readonly string[] {
  const { verdict, parts, notes } = answer;
  const inPart = parts.length > 0 && parts.some((part) => part.verdict !== verdict.verdict) ? ' in part' : '';
  return [
    `${pathTitle(answer, ports)}   ${WORDS[verdict.verdict]}${inPart}${isIncomplete(verdict) ? ', based on the policies that could be read' : ''}`,
    ...parts.flatMap((part) => partLines(answer, part)),
    ...shownPair(answer, ports),
    ...explainText(verdict, explainedNames(answer, ports)),
    ...notes.flatMap((text) => remark('note', text)),
  ];
}

/** Whether policies that could not be read may change the verdict. */
function isIncomplete({ incomplete = [] }: Verdict): boolean {
  return incomplete.length > 0;
}

function partLines(answer: PathAnswer, part: PathPart): readonly string[] {
  const word = `  ${DECISION_WORDS[part.verdict].padEnd(13)} `;
  return [...wrapped(word, partText(answer, part), 16), ...wrapped(' '.repeat(18), part.why, 18)];
}

/** Describes a part of a path by the ends and ports that differ from the whole. */
export function partText(answer: Pick<PathAnswer, 'from' | 'to' | 'parts'>, part: PathPart): string {
  const from = part.from.text === answer.from ? '' : `${part.from.text} → `;
  const to = part.to.text === answer.to && from === '' && !hasOnePort(answer, part) ? '' : `${part.to.text} `;
  return `${from}${to}${part.ports.map((range) => portRangeText(part.protocol, range)).join(', ')}`;
}

/** Whether all parts have the same ports, so that only their ends differ. */
function hasOnePort({ parts }: Pick<PathAnswer, 'parts'>, { ports }: PathPart): boolean {
  return parts.every((part) => part.ports.join() === ports.join());
}

/** Whether the halves describe the whole path: one verdict, on one port. */
function isOne({ parts }: PathAnswer, ports: AskedPorts): boolean {
  return parts.length === 0 && (ports.type === 'named' || ports.from === ports.to || ports.type === 'icmp');
}

/** The names of the ends in the halves: as requested, or those of the pair they describe. */
export function explainedNames(answer: PathAnswer, ports: AskedPorts): PathNames {
  const { query, from, to } = answer;
  if (isOne(answer, ports)) return answer;
  return { from: shortText(query.from, from), to: shortText(query.to, to) };
}

function shortText(end: End, name: string): string {
  return end.type === 'pod' ? end.pod.name : endText(end, name);
}

/** Names the pair that the halves below describe, if they don't describe the whole path. */
export function shownPair(answer: PathAnswer, ports: AskedPorts): readonly string[] {
  if (isOne(answer, ports)) return [];
  const { query, verdict, from, to } = answer;
  const port = portRangeText(query.protocol, [query.port, query.port]);
  const word = verdict.verdict === 'allow' ? 'for' : 'why';
  return [`${word} ${endText(query.from, from)} → ${endText(query.to, to)} ${port}:`];
}

/** The text of an end; a single address of the world is shown as the world. */
function endText(end: End, name: string): string {
  if (end.type === 'pod') return `${end.pod.namespace}/${end.pod.name}`;
  if (end.ip === '') return end.reserved ?? end.node?.name ?? name;
  return end.dns ?? (name === 'world' ? name : end.ip);
}
