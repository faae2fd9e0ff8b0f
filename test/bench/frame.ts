/**
 * What the screen costs: `node test/bench/frame.ts`. The app as it is bundled (production React, esbuild) on a terminal
 * of 160×52 that is a sink, with 10,000 pods and 5,000 rows of attempts. Prints one JSON object.
 */
import { runBundled } from './bundled.ts';

console.log(await runBundled('frame-app'));
