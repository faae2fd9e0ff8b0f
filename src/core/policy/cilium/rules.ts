import { isRecord, type Raw, rawOf, textOf } from '../../common/common.ts';
import type { Direction, Rule } from '../model/model.ts';
import { parsePeers } from './peers.ts';
import { parseIcmps, parsePorts, refuse } from './ports.ts';

/** Where the rules belong: the namespace of a CNP, none for a CCNP. */
export type Scope = {
  readonly namespace: string | undefined;
  /** Whether the agent reports that it accepted the policy. */
  readonly isTaken: boolean;
};

export type Section = 'ingress' | 'ingressDeny' | 'egress' | 'egressDeny';

/** The rules of one section; absent and empty mean none (CIL-4). */
export function parseRules(raw: Raw, section: Section, scope: Scope): readonly Rule[] {
  const value = raw[section];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) refuse(`${section} must be a list`);
  const direction: Direction = section.startsWith('ingress') ? 'ingress' : 'egress';
  const action = section.endsWith('Deny') ? 'deny' : 'allow';
  return value.flatMap((item: unknown, index) => {
    if (item !== null && !isRecord(item)) refuse(`${section}[${index}] must be an object`);
    const rule = isRecord(item) ? item : {};
    return expand(rule, { direction, action, at: { section, index } }, scope);
  });
}

type Place = {
  readonly direction: Direction;
  readonly action: 'allow' | 'deny';
  readonly at: { readonly section: string; readonly index: number };
};

/** One rule, or one per port item, because only some go through a proxy (CIL-18). */
function expand(rule: Raw, { direction, action, at }: Place, scope: Scope): readonly Rule[] {
  const ports = parsePorts(rule, direction, action);
  const peers = parsePeers(rule, direction, {
    namespace: scope.namespace,
    action,
    hasPorts: ports !== 'any',
    isTaken: scope.isTaken,
  });
  const l7 = action === 'allow' ? authentication(rule) : undefined;
  const proved = l7 === undefined ? {} : { l7 };
  if (ports === 'any') {
    const icmps = parseIcmps(rule);
    // As with ports, a rule with only types applies to everyone; a rule with nothing at all, to no one.
    const silent = icmps === undefined ? [] : 'any';
    return [{ action, peers: peers ?? silent, ports: icmps ?? 'any', at, ...proved }];
  }
  const whole: Rule = { action, peers: peers ?? 'any', ports: [], at, ...proved };
  const plain = ports.filter(({ l7 }) => l7 === undefined).flatMap((item) => item.ports);
  const proxied = ports.flatMap(({ l7, ports: list }) =>
    l7 === undefined ? [] : [{ ...whole, ports: list, l7 }],
  );
  return plain.length > 0 || proxied.length === 0 ? [{ ...whole, ports: plain }, ...proxied] : proxied;
}

/** Mutual authentication is checked on top of the policy, and can't be determined from objects. */
function authentication(rule: Raw): string | undefined {
  const mode = textOf(rawOf(rule.authentication).mode);
  return mode === undefined || mode === 'disabled' ? undefined : 'mutual authentication';
}
