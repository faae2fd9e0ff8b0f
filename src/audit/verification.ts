import { plural } from '../core/common/common.ts';
import type { Unfinished } from '../core/records/records.ts';
import type { Finding } from './finding.ts';

/**
 * The state of a log. `ok`: the records form a hash chain up to its head, they are those that the checkpoints were signed
 * for, and those given from elsewhere match. `signed`: up to which record a checkpoint covers it; 0 for a log of an earlier
 * version. `matched`: how many of the things kept elsewhere match. `recovered`: how often a writer found the log damaged
 * and recorded it. `unfinished`: a warning, not a fault of the log. `text`: a summary in a few sentences.
 */
export type Verification = {
  readonly ok: boolean;
  readonly records: number;
  readonly files: number;
  readonly signed: number;
  readonly matched: number;
  readonly recovered: number;
  readonly findings: readonly Finding[];
  readonly unfinished: readonly Unfinished[];
  readonly text: string;
};

/**
 * What verifying found, in a few sentences.
 *
 * @param asked how many things kept elsewhere the log was compared with
 */
export function verificationText(
  { records, files, signed, matched, recovered, findings, unfinished }: Omit<Verification, 'text'>,
  asked: number,
): string {
  const [first, ...others] = findings;
  const state = signed === 0 ? 'hash chain intact, not signed' : 'hash chain and signatures intact';
  const sentences =
    first === undefined
      ? [`${plural(records, 'record')} in ${plural(files, 'file')}, ${state}.`]
      : [`Not intact: ${placeOf(first)}: ${first.what}.`];
  if (others.length > 0) sentences.push(`${plural(others.length, 'more finding')}.`);
  if (asked > 0)
    sentences.push(`${matched} of ${asked} kept elsewhere ${matched === 1 ? 'matches' : 'match'}.`);
  if (recovered > 0) sentences.push(`${plural(recovered, 'repair')} recorded.`);
  for (const [what, text] of LEFT) {
    const ids = unfinished.filter((each) => each.what === what).map(({ grant }) => grant);
    if (ids.length > 0) sentences.push(`${plural(ids.length, what)} ${text}: ${ids.join(', ')}.`);
  }
  return sentences.join(' ');
}

const LEFT = [
  ['intent', 'without an outcome'],
  ['grant', 'without a record of its end'],
] as const;

/** Where a finding is, in words. */
export function placeOf({ file, line, seq }: Pick<Finding, 'file' | 'line' | 'seq'>): string {
  const record = seq === undefined ? '' : `, record ${seq}`;
  return line === 0 ? file : `${file} line ${line}${record}`;
}
