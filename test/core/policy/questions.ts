import type { Namespace, Node, Pod, Protocol } from '../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../src/core/live/model.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { Dialect } from '../../../src/core/policy/match/dialect.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import type { End, Verdict } from '../../../src/core/policy/model/verdict.ts';
import { cluster } from '../../helpers/builders.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';

/** The world of a question. */
export type Setting = {
  readonly pods?: readonly Pod[];
  readonly namespaces?: readonly Namespace[];
  readonly nodes?: readonly Node[];
  readonly policies?: readonly Policy[];
  readonly dialect?: Dialect;
};

/** Asks one engine over a small cluster; ends are pods or addresses. The port is 80/TCP unless given. */
export function asker(setting: Setting): {
  readonly model: ClusterModel;
  readonly ask: (from: Pod | string, to: Pod | string, port?: number, protocol?: Protocol) => Verdict;
} {
  const model = cluster(setting);
  const engine = createEngine(model, setting.dialect ?? dialectOf('spec'));
  return {
    model,
    ask: (from, to, port = 80, protocol = 'TCP') =>
      verdictOf(engine, { from: endOf(from), to: endOf(to), port, protocol }),
  };
}

function endOf(end: Pod | string): End {
  return typeof end === 'string' ? { type: 'ip', ip: end } : { type: 'pod', pod: end };
}
