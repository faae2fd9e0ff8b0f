import { pause } from '../../wait.ts';
import type { App } from '../app/app.ts';
import type { Publishing } from './publishing.ts';

/** Notices go by themselves after this long, errors when a key is pressed. */
const NOTICE_FOR = 6_000;

/** Moves the clocks of the state at each full second, and takes away what has been shown for long enough. */
export async function tick(app: App, publishing: Publishing, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(1_000 - (app.deps.clock.now() % 1_000), signal);
    const now = app.deps.clock.now();
    const { notice } = app.state();
    app.set({
      now,
      serverNow: app.runtime()?.connection.api.clock.now() ?? now,
      ...(notice !== undefined && notice.level !== 'error' && now - notice.at > NOTICE_FOR
        ? { notice: undefined }
        : {}),
    });
    publishing.now('traffic', 'grants');
  }
}
