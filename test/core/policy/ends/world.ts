import type { EndpointSlice, Namespace, Node, Pod, Service } from '../../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import { parseCiliumPolicy } from '../../../../src/core/policy/cilium/parse.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import type { EnforcerName } from '../../../../src/core/policy/match/dialect.ts';
import type { Policy } from '../../../../src/core/policy/model/policy.ts';
import { parseAskedPorts } from '../../../../src/core/policy/path/asked-ports.ts';
import { createPathJudge, type PathAnswer } from '../../../../src/core/policy/path/judge-path.ts';
import { parsePathEnd } from '../../../../src/core/policy/path/path-end.ts';
import { pathText } from '../../../../src/core/policy/path/path-text.ts';
import { cluster } from '../../../helpers/builders.ts';

/** A small cluster whose paths are asked for as people write them; names without a namespace are in `shop`. */
export type AskedWorld = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly ask: (from: string, to: string, port: string) => PathAnswer;
  readonly text: (from: string, to: string, port: string) => string;
};

export function askedWorld(contents: {
  readonly pods?: readonly Pod[];
  readonly namespaces?: readonly Namespace[];
  readonly services?: readonly Service[];
  readonly nodes?: readonly Node[];
  readonly policies?: readonly Policy[];
  readonly slices?: readonly EndpointSlice[];
  readonly enforcer?: EnforcerName;
}): AskedWorld {
  const { slices = [], enforcer = 'spec' } = contents;
  const model = cluster(contents);
  model.apply({ type: 'reset', kind: 'endpointSlices', source: 'test', objects: slices });
  const engine = createEngine(model, dialectOf(enforcer));
  const judge = createPathJudge({ model, engine });
  const ask = (from: string, to: string, port: string) =>
    judge(parsePathEnd(from, 'shop'), parsePathEnd(to, 'shop'), parseAskedPorts(port));
  return {
    model,
    engine,
    ask,
    text: (from, to, port) => pathText(ask(from, to, port), parseAskedPorts(port)).join('\n'),
  };
}

/** The parts of an answer in short: `allow 10.0.0.0/8 except 10.0.5.0/24 443`. */
export function partTexts({ parts, from, to }: PathAnswer): readonly string[] {
  return parts.map((part) => {
    const ends = [
      part.from.text === from ? '' : `${part.from.text} →`,
      part.to.text === to ? '' : part.to.text,
    ];
    const ports = part.ports
      .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
      .join(',');
    return [part.verdict, ...ends, ports].filter((text) => text !== '').join(' ');
  });
}

/** A CiliumNetworkPolicy of namespace `shop`. */
export function ciliumPolicy(name: string, spec: unknown): Policy {
  return parseCiliumPolicy({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: 'shop', uid: name },
    spec,
  });
}
