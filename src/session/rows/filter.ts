import uFuzzy from '@leeoniya/ufuzzy';
import { parseLabelQuery } from '../../core/cluster/label-query.ts';
import type { Labels } from '../../core/cluster/labels.ts';

/** What a filter looks at in a row. */
export type Searchable = { readonly text: string; readonly labels?: Labels };

/** Whether a row passes. */
export type RowFilter = (row: Searchable) => boolean;

const all: RowFilter = () => true;
const none: RowFilter = () => false;

/**
 * A filter as k9s reads it: `text` is a regular expression (taken literally where it is none), `!text` its inverse,
 * `-l app=web,tier!=x` labels as kubectl's `-l`, `-f text` fuzzy. Empty passes everything; a selector that can't be read
 * passes nothing (`filterProblem` says why).
 */
export function parseFilter(text: string): RowFilter {
  const trimmed = text.trim();
  if (trimmed === '') return all;
  if (trimmed.startsWith('-l ')) return byLabels(trimmed.slice(3));
  if (trimmed.startsWith('-f ')) return byFuzzy(trimmed.slice(3).trim());
  if (trimmed.startsWith('!')) {
    const inner = parseFilter(trimmed.slice(1));
    return inner === all || inner === none ? inner : (row) => !inner(row);
  }
  const pattern = regular(trimmed);
  return (row) => pattern.test(row.text);
}

function regular(text: string): RegExp {
  try {
    return new RegExp(text, 'iu');
  } catch {
    return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu');
  }
}

/** Why a filter can't be read; undefined when it can. */
export function filterProblem(text: string): string | undefined {
  const [, selector] = /^\s*(?:!\s*)*-l (.*)$/s.exec(text) ?? [];
  const query = parseLabelQuery(selector ?? '');
  // The server's words end in examples and a regular expression.
  return 'problem' in query ? query.problem.replace(/ \(e\.g\. .*$/s, '') : undefined;
}

function byLabels(text: string): RowFilter {
  const query = parseLabelQuery(text);
  if ('problem' in query) return none;
  return ({ labels }) => labels !== undefined && query.matches(labels);
}

function byFuzzy(needle: string): RowFilter {
  if (needle === '') return all;
  const fuzzy = new uFuzzy({ intraIns: Number.POSITIVE_INFINITY, intraChars: '[a-z\\d/._-]' });
  return (row) => (fuzzy.filter([row.text], needle)?.length ?? 0) > 0;
}
