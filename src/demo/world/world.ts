import type { Random } from '../random.ts';
import type { Store } from '../store/store.ts';
import { createMaker, DAY } from './make.ts';
import { WORKLOADS } from './plan.ts';
import { type Addresses, createAddresses } from './pods.ts';
import { POLICIES } from './policies.ts';
import { placeServices } from './services.ts';
import { placeSystem } from './system.ts';
import { placeWorkload } from './workloads.ts';

/**
 * Fills a store with the world: names and addresses depend on the random stream alone, times on `now` (ms since
 * the epoch). Gives the addresses that are left for new pods.
 */
export function placeWorld(store: Store, random: Random, now: number): Addresses {
  const maker = createMaker(random, now);
  const addresses = createAddresses();
  placeSystem(store, maker);
  for (const plan of WORKLOADS) placeWorkload(store, maker, addresses, plan);
  placeServices(store, maker);
  for (const { kind, namespace, name, days, spec } of POLICIES) {
    const metadata = { name, namespace, age: days * DAY };
    if (kind === undefined) {
      const policy = maker.make('networking.k8s.io/v1', 'NetworkPolicy', metadata, { spec });
      store.put('networking.k8s.io/networkpolicies', policy);
    } else {
      store.put('cilium.io/ciliumnetworkpolicies', maker.make('cilium.io/v2', kind, metadata, { spec }));
    }
  }
  return addresses;
}
