import {
  blankPeers,
  denyIsolates,
  fqdnWithoutDnsRule,
  ignoredLabels,
  l7Widened,
  servicesFindNothing,
} from './cilium-rules.ts';
import type { Lint } from './context.ts';
import {
  invalid,
  noDns,
  noEffect,
  notEnforced,
  policyTypesDefault,
  priorityTie,
  unlistedSection,
} from './effect.ts';
import { namedPortAmbiguous, namedPortUndeclared } from './named-ports.ts';
import {
  ipBlockForPods,
  oneDash,
  peerMatchesNothing,
  ruleMatchesNothing,
  selectsNothing,
} from './selectors.ts';
import { shadowedRule } from './shadowed-rule.ts';

/** Every lint. To add one, write a function next to related ones and add a line here. */
export const LINTS: readonly Lint[] = [
  invalid,
  notEnforced,
  oneDash,
  selectsNothing,
  peerMatchesNothing,
  ruleMatchesNothing,
  ignoredLabels,
  ipBlockForPods,
  namedPortUndeclared,
  namedPortAmbiguous,
  policyTypesDefault,
  unlistedSection,
  noDns,
  shadowedRule,
  noEffect,
  priorityTie,
  servicesFindNothing,
  blankPeers,
  denyIsolates,
  fqdnWithoutDnsRule,
  l7Widened,
];
