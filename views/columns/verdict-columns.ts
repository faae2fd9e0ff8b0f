import type { Decision } from '../../src/core/policy/model/model.ts';
import type { AttemptVerdict } from '../../src/core/traffic/traffic.ts';
import type { Cell } from './column.ts';

/** The datapath's verdict on an attempt: symbol, word, tone. */
export function attemptVerdict(verdict: AttemptVerdict): Cell {
  switch (verdict) {
    case 'allow':
      return { text: '✓ ALLOW', tone: 'good' };
    case 'drop':
      return { text: '✗ DROP', tone: 'bad' };
    case 'audit':
      return { text: '? AUDIT', tone: 'warn' };
    case 'l7':
      return { text: '? L7', tone: 'warn' };
    case 'error':
      return { text: '✗ ERROR', tone: 'bad' };
    case 'pending':
      return { text: '◌ SENT', tone: 'faint' };
    case 'failed':
      return { text: '→ FAILED', tone: 'warn' };
  }
}

/** The evaluator's verdict on a path or one half of it: symbol and word. */
export function decision(value: Decision): Cell & { readonly symbol: string; readonly word: string } {
  const [symbol, word, tone] = DECISIONS[value];
  return { symbol, word, text: `${symbol} ${word}`, tone };
}

const DECISIONS = {
  allow: ['✓', 'allow', 'good'],
  deny: ['✗', 'deny', 'bad'],
  undecidable: ['?', 'undecidable', 'warn'],
} as const;
