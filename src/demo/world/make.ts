import type { OwnerReference } from '../../core/cluster/cluster.ts';
import { type Random, type Stored, timestamp } from '../store/store.ts';

/** Creates stored objects of the world with new uids; `age` is in ms before `now`. */
export type Maker = {
  readonly random: Random;
  readonly now: number;
  readonly make: (
    apiVersion: string,
    kind: string,
    metadata: {
      readonly name: string;
      readonly namespace?: string;
      readonly age: number;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
      readonly generateName?: string;
      readonly owner?: Stored;
      readonly finalizers?: readonly string[];
    },
    rest: Readonly<Record<string, unknown>>,
  ) => Stored;
};

export function createMaker(random: Random, now: number): Maker {
  return {
    random,
    now,
    make: (apiVersion, kind, metadata, rest) => {
      const { age, owner, ...given } = metadata;
      return {
        kind,
        apiVersion,
        metadata: {
          ...given,
          uid: random.uuid(),
          resourceVersion: '',
          ...(rest.spec === undefined ? {} : { generation: 1 }),
          creationTimestamp: timestamp(now - age),
          ...(owner === undefined ? {} : { ownerReferences: [controllerRef(owner)] }),
        },
        ...rest,
      };
    },
  };
}

/** The reference to an object's owner. */
export function controllerRef(owner: Stored): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
