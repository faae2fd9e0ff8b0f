import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PairChange } from '../../../src/core/policy/model/verdict.ts';
import type { ConnectProbe, LivingConnection, ProbeResult } from '../../../src/core/ports/ports.ts';
import type { Flow, FlowEnd } from '../../../src/core/traffic/flow.ts';
import { createFold } from '../../../src/core/traffic/fold.ts';
import type { EvidenceDeps } from '../../../src/session/grants/evidence.ts';
import { type GrantPath, pathOf } from '../../../src/session/grants/path.ts';
import { proveClosed } from '../../../src/session/grants/prove-closed.ts';
import { proveOpen } from '../../../src/session/grants/prove-open.ts';
import { cluster, pod, service } from '../../helpers/builders.ts';
import { admitted, delivered, dropped, START } from '../../helpers/flows.ts';

const web1 = pod({ name: 'web-1', labels: { app: 'web' } });
const web2 = pod({ name: 'web-2', labels: { app: 'web' } });
const db0 = pod({ name: 'db-0', labels: { app: 'db' } });
const db1 = pod({ name: 'db-1', labels: { app: 'db' } });
const front = service({ name: 'db' });
const model = cluster({ pods: [web1, web2, db0, db1], services: [front] });

const opened = (from: typeof web1, to: typeof db0, port = 5_432): PairChange => ({
  from: { namespace: 'shop', name: from.name },
  to: { namespace: 'shop', name: to.name },
  port,
  protocol: 'TCP',
});
const endOf = (from: typeof web1, port?: number): FlowEnd => ({
  ip: from.ips[0] ?? '',
  namespace: 'shop',
  pod: from.name,
  ...(port === undefined ? {} : { port }),
});
const along = (from: typeof web1, to: FlowEnd, at: number, source = 40_000 + at) => ({
  at,
  source: { ...endOf(from), port: source },
  destination: to,
});

let fold: ReturnType<typeof createFold>;
let listeners: Set<() => void>;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  fold = createFold();
  listeners = new Set();
});
afterEach(() => {
  vi.useRealTimers();
});

const see = (flows: readonly Flow[]) => {
  fold.add(flows, Date.now());
  for (const call of listeners) call();
};
const evidence = (more: Partial<EvidenceDeps> = {}): EvidenceDeps => ({
  attempts: (since) => fold.attempts({ since }),
  onFlows: (call) => {
    listeners.add(call);
    return () => listeners.delete(call);
  },
  keepsEstablished: () => 'no',
  ...more,
});
const probe = (answer: (from: string, port: number) => ProbeResult['outcome']): ConnectProbe => ({
  connect: async (from, { port }) => ({ outcome: answer(from.name, port), how: 'nc', milliseconds: 1 }),
});
const never = new AbortController().signal;

async function closing(path: GrantPath, flows: readonly Flow[], deps = evidence()) {
  const judged = proveClosed(deps, path, START, never);
  see(flows);
  await vi.advanceTimersByTimeAsync(30_000);
  return judged;
}

