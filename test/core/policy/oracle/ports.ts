import type { Ask } from './question.ts';
import { at, isObject, list, type OraclePod } from './reading.ts';
import type { Known } from './settings.ts';

/** The pod that owns the port, if the destination is one. */
function destination({ direction, self, peer }: Ask): OraclePod | undefined {
  if (direction === 'ingress') return self;
  return peer.type === 'pod' ? peer : undefined;
}

/** The numbers that a name stands for (NP-25, CIL-17). */
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
  if (ask.settings.since120) return target === undefined ? [] : of(target, like, false).slice(0, 1);
  const all = new Set(
    ask.world.pods.filter(({ host, finished }) => !host && !finished).flatMap((pod) => of(pod, like, false)),
  );
  return all.size === 1 ? [...all] : [];
}

/** ports of a NetworkPolicy rule (NP-13, NP-24, NP-25). */
export function networkPolicyPorts(ask: Ask, ports: unknown, place: string): boolean {
  const items = list(ports) ?? [];
  return (
    items.length === 0 ||
    items.some((item, index) => {
      const [port, end] = [at(item, 'port'), at(item, 'endPort')];
      const here = `${place} port ${index}`;
      if (!matches(ask, at(item, 'protocol') ?? 'TCP', port, end, here)) return false;
      return ask.port <= Number(port) || end === undefined || told(ask, ask.settings.endPort, `end ${here}`);
    })
  );
}

/** What an enforcer is known to do, or a guess. */
function told({ guess }: Ask, known: Known, question: string): boolean {
  return known === 'unknown' ? guess(question) : known === 'yes';
}

function matches(ask: Ask, protocol: unknown, port: unknown, end: unknown, place: string): boolean {
  if (protocol !== ask.protocol) return false;
  const hit =
    port === undefined ||
    (typeof port === 'string'
      ? isNamed(ask, port, place)
      : Number(port) <= ask.port && ask.port <= Number(end ?? port));
  return hit && takes(ask, place);
}

/** SCTP is left to the enforcer (NP-26). */
function takes(ask: Ask, place: string): boolean {
  return ask.protocol !== 'SCTP' || told(ask, ask.settings.sctp, `SCTP ${place}`);
}

/** A name; whether those of native sidecars count is the enforcer's (NP-25). */
function isNamed(ask: Ask, name: string, place: string): boolean {
  if (!named(ask, name).includes(ask.port)) return false;
  const target = destination(ask);
  const mains = (target?.ports ?? []).filter(
    (port) => port.name === name && port.protocol === ask.protocol && port.port === ask.port && !port.init,
  );
  return ask.settings.cilium || mains.length > 0 || told(ask, ask.settings.sidecars, `sidecar ${place}`);
}

/** One port of Cilium: absent or `0` is every port, protocol absent or `ANY` each (CIL-13). */
export function ciliumPort(ask: Ask, item: unknown, place: string): boolean {
  const protocol = at(item, 'protocol') ?? 'ANY';
  if (protocol !== 'ANY' && protocol !== ask.protocol) return false;
  return (
    isCiliumNumber(ask, String(at(item, 'port') ?? '0'), at(item, 'endPort'), place) && takes(ask, place)
  );
}

function isCiliumNumber(ask: Ask, port: string, end: unknown, place: string): boolean {
  if (port === '0') return end === undefined || ask.settings.since120 || ask.port <= Number(end);
  if (/^\d+$/.test(port)) {
    return Number(port) <= ask.port && ask.port <= Math.max(Number(port), Number(end ?? port));
  }
  if (end === undefined || !ask.settings.cilium) return isNamed(ask, port, place);
  return named(ask, port).some((first) => first <= ask.port && ask.port <= Math.max(first, Number(end)));
}

/** Ports of the admin kinds, both versions (ANP-8). */
export function adminPorts(ask: Ask, rule: unknown, place: string): boolean {
  const items = list(at(rule, 'ports')) ?? list(at(rule, 'protocols')) ?? [];
  return items.length === 0 || items.some((item, index) => adminPort(ask, item, `${place} port ${index}`));
}

function adminPort(ask: Ask, item: unknown, place: string): boolean {
  const number = at(item, 'portNumber');
  if (isObject(number)) return matches(ask, number.protocol ?? 'TCP', number.port, undefined, place);
  const range = at(item, 'portRange');
  if (isObject(range)) return matches(ask, range.protocol ?? 'TCP', range.start, range.end, place);
  const name = at(item, 'namedPort') ?? at(item, 'destinationNamedPort');
  if (name !== undefined) return isNamed(ask, String(name), place) && takes(ask, place);
  const target = at(item, ask.protocol.toLowerCase());
  if (!isObject(target)) return false;
  const ports = target.destinationPort;
  if (!isObject(ports)) return takes(ask, place);
  return isObject(ports.range)
    ? matches(ask, ask.protocol, Number(ports.range.start), ports.range.end, place)
    : matches(ask, ask.protocol, Number(ports.number), undefined, place);
}
