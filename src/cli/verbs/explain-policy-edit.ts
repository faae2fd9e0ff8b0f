import { keyOf } from '../../core/cluster/cluster.ts';
import { nearestNames, SluiceError } from '../../core/common/common.ts';
import { policyKey } from '../../core/live/live.ts';
import { POLICY_KINDS, type PolicyKind } from '../../core/policy/kinds/kinds.ts';
import type { Policy, PolicyRef } from '../../core/policy/model/model.ts';
import type { PolicyWorld } from '../connect/connect.ts';
import { loadManifests, type ManifestNote } from '../manifests/manifests.ts';

/** Policies to add (or to replace, by kind and name) and to remove. */
export type PolicyEdit = {
  readonly add: readonly Policy[];
  readonly remove: readonly PolicyRef[];
  readonly notes: readonly ManifestNote[];
};

export type EditOptions = { readonly with?: readonly string[]; readonly without?: readonly string[] };

/**
 * Reads the change given by `--with` and `--without`; undefined when neither is set.
 *
 * @throws SluiceError `usage` for a file without policies, or an invalid name; `not-found`, with the nearest names, for
 *   a policy that doesn't exist
 */
export async function readEdit(world: PolicyWorld, asked: EditOptions): Promise<PolicyEdit | undefined> {
  if (asked.with === undefined && asked.without === undefined) return undefined;
  const remove = (asked.without ?? []).map((text) => findPolicy(world, text));
  const files = asked.with ?? [];
  if (files.length === 0) return { add: [], remove, notes: [] };
  const { events, notes } = await loadManifests(files, { namespace: world.namespace });
  const add = events.flatMap((event) =>
    event.kind === 'policies' && event.type === 'reset' ? event.objects : [],
  );
  if (add.length === 0) {
    throw new SluiceError(
      'usage',
      `No policies found in ${files.join(', ')}.`,
      'Pass files with the policies to try.',
    );
  }
  return { add, remove, notes };
}

/** Applies the change to the in-memory world only. */
export function applyEdit({ model, engine }: PolicyWorld, { add, remove }: PolicyEdit): void {
  const source = 'what-if';
  for (const policy of remove) {
    const event = { type: 'delete', kind: 'policies', source, key: policyKey(policy) } as const;
    model.apply(event);
    engine.apply(event);
  }
  for (const policy of add) {
    const event = { type: 'set', kind: 'policies', source, object: policy } as const;
    model.apply(event);
    engine.apply(event);
  }
}

/** `+ NetworkPolicy shop/db-from-web`, `- NetworkPolicy shop/db-deny`. */
export function editTexts({ add, remove }: PolicyEdit): readonly string[] {
  return [...add.map((policy) => `+ ${policyText(policy)}`), ...remove.map((ref) => `- ${policyText(ref)}`)];
}

/** `NetworkPolicy shop/db`. */
export function policyText({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${keyOf(namespace === undefined ? { name } : { namespace, name })}`;
}

const SHORT: Readonly<Record<string, string>> = {
  netpol: 'NetworkPolicy',
  cnp: 'CiliumNetworkPolicy',
  ccnp: 'CiliumClusterwideNetworkPolicy',
  anp: 'AdminNetworkPolicy',
  banp: 'BaselineAdminNetworkPolicy',
};

function findPolicy({ model, namespace: defaultNamespace }: PolicyWorld, text: string): PolicyRef {
  const [kindText = '', ...rest] = text.split('/');
  const kind = kindNamed(kindText);
  if (kind === undefined || rest.length === 0 || rest.length > 2 || rest.includes('')) {
    throw new SluiceError(
      'usage',
      `Invalid policy "${text}".`,
      'Use KIND/NAMESPACE/NAME, such as netpol/shop/db, or KIND/NAME for cluster-scoped kinds.',
    );
  }
  const [first = '', second] = rest;
  const namespace = kind.namespaced ? (second === undefined ? defaultNamespace : first) : undefined;
  const name = second ?? first;
  const found = model.policy(kind.kind, namespace, name);
  if (found !== undefined) return found;
  const names = Array.from(model.policies()).filter((policy) => policy.kind === kind.kind);
  const near = nearestNames(
    namespace === undefined ? name : `${namespace}/${name}`,
    names.map((policy) => keyOf(policy)),
  );
  throw new SluiceError(
    'not-found',
    `${kind.kind} "${namespace === undefined ? '' : `${namespace}/`}${name}" not found.`,
    near.length === 0 ? `Policies of this kind: ${names.length}.` : `Did you mean ${near.join(' or ')}?`,
  );
}

function kindNamed(text: string): PolicyKind | undefined {
  const wanted = text.toLowerCase();
  const long = Object.hasOwn(SHORT, wanted) ? SHORT[wanted]?.toLowerCase() : wanted;
  return POLICY_KINDS.find(({ kind, resource }) => kind.toLowerCase() === long || resource === long);
}
