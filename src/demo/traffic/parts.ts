import type { WireFlow, WirePolicy } from '../../hubble/wire/wire.ts';
import type { Random } from '../random.ts';
import type { Connection } from './connection.ts';
import type { Mirror } from './mirror.ts';
import type { Timeline } from './timeline.ts';

/** What attempts act on. */
export type AttemptParts = {
  readonly mirror: Mirror;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly publish: (flows: readonly WireFlow[]) => void;
};

/** A Service that a connection goes through. */
export type Through = {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
};

/** What a proxy makes of a connection: the policy that sends it there, and the HTTP request that it sees. */
export type Proxied = { readonly by: WirePolicy; readonly http?: string };

/** One connection that is tried. `through`: by a Service's address. */
export type Attempt = Connection & { readonly through?: Through; readonly proxied?: Proxied };
