import { describe, expect, it, test } from 'vitest';
import type { Attempt, AttemptVerdict } from '../../../src/core/traffic/attempt.ts';
import { EVENT, type Flow, type FlowVerdict, TRACE } from '../../../src/core/traffic/flow.ts';
import { foldRecording, hasRecordings, recordedFlows } from '../../helpers/hubble/recordings.ts';

/** Worst last (HUB-20). In the recordings no retry gets through. */
const ORDER: readonly AttemptVerdict[] = ['allow', 'l7', 'audit', 'error', 'drop'];

const WORTH: Partial<Record<FlowVerdict, AttemptVerdict>> = {
  forwarded: 'allow',
  redirected: 'l7',
  audit: 'audit',
  error: 'error',
  dropped: 'drop',
};

function rank(verdict: AttemptVerdict | undefined): number {
  return verdict === undefined ? -1 : ORDER.indexOf(verdict);
}

function isRequest({ isReply, source, eventSubType, eventType }: Flow): boolean {
  if (source.ip === undefined) return false;
  return isReply !== true && !(eventType === EVENT.trace && eventSubType === TRACE.toProxy);
}

function pathOf({ protocol, source, destination }: Flow | Attempt): string {
  return `${protocol} ${source.ip}:${source.port} > ${destination.ip}:${destination.port}`;
}

const ALL = ['denied', 'busy-drops', 'allowed', 'layer7', 'world', 'odd', 'lost', 'nodes', 'mixed'];

describe.skipIf(!hasRecordings)('recordings of the official CLI', () => {
  test.each(ALL)('%s: each attempt has the worst verdict of its flows', (name) => {
    const expected = new Map<string, AttemptVerdict>();
    for (const flow of recordedFlows(name).filter(isRequest)) {
      const verdict = WORTH[flow.verdict];
      const before = expected.get(pathOf(flow));
      if (verdict !== undefined && rank(verdict) > rank(before)) expected.set(pathOf(flow), verdict);
    }
    const found = foldRecording(name)
      .attempts()
      .map((attempt) => [pathOf(attempt), attempt.verdict] as const);
    expect(new Map(found)).toEqual(expected);
  });

  test.each(ALL)('%s: every attempt has a verdict, a known way and names on both ends', (name) => {
    for (const attempt of foldRecording(name).attempts()) {
      expect(attempt.verdict).not.toBe('pending');
      expect(attempt.nodes.length).toBeGreaterThan(0);
    }
    for (const row of foldRecording(name).rows(60_000)) {
      expect(row.sourceName).not.toMatch(/unknown|undefined/);
      expect(row.destinationName).not.toMatch(/unknown|undefined/);
    }
  });

  test.each(ALL)('%s: tries are the packets of the drop or the request', (name) => {
    const flows = recordedFlows(name).filter(({ eventType }) => eventType === EVENT.drop);
    for (const attempt of foldRecording(name).attempts({ verdicts: ['drop'] })) {
      const packets = flows.filter((flow) => pathOf(flow) === pathOf(attempt)).length;
      expect(attempt.tries).toBeGreaterThanOrEqual(Math.max(packets, 1));
      expect(attempt.tries).toBeLessThanOrEqual(packets + 1);
    }
  });

  it('SYNs sent again after 1, 2 and 4 s are one attempt of four tries', () => {
    const [series] = foldRecording('busy-drops').attempts({ verdicts: ['drop'] });
    expect(series?.tries).toBe(4);
    expect((series?.last ?? 0) - (series?.first ?? 0)).toBeGreaterThan(7_000);
  });

  it('a deny rule is named, a default deny is not', () => {
    const drops = foldRecording('denied').attempts({ verdicts: ['drop'] });
    for (const { dropReason, deniedBy } of drops) {
      expect(deniedBy.map(({ name }) => name)).toEqual(
        dropReason?.code === 181 ? [expect.stringMatching(/^deny-/)] : [],
      );
    }
  });

  it('a connection through a ClusterIP knows its service', () => {
    const services = foldRecording('allowed')
      .attempts()
      .map(({ destination }) => destination.service?.name);
    expect(services).toContain('redis');
    expect(services).toContain('metrics-server');
  });

  it('the outside goes by its DNS name, the API server and hosts by what they are', () => {
    const names = ['world', 'denied'].flatMap((name) =>
      foldRecording(name)
        .rows(60_000)
        .flatMap((row) => [row.sourceName, row.destinationName]),
    );
    expect(names).toEqual(
      expect.arrayContaining(['api.stripe.example', '203.0.113.200', 'kube-apiserver', 'host']),
    );
  });

  it('requests show what was asked and what came back', () => {
    const requests = foldRecording('layer7')
      .attempts()
      .map(({ l7 }) => `${l7?.text} ${l7?.code}`);
    expect(requests).toContain('GET /api/v1/items 200');
    expect(requests).toContain('A telemetry.vendor.example.shop.svc.cluster.local NXDOMAIN 3');
  });

  test.each(['age-1.14', 'age-1.16'])('%s folds to the verdicts of today', (name) => {
    const paths = (of: string) =>
      new Map(
        foldRecording(of)
          .attempts()
          .map((attempt) => [pathOf(attempt), attempt.verdict] as const),
      );
    const today = paths('mixed');
    const then = paths(name);
    expect(then.size).toBeGreaterThan(8);
    for (const [path, verdict] of then)
      if (today.has(path)) expect([path, verdict]).toEqual([path, today.get(path)]);
  });
});
