import type { AuditRecord, AuditType } from '../../core/ports.ts';
import { safeText } from '../../core/safe-text.ts';
import { EMPTY_HEAD } from '../store/head.ts';
import { GENESIS, hashOf } from './record.ts';

/** What is wrong, and where; `line` counts from 1, 0 means the file as a whole. */
export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly seq?: number;
  readonly what: string;
};

/** A change that was announced and of which no outcome is recorded. */
export type Unfinished = { readonly grant: string; readonly seq: number; readonly time: number };

/** Records after which an intent is no longer open. */
const ENDS: ReadonlySet<AuditType> = new Set([
  'granted',
  'refused',
  'failed',
  'revoked',
  'expired',
  'closed',
  'swept',
]);

/** Follows a chain record by record, keeping the first thing that is wrong with it. */
export class ChainCheck {
  records = 0;
  recovered = 0;
  firstBad: Finding | undefined;
  /** The last record, wherever the chain stands. */
  last = { seq: 0, hash: GENESIS };
  readonly #open = new Map<string, Unfinished>();
  readonly #found = new Map<number, { readonly hash: string; readonly file: string }>();
  readonly #wanted: number;

  /** `wanted`: the number of the record whose hash will be asked for. */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  bad(file: string, line: number, what: string, seq?: number): void {
    this.firstBad ??= { file: safeText(file), line, ...(seq === undefined ? {} : { seq }), what };
  }

  take(record: AuditRecord, file: string, line: number): void {
    const { seq, hash, prev } = record;
    this.records += 1;
    if (hashOf(record) !== hash) this.bad(file, line, 'it was changed after it was written', seq);
    else if (seq !== this.last.seq + 1) this.bad(file, line, outOfOrder(seq, this.last.seq), seq);
    else if (prev !== this.last.hash) this.bad(file, line, 'it does not follow the record before it', seq);
    this.last = { seq, hash };
    if (seq === this.#wanted) this.#found.set(seq, { hash, file });
    this.#note(record);
  }

  /** Hash and file of the record that was asked for; undefined when there was none. */
  recordAt(seq: number): { readonly hash: string; readonly file: string } | undefined {
    return seq === 0 ? EMPTY_HEAD : this.#found.get(seq);
  }

  get unfinished(): readonly Unfinished[] {
    return [...this.#open.values()];
  }

  #note({ type, grant, seq, time }: AuditRecord): void {
    if (type === 'recovered') this.recovered += 1;
    if (grant === undefined) return;
    if (type === 'intent') this.#open.set(grant.id, { grant: safeText(grant.id), seq, time });
    else if (ENDS.has(type)) this.#open.delete(grant.id);
  }
}

function outOfOrder(seq: number, before: number): string {
  if (seq <= before) return `record ${seq} stands after record ${before}: put in twice, or moved`;
  const missing = seq - before - 1;
  return missing === 1
    ? `record ${before + 1} before it is missing`
    : `${missing} records before it are missing`;
}
