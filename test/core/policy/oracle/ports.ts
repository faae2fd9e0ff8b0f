import type { Ask } from './question.ts';
import { at, isObject, list, type OraclePod } from './reading.ts';

/** The pod that owns the port, if the destination is one. */
function destination({ direction, self, peer }: Ask): OraclePod | undefined {
  if (direction === 'ingress') return self;
  return peer.type === 'pod' ? peer : undefined;
}

/** The numbers that a name stands for (facts/policy.md §1 rule 25, §2a.13). */
function named(ask: Ask, name: string): readonly number[] {
  const of = (pod: OraclePod, isName: (found: string) => boolean, withInit: boolean) =>
    pod.ports
      .filter((port) => port.protocol === ask.protocol && (withInit || !port.init))
      .filter((port) => port.name !== undefined && isName(port.name))
      .map(({ port }) => port);
  const target = destination(ask);
  if (!ask.settings.cilium) return target === undefined ? [] : of(target, (found) => found === name, true);
  const like = (found: string) => found.toLowerCase() === name.toLowerCase();
  if (ask.direction === 'ingress') return of(ask.self, like, false).slice(0, 1);
  const all = new Set(
    ask.world.pods.filter(({ host, finished }) => !host && !finished).flatMap((pod) => of(pod, like, false)),
  );
  return all.size === 1 ? [...all] : [];
}

/** ports of a NetworkPolicy rule (facts/policy.md §1 rules 13, 24, 25). */
export function networkPolicyPorts(ask: Ask, ports: unknown): boolean {
  const items = list(ports) ?? [];
  return (
    items.length === 0 ||
    items.some((item) => matches(ask, at(item, 'protocol') ?? 'TCP', at(item, 'port'), at(item, 'endPort')))
  );
}

function matches(ask: Ask, protocol: unknown, port: unknown, end: unknown): boolean {
  if (protocol !== ask.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'string') return named(ask, port).includes(ask.port);
  return Number(port) <= ask.port && ask.port <= Number(end ?? port);
}

/** One port of Cilium: absent or `0` is every port, protocol absent or `ANY` each (facts/policy.md §2a.13). */
export function ciliumPort(ask: Ask, item: unknown): boolean {
  const protocol = at(item, 'protocol') ?? 'ANY';
  if (protocol !== 'ANY' && protocol !== ask.protocol) return false;
  const port = String(at(item, 'port') ?? '0');
  if (port === '0') return true;
  if (!/^\d+$/.test(port)) return named(ask, port).includes(ask.port);
  return Number(port) <= ask.port && ask.port <= Math.max(Number(port), Number(at(item, 'endPort') ?? port));
}

/** Ports of the admin kinds, both versions (facts/policy.md §2b rule 8). */
export function adminPorts(ask: Ask, rule: unknown): boolean {
  const items = list(at(rule, 'ports')) ?? list(at(rule, 'protocols')) ?? [];
  return items.length === 0 || items.some((item) => adminPort(ask, item));
}

function adminPort(ask: Ask, item: unknown): boolean {
  const number = at(item, 'portNumber');
  if (isObject(number)) return matches(ask, number.protocol ?? 'TCP', number.port, undefined);
  const range = at(item, 'portRange');
  if (isObject(range)) return matches(ask, range.protocol ?? 'TCP', range.start, range.end);
  const name = at(item, 'namedPort') ?? at(item, 'destinationNamedPort');
  if (name !== undefined) return named(ask, String(name)).includes(ask.port);
  const target = at(item, ask.protocol.toLowerCase());
  if (!isObject(target)) return false;
  const ports = target.destinationPort;
  if (!isObject(ports)) return true;
  return isObject(ports.range)
    ? matches(ask, ask.protocol, Number(ports.range.start), ports.range.end)
    : matches(ask, ask.protocol, Number(ports.number), undefined);
}
