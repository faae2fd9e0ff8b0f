import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { asSluiceError, isRecord, SluiceError, safeDeep } from '../../core/common/common.ts';
import { remark } from '../../core/policy/explain/explain.ts';
import type { Verdict } from '../../core/policy/model/model.ts';
import {
  type AskedPorts,
  createPathJudge,
  type PathAnswer,
  type PathEnd,
  type PathJudge,
  parseAskedPorts,
  parsePathEnd,
  pathText,
  withPrices,
  workloadWord,
} from '../../core/policy/path/path.ts';
import { clusterDiff, diffText } from '../../core/policy/reach/reach.ts';
import { type PolicyWorld, tellNotes, type WorldOptions, withWorld } from '../connect/connect.ts';
import {
  EXIT,
  exitCodeOfVerdict,
  type Output,
  toJson,
  type VerbContext,
  writeAnswer,
} from '../shared/shared.ts';
import { applyEdit, type EditOptions, editTexts, policyText, readEdit } from './explain-policy-edit.ts';

export type ExplainOptions = WorldOptions & EditOptions & { readonly port?: string; readonly batch?: string };

/**
 * `sluice explain FROM TO --port P`: the verdict of one path and why; the exit code is the verdict. With `--with` or
 * `--without`, the verdicts before and after that change and its effect on the whole cluster; the exit code is the
 * verdict after. With `--batch`, many paths.
 */
export async function explain(
  context: VerbContext,
  [from, to]: readonly string[],
  asked: ExplainOptions,
): Promise<number> {
  const { output, signal } = context;
  const { batch } = asked;
  if (batch !== undefined) {
    checkBatch(asked, from);
    return withWorld(context, asked, async (world) => {
      const edit = await readEdit(world, asked);
      if (edit !== undefined) {
        tellNotes(output, edit.notes);
        applyEdit(world, edit);
      }
      const { namespace } = world;
      return answerBatch(batch, { namespace, judge: createPathJudge(world) }, output, signal);
    });
  }
  if (from === undefined || to === undefined)
    throw missing('FROM and TO', 'Pass both ends of the path, before --manifests or after --.');
  if (asked.port === undefined)
    throw missing('--port', 'Add the port of the destination, such as --port 5432/tcp.');
  const ports = parseAskedPorts(asked.port);
  return withWorld(context, asked, (world) => explainPath(context, world, { from, to, ports }, asked));
}

type Path = { readonly from: string; readonly to: string; readonly ports: AskedPorts };

async function explainPath(
  { options, output }: VerbContext,
  world: PolicyWorld,
  path: Path,
  asked: ExplainOptions,
): Promise<number> {
  const { ports } = path;
  const source = parsePathEnd(path.from, world.namespace);
  const destination = parsePathEnd(path.to, world.namespace);
  const judge = createPathJudge(world);
  const now = judge(source, destination, ports);
  const head = { from: now.from, to: now.to, ...portFields(ports), enforcer: world.engine.dialect.enforcer };
  const edit = await readEdit(world, asked);
  if (edit === undefined) {
    const priced = withPrices(world.engine, now);
    writeAnswer(output, options.output, { ...head, ...answerFields(priced) }, () =>
      text([...pathText(priced, ports), ...wayOut(priced, { source, destination, ports }, asked)]),
    );
    return exitCodeOfVerdict(now.verdict.verdict);
  }
  tellNotes(output, edit.notes);
  const effect = clusterDiff(world.engine, edit);
  applyEdit(world, edit);
  const then = judge(source, destination, ports);
  const change = { add: edit.add.map(policyText), remove: edit.remove.map(policyText) };
  writeAnswer(
    output,
    options.output,
    {
      ...head,
      verdict: then.verdict.verdict,
      change,
      before: answerFields(now),
      after: answerFields(then),
      effect,
    },
    () =>
      text([
        'now',
        ...pathText(now, ports),
        '',
        'with',
        ...editTexts(edit),
        ...pathText(then, ports),
        '',
        'effect on the whole cluster',
        ...diffText(effect),
      ]),
  );
  return exitCodeOfVerdict(then.verdict.verdict);
}

/** The command to run next, if a grant can open the path. */
function wayOut(
  { verdict }: PathAnswer,
  {
    source,
    destination,
    ports,
  }: { readonly source: PathEnd; readonly destination: PathEnd; readonly ports: AskedPorts },
  { manifests }: ExplainOptions,
): readonly string[] {
  const { egress, ingress } = verdict;
  const blocked = egress.cannotOpen.length + ingress.cannotOpen.length > 0;
  const [from, to] = [grantWord(source), grantWord(destination)];
  if (verdict.verdict !== 'deny' || blocked || manifests !== undefined) return [];
  if (from === undefined || to === undefined || ports.type !== 'range' || ports.from !== ports.to) return [];
  const edits = [...egress.nearMisses, ...ingress.nearMisses].some(({ edit }) => edit !== undefined);
  return [
    ...remark(
      'to open it',
      `${edits ? 'apply an edit for each denied half above, or ' : ''}for a few minutes:`,
    ),
    `  sluice grant --from ${from} --to ${to} \\`,
    `    --port ${ports.from}/${ports.protocol.toLowerCase()} --for 15m --reason WHY`,
  ];
}

