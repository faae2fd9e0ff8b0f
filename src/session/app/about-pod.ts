import type { Pod } from '../../core/cluster/cluster.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import type { Direction, Policy } from '../../core/policy/model/model.ts';
import type { AboutItem, Isolation, PodRow } from '../state/state.ts';
import { oneRule } from './about-policy.ts';

/** Describes a pod: its isolation in both directions, the policies and what they admit, then its status. */
export function aboutPod(engine: Engine, { pod, ingress, egress }: PodRow): readonly AboutItem[] {
  const policies = engine.policiesOn(pod);
  return [
    ...standing(engine, policies, 'ingress', ingress),
    ...standing(engine, policies, 'egress', egress),
    { label: 'status', text: statusText(pod), apart: true },
    {
      label: 'address',
      text: `${pod.ips.join(', ') || 'none yet'}${pod.hostNetwork ? ' (node address)' : ''}`,
    },
    { label: 'ports', text: pod.ports.map(portText).join(', ') || 'none declared' },
    ...(pod.owner === undefined ? [] : [{ label: 'owner', text: `${pod.owner.kind} ${pod.owner.name}` }]),
    {
      label: 'labels',
      text: Object.entries(pod.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    },
  ];
}

function standing(
  engine: Engine,
  policies: readonly Policy[],
  direction: Direction,
  isolation: Isolation,
): readonly AboutItem[] {
  const concerned = policies.filter((policy) =>
    engine.world.matching
      .readings(policy)
      .some((reading) => reading.isolates[direction] || reading[direction].length > 0),
  );
  return [
    { label: direction, text: TEXTS[isolation], ...(isolation === '?' ? { level: 'warn' as const } : {}) },
    ...concerned.flatMap((policy) => policyItems(engine, policy, direction)),
  ];
}

const TEXTS: Readonly<Record<Isolation, string>> = {
  open: 'open: no policy isolates it, all traffic is allowed',
  iso: 'isolated: only what these policies admit',
  admin: 'an admin policy decides first',
  '?': 'on the host network: pod policies do not apply',
};

function policyItems(engine: Engine, policy: Policy, direction: Direction): readonly AboutItem[] {
  const rules = engine.world.matching.readings(policy).flatMap((reading) => reading[direction]);
  const label = `  ${policy.name}`;
  if (rules.length === 0) return [{ label, text: 'isolates, admits nothing' }];
  return rules.map((rule, index) => ({ label: index === 0 ? label : '', text: oneRule(rule) }));
}

function statusText({ status, readyContainers, containers, restarts, node }: Pod): string {
  const total = Math.max(containers.length, readyContainers);
  const often = restarts === 0 ? '' : `, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
  return `${status}, ${readyContainers}/${total} ready${often}${node === undefined ? '' : `, on ${node}`}`;
}

function portText({ name, port, protocol }: Pod['ports'][number]): string {
  const number = `${port}/${protocol.toLowerCase()}`;
  return name === undefined ? number : `${name} ${number}`;
}
