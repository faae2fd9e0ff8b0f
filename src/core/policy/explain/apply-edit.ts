import { assertNever } from '../../common/common.ts';
import type { Policy, Reading, Rule, RuleEdit } from '../model/model.ts';

/** A policy with an edit applied; the policy itself is unchanged. */
export function applyEdit(policy: Policy, edit: RuleEdit): Policy {
  const { part, direction } = edit;
  if (policy.parts !== undefined) {
    const parts = policy.parts.map((reading, at) => (at === part ? edited(reading, edit) : reading));
    return { ...policy, parts };
  }
  // Rules that policyTypes leaves out count on Cilium, and are the only ones of their direction.
  const listed = policy[direction];
  if (listed.length === 0 && policy.unlisted !== undefined && policy.unlisted[direction].length > 0) {
    const rules = changed(policy.unlisted[direction], edit);
    return { ...policy, unlisted: { ...policy.unlisted, [direction]: rules } };
  }
  return { ...policy, ...edited(policy, edit) };
}

function edited(reading: Reading, edit: RuleEdit): Reading {
  return { ...reading, [edit.direction]: changed(reading[edit.direction], edit) };
}

function changed(rules: readonly Rule[], edit: RuleEdit): readonly Rule[] {
  const rule = rules[edit.index];
  if (rule === undefined) return rules;
  return rules.flatMap((item, at) => (at === edit.index ? rulesAfter(rule, edit) : [item]));
}

function rulesAfter(rule: Rule, edit: RuleEdit): readonly Rule[] {
  switch (edit.type) {
    case 'add-port': {
      const { protocol, port } = edit;
      const more = { type: 'range', protocol, from: port, to: port } as const;
      return [{ ...rule, ports: rule.ports === 'any' ? 'any' : [...rule.ports, more] }];
    }
    case 'add-peer':
      return [{ ...rule, peers: rule.peers === 'any' ? 'any' : [...rule.peers, edit.peer] }];
    case 'add-rule': {
      const { peer, protocol, port } = edit;
      const ports = [{ type: 'range', protocol, from: port, to: port }] as const;
      return [rule, { action: 'allow', peers: peer === 'any' ? 'any' : [peer], ports }];
    }
    default:
      return assertNever(edit);
  }
}
