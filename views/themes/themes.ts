/* Which colors the screen uses, of the terminal that it has. */

export { type Background, backgroundOf, hinted } from './background.ts';
export { type Depth, depthOf } from './depth.ts';
export { type Palette, paletteOf, TERMINAL } from './palette.ts';
