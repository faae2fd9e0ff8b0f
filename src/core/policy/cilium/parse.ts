import { safeLabels } from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, rawsOf, safeText, textOf, timeOf } from '../../common/common.ts';
import {
  type OmittedField,
  originOf,
  type PodMatch,
  type Policy,
  type Reading,
  type Rule,
} from '../model/model.ts';
import { isIgnoredLabel, isReplacedNamespace, readSelector } from './labels.ts';
import { misplacedFields } from './misplaced.ts';
import { InvalidRule, refuse } from './ports.ts';
import { parseRules, type Scope } from './rules.ts';

/**
 * A CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy. Never throws. One that the schema or the agent rejects, by
 * its own text or by `status.conditions`, is entirely inert, and `problems` says why (CIL-14).
 */
export function parseCiliumPolicy(raw: unknown): Policy {
  const object = rawOf(raw);
  const metadata = rawOf(object.metadata);
  const kind = textOf(object.kind) ?? 'CiliumNetworkPolicy';
  const namespace =
    kind === 'CiliumNetworkPolicy' ? safeText(textOf(metadata.namespace) ?? 'default') : undefined;
  const read = readAll(object, { namespace, isTaken: validity(object)?.status === 'True' });
  const refused = read.refused ?? refusedByAgent(object);
  const [first] = read.parts;
  return {
    kind,
    namespace,
    name: safeText(textOf(metadata.name) ?? ''),
    uid: textOf(metadata.uid) ?? '',
    labels: safeLabels(metadata.labels),
    annotations: safeLabels(metadata.annotations),
    tier: 'normal',
    subject: first?.subject ?? everyPod(namespace),
    isolates: {
      ingress: read.parts.some(({ isolates }) => isolates.ingress),
      egress: read.parts.some(({ isolates }) => isolates.egress),
    },
    ingress: read.parts.flatMap(({ ingress }) => ingress),
    egress: read.parts.flatMap(({ egress }) => egress),
    ...(read.parts.length === 1 && !Array.isArray(object.specs) ? {} : { parts: read.parts }),
    ...(refused === undefined ? {} : { inert: true }),
    ...(read.omittedFields.length === 0 ? {} : { omittedFields: read.omittedFields }),
    ...misplacedIn(object),
    problems: refused === undefined ? warnings(read.parts) : [refused],
    ...originOf(metadata),
    created: timeOf(metadata.creationTimestamp),
  };
}

type Read = {
  readonly parts: readonly Reading[];
  readonly omittedFields: readonly OmittedField[];
  readonly refused?: string;
};

function readAll(object: Raw, scope: Scope): Read {
  try {
    const { spec, specs } = object;
    const items = [...(isRecord(spec) ? [spec] : []), ...rawsOf(specs)];
    if (!isRecord(spec) && !Array.isArray(specs)) refuse('spec or specs is required');
    return {
      parts: items.flatMap((item) => readRule(item, scope)),
      omittedFields: items.flatMap(omittedFieldsOf),
    };
  } catch (error) {
    if (error instanceof InvalidRule)
      return { parts: [], omittedFields: [], refused: `Cilium rejects it: ${error.message}` };
    throw error;
  }
}

function misplacedIn({ spec, specs }: Raw): Pick<Policy, 'misplacedFields'> {
  const fields = [...(isRecord(spec) ? [spec] : []), ...rawsOf(specs)].flatMap(misplacedFields);
  return fields.length === 0 ? {} : { misplacedFields: fields };
}

/** Peers that count as absent: empty ones, and toServices in a deny (CIL-5, CIL-9). */
function omittedFieldsOf(raw: Raw): readonly OmittedField[] {
  return (['egress', 'egressDeny'] as const).flatMap((section) =>
    listOf(raw[section]).flatMap((item, index) => {
      const rule = rawOf(item);
      const hasPorts = listOf(rule.toPorts).length > 0;
      if (OTHER_PEERS.some((field) => Array.isArray(rule[field]))) return [];
      return (['toFQDNs', 'toServices'] as const)
        .filter((field) => Array.isArray(rule[field]))
        .filter(
          (field) => listOf(rule[field]).length === 0 || (field === 'toServices' && section === 'egressDeny'),
        )
        .map((field): OmittedField => ({ field, at: { section, index }, hasPorts }));
    }),
  );
}

