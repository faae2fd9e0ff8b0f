import uFuzzy from '@leeoniya/ufuzzy';
import { type Labels, matches, type Requirement } from '../../core/cluster/labels.ts';

/** What a filter looks at in a row. */
export type Searchable = { readonly text: string; readonly labels?: Labels };

/** Whether a row passes. */
export type RowFilter = (row: Searchable) => boolean;

const all: RowFilter = () => true;

/**
 * A filter as k9s reads it: `text` is a regular expression (taken literally where it is none), `!text` its inverse,
 * `-l app=web,tier!=x` labels, `-f text` fuzzy. Empty passes everything.
 */
export function parseFilter(text: string): RowFilter {
  const trimmed = text.trim();
  if (trimmed === '') return all;
  if (trimmed.startsWith('-l ')) return byLabels(trimmed.slice(3));
  if (trimmed.startsWith('-f ')) return byFuzzy(trimmed.slice(3).trim());
  if (trimmed.startsWith('!')) {
    const inner = parseFilter(trimmed.slice(1));
    return inner === all ? all : (row) => !inner(row);
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

function byLabels(text: string): RowFilter {
  const selector = text.split(',').flatMap((part) => requirement(part.trim()) ?? []);
  return (row) => row.labels !== undefined && matches(selector, row.labels);
}

function requirement(part: string): Requirement | undefined {
  const [, not, key, operator, value] = /^(!?)([^=!\s]+)\s*(==?|!=)?\s*(.*)$/.exec(part) ?? [];
  if (key === undefined || key === '') return undefined;
  if (operator === undefined || operator === '') {
    return { key, operator: not === '!' ? 'DoesNotExist' : 'Exists', values: [] };
  }
  return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value ?? ''] };
}

function byFuzzy(needle: string): RowFilter {
  if (needle === '') return all;
  const fuzzy = new uFuzzy({ intraIns: Number.POSITIVE_INFINITY, intraChars: '[a-z\\d/._-]' });
  return (row) => (fuzzy.filter([row.text], needle)?.length ?? 0) > 0;
}
