import type { WireFlow } from '../../hubble/wire/wire.ts';
import type { Random } from '../random.ts';
import type { Mirror } from './mirror.ts';

export function startTraffic(_parts: {
  mirror: Mirror;
  random: Random;
  publish: (flows: readonly WireFlow[]) => void;
}): { stop: () => void } {
  return { stop: () => {} };
}
