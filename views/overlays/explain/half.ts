import type { Decider, Half, NearMiss } from '../../../src/core/policy/verdict.ts';
import { decision } from '../../columns/verdict.ts';
import { span } from '../../text/span.ts';
import type { Item } from './items.ts';

/** One half of a path: its verdict, the policies that decided it, the rules that nearly matched. */
export function halfItems(title: string, half: Half): readonly Item[] {
  const { text, tone } = decision(half.verdict);
  const summary = half.summary === '' ? '' : `   ${half.summary}`;
  const deciders = half.deciders.filter((decider) => !isToldByMiss(decider, half.nearMisses));
  return [
    { label: span(title, 'strong'), text: span(text + summary, tone) },
    ...deciders.map((one) => ({ label: span(nameOf(one)), text: span(deciderText(one)) })),
    ...half.nearMisses.map((one) => ({ label: span(nameOf(one)), text: span(missText(one), 'warn') })),
    ...half.cannotOpen.map((one) => ({ label: span('  ✗ no grant opens it', 'bad'), text: span(one) })),
  ];
}

/** A policy that isolates and has a rule that nearly matched is told once, by that rule. */
function isToldByMiss(decider: Decider, misses: readonly NearMiss[]): boolean {
  return decider.action === 'isolate' && misses.some((miss) => nameOf(miss) === nameOf(decider));
}

function nameOf({ kind, namespace, name }: Decider | NearMiss): string {
  const where = namespace === undefined ? name : `${namespace}/${name}`;
  return `  ${kind === 'NetworkPolicy' ? where : `${kind} ${where}`}`;
}

function deciderText({ text, tier, priority, action }: Decider): string {
  const rank = priority === undefined ? '' : `, priority ${priority}`;
  const where = tier === 'normal' ? '' : `${tier} tier${rank}: `;
  return `${where}${action === 'isolate' ? `isolates, ${text}` : text}`;
}

function missText({ ruleIndex, why, text, admits, because }: NearMiss): string {
  const rule = `rule ${ruleIndex + 1}`;
  if (admits === undefined) return `${rule}  ← misses by ${why}: ${text}`;
  return `${rule}  admits ${admits}   ← misses by ${why}: ${because ?? text}`;
}
