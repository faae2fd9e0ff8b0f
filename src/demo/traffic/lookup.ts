import type { Layer7 } from '../../hubble/wire/wire.ts';
import { attempt } from './attempt.ts';
import { layer7 } from './layer7.ts';
import type { Attempt, AttemptParts } from './parts.ts';
import { nodeOf } from './party.ts';

/** A DNS question and its answer: a UDP exchange, and through a proxy also what was asked and answered. */
export function lookUp(
  parts: AttemptParts,
  question: Attempt,
  { name, address }: { readonly name: string; readonly address: string },
  time: number,
): void {
  const node = nodeOf(question.from);
  attempt(parts, question, time);
  if (node === undefined || question.proxied === undefined) return;
  const dns = { query: name, observation_source: 'proxy', qtypes: ['A'] };
  parts.timeline.at(time + 0.6, (now) => {
    const request = { type: 'REQUEST', dns } as const;
    parts.publish([layer7(question, parts, node, now, false, request, `DNS Query ${name} A`)]);
  });
  parts.timeline.at(time + 1.8, (now) => {
    const answer: Layer7 = { type: 'RESPONSE', dns: { ...dns, ips: [address], ttl: 30, rrtypes: ['A'] } };
    const summary = `DNS Answer "${address}" TTL: 30 (Proxy ${name} A)`;
    parts.publish([layer7(question, parts, node, now, true, answer, summary)]);
  });
}
