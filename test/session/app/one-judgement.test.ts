import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type EndRef,
  isLive,
  type Pod,
  type PortSpec,
  type WorkloadRef,
} from '../../../src/core/cluster/objects.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import { planGrant } from '../../../src/core/grants/plan-grant.ts';
import type { ClusterModel } from '../../../src/core/live/model.ts';
import type { Engine } from '../../../src/core/policy/decide/engine.ts';
import type { Decision, End } from '../../../src/core/policy/model/verdict.ts';
import { canMeet } from '../../../src/core/policy/path/cells.ts';
import { createPathJudge, type PathAnswer } from '../../../src/core/policy/path/judge-path.ts';
import { parseEnd } from '../../../src/core/policy/path/parse-end.ts';
import { parsePathEnd } from '../../../src/core/policy/path/path-end.ts';
import type { AttemptRow, AttemptVerdict } from '../../../src/core/traffic/attempt.ts';
import type { FlowEnd } from '../../../src/core/traffic/flow.ts';
import type { App } from '../../../src/session/app/app.ts';
import { explain } from '../../../src/session/app/explaining.ts';
import { judged, shownPath } from '../../../src/session/app/path-state.ts';
import { createAttemptLines } from '../../../src/session/rows/attempt-lines.ts';
import type { Runtime } from '../../../src/session/runtime/runtime.ts';
import type { Overlay, PathState, SessionState } from '../../../src/session/state/session-state.ts';
import { engineOf } from '../../core/policy/oracle/engine-of.ts';
import { ADDRESSES, type Doc, type RandomWorld, randomWorld } from '../../core/policy/oracle/worlds.ts';
import { runs } from '../../helpers/runs.ts';
import { attemptLine, NOW, sessionState } from '../../helpers/session-state.ts';

/** A verdict, or the error instead of one; `in part` where parts of the path have another. */
type Word = Decision | `${Decision} in part` | 'none';

/** One end of an attempt, as flows tell it, and as it is typed. */
type Seen = { readonly flow: FlowEnd; readonly text: string; readonly pod?: Pod };

type Ground = { readonly model: ClusterModel; readonly engine: Engine };

const PORTS: readonly number[] = [53, 80, 8080];
const CLUSTER_IPS: Readonly<Record<string, string>> = { s1: '10.96.0.1', s2: '10.96.0.2' };

/** The world with its pods in workloads and with addresses for its Services. */
function peopled(world: RandomWorld): RandomWorld {
  return { ...world, documents: world.documents.map(inWorkload) };
}

function inWorkload(doc: Doc): Doc {
  const { name, uid } = doc.metadata;
  if (doc.kind === 'Service') {
    const spec = { ...(doc.spec as object), clusterIP: CLUSTER_IPS[String(name)] };
    // Who comes from outside may come with the address of a node.
    return { ...doc, spec: name === 's1' ? { ...spec, type: 'NodePort' } : spec };
  }
  if (doc.kind !== 'Pod' || uid === 'u0') return doc;
  const reference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'all', uid: 'all', controller: true };
  return { ...doc, metadata: { ...doc.metadata, ownerReferences: [reference] } };
}

/** Ends of every kind that flows tell of. */
function seenEnds(model: ClusterModel): readonly Seen[] {
  const at = (ip: string, more: Partial<FlowEnd> = {}): Seen => ({ flow: { ip, ...more }, text: ip });
  return [
    ...Array.from(model.pods(), (pod): Seen => {
      const { namespace, name, ips } = pod;
      const [ip] = ips;
      const flow = { namespace, pod: name, ...(ip === undefined ? {} : { ip }) };
      return { flow, text: `${namespace}/${name}`, pod };
    }),
    ...Array.from(model.nodes(), ({ ips }) => at(ips[0] ?? '', { reserved: 'host' })),
    ...ADDRESSES.map((ip) => at(ip, { reserved: 'world' })),
    at('203.0.113.9', { dns: ['a.example'] }),
    ...Array.from(
      model.services(),
      ({ namespace, name, clusterIPs }): Seen => ({
        flow: { ip: clusterIPs[0] ?? '', service: { namespace, name } },
        text: `${namespace}/svc/${name}`,
      }),
    ),
  ];
}

