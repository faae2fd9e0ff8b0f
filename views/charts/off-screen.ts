import { PassThrough, Writable } from 'node:stream';
import blessed, { type Element, type Screen } from 'blessed';
import bar from 'blessed-contrib/lib/widget/charts/bar.js';
import line from 'blessed-contrib/lib/widget/charts/line.js';
import type { Size } from '../layout/layout.ts';
import type { Chart } from './chart.ts';

/** A drawing board of fixed size. `draw` returns its lines with escape codes, each `columns` wide. */
export type Board = {
  readonly draw: (charts: readonly Chart[]) => readonly string[];
  readonly dispose: () => void;
};

/**
 * Opens a board: a blessed screen that writes nowhere and is read back cell by cell (TERM-7). Another size needs
 * another board, as canvases can't be resized.
 */
export function openBoard({ columns, rows }: Size): Board {
  const screen = withoutNewListeners(() => createScreen(columns, rows));
  let drawn: readonly Element[] = [];
  return {
    draw: (charts) => {
      for (const element of drawn) {
        element.detach();
        element.destroy();
      }
      drawn = charts.map((chart) => addChart(screen, chart));
      screen.render();
      return linesOf(screen.screenshot(0, columns, 0, rows));
    },
    dispose: () => screen.destroy(),
  };
}

function createScreen(columns: number, rows: number): Screen {
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

function addChart(screen: Screen, chart: Chart): Element {
  const { left, top, width, height, colour, labels, values } = chart;
  const box = { left, top, width, height, label: ` ${chart.title} `, border: { type: 'line', fg: 'white' } };
  if (chart.type === 'line') {
    const most = Math.max(1, ...values);
    const widget = line({
      ...box,
      style: { line: colour, text: 'white', baseline: 'white' },
      maxY: Math.max(4, Math.ceil(most * 1.2)),
      numYLabels: 4,
      wholeNumbersOnly: true,
      abbreviate: true,
      xPadding: 6,
    });
    screen.append(widget);
    if (values.length > 0) widget.setData([{ title: chart.title, x: labels, y: values }]);
    return widget;
  }
  const widget = bar({
    ...box,
    barWidth: 8,
    barSpacing: 14,
    xOffset: 2,
    maxHeight: Math.max(1, ...values),
    barBgColor: colour,
    barFgColor: 'white',
    labelColor: 'white',
  });
  screen.append(widget);
  if (values.length > 0) widget.setData({ titles: labels, data: values });
  return widget;
}

/** Ink's tokenizer doesn't treat `ESC[m` as a reset: colors would leak from cell to cell (TERM-7). */
function linesOf(screenshot: string): readonly string[] {
  return screenshot.replaceAll('\u001b[m', '\u001b[0m').replace(/\n$/, '').split('\n');
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
