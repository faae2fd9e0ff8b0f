/**
 * The texts of JSON values that follow each other, as `kubectl get -o json` and `jq` write them. Undefined for a text
 * that does not begin as JSON. Where it goes wrong the rest is one text: whoever parses it says why.
 */
export function jsonDocuments(text: string): readonly string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const pieces: string[] = [];
  let start = 0;
  for (let end = endOfValue(text, 0); end !== undefined; end = endOfValue(text, start)) {
    pieces.push(text.slice(start, end));
    start = end;
  }
  const rest = text.slice(start);
  return rest.trim() === '' ? pieces : [...pieces, rest];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}]/gs;

/** Behind the object or list that begins at or after an index; undefined when there is none, or no end of it. */
function endOfValue(text: string, from: number): number | undefined {
  let depth = 0;
  TOKEN.lastIndex = from;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const [token] = found;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 0) return undefined;
    if (depth === 0) return TOKEN.lastIndex;
    if (depth < 0) return undefined;
  }
  return undefined;
}

/** A text of JSON, which is far quicker to read than YAML; undefined where it is none, or not quite. */
export function parseJson(text: string): readonly unknown[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return hasKeyTwice(text) ? undefined : [value];
  } catch {
    return undefined;
  }
}

/** Whether a key may be there twice, which `JSON.parse` lets pass: whoever reads it as YAML says where. */
function hasKeyTwice(text: string): boolean {
  const keys: Set<string>[] = [];
  for (const [, token = '', colon] of text.matchAll(KEYS)) {
    if (token === '{' || token === '[') keys.push(new Set());
    else if (token === '}' || token === ']') keys.pop();
    else if (colon !== undefined) {
      const seen = keys.at(-1);
      if (seen?.has(token) === true) return true;
      seen?.add(token);
    }
  }
  return false;
}

const KEYS = /("(?:[^"\\]|\\.)*"|[[\]{}])(\s*:)?/gs;
