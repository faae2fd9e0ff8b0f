import type { EndRef, PortSpec } from '../../../core/access/grant.ts';
import { nameOfEnd, resolveEnd, targetsOf } from '../../../core/cluster/ends.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { SluiceError } from '../../../core/errors.ts';
import type { Engine } from '../../../core/policy/engine.ts';
import type { Decision, End, Query, Verdict } from '../../../core/policy/verdict.ts';
import { createPodClasses } from '../reach/pod-classes.ts';
import { traitsOf } from '../reach/traits.ts';

/** The verdict of a path between two ends, and how many of its pairs of pods have which. */
export type PathVerdict = {
  readonly verdict: Verdict;
  /** The pair that `verdict` speaks of. */
  readonly query: Query;
  /** Pairs by verdict; more than one is not 0 when the pods of an end differ. */
  readonly pairs: Readonly<Record<Decision, number>>;
};

/** Judges paths in one world, as it is now. */
export type Judge = (source: EndRef, destination: EndRef, port: PortSpec) => PathVerdict;

/**
 * A judge of paths: of every pair of pods of two ends, at the target ports where the destination is a service. A
 * path's verdict is that of its worst pair: deny, then undecidable, then allow. Pairs that policies can't tell apart
 * are judged once.
 *
 * @throws SluiceError (the judge) `not-found` with the nearest names, `refused` for ends without running pods,
 *   `failed` for a service without that port
 */
export function createJudge(world: { readonly model: ClusterModel; readonly engine: Engine }): Judge {
  const { model, engine } = world;
  const { classOf } = createPodClasses(traitsOf(engine));
  const classText = (end: End) =>
    end.type === 'pod' ? `${classOf(end.pod)} ${end.pod.node ?? ''} ${end.ip ?? ''}` : end.ip;

  return (source, destination, port) => {
    const from = resolveEnd(model, source).ends;
    const targets = targetsFor(model, destination, port);
    const pairs: Record<Decision, number> = { allow: 0, deny: 0, undecidable: 0 };
    const judged = new Map<string, Verdict>();
    let worst: { readonly verdict: Verdict; readonly query: Query } | undefined;
    for (const end of from) {
      for (const target of targets) {
        const query: Query = { from: end, ...target };
        const self = isSelf(query) ? ' itself' : '';
        const key = `${classText(end)} ${classText(target.to)} ${target.port}${self}`;
        const verdict = judged.get(key) ?? engine.evaluate(query);
        judged.set(key, verdict);
        pairs[verdict.verdict] += 1;
        if (worst === undefined || RANK[verdict.verdict] > RANK[worst.verdict.verdict])
          worst = { verdict, query };
      }
    }
    if (worst === undefined)
      throw new SluiceError('failed', 'There is nothing to judge.', 'Name ends with running pods.');
    return { ...worst, pairs };
  };
}

const RANK: Readonly<Record<Decision, number>> = { allow: 0, undecidable: 1, deny: 2 };

function isSelf({ from, to }: Query): boolean {
  return from.type === 'pod' && to.type === 'pod' && from.pod === to.pod;
}

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
      known.length === 0 ? 'It declares no port.' : `It declares ${known.join(', ')}.`,
    );
  }
  return targets.map(({ pod, port: number, protocol }) => ({
    to: { type: 'pod', pod },
    port: number,
    protocol,
  }));
}
