import { Static, Text } from 'ink';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { SessionState, TextField } from '../../src/session/session.ts';
import { Keys, type KeysProps } from '../keyboard/keyboard.ts';
import { toAscii, useUi } from '../ui/ui.ts';
import { announce } from './announce.ts';
import { rowToRead } from './row.ts';

/** Nominal terminal size: sets the page length, and leaves nothing out for lack of room. */
const SIZE = { columns: 200, rows: 50 };

const WELCOME = 'sluice: one line per change. ? lists the keys of a pane, q quits.';

/** The app for screen readers: the same keys, append-only lines, and one prompt line while text is typed. */
export function LinearApp(props: Omit<KeysProps, 'size'>): ReactNode {
  const { store, commands } = props;
  const { visibleRows, theme, painted } = useUi();
  const [lines, setLines] = useState<readonly string[]>([WELCOME]);
  /** What happens while the terminal is somebody else's, for afterwards: Ink forgets lines that it can't write. */
  const held = useRef<string[]>(undefined);
  const print = useCallback((added: readonly string[]) => {
    if (held.current !== undefined) held.current.push(...added);
    else if (added.length > 0) setLines((known) => [...known, ...added]);
  }, []);
  const onAway = useCallback(
    (isAway: boolean) => {
      const missed = held.current ?? [];
      held.current = isAway ? missed : undefined;
      if (!isAway) print(missed);
    },
    [print],
  );
  useEffect(
    () =>
      store.subscribe((after, before) => {
        const added = announce(before, after, visibleRows);
        if (rowToRead(before, after, visibleRows) !== undefined) {
          const { focus, panes } = after;
          painted.drawn(focus, { rows: visibleRows(after, focus), index: panes[focus].index });
          painted.written();
        }
        if (after.overlay !== before.overlay) {
          painted.drawnForm(after.overlay.type === 'grant' ? after.overlay.form : undefined);
          painted.written();
        }
        print(theme.ascii ? added.map(toAscii) : added);
        // Keys act on the row that was read out, so the cursor is always on one.
        if (after.focus === 'attempts' && after.panes.attempts.key === undefined) {
          const first = visibleRows(after, 'attempts')[0];
          if (first !== undefined) commands.moveTo(first.key);
        }
      }),
    [store, commands, visibleRows, theme, painted, print],
  );
  const prompt = useStore(store, promptLine);
  return (
    <>
      <Static items={[...lines]}>{(line, index) => <Text key={index}>{line}</Text>}</Static>
      {prompt === undefined ? null : <Text>{prompt}</Text>}
      <Keys {...props} size={SIZE} onAway={onAway} />
    </>
  );
}

/** The line being typed, rewritten in place; undefined if there is none. */
function promptLine({ overlay }: SessionState): string | undefined {
  if ('scroll' in overlay && overlay.search?.typing === true) return prompt('search', overlay.search.field);
  switch (overlay.type) {
    case 'grant':
      return prompt(overlay.form.field, overlay.form.fields[overlay.form.field]);
    case 'extend':
      return prompt('for another', overlay.field);
    case 'refuse':
      return prompt('because', overlay.field);
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
    case 'review':
    case 'messages':
    case 'log':
    case 'revoke':
    case 'quit':
    case 'charts':
    case 'columns':
      return undefined;
  }
}

function prompt(label: string, { text }: TextField): string {
  return `${label}: ${text}`;
}
