import { blankPeers } from './cilium/blank-peers.ts';
import { denyIsolates } from './cilium/deny-isolates.ts';
import { fqdnWithoutDnsRule } from './cilium/fqdn-without-dns-rule.ts';
import { invalid } from './cilium/invalid.ts';
import { l7Widened } from './cilium/l7-widened.ts';
import { servicesFindNothing } from './cilium/services-find-nothing.ts';
import type { Lint } from './context.ts';
import { noDns } from './effect/no-dns.ts';
import { noEffect } from './effect/no-effect.ts';
import { notEnforced } from './effect/not-enforced.ts';
import { policyTypesDefault } from './effect/policy-types-default.ts';
import { priorityTie } from './effect/priority-tie.ts';
import { shadowedRule } from './effect/shadowed-rule.ts';
import { unlistedSection } from './effect/unlisted-section.ts';
import { namedPortAmbiguous } from './ports/named-port-ambiguous.ts';
import { namedPortUndeclared } from './ports/named-port-undeclared.ts';
import { ignoredLabels } from './selectors/ignored-labels.ts';
import { ipBlockForPods } from './selectors/ipblock-for-pods.ts';
import { oneDash } from './selectors/one-dash.ts';
import { peerMatchesNothing } from './selectors/peer-matches-nothing.ts';
import { ruleMatchesNothing } from './selectors/rule-matches-nothing.ts';
import { selectsNothing } from './selectors/selects-nothing.ts';

/** Every lint. A new one is a file beside these and a line here. */
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
