import { isRaw, type Raw } from '../../cluster/mapping/raw.ts';
import { invalid, type Report } from './report.ts';

/** What a field may hold. `null` is fine anywhere: the API server reads it as absent. */
export type Shape =
  | 'any'
  | 'text'
  | 'integer'
  | 'integer or text'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

const INT32 = 2 ** 31;

/**
 * Reports fields that there are not and values of the wrong type, as a strict decoder refuses them
 * (`fieldValidation=Strict`, which kubectl asks for).
 */
export function checkShape(value: unknown, shape: Shape, path: string, report: Report): void {
  if (shape === 'any' || value === undefined || value === null) return;
  if (typeof shape === 'string') {
    if (!isOfType(value, shape)) report(path, invalid(value, `must be ${ARTICLES[shape]}`));
  } else if ('list' in shape) {
    if (!Array.isArray(value)) report(path, invalid(value, 'must be a list'));
    else
      for (const [index, item] of value.entries()) checkShape(item, shape.list, `${path}[${index}]`, report);
  } else if (!isRaw(value)) {
    report(path, invalid(value, 'must be an object'));
  } else {
    checkObject(value, shape, path, report);
  }
}

function checkObject(
  value: Raw,
  shape: Exclude<Shape, string | { readonly list: Shape }>,
  path: string,
  report: Report,
): void {
  for (const [key, item] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if ('map' in shape) {
      checkShape(item, shape.map, at, report);
      continue;
    }
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field !== undefined) checkShape(item, field, at, report);
    else report(at, `unknown field; there are ${Object.keys(shape.fields).join(', ')}`);
  }
}

const ARTICLES = {
  text: 'a text',
  integer: 'a whole number',
  'integer or text': 'a whole number or a name',
};

function isOfType(value: unknown, shape: keyof typeof ARTICLES): boolean {
  const isText = typeof value === 'string';
  const isInteger = Number.isInteger(value) && Math.abs(Number(value)) < INT32;
  return (isText && shape !== 'integer') || (isInteger && shape !== 'text');
}

const SELECTOR: Shape = {
  fields: {
    matchLabels: { map: 'text' },
    matchExpressions: { list: { fields: { key: 'text', operator: 'text', values: { list: 'text' } } } },
  },
};

const PEERS: Shape = {
  list: {
    fields: {
      podSelector: SELECTOR,
      namespaceSelector: SELECTOR,
      ipBlock: { fields: { cidr: 'text', except: { list: 'text' } } },
    },
  },
};

const PORTS: Shape = {
  list: { fields: { protocol: 'text', port: 'integer or text', endPort: 'integer' } },
};

/**
 * The fields of a NetworkPolicy v1 and their types. `status` was one from 1.24 to 1.27 and stands in what such servers
 * print. Source: kubernetes staging/src/k8s.io/api/networking/v1/types.go, apimachinery meta/v1/types.go.
 */
export const NETWORK_POLICY: Shape = {
  fields: {
    apiVersion: 'text',
    kind: 'text',
    metadata: {
      fields: {
        name: 'text',
        generateName: 'text',
        namespace: 'text',
        labels: { map: 'text' },
        annotations: { map: 'text' },
        ownerReferences: { list: 'any' },
        finalizers: { list: 'text' },
        managedFields: { list: 'any' },
        uid: 'text',
        selfLink: 'text',
        resourceVersion: 'text',
        generation: 'any',
        creationTimestamp: 'text',
        deletionTimestamp: 'text',
        deletionGracePeriodSeconds: 'any',
      },
    },
    spec: {
      fields: {
        podSelector: SELECTOR,
        policyTypes: { list: 'text' },
        ingress: { list: { fields: { from: PEERS, ports: PORTS } } },
        egress: { list: { fields: { to: PEERS, ports: PORTS } } },
      },
    },
    status: 'any',
  },
};
