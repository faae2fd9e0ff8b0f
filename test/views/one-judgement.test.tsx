import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrafficSink } from '../../src/core/ports/ports.ts';
import { EVENT, type FlowEnd } from '../../src/core/traffic/flow.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { NODES } from '../../src/demo/world/world-plan.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { fedTraffic } from '../helpers/fed-connection.ts';
import { flow } from '../helpers/flows.ts';
import { paneText } from '../helpers/pane-text.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;
let sink: TrafficSink | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-judgement-'));
  demo = await startDemo();
  session = sessionOn({
    connect: async () => ({
      ...(await connectionTo(demo, directory)),
      namespace: 'shop',
      traffic: fedTraffic((given) => {
        sink = given;
      }),
    }),
  });
  screen = openScreen({ columns: 160, rows: 44, session });
  await session.start();
  await eventually(() => {
    expect(session.store.getState().pods).toHaveLength(14);
    expect(sink).toBeDefined();
  });
});

afterAll(async () => {
  await screen.close();
  await session.dispose();
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The pods of a workload: the first is tried by its own node, the others by no node of theirs. */
function podsOf(workload: string) {
  const pods = session.store.getState().pods.map(({ pod }) => pod);
  const [first, ...others] = pods.filter(({ owner }) => owner?.name === workload);
  const node = NODES.find(({ name }) => name === first?.node);
  if (first === undefined || node === undefined) throw new Error(`${workload} has no pod on a node`);
  return { first, others, node };
}

async function leave(): Promise<void> {
  screen.press('esc');
  await eventually(() => expect(session.store.getState().overlay.type).toBe('none'));
}

test.each([
  ['api', 8080],
  ['cart', 8080],
])(
  'the kubelet of one pod of %s: row, path bar, explanation and form are of one mind',
  async (name, port) => {
    const { first, others, node } = podsOf(name);
    const source: FlowEnd = { ip: node.ip, reserved: 'host', port: 40_000 };
    const destination: FlowEnd = {
      ip: first.ips[0] ?? '',
      namespace: 'shop',
      pod: first.name,
      workload: { kind: 'Deployment', name },
      port,
    };
    const seen = { time: Date.now(), node: node.name, direction: 'ingress', source, destination } as const;
    sink?.flows([flow({ ...seen, eventType: EVENT.trace })]);

    screen.press('3', '/', 'ctrl-u', `host.*${name}`, 'enter');
    await screen.until(new RegExp(`▸ .*✓ ALLOW +host +${name} +${port} .*its own node always reaches it`));
    const inPane = `${node.ip} → ${name} :${port}/tcp egress ✓ ${node.name} is a node ingress ✓ its own node always reaches it`;
    await screen.until(() => paneText(screen.lines(), 'Path').startsWith(inPane));

    screen.press('e');
    await screen.until(new RegExp(`╭ host → ${name} :${port}/tcp ─+ ✓ ALLOW`));
    expect(screen.text()).toMatch(new RegExp(`ingress of ${name} +✓ allow +its own node always reaches it`));
    await leave();

    screen.press('g');
    await screen.until('What will happen');
    await eventually(() =>
      expect(session.store.getState().overlay).toMatchObject({ form: { plan: { state: 'made' } } }),
    );
    await screen.settled();
    const rest = others.map((pod) => `shop/${pod.name}`).join(', ');
    expect(paneText(screen.lines(), 'Grant')).toContain(
      `The path from ${node.ip} to ${name} is already open for shop/${first.name} :${port}/tcp; ` +
        `it cannot be opened by a NetworkPolicy for ${rest} :${port}/tcp: ${node.ip} is a node: ` +
        'on cilium NetworkPolicies do not match nodes. A CiliumNetworkPolicy with its entity (kube-apiserver, host or remote-node) does. What is open needs no grant; ask the owner of the policy that blocks the rest.',
    );
    expect(paneText(screen.lines(), 'Path')).toContain(inPane);
    await leave();
  },
);

test('marked as ends, the same workload is shown as partly closed', async () => {
  screen.press('3', '/', 'ctrl-u', 'host.*api', 'enter', 's', 'd');
  await screen.until(/╭ Path ● marked .* ✗ deny in part ─╮/);
  await screen.until(() =>
    / → api :8080\/tcp egress ✓ .* ingress ✗ in part: api-from-web admits/.test(
      paneText(screen.lines(), 'Path'),
    ),
  );
  screen.press('e');
  await screen.until(/╭ \S+ → api :8080\/tcp ─+ ✗ DENY in part/);
  expect(screen.text()).toMatch(/✓ allow {2}shop\/api-\S+ :8080\/tcp/);
  expect(screen.text()).toMatch(/✗ deny {2}shop\/api-\S+ :8080\/tcp/);
});
