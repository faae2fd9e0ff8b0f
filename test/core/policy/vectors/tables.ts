import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import type { Decision } from '../../../../src/core/policy/model/verdict.ts';
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

/** A truth table of all pods, as cyclonus and policy-assistant have them. */
export type TableStep = {
  readonly podOrder: readonly string[];
  readonly namespaces: Record<string, Record<string, string>>;
  readonly pods: readonly RawPod[];
  readonly policies: readonly RawPolicy[];
  readonly expected: Record<string, Record<'egress' | 'ingress' | 'combined', readonly string[]>>;
};

const SIGNS: Readonly<Record<Decision, string>> = { allow: '.', deny: 'X', undecidable: '?' };

/** Compares every cell of every table; a pod to itself is not told. */
export function runTables(steps: readonly TableStep[]): Outcome {
  const unknown = unknownKind(steps.flatMap(({ policies }) => policies));
  if (unknown !== undefined) return { result: 'skipped', why: unknown };
  return judged(steps.flatMap(compareStep));
}

function compareStep(step: TableStep, number: number): readonly string[] {
  const { model, engine } = worldOf(
    [...namespaceManifests(step.namespaces), ...step.pods.map(podManifest), ...step.policies],
    dialectOf('spec'),
  );
  const pods = step.podOrder.map((key) => podNamed(model, key));
  const findings: string[] = [];
  for (const [key, tables] of Object.entries(step.expected)) {
    const [protocol, port] = key.split('/');
    if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP')
      throw new Error(`protocol ${protocol}`);
    for (const [i, from] of pods.entries()) {
      for (const [j, to] of pods.entries()) {
        if (i === j) continue;
        const verdict = verdictOf(engine, {
          from: { type: 'pod', pod: from },
          to: { type: 'pod', pod: to },
          port: Number(port),
          protocol,
        });
        const got = {
          egress: SIGNS[verdict.egress.verdict],
          ingress: SIGNS[verdict.ingress.verdict],
          combined: SIGNS[verdict.verdict],
        };
        for (const half of ['egress', 'ingress', 'combined'] as const) {
          const want = tables[half][i]?.[j];
          if (got[half] !== want) {
            findings.push(
              `step ${number} ${key} ${step.podOrder[i]} → ${step.podOrder[j]} ${half}: ${got[half]}, expected ${want}`,
            );
          }
        }
      }
    }
  }
  return findings;
}
