import {
  asksForApproval,
  type GrantField,
  type GrantForm,
  isPlanned,
  notYet,
  type SessionState,
} from '../../src/session/session.ts';
import type { Binding, ViewFacts } from './binding.ts';

/** Keys of the grant form, except for editing its text. */
export const GRANT_FORM: readonly Binding[] = [
  {
    id: 'grant-take',
    keys: ['enter'],
    scopes: ['grant'],
    title: 'take the chosen end, while ends are listed',
    hint: () => 'take',
    footer: 1,
    when: isChoosing,
    run: (commands) => commands.grantChoice('take'),
  },
  {
    id: 'grant-choose-next',
    keys: ['down', 'ctrl-n'],
    scopes: ['grant'],
    title: 'next end in the list',
    hint: () => 'choose',
    footer: 2,
    when: isChoosing,
    run: (commands) => commands.grantChoice(1),
  },
  {
    id: 'grant-choose-previous',
    keys: ['up', 'ctrl-p'],
    scopes: ['grant'],
    title: 'previous end in the list',
    when: isChoosing,
    run: (commands) => commands.grantChoice(-1),
  },
  {
    id: 'grant-take-and-go',
    keys: ['tab'],
    scopes: ['grant'],
    title: 'take the chosen end and go to the next field',
    hint: () => 'take, next',
    footer: 3,
    when: isChoosing,
    run: (commands) => {
      commands.grantChoice('take');
      commands.grantField(1);
    },
  },
  {
    id: 'grant-close-choices',
    keys: ['esc'],
    scopes: ['grant'],
    title: 'close the list, and keep what was typed',
    hint: () => 'close list',
    footer: 20,
    when: isChoosing,
    run: (commands) => commands.grantChoice('close'),
  },
  {
    id: 'grant-go-on',
    keys: ['enter'],
    scopes: ['grant'],
    title: 'next field, from all but Reason and Ticket',
    hint: () => 'next field',
    footer: 1,
    when: (state) => fieldIn(state, isPlanned),
    run: (commands) => commands.grantField(1),
  },
  {
    id: 'submit-grant',
    keys: ['enter'],
    scopes: ['grant'],
    title: 'grant, from Reason and Ticket; or ask for it, where somebody else approves',
    hint: (state) =>
      `${isAsking(state) ? 'ask for it' : 'grant'}${isConfirming(state) ? ' all the same' : ''}`,
    footer: 1,
    dark: true,
    disabled: cannotSubmit,
    run: (commands, state, { form }) => {
      if (isShown(state, form)) commands.confirm();
      else commands.notify('warn', 'enter: the plan has just changed.', 'Read it, then press enter again.');
    },
  },
  {
    id: 'grant-next-field',
    keys: ['tab'],
    scopes: ['grant'],
    title: 'next field',
    hint: (state) => (fieldIn(state, isPlanned) ? undefined : 'next field'),
    footer: 2,
    run: (commands) => commands.grantField(1),
  },
  {
    id: 'grant-back-field',
    keys: ['shift-tab'],
    scopes: ['grant'],
    title: 'previous field',
    run: (commands) => commands.grantField(-1),
  },
  {
    id: 'grant-down',
    keys: ['down'],
    scopes: ['grant'],
    title: 'next field; after the last field, scroll the plan',

    run: (commands, state, facts) => {
      const below = isLastField(state) && facts.scroll < facts.scrollMax;
      if (below) commands.move(clampedBy(STEP, facts));
      else commands.grantField(1);
    },
  },
  {
    id: 'grant-up',
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
    keys: ['ctrl-o'],
    scopes: ['grant'],
    title: 'switch an end between its workload and the one pod that was picked',
    disabled: (state) =>
      otherScope(state)
        ? undefined
        : 'there is no other choice: this end was not picked as a pod of a workload',
    run: (commands) => commands.grantScope(),
  },
  {
    id: 'grant-shorter',
    keys: ['left'],
    scopes: ['grant'],
    title: 'shorter duration, in For or while Reason is empty',
    when: isChoosingDuration,
    run: (commands) => commands.grantPreset(-1),
  },
  {
    id: 'grant-longer',
    keys: ['right'],
    scopes: ['grant'],
    title: 'longer duration, in For or while Reason is empty',
    when: isChoosingDuration,
    run: (commands) => commands.grantPreset(1),
  },
  {
    id: 'grant-yaml',
    keys: ['ctrl-y'],
    scopes: ['grant'],
    title: 'show the YAML that would be created',
    hint: ({ overlay }) =>
      overlay.type === 'grant' && overlay.form.plan.state === 'made' ? 'yaml' : undefined,
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

function fieldIn({ overlay }: SessionState, test: (field: GrantField) => boolean): boolean {
  return overlay.type === 'grant' && test(overlay.form.field);
}

function isChoosing({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && overlay.form.choices !== undefined;
}

function isLastField(state: SessionState): boolean {
  return fieldIn(state, (field) => field === 'ticket');
}

/** Whether ← and → choose a preset: in an empty reason, where the form opens, they have nothing else to do. */
export function choosesDuration({ field, fields }: Pick<GrantForm, 'field' | 'fields'>): boolean {
  return field === 'duration' || (field === 'reason' && fields.reason.text === '');
}

function isChoosingDuration({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && choosesDuration(overlay.form);
}

function isConfirming({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && overlay.form.confirming;
}

function isAsking({ overlay }: SessionState): boolean {
  return overlay.type === 'grant' && asksForApproval(overlay.form);
}

function otherScope({ overlay }: SessionState): boolean {
  if (overlay.type !== 'grant') return true;
  const { field, ends } = overlay.form;
  return ends[field === 'to' ? 'to' : 'from']?.other !== undefined;
}

/** Why the form can't be submitted yet. */
function cannotSubmit({ overlay, limits }: SessionState): string | undefined {
  return overlay.type === 'grant' ? notYet(overlay.form, limits)?.text : undefined;
}

/** Whether the screen shows the plan and the confirmation that enter would act on: the state may be ahead of it. */
function isShown({ overlay }: SessionState, shown: GrantForm | undefined): boolean {
  if (overlay.type !== 'grant' || overlay.form.plan.state !== 'made') return true;
  const { plan, confirming } = overlay.form;
  return shown?.plan.state === 'made' && shown.plan.plan === plan.plan && shown.confirming === confirming;
}
