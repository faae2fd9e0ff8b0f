import type { SessionState } from '../../src/session/session.ts';
import type { Binding, ViewFacts } from './binding.ts';

/** Keys of the grant form, except for editing its text. */
export const GRANT_FORM: readonly Binding[] = [
  {
    id: 'submit-grant',
    keys: ['enter'],
    scopes: ['grant'],
    title: 'grant',
    hint: (state) => (isConfirming(state) ? 'grant and isolate pods' : 'grant'),
    footer: 1,
    disabled: cannotSubmit,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'grant-next-field',
    keys: ['down'],
    scopes: ['grant'],
    title: 'next field; after the last field, scroll the plan',
    hint: () => 'next field',
    footer: 2,
    run: (commands, state, facts) => {
      const below = isLastField(state) && facts.scroll < facts.scrollMax;
      if (below) commands.move(clampedBy(STEP, facts));
      else commands.grantField(1);
    },
  },
  {
    id: 'grant-previous-field',
    keys: ['up'],
    scopes: ['grant'],
    title: 'previous field, or scroll back up from the plan',
    run: (commands, _state, facts) => {
      if (facts.scroll > 0) commands.move(clampedBy(-STEP, facts));
      else commands.grantField(-1);
    },
  },
  {
    id: 'grant-page-down',
    keys: ['pagedown'],
    scopes: ['grant'],
    title: 'one page down',
    run: (commands, _state, facts) => commands.move(clampedBy(facts.page, facts)),
  },
  {
    id: 'grant-page-up',
    keys: ['pageup'],
    scopes: ['grant'],
    title: 'one page up',
    run: (commands, _state, facts) => commands.move(clampedBy(-facts.page, facts)),
  },
  {
    id: 'grant-scope',
    keys: ['tab', 'shift-tab'],
    scopes: ['grant'],
    title: 'switch between this pod only and its whole workload',
    disabled: (state) =>
      state.overlay.type === 'grant' && !state.overlay.form.canScope
        ? 'the source has only one scope: it was not picked as a pod of a workload'
        : undefined,
    run: (commands) => commands.grantScope(),
  },
  {
    id: 'grant-shorter',
    keys: ['left'],
    scopes: ['grant'],
    title: 'shorter duration, in the duration field',
    when: inDuration,
    run: (commands) => commands.grantPreset(-1),
  },
  {
    id: 'grant-longer',
    keys: ['right'],
    scopes: ['grant'],
    title: 'longer duration, in the duration field',
    when: inDuration,
    run: (commands) => commands.grantPreset(1),
  },
  {
    id: 'grant-yaml',
    keys: ['ctrl-y'],
    scopes: ['grant'],
    title: 'show the YAML that would be created',
    hint: () => 'yaml',
    footer: 3,
    run: (commands) => commands.grantYaml(),
  },
];

/** Lines that an arrow scrolls the form by. */
const STEP = 3;

/** A scroll step limited to the form; `scroll` may be behind what the last key asked for. */
function clampedBy(step: number, { scroll, scrollMax }: ViewFacts): number {
  return Math.min(scrollMax, Math.max(0, scroll + step)) - scroll;
}

function isLastField({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && overlay.form.field === 'ticket';
}

function inDuration({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && overlay.form.field === 'duration';
}

function isConfirming({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && overlay.form.confirming;
}

/** Why the form can't be submitted: a grant in progress, or a refusal by the plan or the server. */
function cannotSubmit({ overlay }: SessionState): string | undefined {
  if (overlay.type !== 'grant') return undefined;
  const { busy, plan } = overlay.form;
  if (busy !== undefined) return `already in progress: ${busy}`;
  if (plan.state !== 'made') return undefined;
  if (!plan.plan.ok) return `can't open: ${plan.plan.message}`;
  if (plan.server?.state === 'refused') return `the server refuses it: ${plan.server.message}`;
  return undefined;
}
