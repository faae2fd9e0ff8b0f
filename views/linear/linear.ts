/* The app as lines of text, for screen readers. */

export { LinearApp } from './linear-app.tsx';
