/* Tells programs and web addresses of the life of grants: what is queued on disk, and how it is delivered. */

import { join } from 'node:path';
import { type Hook, SluiceError } from '../core/common/common.ts';
import type { LiveNews, RecordFollower } from '../core/ports/ports.ts';
import { type HookNotice, noticeOfNews, noticeOfRecord } from '../core/records/records.ts';
import { pause } from '../wait.ts';
import { type Courier, startCourier, type Tell } from './courier.ts';
import { type Cursor, openCursor } from './cursor.ts';
import { openQueue } from './queue.ts';
import { hookKey } from './sink.ts';

/** The hooks of one process. */
export type Hooks = {
  /** Queues what the records of a log say. Opening the log catches up on what was missed. */
  readonly follow: (log: string) => RecordFollower;
  /** Queues what no record says; `id` names it among all that is told of its grant. Never rejects. */
  readonly tell: (news: LiveNews, id: string, log: string) => Promise<void>;
  /**
   * Starts to deliver what is queued and what will be; `onTrouble` gets what failed, and the next step.
   *
   * @param catchUp opens the log `log`, if it was followed before
   */
  readonly start: (onTrouble: Tell, log: string, catchUp: () => Promise<unknown>) => void;
  /** Waits a little for what is being delivered; the rest stays for the next start. */
  readonly dispose: () => Promise<void>;
};

export type HooksOptions = {
  readonly hooks: readonly Hook[];
  /** The folder of the queue. */
  readonly directory: string;
  /** How long the first wait after a failure is, ms; one second unless said. */
  readonly backOff?: number;
  /** The most notices that wait for one hook; a thousand unless said. */
  readonly bound?: number;
};

/** How long deliveries may hold up the end of the process, ms. */
const END_WITHIN = 2_000;

/** What is older is no news, ms. */
const NEWS = 3 * 86_400_000;

const BOUND = 1_000;

/** Creates the hooks of this process; nothing is written or run before there is something to tell (GRANT-50, GRANT-51). */
export function createHooks({ hooks, directory, backOff = 1_000, bound = BOUND }: HooksOptions): Hooks {
  let onTrouble: Tell | undefined;
  const early: Parameters<Tell>[] = [];
  const told = new Set<string>();
  const tellOnce = (kind: string, ...trouble: Parameters<Tell>) => {
    if (told.has(kind)) return;
    told.add(kind);
    if (onTrouble === undefined) early.push(trouble);
    else onTrouble(...trouble);
  };
  const queue = openQueue({
    directory,
    bound,
    longest: NEWS,
    onLost: (why) =>
      tellOnce(
        `lost ${why}`,
        `Notices for a hook are lost: ${why}.`,
        'Check hooks in the configuration file; sluice audit export has what they would have said.',
      ),
  });
  let couriers: readonly Courier[] = [];
  let starting: Promise<void> = Promise.resolve();

  const put = async (notices: readonly HookNotice[]) => {
    for (const { event, body } of notices) {
      for (const hook of hooks) if (hook.on.includes(event)) await queue.put(hookKey(hook), body);
    }
    for (const courier of couriers) courier.wake();
  };
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const known = error instanceof SluiceError;
      tellOnce(
        'queue',
        known ? why : `Unable to queue a notice for hooks in ${directory}: ${why}.`,
        known ? error.hint : 'Check its owner and permissions.',
      );
    }
  };
  const cursors = new Map<string, Cursor>();
  const cursorOf = (log: string): Cursor => {
    const known = cursors.get(log) ?? openCursor(join(directory, `${log}.cursor`));
    cursors.set(log, known);
    return known;
  };

  return {
    follow: (log) => ({
      last: () => cursorOf(log).read(),
      take: (records, newest) =>
        guarded(async () => {
          await put(records.flatMap((record) => noticeOfRecord(record, log) ?? []));
          await cursorOf(log).write(newest);
        }),
    }),
    tell: (news, id, log) => guarded(() => put([noticeOfNews(news, id, log)])),
    start: (listener, log, catchUp) => {
      onTrouble = listener;
      for (const trouble of early.splice(0)) listener(...trouble);
      starting = guarded(async () => {
        await queue.recover();
        couriers = hooks.map((hook) => startCourier({ hook, queue, backOff, onTrouble: listener }));
        // Whoever writes to a log that can't be opened will say so.
        if ((await cursorOf(log).read()) !== undefined) await catchUp().catch(() => undefined);
      });
    },
    dispose: async () => {
      const late = new AbortController();
      const done = new AbortController();
      const bound = pause(END_WITHIN, done.signal).catch(() => undefined);
      await Promise.race([starting, bound]);
      const finished = Promise.all(couriers.map((courier) => courier.finish(late.signal)));
      await Promise.race([finished, bound]);
      done.abort();
      late.abort();
      await finished;
      await queue.close();
    },
  };
}
