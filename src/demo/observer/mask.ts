import { isRecord } from '../../core/json.ts';
import type { WireFlow } from '../../hubble/wire/wire.ts';

/**
 * The fields of a flow that a mask names (`source.labels` keeps one field of `source`); without paths all. Paths
 * that the flow lacks are passed over.
 */
export function masked(flow: WireFlow, paths: readonly string[]): WireFlow {
  if (paths.length === 0) return flow;
  const result: Record<string, unknown> = {};
  for (const path of paths) copy(flow, result, path.split('.'));
  return result;
}

function copy(from: unknown, to: Record<string, unknown>, steps: readonly string[]): void {
  const [step, ...rest] = steps;
  if (step === undefined || !isRecord(from)) return;
  const value = from[step];
  if (value === undefined) return;
  if (rest.length === 0) {
    to[step] = value;
    return;
  }
  const inner = to[step];
  const target = isRecord(inner) ? { ...inner } : {};
  copy(value, target, rest);
  to[step] = target;
}
