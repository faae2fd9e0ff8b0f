import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';
import type { Side } from '../match/side.ts';
import type { Direction, Rule } from '../model/policy.ts';
import type { Collector } from './collect.ts';
import { type EndGroup, workloadEnd } from './ends.ts';
import type { PodGroup } from './groups.ts';
import { outsidePieces, rangeTexts } from './outside.ts';
import type { PortChange } from './port-function.ts';
import type { Survey } from './survey.ts';

/** How to ask a group of pods about ends that are no pods. */
export type Beyond = {
  readonly model: ClusterModel;
  readonly survey: Survey;
  readonly collector: Collector;
  readonly direction: Direction;
  /** What turns between a pod and an end; `index` names the end, where it is a node that the pod does not run on. */
  readonly changesTo: (pod: Pod, side: Side, index?: number) => readonly PortChange[];
  /** The rules that may tell addresses apart. */
  readonly rules: (pod: Pod) => Iterable<Rule>;
};

/** Adds what turns between a group and nodes, its own node, and addresses outside. */
export function addBeyond(ask: Beyond, self: PodGroup): void {
  addNodes(ask, self);
  addOutside(ask, self);
}

/** Nodes have no half of their own; a pod's own node is told apart from others (NP-1, NP-28). */
function addNodes(ask: Beyond, self: PodGroup): void {
  const others = new Map<readonly PortChange[], string[]>();
  const own = new Map<readonly PortChange[], Pod[]>();
  const tenants = Map.groupBy(self.pods, ({ node }) => node);
  for (const { name, side, index } of ask.survey.nodes) {
    const stranger = self.pods.find((pod) => pod.node !== name);
    if (stranger !== undefined) put(others, ask.changesTo(stranger, side, index), name);
    const here = tenants.get(name) ?? [];
    const [tenant] = here;
    if (tenant === undefined) continue;
    const changes = ask.changesTo(tenant, side);
    for (const pod of here) put(own, changes, pod);
  }
  for (const [changes, names] of others) addEnd(ask, self.pods, { type: 'nodes', names }, changes);
  for (const [changes, pods] of own) addEnd(ask, pods, { type: 'own-node' }, changes);
}

function addOutside(ask: Beyond, self: PodGroup): void {
  const [pod] = self.pods;
  if (pod === undefined) return;
  const pieces = outsidePieces(ask.model, ask.rules(pod));
  const found = new Map<readonly PortChange[], (typeof pieces)[number][]>();
  for (const piece of pieces) put(found, ask.changesTo(pod, piece.side), piece);
  for (const [changes, list] of found) {
    addEnd(ask, self.pods, { type: 'addresses', ranges: rangeTexts(list) }, changes);
  }
}

function put<T>(map: Map<readonly PortChange[], T[]>, changes: readonly PortChange[], item: T): void {
  if (changes.length === 0) return;
  const list = map.get(changes);
  if (list === undefined) map.set(changes, [item]);
  else list.push(item);
}

function addEnd(
  { survey, collector, direction }: Beyond,
  pods: readonly Pod[],
  end: EndGroup,
  changes: readonly PortChange[],
): void {
  for (const { workload, pods: members } of survey.membersOf(pods)) {
    const owner = survey.workloads.at(workload);
    if (owner === undefined) continue;
    const names = members.map(({ name }) => name);
    const self = workloadEnd(owner, names);
    const [from, to] = direction === 'ingress' ? [end, self] : [self, end];
    for (const change of changes) collector.addEnd({ ...change, from, to });
  }
}
