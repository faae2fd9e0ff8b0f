import { type Labels, matches, type Requirement, type Selector } from '../../../core/cluster/labels.ts';
import type { ApiObject } from '../../../core/ports.ts';
import { badRequest } from '../status.ts';

/** Which objects a list or a watch wants. */
export type Wanted = { readonly labels: Selector; readonly fields: readonly FieldTerm[] };

type FieldTerm = { readonly field: string; readonly value: string; readonly equal: boolean };

/** Fields that can be selected besides name and namespace, by kind (`fields` of the real registries). */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  Job: ['status.successful'],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
  Service: ['spec.clusterIP', 'spec.type'],
};

/** Reads `labelSelector` and `fieldSelector`. Throws 400 for what cannot be read. */
export function parseWanted(labels: string, fields: string, kind: string): Wanted {
  return { labels: parseLabelSelector(labels), fields: parseFieldSelector(fields, kind) };
}

/** Whether an object is wanted. */
export function isWanted(wanted: Wanted, object: ApiObject): boolean {
  const labels: Labels = object.metadata.labels ?? {};
  return (
    matches(wanted.labels, labels) &&
    wanted.fields.every(({ field, value, equal }) => (fieldOf(object, field) === value) === equal)
  );
}

/** A label selector as a query spells it: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
export function parseLabelSelector(text: string): Selector {
  const parts = text.match(/[^,(]+(\([^)]*\))?/g) ?? [];
  return parts.map((part) => parseRequirement(part.trim())).filter((part) => part !== undefined);
}

function parseRequirement(text: string): Requirement | undefined {
  if (text === '') return undefined;
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const equality = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality) {
    return {
      key: equality[1] ?? '',
      operator: equality[2] === '!=' ? 'NotIn' : 'In',
      values: [equality[3] ?? ''],
    };
  }
  const exists = /^(!?)\s*([^\s=!()]+)$/.exec(text);
  if (exists)
    return { key: exists[2] ?? '', operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] };
  const found = text.split(/\s+/)[1] ?? text;
  throw badRequest(`unable to parse requirement: found '${found}', expected: in, notin, =, ==, !=, gt, lt`);
}

function parseFieldSelector(text: string, kind: string): readonly FieldTerm[] {
  const known = ['metadata.name', 'metadata.namespace', ...(FIELDS[kind] ?? [])];
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const term = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
      const field = term?.[1] ?? part;
      if (!term || !known.includes(field)) {
        const only = known.map((name) => `"${name}"`).join(', ');
        throw badRequest(`"${field}" is not a known field selector: only ${only}`);
      }
      return { field, value: term[3] ?? '', equal: term[2] !== '!=' };
    });
}

function fieldOf(object: ApiObject, field: string): string {
  let here: unknown = object;
  for (const step of field.split('.')) {
    here = typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined;
  }
  return here === undefined || here === null ? '' : String(here);
}
