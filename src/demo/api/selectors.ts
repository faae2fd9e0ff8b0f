import { type ApiObject, type Labels, parseLabelQuery } from '../../core/cluster/cluster.ts';
import { badRequest } from './status.ts';

/** Which objects a list or a watch selects. */
export type Wanted = {
  readonly labels: (labels: Labels) => boolean;
  readonly fields: readonly FieldTerm[];
  /** Whether there is any selector. */
  readonly selects: boolean;
};

type FieldTerm = { readonly field: string; readonly value: string; readonly equal: boolean };

/** Selectable fields other than name and namespace, by kind (`fields` of the real registries). */
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

/** Parses `labelSelector` and `fieldSelector`. Throws 400 for invalid selectors. */
export function parseWanted(labels: string, fields: string, kind: string): Wanted {
  const terms = parseFieldSelector(fields, kind);
  return {
    labels: parseLabelSelector(labels),
    fields: terms,
    selects: labels.trim() !== '' || terms.length > 0,
  };
}

/** Whether an object is selected. */
export function isWanted(wanted: Wanted, object: ApiObject): boolean {
  return (
    wanted.labels(object.metadata.labels ?? {}) &&
    wanted.fields.every(({ field, value, equal }) => (fieldOf(object, field) === value) === equal)
  );
}

function parseLabelSelector(text: string): Wanted['labels'] {
  const query = parseLabelQuery(text);
  if ('problem' in query) throw badRequest(query.problem);
  return query.matches;
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
