import { surroundingsDrift } from '../../../core/access/standing/drift.ts';
import { pairKey } from '../../../core/access/standing/reach.ts';
import type { Keeping, Life } from './life.ts';
import { drifted } from './watching.ts';

/** Pods and policies change often; what grants stand on is looked at this often at most, ms. */
const LOOK_EVERY = 1_000;

/** Many grants are looked at in slices of this many ms, with pauses between: a key is answered meanwhile. */
const SLICE = 10;
const BETWEEN = 40;

/**
 * Watches what grants were checked against: base policies, labels of pods, other policies that open the path
 * (GRANT-14). Each change is reported once.
 */
export function watchSurroundings(keeping: Keeping, lives: () => Iterable<Life>) {
  const waiting: Life[] = [];
  let timer: NodeJS.Timeout | undefined;
  let changed = false;
  const slice = () => {
    const end = performance.now() + SLICE;
    for (let life = waiting.shift(); life !== undefined; life = waiting.shift()) {
      look(keeping, life);
      if (performance.now() >= end) break;
    }
    timer = undefined;
    if (waiting.length > 0) timer = setTimeout(slice, BETWEEN).unref();
    else if (changed) begin();
  };
  const begin = () => {
    changed = false;
    timer = setTimeout(() => {
      waiting.push(...lives());
      slice();
    }, LOOK_EVERY).unref();
  };
  return {
    changed: () => {
      changed = true;
      if (timer === undefined) begin();
    },
    dispose: () => clearTimeout(timer),
  };
}

function look(keeping: Keeping, life: Life): void {
  const { engine } = keeping;
  if (life.ending !== undefined || !isKnown(keeping, life)) return;
  const { drift, opens } = surroundingsDrift(engine, life.policies, life.surroundings, life.opened);
  const known = new Set(life.opened.map(pairKey));
  const fresh = opens.filter((pair) => !known.has(pairKey(pair)));
  if (fresh.length > 0) life.opened = [...life.opened, ...fresh];
  drifted(keeping, life, drift);
}

/** Before the list-watch has brought the grant's own policies, everything would look closed. */
function isKnown({ engine }: Keeping, { policies }: Life): boolean {
  return policies.every(
    ({ kind, namespace, name, uid }) => engine.model.policy(kind, namespace, name)?.uid === uid,
  );
}
