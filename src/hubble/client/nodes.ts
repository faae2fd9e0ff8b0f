import { safeText } from '../../core/common/common.ts';
import type { DecodedResponse, NodeState, WireNode } from '../wire/wire.ts';
import { versionIn } from './version.ts';

type NodeStatus = NonNullable<DecodedResponse['node_status']>;

/** The nodes behind a server. */
export type NodeBook = {
  /** Processes a response of GetNodes. */
  list(nodes: readonly WireNode[]): void;
  /** Processes an event of the stream. */
  note(event: NodeStatus): void;
  /** Called for a flow from a node, which proves that the stream includes it. */
  heard(node: string): void;
  /** Resets the per-stream state when a new stream starts. */
  restart(): void;
  counts(): { readonly connected: number; readonly total: number };
  /** The version of the first node that reports one. */
  version(): string | undefined;
  /** Why nodes are missing, as a phrase; undefined if none are. */
  trouble(): string | undefined;
  /**
   * Whether a node is up that this stream does not include: Relay does not reconnect to a failed node, and before 1.18
   * never looks for new ones (HUB-6). Call once per list.
   */
  isStreamStale(): boolean;
};

const CONNECTED = 1;
const GONE = 3;

const STATES: Readonly<Record<NodeState, number>> = {
  UNKNOWN_NODE_STATE: 0,
  NODE_CONNECTED: CONNECTED,
  NODE_UNAVAILABLE: 2,
  NODE_GONE: GONE,
  NODE_ERROR: 4,
};

/** Number of lists in which a node must be connected but silent before the stream counts as stale. */
const PATIENCE = 2;

/** How often a stream is reopened because of one node. */
const FAVOURS = 2;

type Known = { state: number; message: string; inStream: boolean; missed: number; favours: number };

export function createNodeBook(): NodeBook {
  const nodes = new Map<string, Known>();
  let version: string | undefined;

  function know(name: string): Known {
    const clean = safeText(name);
    const found = nodes.get(clean);
    if (found !== undefined) return found;
    const fresh = { state: 0, message: '', inStream: false, missed: 0, favours: 0 };
    nodes.set(clean, fresh);
    return fresh;
  }

  return {
    list(listed) {
      const names = new Set(listed.map(({ name = '' }) => safeText(name)));
      for (const name of nodes.keys()) if (!names.has(name)) nodes.delete(name);
      for (const { name = '', state = 0, version: said = '' } of listed) {
        version ??= versionIn(said);
        const node = know(name);
        node.state = typeof state === 'number' ? state : STATES[state];
        node.missed = node.state === CONNECTED && !node.inStream ? node.missed + 1 : 0;
      }
    },
    note({ state_change: state, node_names: names, message }) {
      for (const name of names) {
        const node = know(name);
        node.state = state;
        node.message = safeText(message);
        node.inStream = state === CONNECTED;
        if (state === CONNECTED) node.missed = 0;
        if (state === GONE) nodes.delete(safeText(name));
      }
    },
    heard(name) {
      const node = nodes.get(name);
      if (node === undefined) return;
      node.inStream = true;
      node.missed = 0;
    },
    restart() {
      for (const node of nodes.values()) {
        if (isMissed(node)) node.favours += 1;
        node.inStream = false;
        node.missed = 0;
      }
    },
    counts() {
      const states = [...nodes.values()];
      return {
        connected: states.filter(({ state }) => state === CONNECTED).length,
        total: states.length,
      };
    },
    version: () => version,
    trouble() {
      const missing = [...nodes].filter(([, { state }]) => state !== CONNECTED && state !== 0);
      const [first] = missing;
      if (first === undefined) return undefined;
      const [name, { message }] = first;
      const others = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
      return `${name}${others} not connected${message === '' ? '' : ` (${message})`}`;
    },
    isStreamStale: () => [...nodes.values()].some(isMissed),
  };
}

function isMissed({ missed, favours }: Known): boolean {
  return missed >= PATIENCE && favours < FAVOURS;
}
