import { describe, expect, test } from 'vitest';
import { withPrices } from '../../../src/core/policy/path/prices.ts';
import { networkPolicy, pod, service } from '../../helpers/builders.ts';
import { askedWorld } from './ends/world.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db', labels: { app: 'db', ring: 'inner' } });
const dbService = service({
  clusterIPs: ['10.100.7.7'],
  ports: [{ port: 80, targetPort: 5432, protocol: 'TCP' }],
});
const same = service({ clusterIPs: ['10.100.7.7'] });
const out = (...egress: object[]) =>
  networkPolicy({
    name: 'web',
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress },
  });
const toPods = (labels: Record<string, string>, port?: number) => ({
  to: [{ podSelector: { matchLabels: labels } }],
  ...(port === undefined ? {} : { ports: [{ port }] }),
});

const verdict = (policy: ReturnType<typeof out>, to: string, port: string, services = [dbService]) =>
  askedWorld({ pods: [web, db], services, policies: [policy], enforcer: 'aws-vpc-cni' }).ask('web', to, port)
    .verdict;

describe('egress to a Service on the AWS VPC CNI (ENF-33)', () => {
  test('is admitted by the selector of the Service, not by other labels of its pods', () => {
    expect(verdict(out(toPods({ ring: 'inner' })), 'svc/db', '80')).toMatchObject({
      verdict: 'deny',
      egress: {
        summary: 'web admits ring=inner, not svc/db, which selects app=db',
        nearMisses: [{ edit: { text: 'add app=db to rule 1' } }],
      },
    });
    expect(verdict(out(toPods({ ring: 'inner' })), 'db', '5432').verdict).toBe('allow');
    expect(verdict(out(toPods({ app: 'db' })), 'svc/db', '80').verdict).toBe('allow');
    expect(verdict(out(toPods({})), '10.100.7.7', '80').verdict).toBe('allow');
  });

  test('has edits without a price, which is made of paths between pods', () => {
    const policies = [out(toPods({ ring: 'inner' }))];
    const world = askedWorld({ pods: [web, db], services: [dbService], policies, enforcer: 'aws-vpc-cni' });
    const answer = world.ask('web', 'svc/db', '80');
    expect(withPrices(world.engine, answer)).toBe(answer);
    expect(answer.verdict.egress.nearMisses[0]?.edit).toBeDefined();
  });

  test('is admitted by the port of the pods, where the Service has the same', () => {
    expect(verdict(out(toPods({ app: 'db' }, 5432)), 'svc/db', '5432', [same]).verdict).toBe('allow');
    expect(verdict(out(toPods({ app: 'db' }, 1)), 'svc/db', '5432', [same]).verdict).toBe('deny');
    expect(verdict(out(toPods({ app: 'db' }, 5432)), 'svc/db', '80')).toMatchObject({
      verdict: 'undecidable',
      egress: { summary: expect.stringContaining('leads to another port of the pods') },
    });
  });

  test('is admitted by its address and its own port', () => {
    const block = (port: number) => out({ to: [{ ipBlock: { cidr: '10.100.0.0/16' } }], ports: [{ port }] });
    expect(verdict(block(80), 'svc/db', '80').verdict).toBe('allow');
    expect(verdict(block(5432), 'svc/db', '80').verdict).toBe('deny');
    expect(verdict(out({ ports: [{ port: 80 }] }), 'svc/db', '80').verdict).toBe('allow');
    expect(verdict(out({ ports: [{ port: 5432 }] }), 'svc/db', '80').verdict).toBe('deny');
    expect(verdict(out({ ports: [{ port: 'pg' }] }), 'svc/db', '80').verdict).toBe('deny');
  });

  test('to a headless one is to its pods', () => {
    const headless = service({ headless: true, clusterIPs: [] });
    expect(verdict(out(toPods({ ring: 'inner' })), 'svc/db', '5432', [headless]).verdict).toBe('allow');
  });

  test('is judged at the pods by everybody else', () => {
    const policies = [out(toPods({ ring: 'inner' }, 5432))];
    const { ask } = askedWorld({ pods: [web, db], services: [dbService], policies, enforcer: 'calico' });
    expect(ask('web', 'svc/db', '80').verdict.verdict).toBe('allow');
  });
});
