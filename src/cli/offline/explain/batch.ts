import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseAskedPorts } from '../../../core/cluster/ends/asked-ports.ts';
import { parsePathEnd } from '../../../core/cluster/ends/path-end.ts';
import { asSluiceError, SluiceError } from '../../../core/errors.ts';
import { isRecord } from '../../../core/json.ts';
import type { Verdict } from '../../../core/policy/model/verdict.ts';
import type { PathAnswer, PathJudge } from '../../../core/policy/path/judge-path.ts';
import { safeDeep } from '../../../core/safe-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { toJson } from '../../output/json.ts';
import type { Output } from '../../output/write.ts';

/** How paths are judged, and where names without a namespace are. */
export type BatchWorld = { readonly namespace: string; readonly judge: PathJudge };

/**
 * Answers questions as they come: a line of JSON `{from, to, port, protocol}` each, one line back each, in order: the
 * question with its verdict. A line that is no question gets an `error` instead, and the rest goes on.
 *
 * @returns 0, or 1 when there was an error
 * @throws SluiceError `usage` when the file can't be read
 */
export async function answerBatch(
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
    throw wrong(`The line is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (!isRecord(value)) throw wrong('The line is no JSON object.');
  return safeDeep(value);
}

function answer(question: Question, { namespace, judge }: BatchWorld): Question & Verdict {
  const { from, to, port, protocol } = question;
  if (typeof from !== 'string' || typeof to !== 'string') throw wrong('from and to must be texts.');
  if (typeof port !== 'number' && typeof port !== 'string') throw wrong('port must be a number.');
  if (protocol !== undefined && typeof protocol !== 'string') throw wrong('protocol must be a text.');
  const asked = parseAskedPorts(protocol === undefined ? `${port}` : `${protocol}/${port}`);
  const path = judge(parsePathEnd(from, namespace), parsePathEnd(to, namespace), asked);
  return { protocol: asked.protocol, ...question, ...path.verdict, ...besides(path) };
}

/** What a plain question does not have: parts that differ, and notes. */
function besides({ parts, notes }: PathAnswer): Partial<Pick<PathAnswer, 'parts' | 'notes'>> {
  return { ...(parts.length === 0 ? {} : { parts }), ...(notes.length === 0 ? {} : { notes }) };
}

function wrong(sentence: string): SluiceError {
  return new SluiceError(
    'usage',
    sentence,
    'Write {"from":"ns/pod","to":"ns/pod","port":80,"protocol":"TCP"}.',
  );
}

function unreadable(file: string, error: Error): SluiceError {
  return new SluiceError('usage', `${file} can't be read: ${error.message}.`, 'Check the path.', error);
}
