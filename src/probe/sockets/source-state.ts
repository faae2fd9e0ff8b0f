import { asSluiceError } from '../../core/errors.ts';
import type { TrafficState } from '../../core/ports.ts';
import type { RotaCount } from './rota.ts';

/**
 * The probe's state in the words of the header: how many pods are read and why others are not. `trouble`: what kept
 * the last look from the API server; `period`: ms until every pod has had its turn.
 */
export function sourceState(count: RotaCount, period: number, trouble: unknown): TrafficState {
  const state = (status: TrafficState['status'], detail: string): TrafficState => ({
    source: 'probe',
    status,
    detail,
    lost: 0,
  });
  if (trouble !== undefined) return state('reconnecting', asSluiceError(trouble).message);
  if (count.total === 0) return state('connecting', 'no running pods in view');
  const phrases = [`sockets of ${count.readable}/${count.total} pods`, ...exceptions(count)];
  if (period > 5_000) phrases.push(`each every ${Math.round(period / 1_000)} s`);
  const detail = phrases.join(' · ');
  if (count.readable > 0) return state('live', detail);
  return state(count.waiting > 0 ? 'connecting' : 'failed', detail);
}

function exceptions({ unreadable, denied, deniedIn, onHost }: RotaCount): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} without a way to read them`] : []),
    ...(denied > 0 ? [`${denied} in ${deniedIn.join(', ')}: exec not allowed`] : []),
    ...(onHost > 0 ? [`${onHost} on the host network`] : []),
  ];
}
