import { addressCount, type EndRef, isLive, keyOf, type Pod } from '../../core/cluster/cluster.ts';
import { plural, SluiceError, sameJson } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import {
  grantEndOf,
  nameOfEnd,
  parsePathEnd,
  podsOfEnd,
  resolveEnd,
  workloadWord,
} from '../../core/policy/path/path.ts';
import { fuzzyFilter } from '../rows/rows.ts';
import type { EndChoice, EndChoices, EndField, FormEnd, PodName } from '../state/state.ts';
import { endOfPod } from './picked-ends.ts';

/** Where ends are looked up: `namespace` is that of a name without one. */
export type Place = { readonly model: ClusterModel; readonly namespace: string };

const ROLES = { from: 'source', to: 'destination' } as const;

/**
 * The end that a text names, read as `sluice grant` reads it.
 *
 * @throws SluiceError as `grantEndOf` and `resolveEnd`
 */
export function endNamed({ model, namespace }: Place, text: string, field: EndField): EndRef {
  const end = grantEndOf(model, parsePathEnd(text.trim(), namespace), ROLES[field]);
  resolveEnd(model, end);
  return end;
}

/** An end for the form. `pod`: the pod it was picked from, if its workload was picked with it. */
export function formEnd({ model }: Place, end: EndRef, pod?: PodName): FormEnd {
  const other = otherEnd(model, end, pod);
  return { end, about: aboutEnd(model, end), ...(other === undefined ? {} : { other }) };
}

function otherEnd(model: ClusterModel, end: EndRef, pod: PodName | undefined): EndRef | undefined {
  if (end.type === 'workload') return pod === undefined ? undefined : { type: 'pod', ...pod };
  const one = end.type === 'pod' ? model.pod(end.namespace, end.name) : undefined;
  const whole = one === undefined ? end : endOfPod(one);
  return whole.type === 'workload' ? whole : undefined;
}

/** `Deployment in shop · 2 pods now`. */
function aboutEnd(model: ClusterModel, end: EndRef): string {
  const pods = `${plural(podsOfEnd(model, end).length, 'pod')} now`;
  switch (end.type) {
    case 'workload':
      return `${end.ref.kind} in ${end.ref.namespace} · ${pods}`;
    case 'pod':
      return `Pod in ${end.namespace}`;
    case 'service':
      return `Service in ${end.namespace} · ${pods}`;
    case 'ip': {
      const pod = model.podAt(end.ip);
      const service = model.serviceAt(end.ip);
      if (pod !== undefined) return `address of pod ${keyOf(pod)}`;
      return service === undefined ? 'address' : `address of Service ${keyOf(service)}`;
    }
    case 'range':
      return addressCount(end.cidr);
  }
}

/** The shortest text that names an end in the form; the full one if no text does. */
export function endText(place: Place, end: EndRef, field: EndField): string {
  const texts = textsOf(end).filter((text) => text.startsWith(prefixOf(place, end)));
  return texts.find((text) => names(place, text, field, end)) ?? texts.at(-1) ?? nameOfEnd(end);
}

/** What every text for an end starts with: elsewhere, the name alone would be looked up in vain. */
function prefixOf({ namespace }: Place, end: EndRef): string {
  const own = end.type === 'workload' ? end.ref.namespace : 'namespace' in end ? end.namespace : namespace;
  return own === namespace ? '' : `${own}/`;
}

function names(place: Place, text: string, field: EndField, end: EndRef): boolean {
  try {
    return sameJson(grantEndOf(place.model, parsePathEnd(text, place.namespace), ROLES[field]), end);
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

function textsOf(end: EndRef): readonly string[] {
  switch (end.type) {
    case 'ip':
      return [end.ip];
    case 'range':
      return [end.cidr];
    case 'workload': {
      const { kind, namespace, name } = end.ref;
      const word = workloadWord(kind, name);
      return [name, word, `${namespace}/${name}`, `${namespace}/${word}`];
    }
    case 'pod':
      return [
        end.name,
        `pod/${end.name}`,
        `${end.namespace}/${end.name}`,
        `${end.namespace}/pod/${end.name}`,
      ];
    case 'service':
      return [`svc/${end.name}`, `${end.namespace}/svc/${end.name}`];
  }
}

/** How many choices are listed. */
const LISTED = 5;

/** What exists and may be meant by a text, best first; undefined if nothing is, as for an address. */
export function choicesFor(place: Place, text: string, field: EndField): EndChoices | undefined {
  const typed = text.trim().toLowerCase();
  if (/:|^[\d.]+$/.test(typed)) return undefined;
  const all = everyEnd(place.model, field);
  // Without a slash only names are meant: letters found across kind and namespace would match nearly everything.
  const texts = all.map(({ full, name }) => (typed.includes('/') ? full : name));
  const found = typed === '' ? all : fuzzyFilter(typed)(texts).flatMap((at) => all[at] ?? []);
  const ranked = found
    .map((one) => ({ ...one, rank: rankOf(one, typed, place.namespace) }))
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.full < b.full ? -1 : 1));
  if (ranked.length === 0) return undefined;
  const items = ranked.slice(0, LISTED).map(({ end, kind, namespace }): EndChoice => {
    const pods = podsOfEnd(place.model, end).length;
    return { end, kind, namespace, pods, text: endText(place, end, field) };
  });
  return { items, index: 0, more: ranked.length - items.length };
}

/** Something that a grant can have as an end. `full`: `shop/deploy/web`. */
type Existing = {
  readonly end: EndRef;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly full: string;
};

/** Workloads and pods that run; Services where connections go, as none come from them. */
function everyEnd(model: ClusterModel, field: EndField): readonly Existing[] {
  const found = new Map<string, Existing>();
  const add = (end: EndRef, kind: string, namespace: string, name: string) => {
    const full = `${namespace}/${kind === 'Service' ? `svc/${name}` : workloadWord(kind, name)}`;
    if (!found.has(full)) found.set(full, { end, kind, namespace, name, full });
  };
  for (const pod of model.pods()) if (isLive(pod)) addPod(pod, add);
  if (field === 'to') {
    for (const { namespace, name } of model.services()) {
      add({ type: 'service', namespace, name }, 'Service', namespace, name);
    }
  }
  return [...found.values()];
}

function addPod(
  { namespace, name, owner }: Pod,
  add: (end: EndRef, kind: string, namespace: string, name: string) => void,
): void {
  if (owner !== undefined) add({ type: 'workload', ref: owner }, owner.kind, owner.namespace, owner.name);
  add({ type: 'pod', namespace, name }, 'Pod', namespace, name);
}

/** Lower is better: the text itself, the name, its start, a part of it; then this namespace, and workloads. */
function rankOf({ name, namespace, full, kind }: Existing, typed: string, here: string): number {
  const last = typed.slice(typed.lastIndexOf('/') + 1);
  const nearness = [
    `/${full}`.endsWith(`/${typed}`),
    name === last,
    name.startsWith(last),
    name.includes(last),
  ];
  const near = nearness.indexOf(true);
  const place = typed.startsWith(`${namespace}/`) ? 0 : namespace === here ? 1 : 2;
  const order = kind === 'Pod' ? 2 : kind === 'Service' ? 1 : 0;
  return (near < 0 ? nearness.length : near) * 100 + place * 10 + order;
}
