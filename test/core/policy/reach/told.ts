import { expect } from 'vitest';
import { formatIp, inRange, parseIp } from '../../../../src/core/cluster/ip.ts';
import { isLive, type Pod, PROTOCOLS } from '../../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { type Connections, holdsPort } from '../../../../src/core/policy/model/connections.ts';
import type { Policy, PolicyRef } from '../../../../src/core/policy/model/policy.ts';
import type { Decision, End } from '../../../../src/core/policy/model/verdict.ts';
import type { EndGroup } from '../../../../src/core/policy/reach/end-groups.ts';
import { rangeOfText } from '../../../../src/core/policy/reach/outside.ts';
import { cluster } from '../../../helpers/builders.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { ADDRESSES, ASKED_PORTS } from '../oracle/worlds.ts';

/** Ports between two ends that turn, as a comparison of two worlds tells them. */
export type ToldPath = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly ports: Connections;
  readonly was?: Decision;
  readonly is: Decision;
};

/** An engine over the same cluster after policies come and go, and pods are given other labels. */
export function engineAfter(
  model: ClusterModel,
  engine: Engine,
  add: readonly Policy[],
  remove: readonly PolicyRef[],
  relabelled: (pod: Pod) => Pod = (pod) => pod,
): Engine {
  const key = ({ kind, namespace, name }: PolicyRef) => `${kind} ${namespace} ${name}`;
  const out = new Set([...add, ...remove].map(key));
  const policies = [
    ...[...model.policies()].filter((policy) => !out.has(key(policy))),
    ...new Map(add.map((policy) => [key(policy), policy])).values(),
  ];
  const made = cluster({
    pods: Array.from(model.pods(), relabelled),
    namespaces: [...model.namespaces()],
    services: [...model.services()],
    nodes: [...model.nodes()],
    policies,
  });
  for (const slice of ['kubernetes', 's2']) {
    for (const namespace of ['default', 'a', 'b', 'c']) {
      const addresses = model.endpoints(namespace, slice);
      if (addresses.length === 0) continue;
      const object = {
        kind: 'EndpointSlice',
        namespace,
        name: `${slice}-1`,
        service: slice,
        addresses,
      } as const;
      made.apply({ type: 'set', kind: 'endpointSlices', source: 'test', object });
    }
  }
  return createEngine(made, engine.dialect);
}

type Asked = { readonly end: End; readonly name: string };

/** Expects every pair of ends and every port to be told as the two engines judge them. */
export function expectTold(before: Engine, after: Engine, paths: readonly ToldPath[]): void {
  const { model } = after;
  for (const from of endsOf(model)) {
    for (const to of endsOf(model)) {
      if (from.name === to.name || !meets(from.end, to.end)) continue;
      for (const port of ASKED_PORTS) {
        for (const protocol of PROTOCOLS) {
          const was = verdictOf(before, {
            from: inModel(before, from),
            to: inModel(before, to),
            port,
            protocol,
          });
          const is = verdictOf(after, { from: from.end, to: to.end, port, protocol });
          const said = paths.filter(
            (path) =>
              holdsPort(path.ports, port, protocol) &&
              holds(model, path.from, from.end, to.end) &&
              holds(model, path.to, to.end, from.end),
          );
          const path = `${from.name} → ${to.name} ${protocol} ${port}`;
          const expected = was.verdict === is.verdict ? [] : [`${was.verdict} → ${is.verdict}`];
          const told = said.map((item) => `${item.was ?? was.verdict} → ${item.is}`);
          expect({ path, told }).toEqual({ path, told: expected });
        }
      }
    }
  }
}

function endsOf(model: ClusterModel): readonly Asked[] {
  const live = [...model.pods()].filter(isLive);
  return [
    ...live.map((pod): Asked => ({ end: { type: 'pod', pod }, name: `${pod.namespace}/${pod.name}` })),
    ...ADDRESSES.map((ip): Asked => ({ end: { type: 'ip', ip }, name: ip })),
  ];
}

/** The same end before its labels changed. */
function inModel({ model }: Engine, { end }: Asked): End {
  if (end.type === 'ip') return end;
  return { type: 'pod', pod: model.pod(end.pod.namespace, end.pod.name) ?? end.pod };
}

/** Whether two ends may talk at all: not two addresses, and of addresses only with pods that have their family. */
function meets(from: End, to: End): boolean {
  const [pod, address] = from.type === 'pod' ? [from, to] : [to, from];
  if (pod.type === 'ip') return false;
  if (address.type === 'pod' || !address.ip.includes(':')) {
    return address.type === 'pod' || pod.pod.ips.length === 0 || pod.pod.ips.some((ip) => !ip.includes(':'));
  }
  return pod.pod.ips.some((ip) => ip.includes(':'));
}

function holds(model: ClusterModel, group: EndGroup, end: End, other: End): boolean {
  switch (group.type) {
    case 'workload':
      return (
        end.type === 'pod' &&
        end.pod.namespace === group.namespace &&
        (group.pods?.includes(end.pod.name) ?? end.pod.name === group.name)
      );
    case 'nodes': {
      const found = end.type === 'ip' ? model.nodeAt(end.ip) : undefined;
      return (
        found !== undefined &&
        group.names.includes(found.name) &&
        !(other.type === 'pod' && other.pod.node === found.name)
      );
    }
    case 'own-node': {
      const found = end.type === 'ip' ? model.nodeAt(end.ip) : undefined;
      return found !== undefined && other.type === 'pod' && other.pod.node === found.name;
    }
    case 'addresses': {
      const ip = end.type === 'ip' ? parseIp(end.ip) : undefined;
      if (
        ip === undefined ||
        model.nodeAt(formatIp(ip)) !== undefined ||
        model.podAt(formatIp(ip)) !== undefined
      )
        return false;
      return group.ranges.some((text) => {
        const range = rangeOfText(text);
        return range !== undefined && inRange(range, ip);
      });
    }
  }
}