function rowOf(source: FlowEnd, destination: FlowEnd, port: number, verdict: AttemptVerdict): AttemptRow {
  const { row } = attemptLine();
  const to = { ...destination, port };
  const { dropReason: _, ...newest } = row.newest;
  return {
    ...row,
    verdict,
    source,
    destination: to,
    port,
    newest: { ...newest, verdict, source, destination: to },
  };
}

/** What the row takes policies to say, as its findings tell. */
function wordOfRow({ model, engine }: Ground, from: Seen, to: Seen, port: number): Decision | undefined {
  const lines = createAttemptLines(model, engine);
  const differs = (verdict: AttemptVerdict) => lines([rowOf(from.flow, to.flow, port, verdict)])[0]?.differs;
  if (differs('drop') !== undefined) return 'allow';
  return differs('allow') === undefined ? undefined : 'deny';
}

/** The app with the cursor on a row, as far as its path needs it. */
function onRow(ground: Ground, row: AttemptRow) {
  const state: SessionState = sessionState({
    attempts: [{ key: row.key, row, why: '', decidedBy: [] }],
    focus: 'attempts',
    path: {},
  });
  const pushed: Overlay[] = [];
  const runtime = { ...ground, connection: { api: { clock: { now: () => NOW } } } } as unknown as Runtime;
  const app = {
    state: () => state,
    runtime: () => runtime,
    visibleRows: () => state.attempts,
    push: (overlay: Overlay) => pushed.push(overlay),
    notify: () => undefined,
    deps: { clock: { monotonic: () => 0 } },
  } as unknown as App;
  return { app, runtime, pushed };
}

function worded(verdict: Decision | undefined, inPart: boolean | undefined): Word {
  return verdict === undefined ? 'none' : inPart === true ? `${verdict} in part` : verdict;
}

const wordOfPath = ({ verdict, inPart }: PathState): Word => worded(verdict?.verdict, inPart);

function wordOfOverlay(overlay: Overlay | undefined): Word {
  if (overlay?.type !== 'explain') return 'none';
  const { verdict, parts = [] } = overlay;
  return worded(
    verdict?.verdict,
    parts.some((part) => part.verdict !== verdict?.verdict),
  );
}

function wordOfAnswer(answer: PathAnswer | undefined): Word {
  const verdict = answer?.verdict.verdict;
  return worded(
    verdict,
    answer?.parts.some((part) => part.verdict !== verdict),
  );
}

