import type { Protocol } from '../../../../src/core/cluster/objects.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import type { End } from '../../../../src/core/policy/model/verdict.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { judged, type Outcome } from './suite.ts';
import {
  namespaceManifests,
  podManifest,
  podNamed,
  type RawPod,
  type RawPolicy,
  unknownKind,
  worldOf,
} from './world.ts';

/** A conformance test of the network-policy-api, its steps already applied. */
export type ConformanceCase = {
  readonly nodes: readonly {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly internalIP: string;
  }[];
  readonly pods: readonly RawPod[];
  readonly steps: readonly {
    readonly name: string;
    readonly namespaces: Record<string, Record<string, string>>;
    readonly policies: readonly RawPolicy[];
    readonly checks: readonly {
      readonly from: string;
      readonly to?: string;
      readonly toIP: string;
      readonly protocol: Protocol;
      readonly port: number;
      readonly expect: 'allow' | 'deny';
    }[];
  }[];
};

/** Compares every check of every step. */
export function runConformance({ nodes, pods, steps }: ConformanceCase): Outcome {
  const unknown = unknownKind(steps.flatMap(({ policies }) => policies));
  if (unknown !== undefined) return { result: 'skipped', why: unknown };
  const nodeManifests = nodes.map(({ name, labels, internalIP }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: { addresses: [{ type: 'InternalIP', address: internalIP }] },
  }));
  return judged(
    steps.flatMap(({ name, namespaces, policies, checks }) => {
      const documents = [
        ...namespaceManifests(namespaces),
        ...nodeManifests,
        ...pods.map(podManifest),
        ...policies,
      ];
      const { model, engine } = worldOf(documents, dialectOf('spec'));
      return checks.flatMap(({ from, to, toIP, protocol, port, expect }) => {
        const end: End =
          to === undefined ? { type: 'ip', ip: toIP } : { type: 'pod', pod: podNamed(model, to) };
        const verdict = verdictOf(engine, {
          from: { type: 'pod', pod: podNamed(model, from) },
          to: end,
          port,
          protocol,
        });
        return verdict.verdict === expect
          ? []
          : [`${name}: ${from} → ${to ?? toIP} ${protocol} ${port} ${verdict.verdict}, expected ${expect}`];
      });
    }),
  );
}
