import { adminPolicyOn, priorityOf, tierOf } from './admin-policy.ts';
import { ciliumPolicyOn } from './cilium.ts';
import { everyResult, type Guess } from './guess.ts';
import { networkPolicyOn } from './network-policy.ts';
import type { Ask, Direction } from './question.ts';
import { isSix, type Json, type OracleEnd, type OraclePod, type OracleWorld } from './reading.ts';
import { isBlurred, type Settings } from './settings.ts';

/** `l7`: open, and a proxy decides on the request. */
export type HalfAnswer = 'allow' | 'deny' | 'l7' | 'undecidable';

export type Question = {
  readonly from: OracleEnd;
  readonly to: OracleEnd;
  readonly port: number;
  readonly protocol: string;
};

/**
 * One half by brute force, written from the rules alone: everything that nobody can know is tried both ways, and what
 * does not come out the same is undecidable.
 */
export function answer(
  world: OracleWorld,
  settings: Settings,
  question: Question,
  direction: Direction,
): HalfAnswer {
  const results = everyResult((guess) => halfOf(world, settings, question, direction, guess));
  const found = onlyOf([...results]);
  const self = direction === 'ingress' ? question.to : question.from;
  const leavesPods = direction === 'egress' && question.to.type !== 'pod';
  if (self.type === 'pod' && isBlurred(settings, self.namespace, found, leavesPods)) return 'undecidable';
  // A deny stops nobody for certain where nothing is known to enforce it (NP-35).
  return found === 'deny' && settings.name === 'none' ? 'undecidable' : found;
}

function onlyOf(results: readonly Result[]): HalfAnswer {
  const [first] = results;
  if (first !== undefined && results.length === 1) return first;
  // Open in any case, though perhaps through a proxy.
  return results.every((result) => result !== 'deny') ? 'l7' : 'undecidable';
}

function halfOf(
  world: OracleWorld,
  settings: Settings,
  { from, to, port, protocol }: Question,
  direction: Direction,
  guess: Guess,
): 'allow' | 'deny' | 'l7' {
  if (from.type === 'pod' && to.type === 'pod' && from.namespace === to.namespace && from.name === to.name)
    return 'allow';
  const family = familyOf(from, to, guess);
  const [self, peer] = (direction === 'ingress' ? [to, from] : [from, to]).map((end) =>
    asSeen(world, settings, inFamily(end, family), guess),
  );
  // A half whose end is no pod does not exist (NP-1); `never` enforces nothing (CIL-1).
  if (self?.type !== 'pod' || peer === undefined || settings.mode === 'never') return 'allow';
  const ask: Ask = { world, settings, guess, direction, self, peer, port, protocol };
  const own = direction === 'ingress' && peer.type === 'address' && peer.node?.name === self.node;
  // The own node always gets in, on Cilium unless a deny covers it (NP-28, CIL-9).
  if (own && !settings.cilium) return 'allow';
  let accepted = false;
  const baseline = () =>
    tier(
      ask,
      'baseline',
      () => 'allow',
      () => {
        accepted = true;
      },
    );
  const result = tier(ask, 'admin', () =>
    normal(ask, own, baseline, () => {
      accepted = false;
      baseline();
      return accepted;
    }),
  );
  return result;
}

/** The family in use, where both ends have a choice (NP-33). */
function familyOf(from: OracleEnd, to: OracleEnd, guess: Guess): 'four' | 'six' | undefined {
  const families = [from, to].map((end) => (end.type === 'pod' ? end.ips : [end.ip]));
  if (families.every((ips) => ips.length < 2)) return undefined;
  const can = (six: boolean) =>
    families.every((ips) => ips.length === 0 || ips.some((ip) => isSix(ip) === six));
  if (can(true) && can(false)) return guess('six') ? 'six' : 'four';
  return can(true) ? 'six' : 'four';
}

function inFamily(end: OracleEnd, family: 'four' | 'six' | undefined): OracleEnd {
  if (end.type !== 'pod' || family === undefined) return end;
  return { ...end, ips: end.ips.filter((ip) => isSix(ip) === (family === 'six')) };
}

