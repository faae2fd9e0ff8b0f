import { attempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { layer7 } from './layer7.ts';
import type { AttemptParts } from './parts.ts';
import { nodeOf } from './party.ts';

/**
 * A DNS question through the node's DNS proxy, and its answer; the question itself is an ordinary UDP attempt.
 */
export function lookUp(
  parts: AttemptParts,
  question: Connection,
  { name, addresses }: { readonly name: string; readonly addresses: readonly string[] },
  time: number,
): void {
  const node = nodeOf(question.from);
  if (node === undefined) return;
  attempt(parts, question, time);
  const dns = { query: name, observation_source: 'proxy', qtypes: ['A'] };
  parts.timeline.at(time + 0.6, (now) => {
    parts.publish([
      layer7(question, parts, node, now, false, { type: 'REQUEST', dns }, `DNS Query ${name} A`),
      layer7(
        question,
        parts,
        node,
        now + 1.2,
        true,
        { type: 'RESPONSE', dns: { ...dns, ips: [...addresses], ttl: 30, rrtypes: ['A'] } },
        `DNS Answer "${addresses.join(',')}" TTL: 30 (Proxy ${name} A)`,
      ),
    ]);
  });
}
