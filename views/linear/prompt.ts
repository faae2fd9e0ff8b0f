import type { SessionState } from '../../src/session/state.ts';
import type { TextField } from '../../src/session/text-field.ts';

/** The one line that is being typed, rewritten in place; undefined while nothing is. */
export function promptLine({ overlay }: SessionState): string | undefined {
  switch (overlay.type) {
    case 'grant':
      return prompt(overlay.form.field, overlay.form.fields[overlay.form.field]);
    case 'extend':
      return prompt('for another', overlay.field);
    case 'pick':
      return prompt(overlay.what, overlay.filter);
    case 'command':
      return prompt('command', overlay.field);
    case 'filter':
      return prompt('filter', overlay.field);
    case 'none':
    case 'help':
    case 'explain':
    case 'detail':
    case 'revoke':
    case 'quit':
    case 'charts':
      return undefined;
  }
}

function prompt(label: string, { text }: TextField): string {
  return `${label}: ${text}`;
}
