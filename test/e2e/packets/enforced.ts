import { expect } from 'vitest';
import { isRecord } from '../../../src/core/common/json.ts';
import type { Fleet } from './fleet.ts';
import type { Live } from './live.ts';
import type { Shells } from './shells.ts';

const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };

/** Detects when everything that was written before is in force; one per cell. */
export type Enforced = () => Promise<void>;

/**
 * A canary policy that admits a new port every time: the enforcer applies policies in write order, so when that port is
 * open, all earlier policies are in force. The watch of the engine has the same order.
 */
export async function createEnforced(
  { live, shells }: { readonly live: Live; readonly shells: Shells },
  { canary }: Fleet,
  index: number,
): Promise<Enforced> {
  const { api } = live.hands;
  const name = `cell-${index}`;
  const shell = shells.in({ namespace: canary, name: 'watch' }, name);
  const ref = { ...POLICIES, namespace: canary };
  let port = 10_000 + 10_000 * index;
  await api.create(ref, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: canary },
    spec: { podSelector: { matchLabels: { app: 'canary' } }, ingress: admitting(port) },
  });
  return async () => {
    port += 1;
    await api.patch({ ...ref, name }, { spec: { ingress: admitting(port) } });
    await live.until(
      'the engine sees the canary policy',
      () => isRecord(live.model.policy('NetworkPolicy', canary, name)) && admits(live, canary, name, port),
    );
    const address = live.model.pod(canary, 'canary')?.ips[0] ?? '';
    const attempt = `[ "$(netcat dial tcp ${address}:${port} 100ms)" = timeout ]`;
    const script = `n=0; while ${attempt} && [ $n -lt 150 ]; do n=$((n+1)); done; echo $n`;
    const [tries] = await shell.run(script);
    expect(Number(tries), 'attempts until the canary policy was in force').toBeLessThan(150);
  };
}

function admitting(port: number): unknown {
  return [{ ports: [{ protocol: 'TCP', port }] }];
}

function admits({ model }: Live, namespace: string, name: string, port: number): boolean {
  const ports = model.policy('NetworkPolicy', namespace, name)?.ingress[0]?.ports;
  return Array.isArray(ports) && ports.some((item) => item.type === 'range' && item.from === port);
}
