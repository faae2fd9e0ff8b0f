import { targetsOf } from '../../../cluster/ends.ts';
import type { Pod } from '../../../cluster/objects.ts';
import type { Rule } from '../../policy.ts';
import { readingsOf } from '../../reading.ts';
import type { End } from '../../verdict.ts';
import type { Lint, LintContext } from '../context.ts';

type Resolver = { readonly end: End; readonly port: number };

/** Egress isolation that leaves pods without name resolution (facts/policy.md §5a step 5, §6 row 11). */
export const noDns: Lint = {
  id: 'no-dns',
  title: 'egress is isolated and DNS is not admitted',
  source:
    'kubernetes/website #54997, inspektor-gadget #5338; RFC 1035: names resolve over UDP and TCP port 53',
  severity: 'warning',
  *check(context, policy) {
    if (policy.tier !== 'normal') return;
    if (!readingsOf(context.dialect, policy).some(({ isolates }) => isolates.egress)) return;
    const pods = context.selected(policy).filter((pod) => context.engine.isolation(pod).egress);
    const mute = pods.filter((pod) => !resolves(context, pod));
    const [first] = mute;
    if (first === undefined) return;
    const closed = mute.every((pod) => admitsNothing(context, pod));
    const who = mute.length === 1 ? first.name : `${first.name} and ${mute.length - 1} more`;
    yield {
      direction: 'egress',
      ...(closed ? { severity: 'info' } : {}),
      text: closed
        ? `It isolates the egress of ${who}, and nothing admits anything, DNS included.`
        : `It isolates the egress of ${who}, and no policy admits DNS (udp 53): names will not resolve.`,
      fix: "Admit UDP and TCP port 53 to the cluster's DNS (pods k8s-app=kube-dns in kube-system).",
    };
  },
};

function resolves(context: LintContext, pod: Pod): boolean {
  const resolvers = resolversOf(context);
  if (resolvers.length === 0) return allowsOf(context, pod).some(opensDnsPort);
  const from: End = { type: 'pod', pod };
  return resolvers.some(
    ({ end, port }) => context.engine.decide({ from, to: end, port, protocol: 'UDP' }).egress !== 'deny',
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

function admitsNothing(context: LintContext, pod: Pod): boolean {
  return allowsOf(context, pod).length === 0;
}

function allowsOf({ engine, dialect }: LintContext, pod: Pod): readonly Rule[] {
  return engine
    .policiesOn(pod)
    .flatMap((policy) => readingsOf(dialect, policy))
    .flatMap(({ egress }) => egress)
    .filter(({ action }) => action === 'allow');
}