/** A host-network pod is its node on Cilium; the API leaves it open (NP-29). */
function asSeen(world: OracleWorld, settings: Settings, end: OracleEnd, guess: Guess): OracleEnd {
  if (end.type !== 'pod' || !end.host) return end;
  if (!settings.hostIsNode && guess(`${end.name} by its labels`)) return end;
  const node = world.nodes.find(({ name }) => name === end.node);
  return { type: 'address', ip: end.ips[0] ?? node?.ip ?? '', node };
}

type Result = 'allow' | 'deny' | 'l7';

/** A ranked tier: lowest priority first; equal ones have no order, so each may come first (ANP-2, ANP-3). */
function tier(
  ask: Ask,
  wanted: 'admin' | 'baseline',
  next: () => Result,
  onAccept: () => void = () => undefined,
): Result {
  const policies = ask.world.policies.filter((policy) => tierOf(policy) === wanted && isInForce(ask, policy));
  const left = policies.flatMap((policy) => {
    const action = adminPolicyOn(ask, policy);
    return action === undefined ? [] : [{ policy, action }];
  });
  const lowest = Math.min(...left.map(({ policy }) => priorityOf(policy)));
  const firsts = left.filter(({ policy }) => priorityOf(policy) === lowest);
  const chosen = firsts.find(
    ({ policy }, index) => index === firsts.length - 1 || ask.guess(`first ${name(policy)} ${wanted}`),
  );
  if (chosen === undefined || chosen.action === 'pass') return next();
  if (chosen.action === 'allow') onAccept();
  return chosen.action;
}

/** Whether the enforcer enforces a policy; one that it may enforce counts by itself. */
function isInForce(ask: Ask, policy: Json, part = ''): boolean {
  const known = ask.settings.kinds[String(policy.kind)];
  return known === 'maybe' ? ask.guess(`in force ${policy.kind} ${name(policy)}${part}`) : known === 'yes';
}

function name(policy: Json): string {
  return JSON.stringify(policy.metadata);
}

/** Deny beats allow across all kinds; isolated is denied what nothing allows (NP-2, NP-4; CIL-2, CIL-9, CIL-15). */
function normal(ask: Ask, ownNode: boolean, next: () => Result, mayAccept: () => boolean): Result {
  const on = policiesOn(ask);
  if (on.some(({ denies }) => denies)) return 'deny';
  const entries = on.flatMap((policy) => policy.entries);
  const plain = new Set(entries.filter(({ l7 }) => !l7).map(({ key }) => key));
  const proxied = entries.some(({ key, l7 }) => l7 && !plain.has(key));
  if (on.some(({ allows }) => allows !== 'no')) return proxied ? 'l7' : 'allow';
  if (ownNode && isLetIn(ask.settings, on)) return 'allow';
  if (!isolated(ask.settings, on)) return next();
  // Contested: Cilium may let a baseline accept through (CIL-16).
  return ask.settings.cilium && mayAccept() && ask.guess('baseline accept') ? 'allow' : 'deny';
}

/** Cilium's settings may want a rule for the own node (CIL-1, `allow-localhost`). */
function isLetIn(settings: Settings, on: readonly { readonly speaks: boolean }[]): boolean {
  if (settings.nodeByRule) return false;
  return !settings.since120 || settings.mode !== 'always' || on.some(({ speaks }) => speaks);
}

function policiesOn(ask: Ask) {
  return ask.world.policies.flatMap((policy) => {
    if (policy.kind === 'NetworkPolicy') {
      if (!isInForce(ask, policy)) return [];
      const found = networkPolicyOn(ask, policy);
      return found === undefined ? [] : [{ ...found, entries: [] }];
    }
    if (!String(policy.kind).startsWith('Cilium')) return [];
    return ciliumPolicyOn(ask, policy, (part) => isInForce(ask, policy, ` ${part}`));
  });
}

function isolated({ mode }: Settings, on: readonly { readonly isolates: boolean }[]): boolean {
  return mode === 'always' || on.some(({ isolates }) => isolates);
}

/** Whether the normal tier isolates a pod in a direction. */
export function isIsolated(
  world: OracleWorld,
  settings: Settings,
  self: OraclePod,
  direction: Direction,
): boolean {
  if (settings.mode === 'never') return false;
  const nobody: OracleEnd = { type: 'address', ip: '192.0.2.1', node: undefined };
  const ask: Ask = {
    world,
    settings,
    guess: () => false,
    direction,
    self,
    peer: nobody,
    port: 1,
    protocol: 'TCP',
  };
  return isolated(settings, policiesOn(ask));
}
