import type { Severity } from '../../src/core/policy/lint/lint.ts';
import type { PolicyRow } from '../../src/session/session.ts';
import type { Tone } from '../text/text.ts';
import type { Cell } from './column.ts';

const SIGNS: Readonly<Record<Severity, readonly [string, Tone]>> = {
  error: ['✗', 'bad'],
  warning: ['!', 'warn'],
  info: ['·', 'faint'],
};

/** The id of the most severe finding in a policy and the number of others; only its sign if there is no room. */
export function lintCell({ policy, assessment }: PolicyRow): Cell {
  if (assessment === undefined) return { text: '…', tone: 'faint' };
  const [worst, ...more] = assessment.findings;
  if (worst === undefined) {
    const text = policy.problems.join('; ');
    return text === '' ? { text: '' } : { text: `! ${text}`, short: '!', tone: 'warn' };
  }
  const [sign, tone] = SIGNS[worst.severity];
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return { text: `${sign} ${worst.id}${others}`, short: `${sign}${others.trimStart()}`, tone };
}

/** Number of policies with errors or, if there are none, with warnings; info findings don't count. */
export function lintNews(rows: readonly PolicyRow[]): Cell | undefined {
  const known = news.get(rows);
  if (known !== undefined || news.has(rows)) return known;
  const worst = rows.map(({ assessment }) => assessment?.findings[0]?.severity);
  const errors = worst.filter((severity) => severity === 'error').length;
  const warnings = worst.filter((severity) => severity === 'warning').length;
  const made: Cell | undefined =
    errors > 0
      ? { text: `✗ ${errors}`, tone: 'bad' }
      : warnings > 0
        ? { text: `! ${warnings}`, tone: 'warn' }
        : undefined;
  news.set(rows, made);
  return made;
}

const news = new WeakMap<readonly PolicyRow[], Cell | undefined>();
