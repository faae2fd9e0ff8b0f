import type { ApiObject } from '../cluster/cluster.ts';
import { at, sameJson } from '../common/common.ts';

/** What admission changed, by field, between the object sent and the result of the server's dry run. */
export function admissionChanges(sent: ApiObject, admitted: ApiObject): readonly string[] {
  const changes = [...specChanges(sent.spec, admitted.spec)];
  for (const map of ['labels', 'annotations'] as const) {
    compare(sent.metadata[map], admitted.metadata[map], `metadata.${map}`, changes);
    for (const key of Object.keys(admitted.metadata[map] ?? {})) {
      if (sent.metadata[map]?.[key] === undefined) changes.push(`metadata.${map}.${key} added`);
    }
  }
  for (const list of ['finalizers', 'ownerReferences'] as const) {
    const before = sent.metadata[list]?.length ?? 0;
    const after = admitted.metadata[list]?.length ?? 0;
    if (after !== before) changes.push(`metadata.${list} ${after} instead of ${before}`);
  }
  return changes;
}

/** What differs in a spec, by field; fields that only `now` has don't count. */
export function specChanges(was: unknown, now: unknown): readonly string[] {
  const changes: string[] = [];
  compare(was, now, 'spec', changes);
  return changes;
}

/** Adds fields that came back different; fields set only by the server (defaults) don't count. */
function compare(sent: unknown, admitted: unknown, path: string, changes: string[]): void {
  if (sent === undefined || sameJson(sent, admitted)) return;
  if (typeof sent === 'object' && sent !== null && typeof admitted === 'object' && admitted !== null) {
    const keys = Array.isArray(sent) ? sent.keys() : Object.keys(sent);
    for (const key of keys) compare(at(sent, key), at(admitted, key), `${path}.${key}`, changes);
    if (Array.isArray(sent) && Array.isArray(admitted) && sent.length !== admitted.length) {
      changes.push(`${path} has ${admitted.length} items instead of ${sent.length}`);
    }
    return;
  }
  changes.push(`${path} ${JSON.stringify(admitted)} instead of ${JSON.stringify(sent)}`);
}
