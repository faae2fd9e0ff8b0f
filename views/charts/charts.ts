/* Traffic charts, drawn off screen by blessed-contrib, or as plain text. */

export { ChartsOverlay } from './charts-overlay.tsx';
