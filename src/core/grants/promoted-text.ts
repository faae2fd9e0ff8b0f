import { plural } from '../common/common.ts';
import { writeYaml } from '../yaml/yaml.ts';
import { type Manager, managerText } from './managers.ts';
import { formatPorts } from './names.ts';
import type { PermanentPolicy } from './permanent.ts';
import type { PathOutcome } from './promote.ts';

/** A permanent policy with what manages the objects around it. */
export type PlacedPolicy = PermanentPolicy & { readonly managers: readonly Manager[] };

/** Policies as one YAML text, with what is not in it and why as comments at its end. */
export function promotedText(policies: readonly PlacedPolicy[], paths: readonly PathOutcome[]): string {
  const texts = policies.map(policyFile);
  const rest = paths.filter(({ outcome }) => outcome !== 'needed').map((path) => comment(leftOutText(path)));
  return [texts.join('---\n'), ...rest].join('');
}

/** One policy as the text of a file: what each rule rests on, and where such files live, as comments. */
export function policyFile({ direction, manifest, rules, managers }: PlacedPolicy): string {
  const rests = rules.flatMap(({ name, ports, attempts }, index) =>
    attempts === undefined
      ? []
      : [
          `rule ${index + 1}, ${direction === 'ingress' ? 'from' : 'to'} ${name} on ${formatPorts(ports)}: ${plural(attempts, 'recorded attempt')} denied`,
        ],
  );
  return [...rests, ...managers.map(managerText)].map(comment).join('') + writeYaml(manifest);
}

/** Why there is no policy for a path: `3 attempts web → db :5432/tcp: …`. */
export function leftOutText({ from, to, ports, attempts, message = '', hint = '' }: PathOutcome): string {
  const count = attempts === undefined ? '' : `${plural(attempts, 'attempt')} `;
  return `No policy for ${count}${from} → ${to} ${formatPorts(ports)}: ${message} ${hint}`.trimEnd();
}

function comment(text: string): string {
  return `# ${text.replaceAll('\n', ' ')}\n`;
}
