import { blankPeers } from './blank-peers.ts';
import type { Lint } from './context.ts';
import { denyIsolates } from './deny-isolates.ts';
import { fqdnWithoutDnsRule } from './fqdn-without-dns-rule.ts';
import { ignoredLabels } from './ignored-labels.ts';
import { invalid } from './invalid.ts';
import { ipBlockForPods } from './ipblock-for-pods.ts';
import { l7Widened } from './l7-widened.ts';
import { namedPortAmbiguous } from './named-port-ambiguous.ts';
import { namedPortUndeclared } from './named-port-undeclared.ts';
import { noDns } from './no-dns.ts';
import { noEffect } from './no-effect.ts';
import { notEnforced } from './not-enforced.ts';
import { oneDash } from './one-dash.ts';
import { peerMatchesNothing } from './peer-matches-nothing.ts';
import { policyTypesDefault } from './policy-types-default.ts';
import { priorityTie } from './priority-tie.ts';
import { ruleMatchesNothing } from './rule-matches-nothing.ts';
import { selectsNothing } from './selects-nothing.ts';
import { servicesFindNothing } from './services-find-nothing.ts';
import { shadowedRule } from './shadowed-rule.ts';
import { unlistedSection } from './unlisted-section.ts';

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
