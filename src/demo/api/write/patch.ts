import { isRecord, sameJson } from '../../../core/json.ts';
import { ApiFailure, badRequest } from '../status.ts';

/** A JSON merge patch (RFC 7386): null removes, objects merge, all else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that a strategic merge patch merges, by the field that tells their items apart. */
const MERGED: Readonly<Record<string, string | null>> = {
  ownerReferences: 'uid',
  finalizers: null,
  conditions: 'type',
  containers: 'name',
};

/** A strategic merge patch, for the lists that matter here; `$patch: delete` removes an item. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value) && Array.isArray(before) && Object.hasOwn(MERGED, key)) {
      result[key] = mergeList(before, value, MERGED[key] ?? null);
    } else result[key] = strategicPatch(before, value);
  }
  return result;
}

function mergeList(before: readonly unknown[], patch: readonly unknown[], by: string | null): unknown[] {
  if (by === null) return [...new Set([...before, ...patch])];
  const result = [...before];
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const index = result.findIndex((other) => isRecord(other) && other[by] === item[by]);
    if (item.$patch === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicPatch(result[index], item);
    else result.push(item);
  }
  return result;
}

/** A JSON patch (RFC 6902) with `add`, `remove`, `replace` and `test`. Throws 422 for a test that fails. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: not a list of operations');
  return patch.reduce<unknown>(applyOperation, target);
}

function applyOperation(target: unknown, operation: unknown): unknown {
  if (!isRecord(operation) || typeof operation.path !== 'string') {
    throw badRequest('error decoding patch: an operation needs op and path');
  }
  const steps = operation.path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return change(target, steps, String(operation.op), operation.value);
}

function change(here: unknown, steps: readonly string[], op: string, value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (op === 'test' && !sameJson(here, value)) throw refused();
    return op === 'test' ? here : value;
  }
  if (Array.isArray(here)) {
    const index = step === '-' ? here.length : Number(step);
    if (rest.length > 0) return here.with(index, change(here[index], rest, op, value));
    if (op === 'add') return here.toSpliced(index, 0, value);
    if (index >= here.length) throw refused();
    return op === 'remove' ? here.toSpliced(index, 1) : here.with(index, change(here[index], [], op, value));
  }
  if (!isRecord(here)) throw refused();
  if (rest.length > 0) return { ...here, [step]: change(here[step], rest, op, value) };
  if (op !== 'add' && op !== 'test' && !Object.hasOwn(here, step)) throw refused();
  if (op !== 'remove') return { ...here, [step]: change(here[step], [], op, value) };
  return Object.fromEntries(Object.entries(here).filter(([key]) => key !== step));
}

function refused(): ApiFailure {
  return new ApiFailure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}
