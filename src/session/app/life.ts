import { asSluiceError, parseDuration } from '../../core/common/common.ts';
import { endTexts, type Grant, remainingOf, remainingText } from '../../core/grants/grants.ts';
import { pause } from '../../wait.ts';
import { extendGrant, isLiving, pathText, type Revoked, revokeFound, whyLeft } from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Commands, offeredField, type SessionState } from '../state/state.ts';
import { clock } from './about-grant.ts';
import type { App } from './app-parts.ts';
import { grantPath } from './path-state.ts';
import type { Publishing } from './publish.ts';

export type LifeCommands = Pick<Commands, 'openRevoke' | 'openExtend' | 'quit' | 'quitWith'> & {
  readonly revokeConfirmed: () => void;
  readonly extendConfirmed: () => void;
};

/** Revoking and extending grants, and what happens to them on quit. */
export function life(app: App): LifeCommands {
  const mine = () => app.runtime()?.keeper.grants().filter(isLiving) ?? [];

  return {
    openRevoke: () => {
      const grant = grantUnderCursor(app);
      if (grant === undefined) {
        app.notify('warn', 'No grant to revoke here.', 'Press 4 to go to the grants.');
        return;
      }
      if (!isLiving(grant)) {
        app.notify('info', `${grant.id} has already ended.`);
        return;
      }
      const title = pathText(grant);
      app.push(
        { type: 'revoke', ids: [grant.id], title, consequences: consequences(app, grant) },
        grantPath(app, grant),
      );
    },
    revokeConfirmed: () => {
      const { overlay, grants } = app.state();
      const runtime = app.runtime();
      if (overlay.type !== 'revoke' || runtime === undefined) return;
      app.pop();
      app.run(async () => {
        for (const id of overlay.ids) {
          const grant = grants.find((line) => line.key === id)?.grant;
          if (grant === undefined) continue;
          if (grant.mine) await runtime.keeper.revoke([id]);
          else reportRevoked(app, grant, await revokeFound(runtime.grantDeps, grant));
          reportRemaining(app, runtime, grant);
        }
        app.refresh();
      });
    },
    openExtend: () => {
      const grant = grantToExtend(app);
      if (grant === undefined || !isLiving(grant)) {
        app.notify('warn', 'No active grant to extend here.', 'Press 4 to go to the grants.');
        return;
      }
      if (grant.waiting !== undefined) {
        app.notify('warn', `${grant.id} waits for approval: there is no window to extend yet.`);
        return;
      }
      app.push(
        { type: 'extend', id: grant.id, title: pathText(grant), field: offeredField('15m') },
        grantPath(app, grant),
      );
    },
    extendConfirmed: () => {
      const { overlay, grants } = app.state();
      const runtime = app.runtime();
      if (overlay.type !== 'extend' || runtime === undefined) return;
      const grant = grants.find((line) => line.key === overlay.id)?.grant;
      let seconds: number;
      try {
        seconds = parseDuration(overlay.field.text, app.deps.limits.maxSeconds);
      } catch (error) {
        app.update('extend', (open) => ({ ...open, problem: asSluiceError(error).message }));
        return;
      }
      app.pop();
      app.run(async (signal) => {
        if (grant === undefined) return;
        const longer = grant.mine
          ? await runtime.keeper.extend(grant.id, seconds)
          : await extendGrant(runtime.grantDeps, grant, seconds, signal);
        const news = longer.drift.filter((text) => !grant.drift.includes(text));
        app.notify(
          news.length === 0 ? 'info' : 'error',
          [`${grant.id} was extended by ${overlay.field.text}.`, ...news].join(' '),
        );
        app.refresh();
      });
    },
    quit: () => {
      const grants = mine();
      if (grants.length === 0) app.end();
      else app.push({ type: 'quit', grants });
    },
    quitWith: (choice) => {
      const runtime = app.runtime();
      const { overlay } = app.state();
      const target = overlay.type === 'quit' ? overlay.target : undefined;
      const go = () => (target === undefined ? app.end() : app.switchTo(target));
      if (choice === 'keep' || runtime === undefined) {
        go();
        return;
      }
      app.update('quit', (open) => ({ ...open, busy: 'revoking' }));
      app.run(async () => {
        await runtime.keeper.revoke(mine().map(({ id }) => id));
        const left = mine();
        if (left.length === 0) go();
        else app.update('quit', ({ busy: _, ...open }) => ({ ...open, grants: left }));
      });
    },
  };
}

