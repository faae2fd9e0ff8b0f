/**
 * How long nothing else gets its turn: `node test/bench/stall.ts`. The whole app, bundled, over 10,000 pods and 2,000
 * policies in all namespaces, with every pane in turn, while pods, policies and flows change and keys are pressed.
 * Prints one JSON object; fails when a budget is exceeded.
 */
import { runBundled } from './bundled.ts';

type Phase = { readonly longestTurn: number; readonly keyP95: number };

const BUDGET = { longestTurn: 50, keyP95: 50 };

const printed = await runBundled('stall-app');
console.log(printed);
const { phases } = JSON.parse(printed) as { readonly phases: Readonly<Record<string, Phase>> };
for (const [name, { longestTurn, keyP95 }] of Object.entries(phases)) {
  if (longestTurn <= BUDGET.longestTurn && keyP95 <= BUDGET.keyP95) continue;
  console.log(`over: ${name}: turn ${longestTurn} ms, keys ${keyP95} ms p95`);
  process.exitCode = 1;
}
