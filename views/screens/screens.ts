/* The whole screen: header, panes, path bar, footer. */

export { App } from './app.tsx';
export { pathText } from './path-line.ts';
export { trafficSpans } from './traffic-line.ts';
