/* Which colors the screen uses; nothing here draws, so that the configuration can be read without loading what does. */

export { type Background, backgroundOf, hinted } from './background.ts';
export { type Depth, depthOf } from './depth.ts';
export { type Palette, paletteOf, TERMINAL } from './palette.ts';
export { BASES, ROLES, type Role, type ThemeSetting } from './setting.ts';
