import type { EndRef, PortSpec, Workload } from '../cluster/cluster.ts';
import { type ClusterModel, withPolicies } from '../live/live.ts';
import { type Engine, engineLike } from '../policy/decide/decide.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import { type Finding, lint } from '../policy/lint/lint.ts';
import type { Decision, Policy } from '../policy/model/model.ts';
import { type Ground, judgePath, nameOfEnd, worstPath } from '../policy/path/path.ts';
import { type ClusterDiff, clusterDiff } from '../policy/reach/reach.ts';
import { formatPorts, portRuns } from './names.ts';
import { grantMarks } from './openers.ts';
import { type NeededHalf, type PermanentPolicy, permanentPolicies } from './permanent.ts';
import type { GrantPlan } from './plan.ts';
import { planGrant } from './plan-grant.ts';

/** A path that is needed for good. */
export type PromotedPath = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly ports: readonly PortSpec[];
  /** Recorded attempts that were denied; undefined if the path was asked for by name. */
  readonly attempts?: number;
};

/** What became of one path: `open` without any grant, so nothing is needed; `refused` as a grant is. */
export type PathOutcome = {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly PortSpec[];
  readonly attempts?: number;
  readonly outcome: 'needed' | 'open' | 'refused';
  /** The verdicts without any grant: as it is, and with the policies. */
  readonly before?: Decision;
  readonly after?: Decision;
  /** Why nothing is written for it, and what to do. */
  readonly message?: string;
  readonly hint?: string;
};

/** The permanent policies for some paths, and everything that they would do to the cluster (GRANT-23). */
export type Promotion = {
  readonly paths: readonly PathOutcome[];
  readonly policies: readonly PermanentPolicy[];
  /** Compared with the cluster without any grant, on all pairs and all ports. */
  readonly effect: ClusterDiff;
  /** What the lints find in the policies. */
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
};

export type PromoteInput = Ground & {
  readonly paths: readonly PromotedPath[];
  /** Those of the ends that could be read. */
  readonly workloads: readonly Workload[];
};

/**
 * Writes the policies that some paths need for good: plans each as a grant, in the cluster as it is without any grant,
 * and evaluates the cluster again with all of them in force. Nothing is applied.
 */
export function promote({ model, engine, paths, workloads }: PromoteInput): Promotion {
  const lasting = Array.from(model.policies()).filter((policy) => grantMarks(policy) === undefined);
  const standing = groundOf(engine, model, lasting);
  const planned = paths.map((path) => planPath(standing, path, workloads));
  const policies = permanentPolicies(
    planned.flatMap(({ halves }) => halves),
    engine.dialect.endPort === 'yes',
    (namespace, name) => model.policy('NetworkPolicy', namespace, name) !== undefined,
  );
  const drafts = policies.map(({ manifest }) => parseNetworkPolicy(manifest));
  const then = groundOf(engine, model, [...lasting, ...drafts]);
  return {
    paths: planned.map(({ path, outcome }) =>
      outcome.outcome === 'refused' ? outcome : { ...outcome, after: verdictOf(then, path) },
    ),
    policies,
    effect: clusterDiff(standing.engine, { add: drafts, remove: [] }),
    findings: lint(then.engine, { policies: drafts }),
    warnings: [...new Set(planned.flatMap(({ warnings }) => warnings))],
  };
}

/** The same cluster with other policies. */
function groundOf(engine: Engine, model: ClusterModel, policies: readonly Policy[]): Ground {
  const view = withPolicies(model, policies);
  return { model: view, engine: engineLike(engine, view, engine.foreign) };
}

type PlannedPath = {
  readonly path: PromotedPath;
  readonly outcome: PathOutcome;
  readonly halves: readonly NeededHalf[];
  readonly warnings: readonly string[];
};

function planPath(ground: Ground, path: PromotedPath, workloads: readonly Workload[]): PlannedPath {
  const { source, destination, ports, attempts } = path;
  const planFor = (some: readonly PortSpec[]) => plan(ground, { ...path, ports: some }, workloads);
  const whole = planFor(ports);
  const head = {
    from: nameOfEnd(source),
    to: nameOfEnd(destination),
    ports,
    ...(attempts === undefined ? {} : { attempts }),
    ...(whole.before === undefined ? {} : { before: whole.before.verdict }),
  };
  if (!whole.ok) return { path, outcome: { ...head, ...refused(whole, head) }, halves: [], warnings: [] };
  // Port by port, so that no half gets a rule for a port that is open there.
  const plans = ports.length === 1 ? [whole] : ports.map((port) => planFor([port]));
  return {
    path,
    outcome: { ...head, outcome: 'needed' },
    halves: plans.flatMap((one) => (one.ok ? neededHalves(one, attempts) : [])),
    warnings: plans.flatMap((one) =>
      one.ok ? notesOf(one) : one.reason === 'already-open' ? [] : [one.message],
    ),
  };
}

function notesOf({ unjudged, warnings }: Extract<GrantPlan, { ok: true }>): readonly string[] {
  return [...unjudged.map((name) => `${name} is not evaluated`), ...warnings];
}

function plan({ model, engine }: Ground, path: PromotedPath, workloads: readonly Workload[]): GrantPlan {
  const { source, destination, ports } = path;
  return planGrant({
    model,
    engine,
    request: { source, destination, ports, seconds: 0, reason: '' },
    id: '',
    requester: '',
    version: '',
    maxSeconds: 0,
    workloads,
    permanent: true,
  });
}

function refused(
  { reason, message, hint }: Extract<GrantPlan, { ok: false }>,
  { from, to, ports }: Pick<PathOutcome, 'from' | 'to' | 'ports'>,
): Pick<PathOutcome, 'outcome' | 'message' | 'hint'> {
  if (reason !== 'already-open') return { outcome: 'refused', message, hint };
  const path = `The path from ${from} to ${to} ${formatPorts(ports)}`;
  return { outcome: 'open', message: `${path} is open without a grant: no policy is needed.`, hint };
}

function neededHalves(
  { halves, source, destination, ports }: Extract<GrantPlan, { ok: true }>,
  attempts: number | undefined,
): readonly NeededHalf[] {
  return halves.map(({ direction, namespace, subject, peer }) => ({
    direction,
    namespace,
    subject,
    peer,
    ports,
    attempts,
    ...(direction === 'ingress'
      ? { subjectName: destination, peerName: source }
      : { subjectName: source, peerName: destination }),
  }));
}

/** The verdict on the whole path. */
function verdictOf(ground: Ground, { source, destination, ports }: PromotedPath): Decision | undefined {
  const found = portRuns(ports).map((run) =>
    judgePath(ground, source, destination, { type: 'range', ...run }),
  );
  return worstPath(found)?.verdict;
}
