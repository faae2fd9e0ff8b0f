import { followGrants, type Unfinished } from '../core/records/records.ts';
import type { Bad } from './finding.ts';
import type { Ledger } from './ledger.ts';
import type { RecordLine } from './read.ts';
import { GENESIS, hasOwnHash } from './record.ts';
import { EMPTY_HEAD } from './tail.ts';

/** Checks a chain record by record. */
export class ChainCheck {
  records = 0;
  recovered = 0;
  /** The last record so far. */
  last = { seq: 0, hash: GENESIS };
  readonly #grants = followGrants();
  readonly #found = new Map<number, { readonly hash: string; readonly file: string }>();
  readonly #wanted: number;
  readonly #ledger: Ledger;
  readonly #bad: Bad;

  /** `wanted`: the number of the record that `recordAt` will be called with. */
  constructor(wanted: number, ledger: Ledger, bad: Bad) {
    this.#wanted = wanted;
    this.#ledger = ledger;
    this.#bad = bad;
  }

  take({ record, file, number: line, text, bytes }: RecordLine): void {
    const { seq, hash, prev, type } = record;
    this.records += 1;
    if (!hasOwnHash(record, text))
      this.#bad('edited', file, line, 'it was modified after it was written', seq);
    else if (seq > this.last.seq + 1) this.#bad('removed', file, line, missing(seq, this.last.seq), seq);
    else if (seq <= this.last.seq) this.#bad('moved', file, line, outOfOrder(seq, this.last.seq), seq);
    else if (prev !== this.last.hash) {
      this.#bad('forked', file, line, 'it does not follow the previous record', seq);
    }
    this.last = { seq, hash };
    if (seq === this.#wanted) this.#found.set(seq, { hash, file });
    if (type === 'recovered') this.recovered += 1;
    this.#grants.take(record);
    const key = this.#ledger.take(record, bytes);
    if (key === 'unreadable') this.#bad('key', file, line, 'its signing key is not one', seq);
    else if (key?.isEndorsed === false) {
      const what = `key ${key.verifier.id} took over without a signature of the key before it`;
      this.#bad('key', file, line, what, seq);
    }
  }

  /** Hash and file of the wanted record; undefined if it was not found. */
  recordAt(seq: number): { readonly hash: string; readonly file: string } | undefined {
    return seq === 0 ? EMPTY_HEAD : this.#found.get(seq);
  }

  unfinished(now: number): readonly Unfinished[] {
    return this.#grants.unfinished(now);
  }
}

function outOfOrder(seq: number, before: number): string {
  return `record ${seq} comes after record ${before}: duplicated or moved`;
}

function missing(seq: number, before: number): string {
  const count = seq - before - 1;
  return count === 1 ? `record ${before + 1} before it is missing` : `${count} records before it are missing`;
}
