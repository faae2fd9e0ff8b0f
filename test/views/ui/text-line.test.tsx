import { render } from 'ink-testing-library';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { SessionState } from '../../../src/session/state/session-state.ts';
import { span } from '../../../views/text/span.ts';
import { createPainted } from '../../../views/ui/painted.ts';
import { StateLine, TextLine } from '../../../views/ui/text-line.tsx';
import { createTheme } from '../../../views/ui/theme.ts';
import { UiContext } from '../../../views/ui/ui-context.ts';
import { eventually } from '../../helpers/eventually.ts';
import { sessionState } from '../../helpers/session-state.ts';

const store = createStore<SessionState>(() => sessionState({ drops: 0 }));
const theme = createTheme({ colour: false, ascii: false });

function Around({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <UiContext value={{ store, visibleRows: () => [], theme, painted: createPainted(store, () => []) }}>
      {children}
    </UiContext>
  );
}

test('a line is cut to its columns, wide characters counted as they stand', () => {
  const { lastFrame } = render(
    <Around>
      <TextLine line={[span('宽宽宽 and more')]} columns={7} />
    </Around>,
  );
  expect(lastFrame()).toBe('宽宽宽…');
});

test('a line of the state is redrawn only when its text changes', async () => {
  const { lastFrame, frames } = render(
    <Around>
      <StateLine draw={({ drops }) => [span(`${drops} dropped`)]} columns={20} />
    </Around>,
  );
  expect(lastFrame()).toBe('0 dropped');
  store.setState({ now: 1 });
  store.setState({ rate: 7 });
  store.setState({ drops: 4 });
  await eventually(() => expect(lastFrame()).toBe('4 dropped'));
  expect(new Set(frames).size).toBe(frames.length);
});
