/** What the mouse did, at a cell of the screen, counted from 0. */
export type MouseEvent = { readonly x: number; readonly y: number } & (
  | { readonly type: 'wheel'; readonly step: 1 | -1 }
  /** The left button, without a modifier key. */
  | { readonly type: 'click' }
);

/** Input without its mouse reports, and what these said. */
export type MouseParsed = { readonly rest: string; readonly events: readonly MouseEvent[] };

/** Takes the reports of the mouse out of the terminal's input, one character for each byte (TERM-14). */
export type MouseParser = {
  readonly push: (chunk: string) => MouseParsed;
  /** Whether a held beginning may be a key after all, such as a lone escape. */
  readonly mayBeKey: () => boolean;
  /** Gives that beginning up as input. */
  readonly flush: () => string;
};

const REPORT = /^\u001b\[<(\d+);(\d+);(\d+)([Mm])/;

/** A report that is no report: up to its final character, if there is one. */
const BROKEN = /^\u001b\[<[0-9;]*[ -~]?/;

/** What a terminal sends that does not know the SGR format: three bytes, any of which may look like a key. */
const OLD_REPORT = /^\u001b\[M[\s\S]{3}/;

/** The beginning of a report, or of a paste. */
const BEGINNING = /^\u001b(\[(<[0-9;]{0,40}|M[\s\S]{0,2}|2(0(0)?)?)?)?$/;

/** What no key begins with. */
const REPORT_BEGINNING = /^\u001b\[[<M]/;

const PASTE = '\u001b[200~';
const PASTE_END = '\u001b[201~';

/** A parser that has seen nothing. */
export function createMouseParser(): MouseParser {
  let held = '';
  /** In a paste, its last characters, of which the end may have begun. */
  let pasted: string | undefined;

  /** A pasted text is nobody's mouse. */
  const takePasted = (text: string): number => {
    const all = `${pasted ?? ''}${text}`;
    const end = all.indexOf(PASTE_END);
    if (end < 0) {
      pasted = all.slice(1 - PASTE_END.length);
      return text.length;
    }
    const taken = end + PASTE_END.length - (pasted ?? '').length;
    pasted = undefined;
    return taken;
  };

  return {
    push: (chunk) => {
      let text = held + chunk;
      let rest = '';
      const events: MouseEvent[] = [];
      held = '';
      const pass = (count: number) => {
        rest += text.slice(0, count);
        text = text.slice(count);
      };
      while (text !== '') {
        if (pasted !== undefined) {
          pass(takePasted(text));
          continue;
        }
        const start = text.indexOf('\u001b');
        pass(start < 0 ? text.length : start);
        const report = REPORT.exec(text);
        if (text.startsWith(PASTE)) {
          pass(PASTE.length);
          pasted = '';
        } else if (report !== null) {
          text = text.slice(report[0].length);
          events.push(...eventsOf(report));
        } else if (BEGINNING.test(text)) {
          held = text;
          text = '';
        } else {
          const other = OLD_REPORT.exec(text) ?? BROKEN.exec(text);
          if (other === null) pass(1);
          else text = text.slice(other[0].length);
        }
      }
      return { rest, events };
    },
    mayBeKey: () => held !== '' && !REPORT_BEGINNING.test(held),
    flush: () => {
      const given = held;
      held = '';
      return given;
    },
  };
}

/** The wheel is a pair of buttons; other buttons, modifier keys and motion have other numbers. */
const WHEEL_UP = 64;
const WHEEL_DOWN = 65;

function eventsOf([, button, column, row, kind]: RegExpExecArray): readonly MouseEvent[] {
  const at = { x: Number(column) - 1, y: Number(row) - 1 };
  switch (Number(button)) {
    case WHEEL_UP:
      return [{ type: 'wheel', step: -1, ...at }];
    case WHEEL_DOWN:
      return [{ type: 'wheel', step: 1, ...at }];
    case 0:
      return kind === 'M' ? [{ type: 'click', ...at }] : [];
    default:
      return [];
  }
}
