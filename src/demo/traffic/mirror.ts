import { mapNamespace, mapNode, mapPod, mapService } from '../../core/cluster/cluster.ts';
import { type ClusterEvent, type ClusterModel, createClusterModel, policyKey } from '../../core/live/live.ts';
import { createEngine, type Engine } from '../../core/policy/decide/decide.ts';
import { dialectOf } from '../../core/policy/enforcers/enforcers.ts';
import { POLICY_KINDS } from '../../core/policy/kinds/kinds.ts';
import { type Change, keyOfObject, type Store, type Stored } from '../store/store.ts';

/** A live copy of the server's objects for the policy engine: what the datapath enforces. */
export type Mirror = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  /** Increments with every change that may affect a verdict. */
  readonly revision: () => number;
  readonly stop: () => void;
};

type Mapper = (type: 'set' | 'delete', object: Stored) => ClusterEvent;

const SOURCE = 'demo';

const MAPPERS = new Map<string, Mapper>([
  ['/pods', (type, object) => eventOf(type, 'pods', object, mapPod)],
  ['/namespaces', (type, object) => eventOf(type, 'namespaces', object, mapNamespace)],
  ['/services', (type, object) => eventOf(type, 'services', object, mapService)],
  ['/nodes', (type, object) => eventOf(type, 'nodes', object, mapNode)],
  ...POLICY_KINDS.map(({ group, resource, parse }): [string, Mapper] => [
    `${group}/${resource}`,
    (type, object) => {
      const policy = parse(object);
      return type === 'set'
        ? { type, kind: 'policies', source: SOURCE, object: policy }
        : { type, kind: 'policies', source: SOURCE, key: policyKey(policy) };
    },
  ]),
]);

export function createMirror(store: Store): Mirror {
  const model = createClusterModel();
  for (const resource of MAPPERS.keys()) {
    for (const object of store.list(resource)) {
      const event = MAPPERS.get(resource)?.('set', object);
      if (event !== undefined) model.apply(event);
    }
  }
  const engine = createEngine(model, dialectOf('cilium'));
  let revision = 0;
  const stop = store.subscribe(({ resource, type, object }: Change) => {
    const event = MAPPERS.get(resource)?.(type === 'DELETED' ? 'delete' : 'set', object);
    if (event === undefined) return;
    revision += 1;
    model.apply(event);
    engine.apply(event);
  });
  return { model, engine, revision: () => revision, stop };
}

function eventOf<K extends 'pods' | 'namespaces' | 'services' | 'nodes'>(
  type: 'set' | 'delete',
  kind: K,
  object: Stored,
  map: (object: Stored) => Extract<ClusterEvent, { kind: K; type: 'set' }>['object'],
): ClusterEvent {
  const event =
    type === 'set'
      ? { type, kind, source: SOURCE, object: map(object) }
      : { type, kind, source: SOURCE, key: keyOfObject(object) };
  return event as ClusterEvent;
}
