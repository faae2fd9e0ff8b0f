/** A chart to draw; its place is in cells. */
export type Chart = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly colour: 'green' | 'red' | 'yellow' | 'cyan';
} & (
  | { readonly type: 'line'; readonly labels: readonly string[]; readonly values: readonly number[] }
  | { readonly type: 'bars'; readonly labels: readonly string[]; readonly values: readonly number[] }
);
