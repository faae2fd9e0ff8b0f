import type { ClusterApi } from '../../core/ports.ts';
import type { Target } from '../config/target.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { Discovery } from '../discovery.ts';
import type { ApiClient } from '../http/client.ts';
import type { VersionSource } from '../version.ts';
import { askAllowed } from './allowed.ts';
import { followCall } from './follow.ts';
import { askIdentity } from './identity.ts';
import { askInfo } from './info.ts';
import { objectCalls } from './objects.ts';
import { readWorkload } from './workload.ts';

/** Calls on one cluster as one user: see `ClusterApi`. */
export function createApi(parts: {
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly version: VersionSource;
  readonly target: Target;
  readonly credentials: Credentials;
}): ClusterApi {
  const { client, version, target, credentials } = parts;
  const objects = objectCalls(client);
  return {
    ...objects,
    info: (signal) => askInfo({ ...parts, read: objects.read }, signal),
    identity: (signal) => askIdentity(client, credentials, target.impersonate, signal),
    allowed: (questions, signal) => askAllowed(client, questions, signal),
    follow: followCall(client, version, objects.read),
    workload: (ref, signal) => readWorkload(objects.read, ref, signal),
    clock: client.clock,
  };
}
