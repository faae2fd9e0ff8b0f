import { isLive, type Service, type ServicePort, selectorOf } from '../../cluster/cluster.ts';
import { selectorText } from '../explain/explain.ts';
import { type Lint, type LintContext, makersText } from './context.ts';
import type { Flaw } from './finding.ts';
import { nearestLabel } from './near.ts';

/** A lint of a Service: what leads nowhere can't be admitted by any policy. */
export type ServiceLint = Omit<Lint, 'check'> & {
  readonly check: (context: LintContext, service: Service) => Iterable<Flaw>;
};

/** A Service whose selector finds no pod, beside pods that it may have been meant for. */
const serviceWithoutPods: ServiceLint = {
  id: 'service-without-pods',
  title: 'a Service selects no pods',
  source: 'Kubernetes docs, Service: its endpoints are the pods that its selector matches',
  severity: 'warning',
  *check(context, service) {
    const { namespace, selector } = service;
    if (selector === undefined || context.model.backends(service).length > 0) return;
    if (!context.model.podsIn(namespace).some(isLive)) return;
    const pods = selectorOf(selector);
    const near = nearestLabel(context, { namespaces: { by: 'name', name: namespace }, pods });
    const makers = near === undefined ? makersText(context) : '';
    yield {
      ...(makers === '' ? {} : { severity: 'info' as const }),
      text: `It selects ${selectorText(pods)}, but no running pod in ${namespace} matches${near === undefined ? makers : `; there is ${near}`}.`,
      fix: 'Fix its selector, or delete it: connections to it go nowhere.',
    };
  },
};

/** A targetPort that no pod behind the Service declares: a name leads nowhere then, a number perhaps (NP-27). */
const targetPortUndeclared: ServiceLint = {
  id: 'target-port-undeclared',
  title: 'no pod declares the targetPort of a Service',
  source: 'Kubernetes docs, Service: a targetPort by name is looked up in the ports of each pod',
  severity: 'error',
  *check({ model }, service) {
    const pods = model.backends(service);
    if (pods.length === 0 || service.headless) return;
    for (const entry of service.ports) {
      const { port, targetPort, protocol } = entry;
      const isNamed = typeof targetPort === 'string';
      if (pods.some(({ ports }) => ports.some((declared) => isTarget(entry, declared)))) continue;
      const declared = [...new Set(pods.flatMap(({ ports }) => ports.map((item) => `${item.port}`)))];
      // Ports need not be declared to be reached by number.
      if (!isNamed && !pods.every(({ ports }) => ports.some((item) => item.protocol === protocol))) continue;
      const known = declared.length === 0 ? 'they declare none' : `they declare ${declared.join(', ')}`;
      yield {
        ...(isNamed ? {} : { severity: 'info' as const }),
        text: `Its port ${port} leads to ${targetPort} (${protocol.toLowerCase()}), which none of its pods declares: ${known}.`,
        fix: isNamed
          ? 'Declare a port of that name in the pods, or use the number: by this name it leads nowhere.'
          : 'Check the number: policies are evaluated on it.',
      };
    }
  },
};

function isTarget(
  { targetPort, protocol }: ServicePort,
  declared: { readonly name?: string; readonly port: number; readonly protocol: string },
): boolean {
  return (
    declared.protocol === protocol &&
    (typeof targetPort === 'string' ? declared.name === targetPort : declared.port === targetPort)
  );
}

/** Every lint of Services. */
export const SERVICE_LINTS: readonly ServiceLint[] = [serviceWithoutPods, targetPortUndeclared];
