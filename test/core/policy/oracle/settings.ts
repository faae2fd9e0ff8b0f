export type Known = 'yes' | 'no' | 'unknown';

/** An enforcer as the oracle knows it, from the rules and the documents that `enforcers/` names. */
export type Settings = {
  readonly name: string;
  readonly cilium: boolean;
  /** Cilium 1.20 rather than 1.19. */
  readonly since120: boolean;
  readonly mode: 'default' | 'always' | 'never';
  readonly cidrModes: readonly string[];
  readonly labels: string;
  /** Whether the own node needs a rule. */
  readonly nodeByRule: boolean;
  readonly hostIsNode: boolean;
  readonly blocks: Known;
  readonly endPort: Known;
  readonly sctp: Known;
  readonly sidecars: Known;
  readonly kinds: Readonly<Record<string, 'yes' | 'no' | 'maybe'>>;
  readonly foreign: readonly { readonly kind: string; readonly namespace?: string }[];
};

const KINDS = [
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
] as const;
const [NP, CNP, CCNP, ANP, BANP, ALPHA2] = KINDS;

type Row = Pick<Settings, 'blocks' | 'endPort' | 'sctp' | 'sidecars'> & {
  readonly yes: readonly string[];
  readonly maybe: readonly string[];
};

const OPEN = { blocks: 'unknown', endPort: 'unknown', sctp: 'unknown', sidecars: 'unknown' } as const;
const CALICO = { blocks: 'yes', endPort: 'yes', sctp: 'unknown' } as const;
const CILIUM = { blocks: 'no', endPort: 'yes', sctp: 'yes', sidecars: 'no' } as const;

/** What is said of each enforcer: ranges against pods, endPort, SCTP, names of sidecars, and the kinds. */
const ROWS: Readonly<Record<string, Row>> = {
  spec: { blocks: 'yes', endPort: 'yes', sctp: 'yes', sidecars: 'yes', yes: KINDS, maybe: [] },
  'cilium-1.19': { ...CILIUM, yes: [NP, CNP, CCNP], maybe: [] },
  'cilium-1.20': { ...CILIUM, yes: [NP, CNP, CCNP], maybe: [] },
  calico: { ...CALICO, sidecars: 'unknown', yes: [NP], maybe: [ANP, BANP, ALPHA2] },
  'calico-3.28': { ...CALICO, sidecars: 'no', yes: [NP], maybe: [] },
  'calico-3.30': { ...CALICO, sidecars: 'yes', yes: [NP, ANP, BANP], maybe: [] },
  'calico-3.32': { ...CALICO, sidecars: 'yes', yes: [NP, ALPHA2], maybe: [] },
  'kube-router': { ...OPEN, endPort: 'yes', yes: [NP], maybe: [] },
  kindnet: { ...OPEN, yes: [NP], maybe: [ANP, BANP, ALPHA2] },
  'ovn-kubernetes': { ...OPEN, sctp: 'yes', yes: [NP], maybe: [ANP, BANP] },
  antrea: { ...OPEN, yes: [NP], maybe: [ANP, BANP] },
  'aws-vpc-cni': { ...OPEN, yes: [NP], maybe: [] },
  none: { ...OPEN, yes: [NP], maybe: [CNP, CCNP, ANP, BANP, ALPHA2] },
  unknown: { ...OPEN, yes: [NP], maybe: [CNP, CCNP, ANP, BANP, ALPHA2] },
};

/** The enforcers that have a row, as `--enforcer` takes them. */
export const ENFORCER_ROWS: readonly string[] = Object.keys(ROWS);

/** How an enforcer is set: keys of `cilium-config`, and assumptions of the command line. */
export function settingsOf(
  name: string,
  config: Readonly<Record<string, string>>,
  assume: readonly string[],
  foreign: Settings['foreign'],
): Settings {
  const row = ROWS[name];
  if (row === undefined) throw new Error(`the oracle does not know ${name}`);
  const cilium = name.startsWith('cilium');
  const since120 = name === 'cilium-1.20';
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, row.yes.includes(kind) ? 'yes' : row.maybe.includes(kind) ? 'maybe' : 'no']),
  ) as Record<string, 'yes' | 'no' | 'maybe'>;
  if (config['enable-k8s-networkpolicy'] === 'false') kinds[NP] = 'no';
  if (config['enable-cilium-clusterwide-network-policy'] === 'false') kinds[CCNP] = 'no';
  if (cilium)
    kinds[ALPHA2] = since120 && config['enable-k8s-cluster-network-policy'] === 'true' ? 'yes' : 'no';
  const assumed = new Map(assume.map((text) => text.split('=') as [string, string]));
  for (const [key, value] of assumed) {
    if (key === 'enforces') kinds[value] = 'yes';
    if (key === 'ignores') kinds[value] = 'no';
  }
  const known = (key: string, standard: Known): Known => {
    const value = assumed.get(key);
    if (value === 'unknown') return value;
    return value === 'true' ? 'yes' : value === 'false' ? 'no' : standard;
  };
  const mode = config['enable-policy'];
  return {
    name,
    cilium,
    since120,
    mode: mode === 'always' || mode === 'never' ? mode : 'default',
    // `pods` came with 1.20 (CIL-11).
    cidrModes: (config['policy-cidr-match-mode'] ?? '')
      .split(',')
      .filter((item) => item !== 'pods' || since120),
    labels: config.labels ?? '',
    nodeByRule: config['allow-localhost'] === 'policy',
    hostIsNode: cilium || name.startsWith('calico') || name === 'ovn-kubernetes',
    blocks: known('ipblock-matches-pods', row.blocks),
    endPort: known('end-port', row.endPort),
    sctp: known('sctp', row.sctp),
    sidecars: row.sidecars,
    kinds,
    foreign,
  };
}

/** Foreign policies that leave a half open: those of the pod's namespace, those that only deny where it is not denied. */
export function isBlurred(
  { foreign }: Settings,
  namespace: string,
  answer: string,
  leavesPods: boolean,
): boolean {
  return foreign.some(
    ({ namespace: own, kind }) =>
      (own === undefined || own === namespace) &&
      (answer !== 'deny' || !/Authorization|Firewall/.test(kind)) &&
      (leavesPods || !kind.includes('Firewall')),
  );
}
