import { type Commands, edit, textField } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { showBar } from './chart-bars.ts';
import { type commandLine, showNamespace } from './command-line.ts';
import type { GrantFormCommands } from './grant-form.ts';
import type { LifeCommands } from './life.ts';
import { setPane } from './navigation.ts';
import { pickItems } from './overlays.ts';

type Typing = Pick<Commands, 'type' | 'complete' | 'confirm'>;

/** Text and enter, for the top overlay. */
export function typing(
  app: App,
  parts: {
    readonly form: GrantFormCommands;
    readonly life: LifeCommands;
    readonly line: ReturnType<typeof commandLine>;
    readonly about: () => void;
  },
): Typing {
  return {
    type: (change) => {
      const { overlay } = app.state();
      switch (overlay.type) {
        case 'grant':
          parts.form.typeInForm(change);
          return;
        case 'extend': {
          const { problem: _, ...rest } = overlay;
          app.set({ overlay: { ...rest, field: edit(overlay.field, change) } });
          return;
        }
        case 'filter': {
          const field = edit(overlay.field, change);
          app.set({ overlay: { ...overlay, field } });
          setPane(app, overlay.pane, { filter: field.text });
          return;
        }
        case 'pick':
          app.set({ overlay: { ...overlay, filter: edit(overlay.filter, change), index: 0 } });
          return;
        case 'command': {
          const field = edit(overlay.field, change);
          app.set({ overlay: { type: 'command', field, completions: parts.line.completions(field.text) } });
          return;
        }
        default:
          return;
      }
    },
    complete: () => {
      const { overlay } = app.state();
      if (overlay.type !== 'command') return;
      const [first] = overlay.completions;
      if (first === undefined) return;
      const field = textField(first.includes(' ') ? first : `${first} `);
      app.set({ overlay: { type: 'command', field, completions: parts.line.completions(field.text) } });
    },
    confirm: () => {
      const { overlay } = app.state();
      switch (overlay.type) {
        case 'none':
          parts.about();
          return;
        case 'grant':
          parts.form.submit();
          return;
        case 'extend':
          parts.life.extendConfirmed();
          return;
        case 'revoke':
          parts.life.revokeConfirmed();
          return;
        case 'filter':
        case 'help':
        case 'explain':
        case 'detail':
          app.pop();
          return;
        case 'charts':
          showBar(app, overlay.bar);
          return;
        case 'quit':
          parts.life.quit();
          return;
        case 'pick': {
          const name = pickItems(overlay.items, overlay.filter.text)[overlay.index];
          app.pop();
          if (name === undefined) return;
          if (overlay.what === 'context') app.reconnect({ context: name });
          else showNamespace(app, name);
          return;
        }
        case 'command': {
          app.pop();
          const problem = parts.line.run(overlay.field.text);
          if (problem !== undefined) app.push({ ...overlay, problem });
          return;
        }
      }
    },
  };
}
