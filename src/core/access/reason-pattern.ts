/** What JavaScript takes and RE2 does not, each with its name. */
const BEYOND_RE2: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-around'],
  [/\\[1-9]|\\k</, 'a back-reference'],
  [/\\u|\\c/, 'an escape such as \\u'],
  [/\[\^?\]/, 'an empty set'],
];

/** The most repetitions of one item in RE2. */
const MOST = 1_000;

/**
 * What keeps a pattern from meaning the same to sluice and to the API server, which reads it as RE2 (`matches` of CEL);
 * undefined if nothing does.
 */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'it is not a regular expression';
  }
  // An escaped backslash escapes nothing.
  const plain = pattern.replaceAll('\\\\', '');
  const beyond = BEYOND_RE2.find(([construct]) => construct.test(plain))?.[1];
  if (beyond !== undefined) return `the API server does not know ${beyond}`;
  const counts = [...plain.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [least, most]);
  return counts.some((count) => Number(count ?? 0) > MOST)
    ? `the API server repeats at most ${MOST} times`
    : undefined;
}
