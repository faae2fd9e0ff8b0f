import type { Protocol } from '../../../../src/core/cluster/objects.ts';
import { type ClusterModel, createClusterModel } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { assume } from '../../../../src/core/policy/enforcers/assume.ts';
import { withCiliumConfig } from '../../../../src/core/policy/enforcers/cilium.ts';
import { dialectOf, parseEnforcer } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { manifestEvents } from '../../../../src/core/policy/kinds/read-manifests.ts';
import type { ForeignObject } from '../../../../src/core/policy/model/policy.ts';
import type { End, Verdict } from '../../../../src/core/policy/model/verdict.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';

type Spec = Readonly<Record<string, unknown>>;

/** A policy by the short name of its kind: `np: {on: db, ingress: []}`. */
export type ShortPolicy = Readonly<Partial<Record<ShortKind, Spec>>>;
type ShortKind = 'np' | 'cnp' | 'ccnp' | 'anp' | 'banp' | 'cluster';

/** One rule tried: what is in force, and one line for each question. */
export type Case = ShortPolicy & {
  /** Ids of the rules that it shows, as docs/rules defines them. */
  readonly rule: string | readonly string[];
  readonly title: string;
  /** As `--enforcer` takes it; the file's when absent. */
  readonly enforcer?: string;
  /** Keys of `cilium-config`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** As `--assume` takes them. */
  readonly assume?: readonly string[];
  /** Objects beside those of `world.yaml`; of namesakes these count. */
  readonly objects?: readonly Spec[];
  readonly policies?: readonly ShortPolicy[];
  readonly foreign?: readonly ForeignObject[];
  readonly unreadable?: readonly string[];
  /** Part of what is said of the first policy. */
  readonly problem?: string;
  /** `web -> db:80 allow`, `web -> db:514/udp undecidable: part of the reason`. */
  readonly ask: readonly string[];
};

/** A question and its answer. */
export type Line = { readonly text: string; readonly want: string; readonly reason: string | undefined };

const KINDS: Readonly<Record<ShortKind, { readonly apiVersion: string; readonly kind: string }>> = {
  np: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  cnp: { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' },
  ccnp: { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy' },
  anp: { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'AdminNetworkPolicy' },
  banp: { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'BaselineAdminNetworkPolicy' },
  cluster: { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy' },
};
const SHORT_KINDS = Object.keys(KINDS) as readonly ShortKind[];

/** The rules of a case as a list. */
export function rulesOf({ rule }: Case): readonly string[] {
  return typeof rule === 'string' ? [rule] : rule;
}

/** The questions of a case. */
export function linesOf({ ask }: Case): readonly Line[] {
  return ask.map((text) => {
    const [, want = '', reason] = / (allow|deny|undecidable)(?:: (.*))?$/.exec(text) ?? [];
    return { text, want, reason };
  });
}

/** An engine over the world with the case's policies in force. */
export function engineFor(world: readonly unknown[], enforcer: string, asked: Case): Engine {
  const { name, version } = parseEnforcer(asked.enforcer ?? enforcer);
  const standard = dialectOf(name, version);
  const dialect = withCiliumConfig(standard, asked.settings ?? {});
  const model = createClusterModel();
  const documents = [
    ...world,
    ...(asked.objects ?? []),
    ...[asked, ...(asked.policies ?? [])].flatMap(documentsOf),
  ];
  for (const event of manifestEvents(documents)) model.apply(event);
  const engine = createEngine(model, (asked.assume ?? []).reduce(assume, dialect));
  engine.setForeign(asked.foreign ?? []);
  engine.setUnreadable(asked.unreadable ?? []);
  return engine;
}

/** `on: db` selects app=db as the kind writes it; `name`, `namespace`, `status` and `specs` are the object's. */
function documentsOf(short: ShortPolicy): readonly Spec[] {
  return SHORT_KINDS.flatMap((key) => {
    const given = short[key];
    if (given === undefined) return [];
    const { name = `the-${key}`, namespace, on, status, specs, ...spec } = given;
    const isNamespaced = key === 'np' || key === 'cnp';
    const metadata = {
      name: key === 'banp' ? 'default' : name,
      ...(isNamespaced ? { namespace: namespace ?? 'shop' } : {}),
    };
    const body = specs === undefined ? { spec: { ...subjectOf(key, on), ...spec } } : { specs };
    return [{ ...KINDS[key], metadata, ...body, ...(status === undefined ? {} : { status }) }];
  });
}

function subjectOf(key: ShortKind, on: unknown): Spec {
  const labels = typeof on === 'string' ? { matchLabels: { app: on } } : undefined;
  if (key === 'np') return labels === undefined ? {} : { podSelector: labels };
  if (key === 'cnp' || key === 'ccnp') return labels === undefined ? {} : { endpointSelector: labels };
  const pods = { namespaceSelector: {}, podSelector: labels ?? {} };
  return labels === undefined ? {} : { subject: { pods } };
}

const PLACES: Readonly<Record<string, string>> = {
  outside: '203.0.113.9',
  'node-a': '192.168.0.1',
  'node-b': '192.168.0.2',
};

/** What the engine answers to a line. */
export function answerTo(engine: Engine, text: string): Verdict {
  const [, from = '', to = '', port = '', protocol = 'tcp'] =
    /^(\S+) -> (\S+):(\d+)(?:\/(\w+))? /.exec(text) ?? [];
  return verdictOf(engine, {
    from: endOf(engine.model, from),
    to: endOf(engine.model, to),
    port: Number(port),
    protocol: protocolOf(protocol),
  });
}

function endOf(model: ClusterModel, text: string): End {
  if (text === 'health' || text === 'ingress') return { type: 'ip', ip: '10.255.255.1', reserved: text };
  const ip = PLACES[text] ?? (/^[\d.]+$|^\[.*\]$/.test(text) ? text.replace(/[[\]]/g, '') : undefined);
  if (ip !== undefined) return { type: 'ip', ip };
  const [, namespace = 'shop', name = text] = /^(\w+)\/(.*)$/.exec(text) ?? [];
  const pod = model.pod(namespace, name);
  if (pod === undefined) throw new Error(`no pod ${text} in world.yaml`);
  return { type: 'pod', pod };
}

function protocolOf(text: string): Protocol {
  const protocol = (['TCP', 'UDP', 'SCTP'] as const).find((name) => name === text.toUpperCase());
  if (protocol === undefined) throw new Error(`no protocol ${text}`);
  return protocol;
}
