import type { SessionState } from '../../src/session/session.ts';
import { compact, type Line, span } from '../text/text.ts';

/**
 * The traffic source and its state: `hubble ● 3/3 nodes 38/s`, `hubble ✗ failed: …`. `short` omits reasons, and the node
 * count while all nodes are connected.
 */
export function trafficSpans({ traffic, rate }: SessionState, short = false): Line {
  if (traffic.source === 'none') return [span('no traffic source', 'warn')];
  const { source, status, detail, nodes } = traffic;
  switch (status) {
    case 'live': {
      const missing = nodes !== undefined && nodes.connected < nodes.total;
      const seen =
        nodes === undefined || (short && !missing) ? '' : ` ${nodes.connected}/${nodes.total} nodes`;
      return [
        span(`${source} `),
        span('●', missing ? 'warn' : 'good'),
        span(seen, missing ? 'warn' : 'plain'),
        span(` ${compact(rate)}/s`),
      ];
    }
    case 'connecting':
      return [span(`${source} ◌ connecting`, 'warn')];
    case 'reconnecting':
      return [span(`${source} ◌ reconnecting${short ? '' : `: ${detail}`}`, 'warn')];
    case 'failed':
      return [span(`${source} ✗ failed${short ? '' : `: ${detail}`}`, 'bad')];
    case 'off':
      return [span(`${source} off`, 'faint')];
  }
}
