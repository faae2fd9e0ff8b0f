import type { ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord, sameJson } from '../../core/common/common.ts';
import { type Stored, withMetadata } from '../store/store.ts';

/** Metadata fields without a manager. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
]);

/** The object with `managedFields` that assign all of it to its creator. */
export function managedOnCreate<T extends ApiObject>(object: T, manager: string, time: string): T {
  return withMetadata(object, {
    managedFields: [entry(object.apiVersion, manager, time, owned(undefined, object, false), undefined)],
  });
}

/** The object with changes since `before` assigned to the manager that made them. */
export function managedOnUpdate(
  before: Stored,
  after: Stored,
  manager: string,
  time: string,
  subresource: string | undefined,
): Stored {
  const entries = Array.isArray(before.metadata.managedFields) ? before.metadata.managedFields : [];
  const mine = (item: unknown): boolean =>
    isRecord(item) && item.manager === manager && item.subresource === subresource;
  const held = entries.find(mine);
  const changed = owned(before, after, subresource === 'status');
  const fields = isRecord(held) && isRecord(held.fieldsV1) ? merge(held.fieldsV1, changed) : changed;
  return withMetadata(after, {
    managedFields: [
      ...entries.filter((item) => !mine(item)),
      entry(after.apiVersion, manager, time, fields, subresource),
    ],
  });
}

function entry(
  apiVersion: string,
  manager: string,
  time: string,
  fieldsV1: unknown,
  subresource: string | undefined,
): Record<string, unknown> {
  return {
    manager,
    operation: 'Update',
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function owned(
  before: ApiObject | undefined,
  after: ApiObject,
  statusOnly: boolean,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    if (key === 'apiVersion' || key === 'kind' || (key === 'status') !== statusOnly) continue;
    const old = before?.[key];
    if (sameJson(old, value)) continue;
    const fields =
      key === 'metadata' && isRecord(value)
        ? fieldSet(
            isRecord(old) ? old : undefined,
            Object.fromEntries(Object.entries(value).filter(([name]) => !SERVERS_OWN.has(name))),
          )
        : fieldSet(old, value);
    if (key !== 'metadata' || Object.keys(fields).length > 0) result[`f:${key}`] = fields;
  }
  return result;
}

/** `{"f:spec": {"f:replicas": {}}}`: maps by field, everything else as one value. */
function fieldSet(before: unknown, value: unknown): Record<string, unknown> {
  if (!isRecord(value)) return {};
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const old = isRecord(before) ? before[key] : undefined;
    if (before === undefined || !sameJson(old, item)) result[`f:${key}`] = fieldSet(old, item);
  }
  return result;
}

function merge(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const held = result[key];
    result[key] = isRecord(held) && isRecord(value) ? merge(held, value) : value;
  }
  return result;
}
