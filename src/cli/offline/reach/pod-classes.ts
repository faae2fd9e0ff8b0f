import { inRange, parseIp } from '../../../core/cluster/ip.ts';
import type { Pod } from '../../../core/cluster/objects.ts';
import { isAccountKey } from '../../../core/policy/account-keys.ts';
import type { Block, Traits } from './traits.ts';

/** Numbers pods so that two with one number are treated alike by every policy, other than each by itself. */
export type PodClasses = { readonly classOf: (pod: Pod) => number };

/** Classes by what policies can tell apart (facts/policy.md §4 technique 1). */
export function createPodClasses(traits: Traits): PodClasses {
  const byKey = new Map<string, number>();
  const byPod = new WeakMap<Pod, number>();
  return {
    classOf: (pod) => {
      const known = byPod.get(pod);
      if (known !== undefined) return known;
      const key = keyOfPod(traits, pod);
      const number = byKey.get(key) ?? byKey.size;
      byKey.set(key, number);
      byPod.set(pod, number);
      return number;
    },
  };
}

function keyOfPod(traits: Traits, pod: Pod): string {
  // A pod on the host network is its node to some; services tell pods apart one by one.
  if (pod.hostNetwork || traits.services) return `${pod.namespace}/${pod.name}`;
  return JSON.stringify([
    pod.namespace,
    labelsOf(traits, pod),
    traits.identity || traits.labelKeys.values().some(isAccountKey) ? pod.serviceAccount : '',
    traits.namedPorts ? namedPorts(pod) : [],
    traits.podAddresses ? placesOf([...traits.blocks.ingress, ...traits.blocks.egress], pod) : [],
  ]);
}

/** Labels that controllers give each pod or each version of a workload. */
const GENERATED = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
]);

/** The labels that count: those that selectors name; to Cilium, whose keys have sources, all but the generated. */
function labelsOf({ labelKeys, identity }: Traits, { labels }: Pod): readonly unknown[] {
  const names = new Set(Array.from(labelKeys, (key) => key.slice(key.indexOf(':') + 1)));
  return Object.keys(labels)
    .filter((key) => names.has(key) || (identity && !GENERATED.has(key)))
    .sort()
    .map((key) => [key, labels[key]]);
}

function namedPorts(pod: Pod): readonly unknown[] {
  return pod.ports.filter(({ name }) => name !== undefined);
}

/** Which blocks hold each address of a pod. */
function placesOf(blocks: readonly Block[], { ips }: Pod): readonly string[] {
  return ips
    .map((text) => {
      const ip = parseIp(text);
      if (ip === undefined) return '';
      const inside = blocks.flatMap(({ range, except }, index) =>
        inRange(range, ip) && !except.some((hole) => inRange(hole, ip)) ? [index] : [],
      );
      return `${ip.family}:${inside.join(',')}`;
    })
    .sort();
}