/** What the verb `explain` answers to ends as they are typed. */
function answered(ground: Ground, from: string, to: string, { port, protocol }: PortSpec) {
  const ports = { type: 'range', protocol, from: port, to: port } as const;
  try {
    return createPathJudge(ground)(parsePathEnd(from, 'a'), parsePathEnd(to, 'a'), ports);
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

function planned({ model, engine }: Ground, source: EndRef, destination: EndRef, port: PortSpec) {
  const request = { source, destination, ports: [port], seconds: 900, reason: 'test' };
  const made = { id: 'tst2', requester: 'alice', version: '0.0.0', maxSeconds: 28_800, workloads: [] };
  return planGrant({ model, engine, request, ...made });
}

/** An end of a grant as it is typed. */
function typed(end: EndRef): string {
  if (end.type === 'workload') return workloadText(end.ref);
  if (end.type === 'ip') return end.ip;
  if (end.type === 'range') return end.cidr;
  return `${end.namespace}/${end.type === 'service' ? 'svc' : 'pod'}/${end.name}`;
}

function workloadText({ namespace, name }: WorkloadRef): string {
  return `${namespace}/sts/${name}`;
}

/** The verdicts that the parts of an answer give one pair. */
function inParts(
  { verdict, parts }: PathAnswer,
  from: Pod | undefined,
  to: Pod | undefined,
): readonly Decision[] {
  const holds = (pods: readonly string[] | undefined, pod: Pod | undefined) =>
    pod === undefined || pods === undefined || pods.includes(`${pod.namespace}/${pod.name}`);
  if (parts.length === 0) return [verdict.verdict];
  return parts
    .filter((part) => holds(part.from.pods, from) && holds(part.to.pods, to))
    .map((part) => part.verdict);
}

/** Whether a grant may be between the two, and is of the pair that was seen: of live pods, of one family, different. */
function isOfPair({ model }: Ground, from: Seen, to: Seen): boolean {
  const { service } = from.flow;
  const known = service === undefined ? undefined : model.service(service.namespace, service.name);
  if (known !== undefined && model.backends(known).some((pod) => pod === to.pod)) return false;
  const end = ({ pod, flow }: Seen): End =>
    pod === undefined ? { type: 'ip', ip: flow.ip ?? '' } : { type: 'pod', pod };
  const alive = [from, to].every(({ pod }) => pod === undefined || isLive(pod));
  return alive && from.text !== to.text && canMeet(end(from), end(to));
}

test('whatever the policies, everything that shows a path shows the same verdict', () => {
  const met = new Map<Word, number>();
  let differing = 0;
  fc.assert(
    fc.property(randomWorld.map(peopled), fc.nat(1_000_000), (world, turn) => {
      const ground = engineOf(world);
      const ends = seenEnds(ground.model);
      const all = ends.flatMap((from) => ends.map((to) => ({ from, to })));
      const pairs = [...all, ...all.filter(({ to }) => to.pod !== undefined)];
      const step = 1 + (turn % 97);
      for (let asked = 0; asked < 32; asked += 1) {
        const { from, to } = pairs[(turn + asked * step) % pairs.length] ?? {};
        if (from === undefined || to === undefined || from.text === to.text) continue;
        const port: PortSpec = { port: PORTS[(turn + asked) % PORTS.length] ?? 80, protocol: 'TCP' };
        const where = `${from.text} → ${to.text} :${port.port}`;

        const { app, runtime, pushed } = onRow(ground, rowOf(from.flow, to.flow, port.port, 'allow'));
        const bar = shownPath(app);
        const word = wordOfPath(bar);
        met.set(word, (met.get(word) ?? 0) + 1);
        const told = wordOfRow(ground, from, to, port.port);
        expect(told, `the row of ${where}`).toBe(word === 'allow' || word === 'deny' ? word : undefined);
        explain(app);
        expect(wordOfOverlay(pushed[0]), `e on ${where}`).toBe(word);
        expect(wordOfAnswer(answered(ground, from.text, to.text, port)), `explain of ${where}`).toBe(word);

        const { source, destination } = bar;
        if (source === undefined || destination === undefined) throw new Error(`${where} has no ends`);
        const [a, b] = [typed(source), typed(destination)];
        const whole = answered(ground, a, b, port);
        const marked = judged(runtime, { source, destination, port, marked: true });
        expect(wordOfPath(marked), `the marked path ${a} → ${b}`).toBe(wordOfAnswer(whole));
        const plan = planned(ground, source, destination, port);
        expect(planned(ground, parseEnd(a, 'a'), parseEnd(b, 'a'), port), `grant ${a} → ${b}`).toEqual(plan);
        if (plan.before !== undefined && whole !== undefined) {
          expect(plan.before.verdict, `the form of ${a} → ${b}`).toBe(whole.verdict.verdict);
          const isOpen = !plan.ok && plan.reason === 'already-open';
          expect(isOpen, `the form of ${a} → ${b}`).toBe(wordOfAnswer(whole) === 'allow');
        }
        if (whole === undefined || !isOfPair(ground, from, to)) continue;
        const parts = inParts(whole, from.pod, to.pod);
        if (a === from.text && b === to.text) expect(wordOfAnswer(whole), where).toBe(word);
        else expect(parts, `${where} in ${a} → ${b}`).toContain(word.split(' ')[0]);
        if (from.pod !== undefined && to.pod !== undefined)
          expect(new Set(parts), where).toEqual(new Set([word]));
        if (whole.parts.length === 0 || plan.before === undefined) continue;
        differing += 1;
        if (word !== 'allow') continue;
        const said = plan.ok ? plan.warnings.join('\n') : plan.message;
        expect(said, `the form of ${a} → ${b}`).toContain('is already open for ');
      }
    }),
    runs(60, 2_000),
  );
  for (const word of ['allow', 'deny', 'undecidable', 'none'] as const)
    expect(met.get(word), word).toBeGreaterThan(20);
  expect(differing).toBeGreaterThan(5);
});