describe('the proof that a path closed', () => {
  test('is a drop of its only pair', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    expect(await closing(path, dropped('ingress', along(web1, endOf(db0, 5_432), 100)))).toEqual({
      name: 'closed',
      proof: '1 attempt dropped since',
    });
  });

  test('is none where nothing was seen: the policy is gone, no more is known', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    expect(await closing(path, [])).toEqual({
      name: 'unproven',
      proof: 'no attempt seen since',
      pairs: ['web-1 → db-0 :5432/tcp'],
    });
  });

  test('of one pair says nothing of another: it is named', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web2, db0), opened(web1, db0, 5_433)]);
    const flows = dropped('ingress', along(web1, endOf(db0, 5_432), 100));
    expect(await closing(path, flows)).toEqual({
      name: 'unproven',
      proof: expect.stringContaining(
        'no attempt seen since on 2 of 3 pairs: web-2 → db-0 :5432/tcp, web-1 → db-0 :5433/tcp',
      ),
      pairs: ['web-2 → db-0 :5432/tcp', 'web-1 → db-0 :5433/tcp'],
    });
  });

  test('of a block is never whole: a drop is that of one of its addresses', async () => {
    const block = { ...opened(web1, db0), to: { name: '198.51.100.0/24' } };
    const path = pathOf(model, [block]);
    const flows = dropped('egress', along(web1, { ip: '198.51.100.9', port: 5_432 }, 100));
    expect(await closing(path, flows)).toEqual({
      name: 'unproven',
      proof: '1 attempt dropped since; not every address of 198.51.100.0/24 was seen or tried',
      pairs: ['web-1 → 198.51.100.0/24 :5432/tcp'],
    });
    const outside = dropped('egress', along(web1, { ip: '198.51.101.9', port: 5_432 }, 40_000));
    expect(await closing(path, outside)).toMatchObject({
      proof: '1 attempt dropped since; not every address of 198.51.100.0/24 was seen or tried',
    });
  });

  test('waits for a drop of every pair', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web2, db0)]);
    const judged = proveClosed(evidence(), path, START, never);
    see(dropped('ingress', along(web1, endOf(db0, 5_432), 100)));
    await vi.advanceTimersByTimeAsync(5_000);
    see(dropped('ingress', along(web2, endOf(db0, 5_432), 5_000)));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await judged).toMatchObject({ name: 'closed', proof: expect.stringContaining('each of 2 pairs') });
  });

  test('is not a drop at a service in front of several pods, which may be either of them', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web1, db1)]);
    const address = { ip: front.clusterIPs[0] ?? '', port: 5_432 };
    expect(await closing(path, dropped('egress', along(web1, address, 100)))).toMatchObject({
      name: 'unproven',
      pairs: ['web-1 → db-0 :5432/tcp', 'web-1 → db-1 :5432/tcp'],
    });
  });

  test('is a connect test that times out, for each pair that was not seen', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web2, db0)]);
    const flows = dropped('ingress', along(web1, endOf(db0, 5_432), 100));
    expect(await closing(path, flows, evidence({ probe: probe(() => 'timeout') }))).toMatchObject({
      name: 'closed',
      proof: expect.stringMatching(/1 attempt dropped since, a new connection times out/),
    });
  });

  test('is not a refusal: the destination may have said it', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    expect(await closing(path, [], evidence({ probe: probe(() => 'refused') }))).toMatchObject({
      name: 'unproven',
      proof: expect.stringContaining('refused'),
    });
  });

  test('fails where one of many pairs still lets a connection through', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web2, db0)]);
    const deps = evidence({ probe: probe((from) => (from === 'web-2' ? 'open' : 'timeout')) });
    expect(await closing(path, [], deps)).toEqual({
      name: 'flowing',
      still: 'new',
      connections: expect.stringContaining('web-2 → db-0'),
    });
  });

  test('fails where an attempt gets through after the end', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    const to = along(web1, endOf(db0, 5_432), 2_500);
    expect(await closing(path, [admitted('ingress', to), delivered(to)])).toMatchObject({
      name: 'flowing',
      still: 'new',
    });
  });

  test('says so if connections stay open, or could not be checked', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    const flows = dropped('ingress', along(web1, endOf(db0, 5_432), 100));
    const keeps = { keepsEstablished: () => 'yes' as const };
    const socket = (port: number): LivingConnection => ({
      pod: { namespace: 'shop', name: 'web-1' },
      protocol: 'TCP',
      local: { ip: web1.ips[0] ?? '', port },
      remote: { ip: db0.ips[0] ?? '', port: 5_432 },
    });
    const living = [40_001, 40_002].map(socket);
    const connections = { established: async () => living, cut: async () => living };
    expect(await closing(path, flows, evidence({ ...keeps, connections }))).toMatchObject({
      name: 'flowing',
      still: 'established',
      connections: `2 established connections stay open: web-1 ${web1.ips[0]}:40001 → ${db0.ips[0]}:5432/tcp, web-1 ${web1.ips[0]}:40002 → ${db0.ips[0]}:5432/tcp`,
      living,
    });
    fold = createFold();
    vi.setSystemTime(START);
    expect(await closing(path, flows, evidence(keeps))).toMatchObject({
      proof: '1 attempt dropped since; earlier connections could not be checked',
    });
  });
});

describe('the proof that a path opened', () => {
  test('is an attempt let through on a pair that the grant opened', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    const proof = proveOpen(evidence(), path, START, never);
    const to = along(web1, endOf(db0, 5_432), 300);
    see([admitted('ingress', to), delivered(to)]);
    expect(await proof).toEqual({ at: START + 300, how: 'seen by hubble' });
  });

  test('is never one on a pair that was already open, nor at an address shared with it', async () => {
    const path = pathOf(model, [opened(web1, db0)]);
    const stop = new AbortController();
    const proof = proveOpen(evidence(), path, START, stop.signal);
    const seen = vi.fn();
    proof.then(seen, () => undefined);
    const others = [
      along(web2, endOf(db0, 5_432), 300),
      along(web1, endOf(db1, 5_432), 310),
      along(web1, endOf(db0, 5_433), 320),
      along(web1, { ip: front.clusterIPs[0] ?? '', port: 5_432 }, 330),
    ];
    see(others.flatMap((to) => [admitted('ingress', to), delivered(to)]));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).not.toHaveBeenCalled();
    stop.abort();
  });

  test('counts at a service whose every backend the grant opened', async () => {
    const path = pathOf(model, [opened(web1, db0), opened(web1, db1)]);
    const proof = proveOpen(evidence(), path, START, never);
    const to = along(web1, { ip: front.clusterIPs[0] ?? '', port: 5_432 }, 300);
    see([admitted('ingress', to), delivered(to)]);
    expect((await proof).how).toBe('seen by hubble on one of 2 pairs');
  });

  test('works for an address outside the cluster', async () => {
    const path = pathOf(model, [{ ...opened(web1, db0, 443), to: { name: '203.0.113.9' } }]);
    const proof = proveOpen(evidence(), path, START, never);
    const to = along(web1, { ip: '203.0.113.9', port: 443 }, 300);
    see([admitted('egress', to), delivered(to)]);
    expect((await proof).how).toBe('seen by hubble');
  });
});
