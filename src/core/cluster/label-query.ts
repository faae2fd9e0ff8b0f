import { holds, type Labels, type Requirement } from './labels.ts';
import { labelValueFaults, qualifiedNameFaults } from './validate-names.ts';

/** A label selector as in `kubectl -l`: which labels it matches, or why it is invalid. */
export type LabelQuery = { readonly matches: (labels: Labels) => boolean } | { readonly problem: string };

/**
 * Parses the full syntax `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5`: `==` is `=`, an omitted value is the empty string,
 * and `<` and `>` compare integers. The empty text matches everything. A problem is reported in the API server's words:
 * `found 'b', expected: ',' or 'end of string'`. Source: apimachinery pkg/labels/selector.go.
 */
export function parseLabelQuery(text: string): LabelQuery {
  try {
    const terms = termsOf(tokensOf(text));
    return { matches: (labels) => terms.every((term) => termHolds(term, labels)) };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

/** Internal: callers have no use for the position of the error. */
class Unreadable extends Error {}

type Comparison<Operator> = {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
};
type Term = Requirement | Comparison<'Gt'> | Comparison<'Lt'>;

function termHolds(term: Term, labels: Labels): boolean {
  if (term.operator !== 'Gt' && term.operator !== 'Lt') return holds(term, labels);
  const value = Object.hasOwn(labels, term.key) ? wholeNumber(labels[term.key] ?? '') : undefined;
  const bound = wholeNumber(term.values[0] ?? '');
  if (value === undefined || bound === undefined) return false;
  return term.operator === 'Gt' ? value > bound : value < bound;
}

/** A number as in Go's 64-bit `ParseInt`. */
function wholeNumber(text: string): bigint | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

const TOKEN = /==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+/g;
const SYMBOL = /^[=!(),<>]/;

/** The tokens in reverse order, to be popped; the end is the empty string. */
function tokensOf(text: string): string[] {
  return [...(text.match(TOKEN) ?? []), ''].reverse();
}

function isWord(token: string): boolean {
  return token !== '' && !SYMBOL.test(token);
}

function termsOf(tokens: string[]): readonly Term[] {
  const terms: Term[] = [];
  if (tokens.at(-1) === '') return terms;
  for (;;) {
    const first = tokens.at(-1) ?? '';
    if (first !== '!' && !isWord(first)) {
      throw expected(first, terms.length > 0 ? "identifier after ','" : "!, identifier, or 'end of string'");
    }
    terms.push(termOf(tokens));
    const next = tokens.pop() ?? '';
    if (next === '') return terms;
    if (next !== ',') throw expected(next, "',' or 'end of string'");
  }
}

function termOf(tokens: string[]): Term {
  try {
    return checked(readTerm(tokens));
  } catch (error) {
    throw error instanceof Unreadable
      ? new Unreadable(`unable to parse requirement: ${error.message}`)
      : error;
  }
}

function readTerm(tokens: string[]): Term {
  const isNot = tokens.at(-1) === '!';
  if (isNot) tokens.pop();
  const key = tokens.pop() ?? '';
  if (!isWord(key)) throw expected(key, 'identifier');
  const [wrong] = qualifiedNameFaults(key);
  if (wrong !== undefined) throw invalid(key, wrong);
  const next = tokens.at(-1) ?? '';
  if (isNot) return { key, operator: 'DoesNotExist', values: [] };
  if (next === '' || next === ',') return { key, operator: 'Exists', values: [] };
  tokens.pop();
  switch (next) {
    case 'in':
      return { key, operator: 'In', values: readValues(tokens) };
    case 'notin':
      return { key, operator: 'NotIn', values: readValues(tokens) };
    case '=':
    case '==':
      return { key, operator: 'In', values: [readValue(tokens)] };
    case '!=':
      return { key, operator: 'NotIn', values: [readValue(tokens)] };
    case '>':
      return { key, operator: 'Gt', values: [readValue(tokens)] };
    case '<':
      return { key, operator: 'Lt', values: [readValue(tokens)] };
    default:
      throw expected(next, 'in, notin, =, ==, !=, gt, lt');
  }
}

function readValue(tokens: string[]): string {
  const next = tokens.at(-1) ?? '';
  if (next === '' || next === ',') return '';
  if (!isWord(next)) throw expected(next, 'identifier');
  tokens.pop();
  return next;
}

/** `(a,b)`; an omitted value, as in `()` or `(a,)`, is the empty string. */
function readValues(tokens: string[]): readonly string[] {
  const open = tokens.pop() ?? '';
  if (open !== '(') throw expected(open, "'('");
  const values = new Set<string>();
  for (;;) {
    const next = tokens.at(-1) ?? '';
    if (isWord(next)) tokens.pop();
    else if (next !== ',' && next !== ')') throw expected(next, "',', ')' or identifier");
    values.add(isWord(next) ? next : '');
    const end = tokens.pop() ?? '';
    if (end === ')') return [...values];
    if (end !== ',') throw expected(end, "',' or ')'");
  }
}

function checked(term: Term): Term {
  const isComparison = term.operator === 'Gt' || term.operator === 'Lt';
  for (const value of term.values) {
    if (isComparison && wholeNumber(value) === undefined) {
      throw invalid(value, "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    const [wrong] = labelValueFaults(value);
    if (wrong !== undefined) throw invalid(value, wrong);
  }
  return term;
}

function expected(found: string, what: string): Unreadable {
  return new Unreadable(`found '${found}', expected: ${what}`);
}

function invalid(value: string, why: string): Unreadable {
  return new Unreadable(`Invalid value: ${JSON.stringify(value)}: ${why}`);
}
