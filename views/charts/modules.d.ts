/** The parts of blessed and blessed-contrib that the charts use; neither ships types that compile. */
declare module 'blessed' {
  import type { Readable, Writable } from 'node:stream';

  export type Element = { detach(): void; destroy(): void };
  export type Screen = {
    append(element: Element): void;
    render(): void;
    /** The cells from `left`, `top` up to `right`, `bottom` (exclusive), as lines with escape codes. */
    screenshot(left: number, right: number, top: number, bottom: number): string;
    destroy(): void;
  };
  type ScreenOptions = {
    readonly input: Readable;
    readonly output: Writable;
    readonly terminal: string;
    readonly fullUnicode: boolean;
    readonly forceUnicode: boolean;
    readonly warnings: boolean;
  };
  const blessed: { readonly screen: (options: ScreenOptions) => Screen };
  export default blessed;
}

declare module 'blessed-contrib/lib/widget/charts/line.js' {
  import type { Element } from 'blessed';

  type Series = {
    readonly title: string;
    readonly x: readonly string[];
    readonly y: readonly number[];
    readonly style: { readonly line: string };
  };
  type Line = Element & { setData(series: readonly Series[]): void };
  const line: (options: Readonly<Record<string, unknown>>) => Line;
  export default line;
}
