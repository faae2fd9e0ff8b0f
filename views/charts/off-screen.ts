import { PassThrough, Writable } from 'node:stream';
import blessed, { type Element, type Screen } from 'blessed';
import line from 'blessed-contrib/lib/widget/charts/line.js';
import type { Size } from '../layout/layout.ts';
import { type Line, type Span, span, type Tone, wallClock } from '../text/text.ts';
import { type Curves, stepOf } from './series.ts';

/** Curves on a board, and where things are on it. */
export type Plot = {
  readonly lines: readonly Line[];
  /** The column of a time; outside the board for times that it does not show. */
  readonly columnOf: (time: number) => number;
  /** The row of a value. */
  readonly rowOf: (value: number) => number;
};

/** A drawing board of fixed size. */
export type Board = {
  readonly draw: (curves: Curves) => Plot;
  readonly dispose: () => void;
};

/**
 * Opens a board: a blessed screen that writes nowhere and is read back cell by cell (TERM-7). Another size needs
 * another board, as canvases can't be resized.
 */
export function openBoard(size: Size): Board {
  const screen = withoutNewListeners(() => createScreen(size));
  let drawn: Element | undefined;
  return {
    draw: (curves) => {
      drawn?.detach();
      drawn?.destroy();
      const { widget, axes } = addChart(screen, size, curves);
      drawn = widget;
      screen.render();
      const picture = screen.screenshot(0, size.columns, 0, size.rows).split('\n').slice(0, size.rows);
      return { lines: picture.map(lineOf), ...axes };
    },
    dispose: () => screen.destroy(),
  };
}

function createScreen({ columns, rows }: Size): Screen {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const silence = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  return blessed.screen({
    input: silence,
    output: Object.assign(nowhere, { columns, rows, isTTY: true }),
    terminal: 'xterm-256color',
    fullUnicode: true,
    forceUnicode: true,
    warnings: false,
  });
}

/** What a line chart leaves free of its own size, in cells. */
const UNUSED = { columns: 6, rows: 3 };

/** Dots of braille in a cell, and what the chart keeps below its baseline, in dots. */
const DOTS = { across: 2, down: 4, below: 11 };

/** Draws into the whole board. The colors stand for tones and are read back as such. */
function addChart(
  screen: Screen,
  { columns, rows }: Size,
  { times, series }: Curves,
): { readonly widget: Element; readonly axes: Pick<Plot, 'columnOf' | 'rowOf'> } {
  const most = Math.max(1, ...series.flatMap(({ values }) => values));
  const step = stepOf(most, rows < 9 ? 2 : 4);
  const marks = Math.ceil(most / step);
  // Room above the highest mark. Half a step is exact in binary, so that the marks are whole numbers.
  const maxY = step * (marks + 0.5);
  const left = (String(step * marks).length + 1) * DOTS.across;
  const widget = line({
    left: 0,
    top: 0,
    width: columns + UNUSED.columns,
    height: rows + UNUSED.rows,
    style: { line: COLOURS.plain, text: COLOURS.faint, baseline: COLOURS.faint },
    maxY,
    numYLabels: marks + 0.5,
    xLabelPadding: left,
    xPadding: left,
  });
  screen.append(widget);
  const labels = times.map(wallClock);
  widget.setData(
    series.map(({ name, tone, values }) => ({
      title: name,
      x: labels,
      y: values,
      style: { line: COLOURS[tone as keyof typeof COLOURS] ?? COLOURS.plain },
    })),
  );
  const [first = 0, second = first + 1] = times;
  const across = (columns * DOTS.across - left) / Math.max(1, times.length);
  const height = (rows + 1) * DOTS.down - DOTS.below;
  return {
    widget,
    axes: {
      columnOf: (time) => Math.floor((left + 2 + ((time - first) / (second - first)) * across) / DOTS.across),
      rowOf: (value) => Math.floor((height - 2 - (height / maxY) * value) / DOTS.down),
    },
  };
}

const COLOURS = { plain: 'cyan', faint: 'white', good: 'green', bad: 'red', warn: 'yellow' } as const;

/** Tones by the code that blessed writes for their color. */
const TONES: Readonly<Record<string, Tone>> = { '32': 'good', '31': 'bad', '33': 'warn', '37': 'faint' };

/** A line of the screenshot without its codes. */
function lineOf(text: string): Line {
  const spans: Span[] = [];
  let tone: Tone | undefined;
  for (const part of text.split(/(\u001b\[[0-9;]*m)/u)) {
    const code = /^\u001b\[([0-9;]*)m$/u.exec(part)?.[1];
    if (code !== undefined) tone = TONES[code];
    else if (part !== '') spans.push(span(part, tone));
  }
  return spans;
}

/** Events that a blessed screen listens to. With its listeners the process ignores SIGTERM and SIGINT (TERM-8). */
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'exit', 'uncaughtException'] as const;

/** Runs `make` and removes every listener that it added to the process. */
function withoutNewListeners<T>(make: () => T): T {
  const before = EVENTS.map((event) => new Set(process.rawListeners(event)));
  const made = make();
  EVENTS.forEach((event, index) => {
    for (const listener of process.rawListeners(event)) {
      if (before[index]?.has(listener) !== true) process.removeListener(event, listener as () => void);
    }
  });
  return made;
}
