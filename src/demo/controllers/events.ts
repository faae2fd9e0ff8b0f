import type { Random } from '../random.ts';
import { type Stored, timestamp } from '../store/objects.ts';
import type { Store } from '../store/store.ts';

/** What a controller tells about an object. */
export type Told = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
};

/** Stores a core Event about an object. */
export function tell(store: Store, random: Random, about: Stored, told: Told): void {
  const namespace = about.metadata.namespace ?? 'default';
  const time = timestamp(Date.now());
  store.put('/events', {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: {
      name: `${about.metadata.name}.${random.text(16, '0123456789abcdef')}`,
      namespace,
      uid: random.uuid(),
      resourceVersion: '',
      creationTimestamp: time,
    },
    involvedObject: {
      kind: about.kind,
      namespace,
      name: about.metadata.name,
      uid: about.metadata.uid,
      apiVersion: about.apiVersion,
      resourceVersion: about.metadata.resourceVersion,
    },
    reason: told.reason,
    message: told.message,
    source: { component: told.component },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type: told.type,
    eventTime: null,
    reportingComponent: told.component,
    reportingInstance: '',
  });
}
