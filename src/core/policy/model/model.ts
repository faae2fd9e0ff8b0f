/* Policies, verdicts and sets of connections as everything above decides and explains them. */

export {
  ALL_PORTS,
  appendRange,
  both,
  byProtocol,
  type Connections,
  EVERYTHING,
  either,
  holdsPort,
  isEverything,
  isNothing,
  NOTHING,
  onePort,
  type PortRange,
  portsText,
  rangesText,
  without,
} from './connections.ts';
export { icmpTypeOf, icmpTypeText, LAST_ICMP_TYPE } from './icmp.ts';
export {
  type Direction,
  type ForeignObject,
  isAccountKey,
  type NamespaceMatch,
  type OmittedField,
  originOf,
  type Peer,
  type PodMatch,
  type Policy,
  type PolicyChange,
  type PolicyRef,
  type PortMatch,
  type Reading,
  type Rule,
  type RuleAction,
  type ServiceMatch,
  type Tier,
  unprefixed,
} from './policy.ts';
export type { PatchStep, RuleChange, RuleEdit, RulePlace } from './rule-edit.ts';
export type {
  Decider,
  Decision,
  End,
  EndName,
  Half,
  IsolationChange,
  NearMiss,
  PairChange,
  Query,
  Verdict,
} from './verdict.ts';
