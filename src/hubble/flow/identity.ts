import type { Labels } from '../../core/cluster/labels.ts';
import { safeText } from '../../core/safe-text.ts';

/** What an identity's labels say of an end. */
export type IdentityFacts = { readonly labels?: Labels; readonly reserved?: string };

/** Numbers of reserved identities (HUB-14). */
const RESERVED: ReadonlyMap<number, string> = new Map([
  [1, 'host'],
  [2, 'world'],
  [3, 'unmanaged'],
  [4, 'health'],
  [5, 'init'],
  [6, 'remote-node'],
  [7, 'kube-apiserver'],
  [8, 'ingress'],
  [9, 'world'],
  [10, 'world'],
]);

/** Scopes of identities that each node numbers for itself, in the top byte. */
const CIDR_SCOPE = 1;
const REMOTE_NODE_SCOPE = 2;

/** Labels that Cilium adds to every identity; they are not the pod's. */
const ADDED = /^io\.(cilium\.|kubernetes\.pod\.namespace$)/;

type Known = { readonly raw: readonly string[]; readonly facts: IdentityFacts };

const KNOWN_LIMIT = 4_096;

/** Reads identities, and remembers them: nearly all flows are between few. */
export function createIdentityReader(): (identity: number, labels: readonly string[]) => IdentityFacts {
  const known = new Map<number, Known>();
  return (identity, raw) => {
    const found = known.get(identity);
    if (found !== undefined && isEqual(found.raw, raw)) return found.facts;
    const facts = read(identity, raw);
    if (known.size >= KNOWN_LIMIT) known.clear();
    known.set(identity, { raw, facts });
    return facts;
  };
}

function read(identity: number, raw: readonly string[]): IdentityFacts {
  const labels: Record<string, string> = {};
  const reserved: string[] = [];
  for (const label of raw) {
    const colon = label.indexOf(':');
    const source = label.slice(0, Math.max(colon, 0));
    const rest = label.slice(colon + 1);
    if (source === 'reserved') reserved.push(safeText(rest));
    if (source !== 'k8s') continue;
    const equals = rest.indexOf('=');
    const key = equals === -1 ? rest : rest.slice(0, equals);
    if (!ADDED.test(key)) labels[safeText(key)] = equals === -1 ? '' : safeText(rest.slice(equals + 1));
  }
  const name = reservedOf(identity, reserved);
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(name === undefined ? {} : { reserved: name }),
  };
}

/** The API server's host carries two reserved labels; the telling one wins. */
function reservedOf(identity: number, labels: readonly string[]): string | undefined {
  if (labels.includes('kube-apiserver')) return 'kube-apiserver';
  const [first] = labels;
  if (first !== undefined) return first.startsWith('world') ? 'world' : first;
  const scope = identity >>> 24;
  if (scope === CIDR_SCOPE) return 'world';
  return scope === REMOTE_NODE_SCOPE ? 'remote-node' : RESERVED.get(identity);
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
