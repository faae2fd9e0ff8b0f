import { expect, test } from 'vitest';
import { cluster, networkPolicy, pod, service } from '../../helpers/builders.ts';
import { good, planIn } from '../../helpers/plan-in.ts';

const web = pod({
  name: 'web-1',
  labels: { app: 'web' },
  owner: { kind: 'Deployment', namespace: 'shop', name: 'web' },
});
const db = pod({ name: 'db-0', labels: { app: 'db' } });
const resolver = pod({ name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } });
const dns = service({
  name: 'kube-dns',
  namespace: 'kube-system',
  selector: { 'k8s-app': 'kube-dns' },
  ports: [{ port: 53, targetPort: 53, protocol: 'UDP' }],
});
const shut = networkPolicy({ name: 'shut', spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
const admitsDns = networkPolicy({
  name: 'dns',
  spec: {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [
      {
        to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
        ports: [{ port: 53, protocol: 'UDP' }],
      },
    ],
  },
});
const SERVICE = { type: 'service', namespace: 'shop', name: 'db' } as const;
const NOTE =
  "web can't reach the cluster's DNS, so that svc/db does not resolve there: use its address, or grant kube-system/svc/kube-dns 53/udp too";

test.each([
  ['a Service, and nothing admits DNS', {}, true],
  ['a Service, and a policy admits DNS', { policies: [shut, admitsDns] }, false],
  [
    'a Service, and egress is open',
    {
      policies: [networkPolicy({ name: 'in', spec: { podSelector: {}, policyTypes: ['Ingress'] } })],
    },
    false,
  ],
  ['an address, which needs no lookup', { destination: { type: 'ip', ip: '198.51.100.7' } as const }, false],
  ['a Service, and no resolver is in sight', { services: [service()] }, false],
])('with %s: DNS is told about where it is missing (GRANT-44)', (_, change, isTold) => {
  const {
    policies = [shut],
    services = [service(), dns],
    destination = SERVICE,
  } = change as {
    readonly policies?: readonly (typeof shut)[];
    readonly services?: readonly (typeof dns)[];
    readonly destination?: typeof SERVICE;
  };
  const model = cluster({ pods: [web, db, resolver], policies, services });
  const { warnings } = good(planIn(model, { destination }));
  expect(warnings.filter((text) => text.includes('DNS'))).toEqual(isTold ? [NOTE] : []);
});
