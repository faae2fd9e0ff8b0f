import { expect, test } from 'vitest';
import { dialectOf } from '../../../src/core/policy/dialect.ts';
import type { Decision, Half, Verdict } from '../../../src/core/policy/verdict.ts';
import type { ProbeResult } from '../../../src/core/ports.ts';
import { readAs } from '../../../src/probe/connect/read-as.ts';

const half = (verdict: Decision, summary: string): Half => ({
  verdict,
  isolated: verdict === 'deny',
  deciders: [],
  nearMisses: [],
  cannotOpen: [],
  summary,
});
const verdict = (egress: Decision, ingress: Decision): Verdict => ({
  verdict: egress === 'deny' || ingress === 'deny' ? 'deny' : egress,
  egress: half(egress, 'web-egress admits api, not db'),
  ingress: half(ingress, 'db-from-api admits api, not web'),
  assumptions: [],
});
const DENIED = verdict('allow', 'deny');
const ALLOWED = verdict('allow', 'allow');
const result = (outcome: ProbeResult['outcome'], how = 'nc -z'): ProbeResult => ({
  outcome,
  how,
  milliseconds: 3,
});
const calico = dialectOf('calico');

test('open is open, and a contradiction when the policies deny', () => {
  expect(readAs(result('open'), calico, ALLOWED)).toBe('Open, as the policies say.');
  expect(readAs(result('open'), calico)).toBe('Open now.');
  expect(readAs(result('open'), calico, DENIED)).toMatch(
    /^Open, although ingress: db-from-api admits api, not web: the policy is not enforced here/,
  );
});

test('silence is put down to policy only when the policies deny', () => {
  expect(readAs(result('timeout'), calico, DENIED)).toBe(
    'Dropped on the way, as the policies say: ingress: db-from-api admits api, not web.',
  );
  expect(readAs(result('timeout'), calico, verdict('deny', 'deny'))).toContain('egress: web-egress');
  expect(readAs(result('timeout'), calico, ALLOWED)).toMatch(/^No answer, although the policies allow it/);
  expect(readAs(result('timeout'), calico)).not.toContain('polic');
});

test('a refusal is policy where the enforcer rejects, and nothing listening elsewhere', () => {
  expect(readAs(result('refused'), dialectOf('kube-router'), DENIED)).toMatch(/^Refused by policy/);
  expect(readAs(result('refused'), dialectOf('kube-router'), ALLOWED)).toMatch(
    /kube-router refuses what it denies/,
  );
  expect(readAs(result('refused'), dialectOf('cilium'), DENIED)).toContain('policyDenyResponse');
  expect(readAs(result('refused'), calico, DENIED)).toMatch(/nothing listens there\.$/);
  expect(readAs(result('refused'), calico, ALLOWED)).toMatch(/the path is open, but nothing listens there/);
});

test('a name that does not resolve says nothing about the path', () => {
  expect(readAs(result('dns-failure'), calico, DENIED)).toContain('the path itself was not tried');
});

test('what is not known says why', () => {
  expect(readAs(result('unknown', 'python3: no reply in 3 s'), calico, ALLOWED)).toBe(
    'Not known: python3: no reply in 3 s.',
  );
});