/**
 * What there is to extend: the living grant under the cursor of the grants, else the one that the latest notice about a
 * grant speaks of, else as for revoking.
 */
function grantToExtend(app: App): Grant | undefined {
  const under = grantUnderCursor(app);
  const isPointed = app.state().focus === 'grants' && under !== undefined && isLiving(under);
  return isPointed ? under : (noticedGrant(app.state()) ?? under);
}

/** The living grant that the latest notice about a grant speaks of. */
export function noticedGrant({ messages, grants }: SessionState): Grant | undefined {
  const id = messages.findLast(({ grant }) => grant !== undefined)?.grant;
  const grant = grants.find(({ key }) => key === id)?.grant;
  return grant !== undefined && isLiving(grant) ? grant : undefined;
}

/** The grant under the cursor; in other panes the one of those wanted, the living ones unless said, if there is just one. */
export function grantUnderCursor(
  app: App,
  isWanted: (grant: Grant) => boolean = isLiving,
): Grant | undefined {
  const { focus, panes, grants } = app.state();
  if (focus === 'grants') {
    const key = app.visibleRows(app.state(), 'grants')[panes.grants.index]?.key;
    return grants.find((line) => line.key === key)?.grant;
  }
  const wanted = grants.filter(({ grant }) => isWanted(grant));
  return wanted.length === 1 ? wanted[0]?.grant : undefined;
}

/** Reports what went wrong when revoking, in a notice that stays. */
function reportRevoked(app: App, { id }: Grant, result: Revoked): void {
  const { revoked, halves, leftovers, unrecorded } = result;
  const trouble = [
    ...whyLeft(halves),
    ...leftovers,
    ...unrecorded.map((text) => `not in the audit log: ${text}`),
  ];
  const done = halves.filter((half) => half.done).map(({ direction }) => direction);
  if (trouble.length === 0) return;
  const what = revoked
    ? `${id} is revoked`
    : `${id} is not revoked${done.length === 0 ? '' : `, only its ${done.join(' and ')} half`}`;
  const hint = leftovers.length > 0 ? 'sluice sweep removes it once nothing holds it.' : undefined;
  app.notify('error', `${what}: ${trouble.join('; ')}.`, hint);
}

/** Says so where the path of a revoked grant stays open (GRANT-18); a policy that could not be removed is no news. */
function reportRemaining(app: App, { engine, keeper }: Runtime, { id, policies = [] }: Grant): void {
  if (keeper.grants().some((grant) => grant.id === id && grant.state.name === 'failed')) return;
  const left = remainingOf(engine, policies);
  if (left.verdict === 'open') app.notify('warn', `${id}: ${remainingText(left, clock)}.`);
}

function consequences(app: App, grant: Grant): readonly string[] {
  const engine = app.runtime()?.engine;
  const dialect = engine?.dialect;
  if (grant.waiting !== undefined)
    return [
      'Nothing is open yet: the request is withdrawn, and nobody can approve it any more.',
      ...(grant.requester === app.runtime()?.identity.username
        ? []
        : [`It was made by ${grant.requester}, who is told no reason: r refuses it with one.`]),
    ];
  const lines = [
    'New connections are blocked as soon as the policy is gone.',
    ...(engine === undefined ? [] : endTexts(engine, grant)),
  ];
  if (dialect?.keepsEstablished === 'yes')
    lines.push(`Connections opened during the window stay open: ${dialect.enforcer} keeps them.`);
  if (dialect?.keepsEstablished === 'unknown')
    lines.push('Connections opened during the window may stay open.');
  if (!grant.mine) lines.push(`It was created by ${grant.requester}, not by you.`);
  for (const { direction, namespace, why } of grant.unseen ?? [])
    lines.push(`Its ${direction} half in ${namespace} is unseen and stays: ${why}.`);
  return lines;
}

/** Notices disappear after this long, errors when a key is pressed. */
const NOTICE_FOR = 6_000;

/** Updates the clocks of the state every full second, and removes expired notices. */
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
