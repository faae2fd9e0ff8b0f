/* Charts of the traffic, drawn by blessed-contrib off screen, or in plain text. */

export { ChartsOverlay } from './charts-overlay.tsx';
