/* Key presses to commands. */

export { createMouseInput } from './mouse-input.ts';
export { Keys, type KeysProps } from './router.tsx';
export type { Hit, MouseUse } from './use-mouse.ts';
