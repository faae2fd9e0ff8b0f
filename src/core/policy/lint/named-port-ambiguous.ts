import { type Lint, placedRules } from './context.ts';

/** A name with two numbers somewhere makes an egress rule match nothing on Cilium 1.19 (CIL-17). */
export const namedPortAmbiguous: Lint = {
  id: 'named-port-ambiguous',
  title: 'a port name of an egress rule stands for several numbers',
  source:
    'Cilium policy engine 1.19: names of egress ports are looked up over all pods; 1.20 looks at each destination',
  severity: 'error',
  *check(context, policy) {
    const { dialect, world } = context;
    if (dialect.namedEgressPorts !== 'cluster') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (direction !== 'egress' || rule.ports === 'any') continue;
      for (const port of rule.ports) {
        if (port.type !== 'named' || world.matching.clusterPort(port.name, port.protocol) !== 'several')
          continue;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names the port ${port.name}, which pods of this cluster declare with different numbers: it matches nothing here.`,
          fix: 'Write the number instead of the name.',
        };
      }
    }
  },
};
