import { serviceStands } from '../cilium/services.ts';
import { shortPeerText } from '../explain/text.ts';
import { type Lint, placedRules } from './context.ts';

/** toServices that stands for nothing: with ports it opens them to anybody (CIL-12). */
export const servicesFindNothing: Lint = {
  id: 'services-find-nothing',
  title: 'toServices finds no service',
  source: 'Cilium policy engine 1.19 and 1.20; cilium #20067',
  severity: 'error',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of rule.peers === 'any' ? [] : rule.peers) {
        if (peer.type !== 'services' || serviceStands(context.model, peer.services)) continue;
        yield {
          direction,
          ruleIndex: index,
          text: peer.orAnybody
            ? `Rule ${index + 1} names ${shortPeerText(peer)}, which finds no service with endpoints: Cilium then opens its ports to any peer, the world included.`
            : `Rule ${index + 1} names ${shortPeerText(peer)}, which finds no service with endpoints: it admits nothing.`,
          fix: 'Correct the name and namespace of the service, or use toEndpoints.',
        };
      }
    }
  },
};
