import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndRef } from '../../src/core/cluster/objects.ts';
import { lint } from '../../src/core/policy/lint/lint.ts';
import { ALL_RULES } from '../../src/demo/api/access.ts';
import type { WireFlow } from '../../src/hubble/wire/protocol.ts';
import { type Api, apiOf } from '../helpers/demo/demo.ts';
import { brief, type FlowClient, flowClient, shortName } from '../helpers/demo/demo-flows.ts';
import { type LiveDemo, startLiveDemo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';

/** What the demo has to show besides its story, as README walks past it. */

let live: LiveDemo;
let admin: Api;
let hubble: FlowClient;

beforeAll(async () => {
  live = await startLiveDemo({ colleagueAfter: 0 });
  admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
  hubble = flowClient(live.demo.hubbleAddress);
});

afterAll(async () => {
  hubble.close();
  await live.dispose();
});

const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';

const workload = (namespace: string, kind: string, name: string): EndRef => ({
  type: 'workload',
  ref: { kind, namespace, name },
});

/** The words of flows between two workloads. */
const between = (flows: readonly WireFlow[], from: string, to: string): readonly string[] =>
  flows
    .filter(
      ({ source, destination }) =>
        shortName(source?.pod_name ?? '') === from && shortName(destination?.pod_name ?? '') === to,
    )
    .map(brief);

describe('mistakes in policies', () => {
  it('are two: a peer in another namespace, and one dash too many', () => {
    expect(lint(live.runtime.engine).map(({ policy, id }) => `${policy.name} ${id}`)).toEqual([
      'api-metrics peer-matches-nothing',
      'cart-metrics one-dash',
      'cart-metrics peer-matches-nothing',
    ]);
  });

  it('drop prometheus at api, and let grafana in at cart', async () => {
    const flows = await hubble.flows();
    const verdicts = between(flows, 'prometheus-0', 'api').filter((text) => text.includes('type 5'));
    expect(new Set(verdicts)).toEqual(new Set(['prometheus-0 > api:8080 INGRESS type 5 DROPPED']));
    expect(between(flows, 'grafana', 'cart')).toContain('grafana > cart:8080 INGRESS type 5 FORWARDED');
  });
});

describe('the pods', () => {
  it('are isolated but backup, which has no tier', () => {
    const { engine, model } = live.runtime;
    const open = model
      .podsIn('shop')
      .filter(({ phase, hostNetwork }) => phase === 'Running' && !hostNetwork)
      .filter((pod) => engine.policiesOn(pod).every(({ isolates }) => !isolates.ingress));
    expect(open.map(({ name }) => shortName(name))).toEqual(['backup']);
  });
});

describe('Service mail', () => {
  it('leads to a port that no rule admits', async () => {
    expect(between(await hubble.flows(), 'api', 'mail')).toContain('api > mail:8025 INGRESS type 1 DROPPED');
  });

  it('leads to a port on which nothing listens: once admitted, api is refused', async () => {
    const filter = { whitelist: [{ source_pod: ['shop/mail'], destination_pod: ['shop/api'] }] };
    const refused = hubble.until(filter, ({ flow }) => flow?.l4?.TCP?.flags?.RST === true);
    await admin.mergePatch(`${policies}/mail-from-api`, {
      spec: {
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { app: 'api' } } }],
            ports: [{ protocol: 'TCP', port: 8_025 }],
          },
        ],
      },
    });
    expect((await refused).flow?.l4?.TCP?.source_port).toBe(8_025);
  });
});

describe('a grant', () => {
  it('for prometheus to api drifts: somebody else mends the policy, and the path stays open', async () => {
    const made = await live.open({
      source: workload('monitoring', 'StatefulSet', 'prometheus'),
      destination: workload('shop', 'Deployment', 'api'),
      ports: [{ port: 8_080, protocol: 'TCP' }],
      seconds: 600,
    });
    await eventually(() =>
      expect(live.grant(made.id)?.drift).toEqual([
        'NetworkPolicy shop/api-metrics was changed after the grant was planned',
        'NetworkPolicy shop/api-metrics also opens the path: it will stay open when the grant ends',
      ]),
    );
    const { body } = await admin.get(`${policies}/api-metrics`);
    expect(JSON.stringify(body)).toContain('"manager":"kubectl-edit"');
    await live.runtime.keeper.revoke([made.id]);
    expect((await live.runtime.keeper.ended(made.id)).state).toMatchObject({ name: 'flowing', still: 'new' });
  });

  it('for backup to cache ends unproven: once it has what it wants, backup tries no more', async () => {
    const made = await live.open({
      source: workload('shop', 'Deployment', 'backup'),
      destination: workload('shop', 'StatefulSet', 'cache'),
      ports: [{ port: 6_379, protocol: 'TCP' }],
      seconds: 600,
    });
    await live.reaches(made.id, 'open');
    await live.runtime.keeper.revoke([made.id]);
    expect((await live.runtime.keeper.ended(made.id)).state).toMatchObject({
      name: 'unproven',
      proof: 'no attempt seen since',
    });
  });
});
