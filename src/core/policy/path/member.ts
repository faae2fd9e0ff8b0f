import type { IpRange } from '../../cluster/ip.ts';
import type { Node, Pod } from '../../cluster/objects.ts';
import type { PortRange } from '../model/connections.ts';

/** What an end is made of: a pod (at one of its addresses), one address of a node, or addresses outside. */
export type Member =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ip?: string }
  | { readonly type: 'node'; readonly node: Node; readonly ip: string }
  | { readonly type: 'range'; readonly range: IpRange };

/** A member as a destination: the ports there that the ports asked for lead to; of ICMP, the types. */
export type Target = { readonly member: Member; readonly ports: readonly PortRange[] };

/** What is to be said of an end besides its members. */
export type EndTraits = {
  readonly name: string;
  /** Only one of the members is meant, and nobody knows which: why. */
  readonly oneOf?: string;
  /** The DNS name that the addresses stand for. */
  readonly dns?: string;
  /** A pod that is at both ends reaches itself through a Service. */
  readonly viaService?: boolean;
  /** Sentences that hold whatever the verdict. */
  readonly notes: readonly string[];
};

export type Source = EndTraits & { readonly members: readonly Member[] };
export type Destination = EndTraits & { readonly targets: readonly Target[] };
