import {
  blankPeers,
  denyIsolates,
  fqdnWithoutDnsRule,
  ignoredLabels,
  l7Widened,
  misplacedField,
  servicesFindNothing,
} from './cilium-rules.ts';
import type { Lint } from './context.ts';
import {
  clientAddress,
  dnsCache,
  enforcersDiffer,
  hbonePort,
  oneFamily,
  serviceSelector,
} from './dialects.ts';
import {
  egressShut,
  invalid,
  noDns,
  noEffect,
  notEnforced,
  policyTypesDefault,
  priorityTie,
  unlistedSection,
} from './effect.ts';
import { namedPortAmbiguous, namedPortUndeclared } from './named-ports.ts';
import { namespaceLabel } from './namespace-label.ts';
import {
  ipBlockForPods,
  oneDash,
  peerMatchesNothing,
  ruleMatchesNothing,
  selectsNothing,
} from './selectors.ts';
import { serviceAddress, servicePort } from './services.ts';
import { shadowedRule } from './shadowed-rule.ts';
import { peerUndone } from './undone.ts';

/** Every lint. To add one, write a function next to related ones and add a line here. */
export const LINTS: readonly Lint[] = [
  invalid,
  misplacedField,
  notEnforced,
  oneDash,
  selectsNothing,
  peerMatchesNothing,
  namespaceLabel,
  ruleMatchesNothing,
  peerUndone,
  servicePort,
  serviceAddress,
  serviceSelector,
  clientAddress,
  hbonePort,
  ignoredLabels,
  ipBlockForPods,
  enforcersDiffer,
  namedPortUndeclared,
  namedPortAmbiguous,
  policyTypesDefault,
  unlistedSection,
  egressShut,
  noDns,
  dnsCache,
  oneFamily,
  shadowedRule,
  noEffect,
  priorityTie,
  servicesFindNothing,
  blankPeers,
  denyIsolates,
  fqdnWithoutDnsRule,
  l7Widened,
];
