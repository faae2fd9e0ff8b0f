import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inRange, parseCidr, parseIp } from '../../../../src/core/cluster/ip.ts';
import { isLive, type Pod } from '../../../../src/core/cluster/objects.ts';
import type { Decision, End } from '../../../../src/core/policy/model/verdict.ts';
import { createPathJudge, type PathAnswer } from '../../../../src/core/policy/path/judge-path.ts';
import type { PartEnd } from '../../../../src/core/policy/path/parts.ts';
import { runs } from '../../../helpers/runs.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { engineOf } from '../oracle/engine-of.ts';
import { ADDRESSES, ASKED_PORTS, randomWorld } from '../oracle/worlds.ts';

const RANGES = ['203.0.113.0/24', '192.168.0.0/16', '10.0.0.0/8'];
const PORTS = { type: 'range', protocol: 'TCP', from: 1, to: 9000 } as const;

/** The verdict that an answer gives one pair on one port. */
function verdictAt({ verdict, parts }: PathAnswer, from: End, to: End, port: number): readonly Decision[] {
  if (parts.length === 0) return [verdict.verdict];
  const found = parts.filter(
    (part) =>
      holds(part.from, from) &&
      holds(part.to, to) &&
      part.ports.some(([first, last]) => first <= port && port <= last),
  );
  return found.map((part) => part.verdict);
}

function holds({ pods, addresses, except }: PartEnd, end: End): boolean {
  if (end.type === 'pod') return pods?.includes(`${end.pod.namespace}/${end.pod.name}`) ?? false;
  return inSome(addresses, end.ip) && !inSome(except, end.ip);
}

function inSome(blocks: readonly string[] = [], text: string): boolean {
  const ip = parseIp(text);
  return blocks.some((block) => {
    const range = parseCidr(block.includes('/') ? block : `${block}/${block.includes(':') ? 128 : 32}`);
    return ip !== undefined && range !== undefined && inRange(range, ip);
  });
}

test('whatever policies there are, the parts of a path say of each member what that alone would get', () => {
  let asked = 0;
  fc.assert(
    fc.property(randomWorld, (world) => {
      const { model, engine } = engineOf(world);
      const judge = createPathJudge({ model, engine });
      const pods = [...model.pods()].filter((pod) => isLive(pod) && !pod.hostNetwork && pod.ips.length > 0);
      const own = (pod: Pod): End => ({ type: 'pod', pod });
      for (const pod of pods.slice(0, 3)) {
        for (const cidr of RANGES) {
          const range = parseCidr(cidr);
          const named = { type: 'pod', namespace: pod.namespace, name: pod.name } as const;
          const block = { type: 'range', cidr } as const;
          const outward = judge(named, block, PORTS);
          const inward = judge(block, named, PORTS);
          const outside = ADDRESSES.filter((ip) => {
            const parsed = parseIp(ip);
            const isOwn = model.nodeAt(ip) !== undefined || model.podAt(ip) !== undefined;
            return parsed !== undefined && range !== undefined && inRange(range, parsed) && !isOwn;
          });
          const meets = (ip: string) => pod.ips.some((own) => own.includes(':') === ip.includes(':'));
          for (const ip of outside.filter(meets)) {
            for (const port of ASKED_PORTS) {
              const end: End = { type: 'ip', ip };
              const out = verdictOf(engine, { from: own(pod), to: end, port, protocol: 'TCP' }).verdict;
              const back = verdictOf(engine, { from: end, to: own(pod), port, protocol: 'TCP' }).verdict;
              expect(verdictAt(outward, own(pod), end, port)).toEqual([out]);
              expect(verdictAt(inward, end, own(pod), port)).toEqual([back]);
              asked += 1;
            }
          }
        }
      }
    }),
    runs(20, 60),
  );
  expect(asked).toBeGreaterThan(200);
});

test('whatever policies there are, workloads are parted into pods that get what they alone would get', () => {
  let asked = 0;
  fc.assert(
    fc.property(randomWorld, (world) => {
      const { model, engine } = engineOf(world);
      const judge = createPathJudge({ model, engine });
      const owners = [...Map.groupBy([...model.pods()].filter(isLive), ({ namespace }) => namespace)].map(
        ([namespace, pods]) =>
          pods.map((item): Pod => {
            const object = { ...item, owner: { kind: 'StatefulSet', namespace, name: 'all' } };
            model.apply({ type: 'set', kind: 'pods', source: 'test', object });
            return object;
          }),
      );
      for (const sources of owners.slice(0, 3)) {
        for (const targets of owners.slice(0, 3)) {
          const [from, to] = [sources[0]?.owner, targets[0]?.owner];
          if (sources === targets || from === undefined || to === undefined) continue;
          const answer = judge({ type: 'workload', ref: from }, { type: 'workload', ref: to }, PORTS);
          for (const source of sources) {
            for (const target of targets) {
              for (const port of ASKED_PORTS) {
                const [a, b]: readonly [End, End] = [
                  { type: 'pod', pod: source },
                  { type: 'pod', pod: target },
                ];
                const alone = verdictOf(engine, { from: a, to: b, port, protocol: 'TCP' }).verdict;
                expect(verdictAt(answer, a, b, port)).toEqual([alone]);
                asked += 1;
              }
            }
          }
        }
      }
    }),
    runs(20, 60),
  );
  expect(asked).toBeGreaterThan(200);
});
