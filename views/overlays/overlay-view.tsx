import { Box } from 'ink';
import type { ReactNode } from 'react';
import type { SessionState } from '../../src/session/state.ts';
import { scopeOf } from '../keys/binding.ts';
import { hintLine } from '../keys/hints.ts';
import { Frame, upperEdge } from '../panes/frame.tsx';
import { TextLine } from '../panes/text-line.tsx';
import { type Line, span } from '../text/span.ts';
import type { Panel } from './panel.ts';

/** A panel over the panes, its keys in its lower border when it is a dialog, how far it is scrolled otherwise. */
export function OverlayView({ state, panel }: { state: SessionState; panel: Panel }): ReactNode {
  const { left, top, columns, rows, title, right, lines } = panel;
  return (
    <Box position="absolute" marginLeft={left} marginTop={top} width={columns} height={rows}>
      <Frame
        columns={columns}
        rows={rows}
        top={<TextLine line={upperEdge(title, right, columns, true)} columns={columns} />}
        bottom={bottomOf(state, panel)}
        focused
      >
        {Array.from({ length: rows - 2 }, (_, place) => (
          // A line is its place on the screen.
          <TextLine key={place} line={[span('  '), ...(lines[place] ?? [])]} columns={columns - 2} covering />
        ))}
      </Frame>
    </Box>
  );
}

function bottomOf(state: SessionState, { kind, scroll, scrollMax, lines, columns }: Panel): Line {
  const hints = kind === 'dialog' ? hintLine(scopeOf(state), state, columns - 28) : [];
  if (scrollMax === 0) return hints.length > 0 ? [...hints, span(' ')] : [];
  const more = scroll < scrollMax ? ' · PgDn' : '';
  const at = `${scroll + 1}-${scroll + lines.length} of ${scrollMax + lines.length}${more} `;
  return [...hints, span(` ${at}`, 'faint')];
}
