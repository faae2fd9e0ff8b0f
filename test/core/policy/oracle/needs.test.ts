import { expect, test } from 'vitest';
import { compare, createTally, everyQuestion } from './compare.ts';
import type { Doc } from './worlds.ts';

/** Of `spec` names of sidecars count, of this Calico they don't, and of kindnet nobody knows. */
const ENFORCERS = ['spec', 'calico-3.28', 'kindnet'] as const;
const KNOWN = ['true', 'false', 'unknown'] as const;

/** Ports that need one thing of an enforcer, or two. */
const PORTS = [
  { protocol: 'TCP', port: 80, endPort: 8080 },
  { protocol: 'SCTP', port: 80 },
  { protocol: 'SCTP', port: 80, endPort: 8080 },
  { protocol: 'TCP', port: 'http' },
  { protocol: 'SCTP', port: 'assoc' },
] as const;

/** Peers that need nothing, and a range around a pod. */
const PEERS = [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.1/32' } }] as const;

const pod = (name: string, ip: string, spec: object): Doc => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'a', uid: name, labels: { app: name } },
  spec: { nodeName: 'n1', containers: [{ name: 'main' }], ...spec },
  status: { phase: 'Running', podIPs: [{ ip }] },
});
const sidecar = {
  name: 'side',
  restartPolicy: 'Always',
  ports: [
    { name: 'http', containerPort: 80 },
    { name: 'assoc', containerPort: 81, protocol: 'SCTP' },
  ],
};
const cluster: readonly Doc[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  pod('web', '10.0.0.1', {}),
  pod('db', '10.0.0.2', { initContainers: [sidecar] }),
];
const policyOf = (peer: object, port: object): Doc => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'net', namespace: 'a' },
  spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [peer], ports: [port] }] },
});

test.each(ENFORCERS)('%s: they agree whatever is known of all that a rule needs', (enforcer) => {
  const seen = createTally();
  for (const endPort of KNOWN) {
    for (const sctp of KNOWN) {
      for (const blocks of KNOWN) {
        const assumed = [`end-port=${endPort}`, `sctp=${sctp}`, `ipblock-matches-pods=${blocks}`];
        for (const peer of PEERS) {
          for (const port of PORTS) {
            const documents = [...cluster, policyOf(peer, port)];
            compare({ documents, enforcer, settings: {}, assumed }, [], fromWebToDb, seen);
          }
        }
      }
    }
  }
  expect(new Set(seen.verdicts.keys())).toEqual(new Set(['allow', 'deny', 'undecidable']));
});

function fromWebToDb(...[ends]: Parameters<typeof everyQuestion>) {
  return everyQuestion(ends).filter(
    ({ from, to }) => from.type === 'pod' && from.name === 'web' && to.type === 'pod' && to.name === 'db',
  );
}
