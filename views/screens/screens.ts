/* The whole screen: header, panes, path, footer. */

export { App } from './app.tsx';
export { trafficSpans } from './traffic-line.ts';
