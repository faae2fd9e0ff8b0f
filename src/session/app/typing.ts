import { type Commands, edit } from '../state/state.ts';
import type { AnsweringCommands } from './answering.ts';
import type { App } from './app-parts.ts';
import { showBar } from './chart-bars.ts';
import { type CommandLine, showNamespace } from './command-line.ts';
import type { GrantFormCommands } from './grant-form.ts';
import type { LifeCommands } from './life.ts';
import { setPane } from './navigation.ts';
import { pickItems } from './overlays.ts';

type Typing = Pick<Commands, 'type' | 'confirm'>;

/** Text and enter, for the top overlay. */
export function typing(
  app: App,
  parts: {
    readonly form: GrantFormCommands;
    readonly life: LifeCommands;
    readonly answers: AnsweringCommands;
    readonly line: CommandLine;
    readonly about: () => void;
    readonly markBookmark: Commands['markBookmark'];
  },
): Typing {
  return {
    type: (change) => {
      const { overlay } = app.state();
      switch (overlay.type) {
        case 'grant':
          parts.form.typeInForm(change);
          return;
        case 'extend':
        case 'refuse': {
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
          const { index: _, problem: __, ...rest } = overlay;
          app.set({ overlay: { ...rest, field: edit(overlay.field, change) } });
          return;
        }
        case 'help':
        case 'explain':
        case 'detail':
        case 'review':
        case 'messages':
        case 'log': {
          const { search } = overlay;
          if (search?.typing !== true) return;
          app.set({
            overlay: { ...overlay, search: { ...search, field: edit(search.field, change), at: 0 } },
          });
          return;
        }
        default:
          return;
      }
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
        case 'review':
          parts.answers.reviewConfirmed();
          return;
        case 'refuse':
          parts.answers.refuseConfirmed();
          return;
        case 'filter':
        case 'help':
        case 'explain':
        case 'detail':
        case 'messages':
        case 'log':
        case 'columns':
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
          else if (overlay.what === 'namespace') showNamespace(app, name);
          const bookmark = overlay.bookmarks?.[overlay.items.indexOf(name)];
          if (bookmark !== undefined) parts.markBookmark(bookmark);
          return;
        }
        case 'command': {
          const problem = parts.line.check(overlay.field.text);
          if (problem !== undefined) {
            app.set({ overlay: { ...overlay, problem } });
            return;
          }
          app.clear();
          parts.line.run(overlay.field.text);
          return;
        }
      }
    },
  };
}
