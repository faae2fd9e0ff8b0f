import { type EndRef, type Pod, refKey } from '../../core/cluster/cluster.ts';
import { SluiceError } from '../../core/common/common.ts';
import type { Grant, PathOutcome, PromotedPath } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { podsOfEnd } from '../../core/policy/path/path.ts';
import type { Attempt, AttemptRow, FlowEnd } from '../../core/traffic/traffic.ts';
import { seenPort } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { endsOfGrant } from './path-state.ts';
import { endOfPod } from './picked-ends.ts';

/**
 * The paths that a grant opens. Its ports are those of the pods behind a Service, so these pods are the ends.
 *
 * @throws SluiceError `not-found` if one of its ends is gone
 */
export function pathsOfGrant(runtime: Runtime, grant: Grant): readonly PromotedPath[] {
  const { source, destination, ports } = endsOfGrant(runtime, grant);
  if (source === undefined) throw goneEnd(grant, 'source');
  if (destination === undefined) throw goneEnd(grant, 'destination');
  const backends = destination.type === 'service' ? podsOfEnd(runtime.model, destination) : [];
  if (destination.type === 'service' && backends.length === 0) throw goneEnd(grant, 'destination');
  const ends = destination.type === 'service' ? endsOfPods(backends) : [destination];
  return ends.map((end) => ({ source, destination: end, ports }));
}

function endsOfPods(pods: readonly Pod[]): readonly EndRef[] {
  return [...new Map(pods.map((pod) => [refKey(pod.owner ?? pod), endOfPod(pod)])).values()];
}

function goneEnd(grant: Grant, role: 'source' | 'destination'): SluiceError {
  return new SluiceError(
    'not-found',
    `The ${role} "${grant[role]}" of grant ${grant.id} has no running pods.`,
    'Wait until it runs, or name the path instead: sluice promote FROM TO --port PORT.',
  );
}

/** Attempts that no policy can be written for, and why. */
export type NotNamed = PathOutcome & { readonly outcome: 'refused' };

/**
 * The paths of attempts that were denied, those with most attempts first, by what they are now in the cluster. Flows
 * are past: whoever has an address by now is not taken for whoever had it then.
 *
 * @param audited attempts that a policy in audit mode would have denied
 */
export function deniedPaths(
  model: ClusterModel,
  rows: readonly AttemptRow[],
  audited: readonly Attempt[],
): { readonly paths: readonly PromotedPath[]; readonly notNamed: readonly NotNamed[] } {
  const auditedIn = Map.groupBy(audited, ({ rowKey }) => rowKey);
  const paths = new Map<string, PromotedPath & { readonly attempts: number }>();
  const notNamed: NotNamed[] = [];
  for (const row of rows) {
    const attempts = row.dropped + (auditedIn.get(row.key)?.length ?? 0);
    if (attempts === 0) continue;
    const path = lastingPath(model, row);
    if ('message' in path) {
      const port = seenPort(row);
      const names = { from: row.sourceName, to: row.destinationName };
      notNamed.push({
        ...names,
        ports: port === undefined ? [] : [port],
        attempts,
        outcome: 'refused',
        ...path,
      });
      continue;
    }
    const key = JSON.stringify(path);
    const known = paths.get(key)?.attempts ?? 0;
    paths.set(key, { ...path, attempts: known + attempts });
  }
  return {
    paths: [...paths.values()].sort((a, b) => b.attempts - a.attempts),
    notNamed: notNamed.sort((a, b) => (b.attempts ?? 0) - (a.attempts ?? 0)),
  };
}

type Problem = { readonly message: string; readonly hint: string };

/** The path of a past attempt by what lasts of its ends; else why there is none. */
function lastingPath(model: ClusterModel, row: AttemptRow): PromotedPath | Problem {
  const port = seenPort(row);
  if (port === undefined) return noPort(row);
  const source = lastingEnd(model, row.newest.source);
  if ('message' in source) return source;
  const destination = lastingEnd(model, row.newest.destination);
  return 'message' in destination ? destination : { source, destination, ports: [port] };
}

function noPort({ protocol }: AttemptRow): Problem {
  return {
    message: `It has no port that a NetworkPolicy could admit (${protocol === 'unknown' ? 'unknown protocol' : protocol}).`,
    hint: 'Use a policy of the enforcer for it.',
  };
}

/** One end of a past attempt by its workload or Service; else why no lasting label names it. */
function lastingEnd(model: ClusterModel, end: FlowEnd): EndRef | Problem {
  const { namespace, pod: name, workload, service, reserved, dns = [], ip } = end;
  if (namespace !== undefined && (name !== undefined || workload !== undefined)) {
    const pod = name === undefined ? undefined : model.pod(namespace, name);
    if (pod !== undefined) return endOfPod(pod);
    const ref = workload === undefined ? undefined : { ...workload, namespace };
    if (ref !== undefined && model.podsOf(ref).length > 0) return { type: 'workload', ref };
    return {
      message: `${namespace}/${name ?? workload?.name} has no running pods in this cluster, so its labels are unknown.`,
      hint: 'Record again while it runs, or name its workload in sluice promote FROM TO --port PORT.',
    };
  }
  if (service !== undefined && model.service(service.namespace, service.name) !== undefined)
    return { type: 'service', ...service };
  const what =
    dns[0] ?? (reserved === undefined || reserved === 'world' ? undefined : reserved) ?? ip ?? 'It';
  const own = what === ip || what === 'It' ? '' : ip === undefined ? '' : ` (${ip})`;
  return {
    message: `${what}${own} is no pod in the recording, so no lasting label names it.`,
    hint: 'If it keeps its address, name that in sluice promote FROM TO --port PORT.',
  };
}
