import { targetsOf } from '../../cluster/ends/ends.ts';
import type { Pod } from '../../cluster/objects.ts';
import type { Rule } from '../model/policy.ts';
import type { End } from '../model/verdict.ts';
import type { Lint, LintContext } from './context.ts';

type Resolver = { readonly end: End; readonly port: number };

/**
 * Egress rules that let pods talk to somebody, but not look up who that is (NP-36). Pods that may talk to nobody are
 * meant so, and pods that talk to single addresses look nothing up.
 */
export const noDns: Lint = {
  id: 'no-dns',
  title: 'egress is isolated and DNS is not admitted',
  source:
    'kubernetes/website #54997, inspektor-gadget #5338; RFC 1035: names resolve over UDP and TCP port 53',
  severity: 'warning',
  *check(context, policy) {
    if (policy.tier !== 'normal') return;
    const readings = context.world.matching.readings(policy);
    if (!readings.some(({ isolates, egress }) => isolates.egress && egress.some(needsNames))) return;
    const pods = context.selected(policy).filter((pod) => context.engine.isolation(pod).egress);
    const mute = pods.filter((pod) => !resolves(context, pod));
    const [first] = mute;
    if (first === undefined) return;
    const who = mute.length === 1 ? first.name : `${first.name} and ${mute.length - 1} more`;
    yield {
      direction: 'egress',
      text: `It isolates the egress of ${who}, and no policy admits DNS (udp 53): names will not resolve.`,
      fix: "Admit UDP and TCP port 53 to the cluster's DNS (pods k8s-app=kube-dns in kube-system).",
    };
  },
};

/** Whether a rule admits an end that people reach by name. */
function needsNames({ action, peers }: Rule): boolean {
  if (action !== 'allow') return false;
  return peers === 'any' || peers.some((peer) => peer.type !== 'cidr' || !isOneAddress(peer.cidr));
}

function isOneAddress(cidr: string): boolean {
  return !cidr.includes('/') || cidr.endsWith(cidr.includes(':') ? '/128' : '/32');
}

function resolves(context: LintContext, pod: Pod): boolean {
  const resolvers = resolversOf(context);
  if (resolvers.length === 0) return allowsOf(context, pod).some(opensDnsPort);
  const from: End = { type: 'pod', pod };
  return resolvers.some(
    ({ end, port }) =>
      context.engine.decide({ from, to: end, port, protocol: 'UDP' }).egress.verdict !== 'deny',
  );
}

/** The pods behind kube-system/kube-dns and the port where they listen, which need not be 53. */
function resolversOf({ model }: LintContext): readonly Resolver[] {
  const service = model.service('kube-system', 'kube-dns') ?? model.service('openshift-dns', 'dns-default');
  if (service === undefined) return [];
  return targetsOf(model, service, { port: 53, protocol: 'UDP' }).map(({ pod, port }) => ({
    end: { type: 'pod', pod },
    port,
  }));
}

/** Where no resolver is known: a rule that opens the port of DNS to somebody is given the benefit. */
function opensDnsPort({ ports }: Rule): boolean {
  return (
    ports === 'any' ||
    ports.some(
      (port) =>
        port.protocol === 'UDP' &&
        (port.type === 'all' || port.type === 'named' || (port.from <= 53 && 53 <= port.to)),
    )
  );
}

function allowsOf({ engine, world }: LintContext, pod: Pod): readonly Rule[] {
  return engine
    .policiesOn(pod)
    .flatMap((policy) => world.matching.readings(policy))
    .flatMap(({ egress }) => egress)
    .filter(({ action }) => action === 'allow');
}
