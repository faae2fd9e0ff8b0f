import { openDemo } from '../connect/compose.ts';
import { serve } from '../lines/serve.ts';
import { tour } from '../lines/tour.ts';
import { runScreen, type ScreenOptions } from '../screen.ts';
import type { VerbContext } from './context.ts';

export type DemoOptions = { readonly plain?: boolean; readonly serve?: boolean; readonly seed?: number };

/** `sluice demo`: the app on the embedded cluster; in line mode the scripted tour; or the cluster alone. */
export async function demo(
  context: VerbContext,
  asked: DemoOptions & ScreenOptions,
  interactive: boolean,
): Promise<number> {
  const { startDemo } = await import('../../demo/demo.ts');
  const cluster = await startDemo(asked.seed === undefined ? {} : { seed: asked.seed });
  try {
    if (asked.serve === true) return await serve(context, cluster);
    if (!interactive || asked.plain === true || context.options.output !== 'table')
      return await tour(context, cluster);
    return await runScreen(context, asked, {
      connect: () => openDemo(cluster, context.options),
      contexts: async () => ({ names: ['demo'], current: 'demo' }),
    });
  } finally {
    await cluster.stop();
  }
}
