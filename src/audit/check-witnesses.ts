import { plural } from '../core/common/common.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Bad, FindingKind, Witness } from './finding.ts';
import { keyAt, type Ledger } from './ledger.ts';
import { isSignedBy, readVerifier } from './note.ts';

/**
 * Holds checkpoints, and public keys kept elsewhere, against the records and keys of a log (AUD-8).
 *
 * @returns how many of those kept elsewhere match
 */
export function checkWitnesses(
  ledger: Ledger,
  witnesses: readonly Witness[],
  pins: readonly { readonly from: string; readonly text: string }[],
  bad: Bad,
): number {
  let matched = 0;
  const good = [0];
  for (const witness of witnesses.toSorted((a, b) => a.checkpoint.size - b.checkpoint.size)) {
    const trouble = troubleOf(ledger, witness, good);
    if (trouble === undefined) {
      good.push(witness.checkpoint.size);
      if (witness.isElsewhere) matched += 1;
    } else {
      bad(trouble.kind, witness.from, 0, trouble.what, trouble.seq);
    }
  }
  for (const { from, text } of pins) {
    const pin = readVerifier(text.trim());
    if (ledger.keys.some(({ verifier }) => verifier.text === pin?.text)) matched += 1;
    else bad('key', from, 0, `the log was never signed with key ${pin?.id}`);
  }
  return matched;
}

type Trouble = { readonly kind: FindingKind; readonly what: string; readonly seq?: number };

/** @param good the sizes at which checkpoints match, ascending */
function troubleOf(
  ledger: Ledger,
  { checkpoint, isElsewhere }: Witness,
  good: readonly number[],
): Trouble | undefined {
  const { size, root, origin, note } = checkpoint;
  const count = ledger.tree.size();
  const key = keyAt(ledger.keys, size);
  const known = ledger.keys.find(({ verifier }) => isSignedBy(note, verifier));
  if (known === undefined) return unsigned(ledger, checkpoint);
  if (size > count) {
    const what = `${plural(size, 'record')} had been signed for, but the log has ${count}`;
    return { kind: isElsewhere ? 'rolled-back' : 'truncated', what, seq: size };
  }
  if (ledger.rootAt(size)?.equals(root) !== true) {
    const first = (good.findLast((before) => before < size) ?? 0) + 1;
    const which = first === size ? `record ${size} is` : `of records ${first} to ${size}, some are`;
    const what = `${which} not as signed: rewritten, or the log was forked`;
    return { kind: 'rewritten', what, seq: first };
  }
  // A key that was replaced may have been stolen since.
  if (key !== known) {
    const what = `key ${known.verifier.id} signed for ${plural(size, 'record')}, but was not in force then`;
    return { kind: 'key', what, seq: size };
  }
  return origin === known.verifier.name ? undefined : { kind: 'foreign', what: `it is of the log ${origin}` };
}

/** No key of the log signed a checkpoint. */
function unsigned({ keys }: Ledger, { size, origin, note }: Checkpoint): Trouble {
  const named = keys.find(({ verifier }) => verifier.name === origin)?.verifier;
  const [signature] = note.signatures;
  if (keys.length === 0) {
    return {
      kind: 'key',
      what: `${plural(size, 'record')} had been signed for, but the log has no key`,
      seq: size,
    };
  }
  if (named === undefined) {
    const what = `it is of the log ${origin}, and this one is ${keys[0]?.verifier.name}: another, or made anew`;
    return { kind: 'foreign', what };
  }
  const isKnown = keys.some(({ verifier }) => verifier.id === signature?.id);
  const what = isKnown
    ? `the signature of key ${signature?.id} for ${plural(size, 'record')} is not valid`
    : `key ${signature?.id} signed for ${plural(size, 'record')}, but is not a key of the log`;
  return { kind: 'key', what, seq: size };
}
