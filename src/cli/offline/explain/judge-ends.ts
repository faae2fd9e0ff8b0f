import type { EndRef, PortSpec } from '../../../core/access/grant.ts';
import { nameOfEnd, resolveEnd, targetPorts, targetsOf } from '../../../core/cluster/ends.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { SluiceError } from '../../../core/errors.ts';
import type { Engine } from '../../../core/policy/engine.ts';
import type { Decision, End, Query, Verdict } from '../../../core/policy/verdict.ts';

/** The verdict of a path between two ends, and how many of its pairs of pods have which. */
export type PathVerdict = {
  readonly verdict: Verdict;
  /** The pair that `verdict` speaks of. */
  readonly query: Query;
  /** Pairs by verdict; more than one kind when pods of a workload differ. */
  readonly pairs: Readonly<Record<Decision, number>>;
};

/**
 * Judges every pair of pods of two ends, at the target ports where the destination is a service. The path's verdict
 * is its worst pair's: deny, then undecidable, then allow.
 *
 * @throws SluiceError `not-found` with the nearest names, `refused` for ends without running pods, `failed` for a
 *   service without that port
 */
export function judgeEnds(
  { model, engine }: { readonly model: ClusterModel; readonly engine: Engine },
  source: EndRef,
  destination: EndRef,
  port: PortSpec,
): PathVerdict {
  const from = resolveEnd(model, source).ends;
  const targets = targetsFor(model, destination, port);
  const pairs: Record<Decision, number> = { allow: 0, deny: 0, undecidable: 0 };
  let worst: { readonly verdict: Verdict; readonly query: Query } | undefined;
  for (const a of from) {
    for (const target of targets) {
      const query: Query = { from: a, ...target };
      const verdict = engine.evaluate(query);
      pairs[verdict.verdict] += 1;
      if (worst === undefined || RANK[verdict.verdict] > RANK[worst.verdict.verdict])
        worst = { verdict, query };
    }
  }
  if (worst === undefined)
    throw new SluiceError('failed', 'There is nothing to judge.', 'Name ends with running pods.');
  return { ...worst, pairs };
}

const RANK: Readonly<Record<Decision, number>> = { allow: 0, undecidable: 1, deny: 2 };

type Target = { readonly to: End; readonly port: number; readonly protocol: PortSpec['protocol'] };

/** Of a service, its backends each at its own target port (facts/policy.md §1 rules 25, 27). */
function targetsFor(model: ClusterModel, destination: EndRef, port: PortSpec): readonly Target[] {
  const { ends, service } = resolveEnd(model, destination);
  if (service === undefined) return ends.map((to) => ({ to, ...port }));
  const targets = targetsOf(model, service, port);
  if (targets.length === 0) {
    const known = service.ports.map((item) => `${item.port}/${item.protocol.toLowerCase()}`);
    throw new SluiceError(
      'failed',
      `${nameOfEnd(destination)} has no port ${port.port}/${port.protocol.toLowerCase()} that leads to a pod.`,
      known.length === 0
        ? 'The service declares no port.'
        : `The service has ${known.join(', ')}; name one of them.`,
    );
  }
  return targets.map(({ pod, port: number, protocol }) => ({
    to: { type: 'pod', pod },
    port: number,
    protocol,
  }));
}

/** The ports of the pods that a path reaches, for texts. */
export function reachedPorts(model: ClusterModel, destination: EndRef, port: PortSpec): readonly PortSpec[] {
  return targetPorts(model, destination, port);
}
