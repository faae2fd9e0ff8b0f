import type { World } from './api-matching.ts';
import { asNode, type Side } from './side.ts';

/** One way to read the two ends of a path. */
export type Way = {
  readonly self: Side;
  readonly peer: Side;
  /** The address family it applies to, where the ends have a choice. */
  readonly family?: 4 | 6;
};

/**
 * Every way to read two ends: by each address family that both have (NP-33), and a host-network pod both as labeled and
 * as its node where the API leaves that open (NP-29).
 */
export function waysBetween(world: World, self: Side, peer: Side): readonly Way[] {
  if (isPlain(self) && isPlain(peer)) return [{ self, peer }];
  const ways: Way[] = [];
  for (const { family, ...ends } of byFamily(self, peer)) {
    for (const a of readingsOf(world, ends.self)) {
      for (const b of readingsOf(world, ends.peer)) {
        ways.push(family === undefined ? { self: a, peer: b } : { self: a, peer: b, family });
      }
    }
  }
  return ways;
}

/** Whether there is only one way to read an end: at most one address, and not on the host network. */
export function isPlain(side: Side): boolean {
  return side.ips.length < 2 && !(side.type === 'pod' && side.pod.hostNetwork);
}

function byFamily(self: Side, peer: Side): readonly Way[] {
  if (self.ips.length < 2 && peer.ips.length < 2) return [{ self, peer }];
  const families = ([4, 6] as const).filter((family) =>
    [self, peer].every(({ ips }) => ips.length === 0 || ips.some((ip) => ip.family === family)),
  );
  if (families.length === 0) return [{ self, peer }];
  return families.map((family) => ({ self: only(self, family), peer: only(peer, family), family }));
}

function only(side: Side, family: 4 | 6): Side {
  return side.ips.length < 2 ? side : { ...side, ips: side.ips.filter((ip) => ip.family === family) };
}

function readingsOf(world: World, side: Side): readonly Side[] {
  if (side.type !== 'pod' || !side.pod.hostNetwork) return [side];
  const node = asNode(world.model, side);
  return world.dialect.hostNetwork === 'node' ? [node] : [side, node];
}