/** An end in the syntax of `sluice grant`; undefined if it can't be granted. */
function grantWord(end: PathEnd): string | undefined {
  switch (end.type) {
    case 'workload':
      return `${end.ref.namespace}/${workloadWord(end.ref.kind, end.ref.name)}`;
    case 'pod':
      return `${end.namespace}/${end.name}`;
    case 'service':
      return `${end.namespace}/svc/${end.name}`;
    case 'ip':
      return end.ip;
    default:
      return undefined;
  }
}

/** The requested ports: a number, a range as text, or a name. */
export function portFields(ports: AskedPorts): { readonly port: number | string; readonly protocol: string } {
  const { protocol } = ports;
  if (ports.type === 'named') return { port: ports.name, protocol };
  return { port: ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`, protocol };
}

/** An answer as data: the verdict's fields, and the parts, pairs and notes of the path. */
export function answerFields({ verdict, parts, pairs, notes }: PathAnswer) {
  return { ...verdict, parts, pairs, notes };
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function checkBatch({ batch, manifests, port }: ExplainOptions, from: string | undefined): void {
  if (from !== undefined || port !== undefined) {
    throw new SluiceError(
      'usage',
      "FROM, TO and --port can't be used with --batch.",
      'Remove them: the paths come from the batch file.',
    );
  }
  if (batch === '-' && manifests?.includes('-') === true) {
    throw new SluiceError('usage', '--batch and --manifests both read stdin.', 'Use a file for one of them.');
  }
}

function missing(what: string, hint: string): SluiceError {
  return new SluiceError('usage', `${what} is missing.`, hint);
}

/** How paths are evaluated, and the default namespace. */
type BatchWorld = { readonly namespace: string; readonly judge: PathJudge };

/**
 * Evaluates paths as they are read, one line of JSON `{from, to, port, protocol}` each, and writes one line for each in
 * order: the input with its verdict. An invalid line gets an `error` instead, and processing continues.
 *
 * @returns 0, or 1 when there was an error
 * @throws SluiceError `usage` when the file can't be read
 */
async function answerBatch(
  file: string,
  world: BatchWorld,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  let failed = false;
  let number = 0;
  const input = file === '-' ? process.stdin : createReadStream(file);
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  input.on('error', (error: Error) => broken.reject(unreadable(file, error)));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const next = await Promise.race([lines.next(), broken.promise]);
    if (next.done === true) break;
    number += 1;
    if (next.value.trim() === '') continue;
    const answer = answerLine(next.value, number, world);
    failed ||= 'error' in answer;
    output.out(`${toJson(answer)}\n`);
  }
  return failed ? EXIT.failed : EXIT.done;
}

type Question = Readonly<Record<string, unknown>>;

function answerLine(line: string, number: number, world: BatchWorld): Question | (Question & Verdict) {
  let question: Question = {};
  try {
    question = questionOf(line);
    return { ...question, ...answer(question, world) };
  } catch (error) {
    const { code, message, hint } = asSluiceError(error);
    return { ...question, line: number, error: { code, message, hint } };
  }
}

function questionOf(line: string): Question {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw wrong(`The line is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (!isRecord(value)) throw wrong('The line is not a JSON object.');
  return safeDeep(value);
}

function answer(question: Question, { namespace, judge }: BatchWorld): Question & Verdict {
  const { from, to, port, protocol } = question;
  if (typeof from !== 'string' || typeof to !== 'string') throw wrong('from and to must be strings.');
  if (typeof port !== 'number' && typeof port !== 'string') throw wrong('port must be a number or a string.');
  if (protocol !== undefined && typeof protocol !== 'string') throw wrong('protocol must be a string.');
  const asked = parseAskedPorts(protocol === undefined ? `${port}` : `${protocol}/${port}`);
  const path = judge(parsePathEnd(from, namespace), parsePathEnd(to, namespace), asked);
  return { protocol: asked.protocol, ...question, ...path.verdict, ...besides(path) };
}

/** Fields that only some answers have: parts that differ, and notes. */
function besides({ parts, notes }: PathAnswer): Partial<Pick<PathAnswer, 'parts' | 'notes'>> {
  return { ...(parts.length === 0 ? {} : { parts }), ...(notes.length === 0 ? {} : { notes }) };
}

function wrong(sentence: string): SluiceError {
  return new SluiceError(
    'usage',
    sentence,
    'Use {"from":"ns/pod","to":"ns/pod","port":80,"protocol":"TCP"}.',
  );
}

function unreadable(file: string, error: Error): SluiceError {
  return new SluiceError('usage', `Unable to read ${file}: ${error.message}.`, 'Check the path.', error);
}
