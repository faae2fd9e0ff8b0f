import { asSluiceError, formatCountdown, formatDuration, safeText } from '../../core/common/common.ts';
import { formatPorts, type Grant, planName } from '../../core/grants/grants.ts';
import { approve, pathText, type Review, refuse, reviewRequest, whyLeft } from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AboutItem, type Commands, textField } from '../state/state.ts';
import { clock } from './about-grant.ts';
import type { App } from './app-parts.ts';
import { grantUnderCursor } from './life.ts';
import { grantPath } from './path-state.ts';

export type AnsweringCommands = Pick<Commands, 'openReview' | 'openRefuse'> & {
  readonly reviewConfirmed: () => void;
  readonly refuseConfirmed: () => void;
};

/** Answers to requests of others (GRANT-30): the plan made anew, approved as it is shown, or refused with a word. */
export function answering(app: App): AnsweringCommands {
  /** Plans the request anew and shows it; what was shown is gone first, so that nothing stale is approved. */
  const review = (id: string) => {
    app.run(async (signal) => {
      const runtime = app.runtime();
      const grant = requestOf(app, id);
      if (runtime === undefined || grant === undefined) return;
      const shown = await look(runtime, grant, signal);
      app.update('review', (open) => (open.id === id ? { ...open, ...shown } : open));
    });
  };

  return {
    openReview: () => {
      const grant = requestUnderCursor(app);
      if (grant === undefined) {
        app.notify('warn', 'No request to review here.', 'Press 4 to go to the grants.');
        return;
      }
      const title = `Request ${grant.id}: ${pathText(grant)}`;
      app.push(
        { type: 'review', id: grant.id, title, about: [], loading: true, scroll: 0 },
        grantPath(app, grant),
      );
      review(grant.id);
    },
    reviewConfirmed: () => {
      const { overlay } = app.state();
      const runtime = app.runtime();
      if (overlay.type !== 'review' || runtime === undefined || overlay.loading) return;
      const { id, hash, cannot } = overlay;
      const grant = requestOf(app, id);
      if (hash === undefined || grant === undefined) {
        app.notify('warn', cannot ?? `Request ${id} waits no more.`);
        return;
      }
      app.update('review', (open) => ({ ...open, loading: true }));
      app.run(async (signal) => {
        try {
          const { grant: opened } = await approve(runtime.grantDeps, runtime, grant, hash, signal);
          app.pop();
          const until = opened.window === undefined ? '' : ` until ${clock(opened.window.end)}`;
          app.notify('info', `${id} is approved: open${until}.`);
          app.refresh();
        } catch (error) {
          review(id);
          throw error;
        }
      });
    },
    openRefuse: () => {
      const { overlay } = app.state();
      const grant = overlay.type === 'review' ? requestOf(app, overlay.id) : requestUnderCursor(app);
      if (grant === undefined) {
        app.notify('warn', 'No request to refuse here.', 'Press 4 to go to the grants.');
        return;
      }
      app.push(
        { type: 'refuse', id: grant.id, title: pathText(grant), field: textField() },
        grantPath(app, grant),
      );
    },
    refuseConfirmed: () => {
      const { overlay } = app.state();
      const runtime = app.runtime();
      if (overlay.type !== 'refuse' || runtime === undefined) return;
      const { id, field } = overlay;
      const why = safeText(field.text.trim(), Number.POSITIVE_INFINITY);
      const grant = requestOf(app, id);
      if (why === '') {
        app.update('refuse', (open) => ({ ...open, problem: 'Say why, for whoever asked.' }));
        return;
      }
      app.clear();
      app.run(async (signal) => {
        if (grant === undefined) return;
        const { revoked, halves } = await refuse(runtime.grantDeps, grant, why, signal);
        if (revoked) app.notify('info', `${id} is refused.`);
        else
          app.notify(
            'error',
            `${id} is refused, but not removed: ${whyLeft(halves).join('; ')}.`,
            'Revoke it with x.',
          );
        app.refresh();
      });
    },
  };
}

/** What a review shows, and the hash by which enter approves it; `cannot`: why it can't be approved. */
type Shown = {
  readonly about: readonly AboutItem[];
  readonly hash: string | undefined;
  readonly cannot: string | undefined;
  readonly loading: false;
};

async function look(runtime: Runtime, grant: Grant, signal: AbortSignal): Promise<Shown> {
  try {
    const review = await reviewRequest(runtime.grantDeps, runtime, grant, signal);
    const cannot = whyNot(runtime, review);
    return {
      about: reviewItems(review, cannot, runtime.connection.api.clock.now()),
      hash: cannot === undefined ? review.hash : undefined,
      cannot,
      loading: false,
    };
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint } = asSluiceError(error);
    const about: readonly AboutItem[] = [{ label: '✗ not', text: `${message} ${hint}`, level: 'bad' }];
    return { about, hash: undefined, cannot: message, loading: false };
  }
}

function whyNot({ identity }: Runtime, { request, refusal, troubles }: Review): string | undefined {
  if (refusal !== undefined) return refusal.message;
  if (troubles.length > 0) return `${request.id} is not what was asked for: ${troubles.join('; ')}.`;
  if (request.requester === identity.username) return 'You asked for it: somebody else approves it.';
  return undefined;
}

function reviewItems(review: Review, cannot: string | undefined, now: number): readonly AboutItem[] {
  const { request, asked, facts, hash, plan, difference, isSame } = review;
  const { requester, reason, ticket, source, destination, ports, window } = request;
  const left = window === undefined ? '?' : formatCountdown(window.end - now);
  return [
    ...(cannot === undefined ? [] : [{ label: '✗ not', text: cannot, level: 'bad' as const }]),
    {
      label: 'asks for',
      text: `${source} → ${destination} :${formatPorts(ports)} for ${formatDuration(asked.seconds)}`,
    },
    { label: 'requester', text: requester },
    { label: 'reason', text: ticket === undefined ? reason : `${ticket} · ${reason}` },
    { label: 'waits', text: `${left} to answer` },
    ...(plan === undefined
      ? []
      : [
          isSame
            ? { label: 'plan', text: `${planName(hash)}, as it was asked for`, level: 'good' as const }
            : {
                label: '! plan',
                text: `${planName(hash)}, CHANGED since it was asked for`,
                level: 'warn' as const,
              },
        ]),
    ...(difference?.gone ?? []).map((fact) => ({
      label: '- was',
      text: short(fact),
      level: 'warn' as const,
    })),
    ...(difference?.added ?? []).map((fact) => ({
      label: '+ is now',
      text: short(fact),
      level: 'warn' as const,
    })),
    ...facts.map((fact, index) => ({
      label: index === 0 ? 'it' : '',
      text: short(fact),
      apart: index === 0,
    })),
    ...(plan?.warnings ?? []).map((text) => ({ label: '! note', text, level: 'warn' as const })),
  ];
}

/** A fact with as much of its digest as tells two apart. */
function short(fact: string): string {
  return fact.replace(/ ([0-9a-f]{8})[0-9a-f]{24}$/, ' $1');
}

function requestOf(app: App, id: string): Grant | undefined {
  const grant = app.state().grants.find(({ key }) => key === id)?.grant;
  return grant !== undefined && isWaiting(grant) ? grant : undefined;
}

function requestUnderCursor(app: App): Grant | undefined {
  const grant = grantUnderCursor(app, isWaiting);
  return grant !== undefined && isWaiting(grant) ? grant : undefined;
}

function isWaiting({ waiting }: Grant): boolean {
  return waiting !== undefined;
}
