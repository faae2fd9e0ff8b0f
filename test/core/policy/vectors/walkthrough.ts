import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { judged, type Outcome } from './suite.ts';
import { podNamed, worldOf } from './world.ts';

/** One explained verdict of the walkthrough: `demo/deployment/a -> demo/pod/b:80 (TCP)`. */
export type WalkthroughCheck = {
  readonly traffic: string;
  readonly verdict: 'Allowed' | 'Denied';
  readonly ingress: string;
};

/** The source that the walkthrough describes by labels alone. */
const NGINX = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo2', labels: { development: 'true' } } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'demo2', name: 'nginx', labels: { app: 'nginx' } },
  },
];

const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\] (?:Allow|Allowed) /, 'allow'],
  [/\[ANP\] Pass /, 'pass'],
  [/\[NPv1\] Dropped /, 'isolate'],
  [/\[BANP\] Deny /, 'deny'],
];

/** Compares the verdict and the chain of tiers that led to it. */
export function runWalkthrough(documents: readonly unknown[], check: WalkthroughCheck): Outcome {
  const { model, engine } = worldOf([...documents, ...NGINX], dialectOf('spec'));
  const [, from = '', to = '', port = ''] = /^(\S+) -> (\S+):(\d+) /.exec(check.traffic) ?? [];
  const verdict = verdictOf(engine, {
    from: { type: 'pod', pod: podNamed(model, nameOf(from)) },
    to: { type: 'pod', pod: podNamed(model, nameOf(to)) },
    port: Number(port),
    protocol: 'TCP',
  });
  const wanted = check.ingress
    .split(' -> ')
    .flatMap((step) => ACTIONS.flatMap(([text, action]) => (text.test(step) ? [action] : [])));
  const got = verdict.ingress.deciders.map(({ action }) => action);
  return judged([
    ...(verdict.verdict === (check.verdict === 'Allowed' ? 'allow' : 'deny')
      ? []
      : [`verdict ${verdict.verdict}`]),
    ...(got.join() === wanted.join() ? [] : [`chain ${got.join()}, expected ${wanted.join()}`]),
  ]);
}

function nameOf(text: string): string {
  const [namespace, ...rest] = text.split('/');
  return text.includes('[app=nginx]') ? 'demo2/nginx' : `${namespace}/${rest[rest.length - 1]}`;
}
