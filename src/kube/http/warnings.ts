import { safeText } from '../../core/safe-text.ts';

/**
 * The texts of `Warning` headers: `299 - "text"`, several of them joined by commas as Node gives them. The text is
 * a quoted string with `\"` and `\\` (RFC 9110 §5.6.4).
 */
export function warningTexts(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    safeText((match[1] ?? '').replaceAll(/\\(.)/g, '$1'), 1_000),
  );
}
