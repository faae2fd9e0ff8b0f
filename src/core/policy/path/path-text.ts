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
 * An answer as lines of text of 80 columns: the verdict; where parts of the path differ, each with its own; the halves
 * with their causes (of a denied part, where there is one); what else is to be known.
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

/** Whether policies that may not be read could have turned the verdict. */
function isIncomplete({ incomplete = [] }: Verdict): boolean {
  return incomplete.length > 0;
}

function partLines(answer: PathAnswer, part: PathPart): readonly string[] {
  const word = `  ${DECISION_WORDS[part.verdict].padEnd(13)} `;
  return [...wrapped(word, partText(answer, part), 16), ...wrapped(' '.repeat(18), part.why, 18)];
}

/** Which part of a path it is: the ends and ports that are not those of the whole. */
export function partText(answer: Pick<PathAnswer, 'from' | 'to' | 'parts'>, part: PathPart): string {
  const from = part.from.text === answer.from ? '' : `${part.from.text} → `;
  const to = part.to.text === answer.to && from === '' && !hasOnePort(answer, part) ? '' : `${part.to.text} `;
  return `${from}${to}${part.ports.map((range) => portRangeText(part.protocol, range)).join(', ')}`;
}

/** Whether all parts are about the same ports: then the ends are what differs. */
function hasOnePort({ parts }: Pick<PathAnswer, 'parts'>, { ports }: PathPart): boolean {
  return parts.every((part) => part.ports.join() === ports.join());
}

/** Whether the halves speak of the whole path: one verdict, on one port. */
function isOne({ parts }: PathAnswer, ports: AskedPorts): boolean {
  return parts.length === 0 && (ports.type === 'named' || ports.from === ports.to || ports.type === 'icmp');
}

/** What the ends of the halves are called: as asked, or the pair that they are about. */
export function explainedNames(answer: PathAnswer, ports: AskedPorts): PathNames {
  const { query, from, to } = answer;
  if (isOne(answer, ports)) return answer;
  return { from: shortText(query.from, from), to: shortText(query.to, to) };
}

function shortText(end: End, name: string): string {
  return end.type === 'pod' ? end.pod.name : endText(end, name);
}

/** Which pair the halves below are about, where they do not speak of the whole path. */
export function shownPair(answer: PathAnswer, ports: AskedPorts): readonly string[] {
  if (isOne(answer, ports)) return [];
  const { query, verdict, from, to } = answer;
  const port = portRangeText(query.protocol, [query.port, query.port]);
  const word = verdict.verdict === 'allow' ? 'for' : 'why';
  return [`${word} ${endText(query.from, from)} → ${endText(query.to, to)} ${port}:`];
}

/** An end that was asked; one address of the world says no more than the world. */
function endText(end: End, name: string): string {
  if (end.type === 'pod') return `${end.pod.namespace}/${end.pod.name}`;
  return end.dns ?? (name === 'world' ? name : end.ip);
}
