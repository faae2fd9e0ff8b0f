import type { Protocol } from '../../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import { withCiliumConfig } from '../../../../src/core/policy/enforcers/cilium.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import type { Decision, End } from '../../../../src/core/policy/model/verdict.ts';
import { parseAskedPorts } from '../../../../src/core/policy/path/asked-ports.ts';
import { createPathJudge } from '../../../../src/core/policy/path/judge-path.ts';
import { parsePathEnd } from '../../../../src/core/policy/path/path-end.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { judged, type Outcome } from './suite.ts';
import { podNamed, worldOf } from './world.ts';

type Expected = {
  readonly verdict: Decision;
  readonly egress: { readonly verdict: Decision; readonly isolated: boolean };
  readonly ingress: { readonly verdict: Decision; readonly isolated: boolean };
};

type Flow = {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly expect: Expected;
  readonly expect120?: Expected;
  readonly mayBeUndecidable?: boolean;
};

/** A world, its policies, and what Cilium's own engine says of some flows. */
export type CiliumCase = {
  readonly world: {
    readonly namespaces: readonly unknown[];
    readonly nodes: readonly unknown[];
    readonly pods: readonly unknown[];
    readonly services: readonly unknown[];
    readonly endpointSlices: readonly unknown[];
    readonly policies: readonly { readonly metadata: { readonly name: string } }[];
    readonly settings?: Readonly<Record<string, string>>;
  };
  readonly queries: readonly Flow[];
  readonly invalid?: readonly { readonly policy: string; readonly message: string }[];
};

/** Compares every flow as both releases decide it, and which policies are refused. */
export function runCilium(data: CiliumCase): Outcome {
  return judged([...findingsOf(data, '1.19.5'), ...findingsOf(data, '1.20.2')]);
}

function findingsOf({ world, queries, invalid = [] }: CiliumCase, version: string): readonly string[] {
  const { namespaces, nodes, pods, services, endpointSlices, policies, settings = {} } = world;
  const documents = [...namespaces, ...nodes, ...pods, ...services, ...endpointSlices, ...policies];
  const { model, engine } = worldOf(documents, withCiliumConfig(dialectOf('cilium', version), settings));
  const refused = new Set(invalid.map(({ policy }) => policy.replace(/^.*[ /]/, '')));
  const findings = [...model.policies()]
    .filter(({ name, inert }) => refused.has(name) !== (inert === true))
    .map(({ name, inert, problems }) => `${name} is ${inert === true ? `refused: ${problems[0]}` : 'taken'}`);
  const judge = createPathJudge({ model, engine });
  const ask = (from: string, to: string, port: string) =>
    judge(parsePathEnd(from, 'default'), parsePathEnd(to, 'default'), parseAskedPorts(port));
  for (const flow of queries) {
    const from = endOf(model, flow.from, flow.to);
    const to = endOf(model, flow.to, flow.from);
    const got = verdictOf(engine, { from, to, port: flow.port, protocol: flow.protocol });
    const wanted = version.startsWith('1.19') ? flow.expect : (flow.expect120 ?? flow.expect);
    const asked = askedAs(flow);
    const judged = asked === undefined ? wanted.verdict : ask(...asked).verdict.verdict;
    const isSame = judged === wanted.verdict || (flow.mayBeUndecidable === true && judged === 'undecidable');
    if (!isSame) findings.push(`${version}: ${flow.from} → ${flow.to} ${flow.port} as asked: ${judged}`);
    if (agrees(got, wanted, flow.mayBeUndecidable === true)) continue;
    const what = (one: Expected) =>
      `${one.verdict} (out ${one.egress.verdict} ${one.egress.isolated}, in ${one.ingress.verdict} ${one.ingress.isolated})`;
    findings.push(
      `${version}: ${flow.from} → ${flow.to} ${flow.protocol} ${flow.port}: ${what(got)}, expected ${what(wanted)}`,
    );
  }
  return findings;
}

function agrees(got: Expected, want: Expected, mayBeUndecidable: boolean): boolean {
  const same = (a: Decision, b: Decision) => a === b || (mayBeUndecidable && a === 'undecidable');
  return (
    same(got.verdict, want.verdict) &&
    same(got.egress.verdict, want.egress.verdict) &&
    same(got.ingress.verdict, want.ingress.verdict) &&
    got.egress.isolated === want.egress.isolated &&
    got.ingress.isolated === want.ingress.isolated
  );
}

/** A flow as a user asks for it; as `world` is asked an address that no policy names. */
function askedAs({ from, to, port, protocol }: Flow): readonly [string, string, string] | undefined {
  const word = (text: string) => (text === 'world' ? '192.0.2.77' : text);
  return from === to ? undefined : [word(from), word(to), `${port}/${protocol}`];
}

/** `host` and `remote-node` are seen from the pod at the other end; `world` is an address that no policy names. */
function endOf(model: ClusterModel, text: string, other: string): End {
  if (text.includes('/')) return { type: 'pod', pod: podNamed(model, text) };
  const apiServer = model.endpoints('default', 'kubernetes');
  const nodes = [...model.nodes()];
  const own = other.includes('/') ? podNamed(model, other).node : undefined;
  const address = (found: { readonly ips: readonly string[] } | undefined) => found?.ips[0] ?? '';
  switch (text) {
    case 'health':
    case 'ingress':
      return { type: 'ip', ip: '10.255.255.1', reserved: text };
    case 'host':
      return { type: 'ip', ip: address(nodes.find(({ name }) => name === own)) };
    case 'remote-node': {
      const remote = nodes.filter(
        ({ name, ips }) => name !== own && !ips.some((ip) => apiServer.includes(ip)),
      );
      return { type: 'ip', ip: address(remote[0]) };
    }
    case 'kube-apiserver':
      return { type: 'ip', ip: apiServer[0] ?? '' };
    case 'world':
      return { type: 'ip', ip: '192.0.2.77' };
    default:
      return { type: 'ip', ip: text };
  }
}