const OTHER_PEERS = ['toEndpoints', 'toEntities', 'toCIDR', 'toCIDRSet', 'toGroups'];

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function validity(object: Raw): Raw | undefined {
  return rawsOf(rawOf(object.status).conditions).find(({ type }) => type === 'Valid');
}

function refusedByAgent(object: Raw): string | undefined {
  const condition = validity(object);
  if (condition?.status !== 'False') return undefined;
  return `Cilium rejects it: ${safeText(textOf(condition.message) ?? 'not valid')}`;
}

/** One rule of the API: a subject and up to four sections. Empty for a node policy. */
function readRule(raw: Raw, scope: Scope): readonly Reading[] {
  const subject = subjectOf(raw, scope);
  const sections = {
    ingress: parseRules(raw, 'ingress', scope),
    ingressDeny: parseRules(raw, 'ingressDeny', scope),
    egress: parseRules(raw, 'egress', scope),
    egressDeny: parseRules(raw, 'egressDeny', scope),
  };
  const ingress = [...sections.ingress, ...sections.ingressDeny];
  const egress = [...sections.egress, ...sections.egressDeny];
  if (ingress.length + egress.length === 0) {
    refuse('a rule must have at least one of ingress, ingressDeny, egress, egressDeny');
  }
  if (subject === undefined) return [];
  const wanted = rawOf(raw.enableDefaultDeny);
  return [
    {
      subject,
      isolates: { ingress: isolates(ingress, wanted.ingress), egress: isolates(egress, wanted.egress) },
      ingress,
      egress,
    },
  ];
}

/** Default deny needs a rule in that direction, and can be switched off (CIL-2, CIL-3). */
function isolates(rules: readonly Rule[], enabled: unknown): boolean {
  return rules.length > 0 && enabled !== false;
}

/** The endpointSelector; in a CNP it can't leave the namespace (CIL-6). */
function subjectOf(raw: Raw, { namespace }: Scope): PodMatch | undefined {
  const hasEndpoints = isRecord(raw.endpointSelector);
  const hasNodes = isRecord(raw.nodeSelector);
  if (hasEndpoints === hasNodes) refuse('a rule must have one of endpointSelector and nodeSelector');
  if (hasNodes && namespace !== undefined)
    refuse('nodeSelector is only valid in a CiliumClusterwideNetworkPolicy');
  if (hasNodes) return undefined;
  const selector = readSelector(raw.endpointSelector);
  if (namespace === undefined) return { ...everyPod(undefined), pods: selector };
  return {
    ...everyPod(namespace),
    pods: selector.filter((requirement) => !isReplacedNamespace(requirement, 'k8s:')),
  };
}

function everyPod(namespace: string | undefined): PodMatch {
  const namespaces =
    namespace === undefined
      ? ({ by: 'labels', selector: [] } as const)
      : ({ by: 'name', name: namespace } as const);
  return { namespaces, pods: [], identity: 'cilium' };
}

/** Labels that are not part of Cilium identities: a selector on them does not mean what it says (CIL-8). */
function warnings(parts: readonly Reading[]): readonly string[] {
  const selectors = parts.flatMap(({ subject, ingress, egress }) => [
    subject.pods,
    ...[...ingress, ...egress].flatMap(({ peers }) =>
      peers === 'any' ? [] : peers.flatMap((peer) => (peer.type === 'pods' ? [peer.pods] : [])),
    ),
  ]);
  const keys = new Set(
    selectors
      .flat()
      .map(({ key }) => key)
      .filter((key) => isIgnoredLabel(key)),
  );
  return [...keys].map(
    (key) =>
      `Cilium ignores the label ${key}: selecting by it matches no pod, excluding by it matches every pod`,
  );
}
