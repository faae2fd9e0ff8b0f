/* Key presses to commands. */

export { Keys, type KeysProps } from './router.tsx';
