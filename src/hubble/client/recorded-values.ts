/** A JSON value of a recording, or a text that holds none, and the number of its first line. */
export type RecordedValue = { readonly line: number } & (
  | { readonly value: unknown }
  | { readonly unread: string }
);

/** Longest value over several lines; more is no flow. */
const LONGEST = 10_000;

/**
 * The JSON values in the lines of a recording (HUB-43): one a line, several in a list, or one over several lines with
 * an indent, as `jq` writes them; behind the prefix of a container runtime's or an agent's log.
 */
export async function* valuesIn(
  lines: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<RecordedValue> {
  let held: { readonly line: number; readonly indent: string; readonly text: string[] } | undefined;
  let partial = '';
  let line = 0;
  for await (const raw of lines) {
    line += 1;
    const entry = CRI.exec(raw);
    const text = partial + (entry === null ? raw : (entry[2] ?? ''));
    partial = entry?.[1] === 'P' ? text : '';
    if (partial !== '') continue;
    const trimmed = text.trim().replace(/,$/, '');
    if (held === undefined) {
      if (trimmed === '' || trimmed === '[' || trimmed === ']') continue;
      if (trimmed === '{' || trimmed === '[{') held = { line, indent: indentOf(text), text: ['{'] };
      else yield* valuesOf(text.trim(), line);
      continue;
    }
    const whole = trimmed.startsWith('{"') ? parsed(trimmed) : undefined;
    if (whole !== undefined || held.text.length > LONGEST) {
      yield { line: held.line, unread: held.text[1] ?? held.text[0] ?? '' };
      held = undefined;
      yield* valuesOf(text.trim(), line);
      continue;
    }
    held.text.push(text);
    if (indentOf(text) !== held.indent || !(trimmed === '}' || trimmed === '}]')) continue;
    held.text[held.text.length - 1] = '}';
    yield* valuesOf(held.text.join('\n'), held.line);
    held = undefined;
  }
  if (held !== undefined) yield { line: held.line, unread: held.text[1] ?? held.text[0] ?? '' };
  if (partial !== '') yield* valuesOf(partial, line);
}

/** A line of a container's log: time, stream, whether it is a part of a line, and its text. */
const CRI = /^\S+ (?:stdout|stderr) ([FP])(?::\S*)? (.*)$/;

function* valuesOf(text: string, line: number): Generator<RecordedValue> {
  const found = parsed(text.replace(/,$/, '')) ?? parsed(text.slice(Math.max(0, text.indexOf('{'))));
  if (found === undefined) {
    yield { line, unread: text };
    return;
  }
  for (const value of Array.isArray(found.value) ? found.value : [found.value]) {
    const log = typeof value === 'object' && value !== null && 'log' in value ? value.log : undefined;
    if (typeof log === 'string') yield* valuesOf(log.trim(), line);
    else yield { line, value };
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function indentOf(text: string): string {
  return /^\s*/.exec(text)?.[0] ?? '';
}
