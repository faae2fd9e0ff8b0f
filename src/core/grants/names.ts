import type { PortSpec } from '../cluster/cluster.ts';
import type { Direction } from '../policy/model/model.ts';
import { MOST_PORTS } from '../policy/path/path.ts';

/** Label and annotation keys on every object of a grant (GRANT-10). */
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const GRANT_LABEL = 'sluice.dev/grant';
export const NOTE = {
  requester: 'sluice.dev/requester',
  reason: 'sluice.dev/reason',
  ticket: 'sluice.dev/ticket',
  source: 'sluice.dev/source',
  destination: 'sluice.dev/destination',
  ports: 'sluice.dev/ports',
  expiresAt: 'sluice.dev/expires-at',
  /** On the lease only: its deadline, the maximum, and who set it. */
  window: 'sluice.dev/window',
  /** On the lease only: the spec of its policy, and the workloads that it is for. */
  policy: 'sluice.dev/policy',
  workloads: 'sluice.dev/workloads',
  version: 'sluice.dev/version',
  /** Every half of the grant with its namespace, on each object: each half reveals the other. */
  halves: 'sluice.dev/halves',
  /** On both objects of a request (GRANT-30): the window asked for, and the hash of the plan. */
  asked: 'sluice.dev/asked',
  plan: 'sluice.dev/plan',
  /** On the lease of a request: its ends and ports, to plan it again, and the facts of its plan. */
  request: 'sluice.dev/request',
  planFacts: 'sluice.dev/plan-facts',
  /** On both objects of a request that was approved (GRANT-32): by whom, which plan, when. */
  approvedBy: 'sluice.dev/approved-by',
  approvedPlan: 'sluice.dev/approved-plan',
  approvedAt: 'sluice.dev/approved-at',
  /** On the lease of a request that is being refused: `bob: use the replica`. */
  refused: 'sluice.dev/refused',
  /** On both objects of a grant that was made without an approval where one is required (GRANT-35): why. */
  breakGlass: 'sluice.dev/break-glass',
} as const;

/** In the selector of a policy that waits for approval (GRANT-30). */
export const PENDING_LABEL = 'sluice.dev/pending';

/** Selects every object that sluice manages. */
export const MANAGED_SELECTOR = `${MANAGED_BY}=sluice,${GRANT_LABEL}`;

/** The name of a half's lease and policy: `sluice-7f3k-in`. Job names are limited to 63 characters. */
export function objectName(id: string, direction: Direction): string {
  return `sluice-${id}-${direction === 'ingress' ? 'in' : 'out'}`;
}

/** What `objectName` makes, as a regular expression in JavaScript and RE2. Other Jobs named sluice-something are others'. */
export const OBJECT_NAME = '^sluice-[a-z0-9]{6}-(in|out)$';

/** Consecutive ports of one protocol; both ends are inclusive. */
export type PortRun = { readonly from: number; readonly to: number; readonly protocol: PortSpec['protocol'] };

/** Ports in their order, with consecutive ones joined. */
export function portRuns(ports: readonly PortSpec[]): readonly PortRun[] {
  const runs: PortRun[] = [];
  for (const { port, protocol } of ports) {
    const last = runs.at(-1);
    if (last?.protocol === protocol && last.to + 1 === port) runs.splice(-1, 1, { ...last, to: port });
    else runs.push({ from: port, to: port, protocol });
  }
  return runs;
}

/** `5432/tcp,53/udp,8000-8100/tcp`. */
export function formatPorts(ports: readonly PortSpec[]): string {
  return portRuns(ports)
    .map(({ from, to, protocol }) => `${from === to ? from : `${from}-${to}`}/${protocol.toLowerCase()}`)
    .join(',');
}

/** The most ports of a policy that lists each, as not every enforcer takes `endPort` (GRANT-40). */
export const MOST_LISTED = 128;

/** The ports in an annotation; invalid ones are skipped, because anyone may have edited it. */
export function readPorts(text: string): readonly PortSpec[] {
  return text.split(',').flatMap((part): readonly PortSpec[] => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?\/(tcp|udp|sctp)$/.exec(part.trim());
    const [, first, last = first, name] = match ?? [];
    if (first === undefined || name === undefined) return [];
    const count = Math.min(MOST_PORTS, Number(last) - Number(first) + 1);
    const protocol = name.toUpperCase() as PortSpec['protocol'];
    return Array.from({ length: Math.max(0, count) }, (_, at) => ({ port: Number(first) + at, protocol }));
  });
}

/** The direction of a half and the namespace of its objects. */
export type HalfPlace = { readonly direction: Direction; readonly namespace: string };

/** `ingress=shop,egress=front`. */
export function formatHalves(halves: readonly HalfPlace[]): string {
  return halves.map(({ direction, namespace }) => `${direction}=${namespace}`).join(',');
}

/** The halves in an annotation; invalid ones are skipped, because anyone may have edited it. */
export function readHalfPlaces(text: string): readonly HalfPlace[] {
  return text.split(',').flatMap((part) => {
    const match = /^(ingress|egress)=([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/.exec(part.trim());
    const [, direction, namespace] = match ?? [];
    if (namespace === undefined) return [];
    return [{ direction: direction === 'egress' ? 'egress' : 'ingress', namespace }];
  });
}

const ALPHABET = 'bcdfghjkmnpqrstvwxz23456789';

/** A grant id from random bytes: unambiguous letters and digits, without vowels so that no words appear. */
export function grantId(random: Uint8Array): string {
  return Array.from(random.slice(0, 6), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
