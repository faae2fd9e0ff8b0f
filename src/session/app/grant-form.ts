import { asSluiceError, formatDuration, safeText, sameJson } from '../../core/common/common.ts';
import { type GrantPlan, type GrantRequest, toConfirm, withReason } from '../../core/grants/grants.ts';
import { pause } from '../../wait.ts';
import {
  awaitAnswer,
  dryRun,
  type GrantStep,
  type MadeGrant,
  makeRequest,
  requestPlan,
} from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  type Commands,
  type EndField,
  type GrantField,
  type GrantForm,
  offeredField,
  type PlanState,
  type ServerSays,
  type TextEdit,
  type TextField,
  textField,
} from '../state/state.ts';
import type { App } from './app-parts.ts';
import { choicesFor, endText, formEnd, type Place } from './form-ends.ts';
import {
  asksForApproval,
  edited,
  FIELDS,
  focusedOn,
  isPlanned,
  newForm,
  notYet,
  readForm,
  recorded,
} from './form-fields.ts';
import { yamlLines } from './panels.ts';
import { pathOfForm } from './path-state.ts';

export type GrantFormCommands = Pick<
  Commands,
  'openGrant' | 'grantField' | 'grantChoice' | 'grantScope' | 'grantPreset' | 'grantYaml'
> & {
  readonly typeInForm: (change: TextEdit) => void;
  readonly submit: () => void;
};

/**
 * Debounce after typing, ms: before a plan is made, and before the server is asked again about a reason, which no plan
 * depends on. In a large cluster a plan takes as long as a key press can wait.
 */
const SETTLE = { plan: 120, reason: 600 } as const;

type Made = Extract<GrantPlan, { ok: true }>;

type Change = (make: (form: GrantForm) => GrantForm) => void;

/** The grant form: filled in from the path, with the plan of what stands in its fields below it. */
export function grantForm(app: App): GrantFormCommands {
  let planning = new AbortController();
  const { limits } = app.deps;

  const change: Change = (make) => app.update('grant', ({ form }) => ({ type: 'grant', form: make(form) }));

  /** Changes the form for the user, and says whether it did: not while it is being granted, as it shows what is. */
  const act = (make: (form: GrantForm, place: Place) => GrantForm): boolean => {
    const runtime = app.runtime();
    const form = formOf(app);
    if (runtime === undefined || form === undefined || form.busy !== undefined) return false;
    change(() => make(form, placeOf(app, runtime)));
    return true;
  };

  /** Changes what is planned: the plan shown so far is gone at once, and the path bar follows. */
  const replan = (make: (form: GrantForm, place: Place) => GrantForm, after = 0) => {
    const changed = act((form, place) => {
      const next = { ...make(form, place), confirming: false, plan: making(form.plan) };
      return readForm(place, next, limits, true).form;
    });
    if (!changed) return;
    follow(app);
    plan(after);
  };

  /** Reads what was typed, and says what is wrong with it. */
  const settle = () => {
    const runtime = app.runtime();
    const form = formOf(app);
    if (runtime === undefined || form === undefined) return undefined;
    const read = readForm(placeOf(app, runtime), form, limits);
    const { request } = read;
    change(() => (request === undefined ? { ...read.form, plan: { state: 'none' } } : read.form));
    follow(app);
    return request;
  };

  const started = () => {
    planning.abort();
    planning = new AbortController();
    return planning.signal;
  };

  const plan = (after: number) => {
    const signal = started();
    app.run(async () => {
      await pause(after, signal);
      const request = settle();
      const runtime = app.runtime();
      if (request === undefined || runtime === undefined) return;
      const made = await planOrAsk(runtime, request, signal);
      // Planning does not stop for an edit: its result must not be shown under other fields.
      signal.throwIfAborted();
      change((form) => ({ ...form, plan: { state: 'made', ...made } }));
      await ask(app, change, signal);
    });
  };

  const askAgain = () => {
    const signal = started();
    app.run(async () => {
      await pause(SETTLE.reason, signal);
      await ask(app, change, signal);
    });
  };

  const step = (by: 1 | -1) => {
    act((form) => {
      const at = FIELDS.indexOf(form.field) + by;
      return focusedOn(form, FIELDS[(at + FIELDS.length) % FIELDS.length] ?? 'reason');
    });
    readEnds();
  };

  /** Reads an end once the choices for it are closed. */
  const readEnds = () => {
    const { from, to } = formOf(app)?.ends ?? {};
    if (from === undefined || to === undefined) replan((form) => form);
  };

  const take = () => {
    const form = formOf(app);
    const chosen = form?.choices?.items[form.choices.index];
    if (form === undefined || chosen === undefined || !isEnd(form.field)) return;
    const { field } = form;
    const { end, text } = chosen;
    replan((now, place) => {
      const { choices: _, ...rest } = now;
      return {
        ...withText(rest, field, textField(text)),
        ends: { ...now.ends, [field]: formEnd(place, end) },
      };
    });
  };

  return {
    openGrant: () => {
      const runtime = app.runtime();
      const { path } = app.state();
      const { source, destination } = path;
      if (runtime === undefined) return;
      if (source === undefined || destination === undefined) {
        const missing = source === undefined ? 'a source with s' : 'a destination with d';
        app.notify(
          'warn',
          'A grant needs a source and a destination.',
          `Mark ${missing}, or move to an attempt.`,
        );
        return;
      }
      const ends = { from: source, to: destination };
      app.push({ type: 'grant', form: newForm(placeOf(app, runtime), limits, ends, path) });
      plan(0);
    },
    grantField: (field) => {
      if (typeof field === 'number') step(field);
      else act((form) => focusedOn(form, field));
    },
    grantChoice: (what) => {
      if (what === 'take') take();
      else {
        act((form) => {
          const { choices, ...rest } = form;
          if (choices === undefined || what === 'close') return rest;
          const count = choices.items.length;
          return { ...form, choices: { ...choices, index: (choices.index + what + count) % count } };
        });
        if (what === 'close') readEnds();
      }
    },
    grantScope: () => {
      const form = formOf(app);
      const field = form?.field === 'to' ? 'to' : 'from';
      const from = form?.ends[field];
      const { other } = from ?? {};
      if (from === undefined || other === undefined) return;
      replan((now, place) => ({
        ...withText(now, field, offeredField(endText(place, other, field))),
        ends: { ...now.ends, [field]: { ...formEnd(place, other), other: from.end } },
      }));
    },
    grantPreset: (by) =>
      replan((form) => {
        const texts = limits.presets.map(formatDuration);
        const at = texts.indexOf(form.fields.duration.text);
        const next = texts.at(at < 0 ? Math.min(0, by) : (at + by) % texts.length);
        return next === undefined ? form : withText(form, 'duration', offeredField(next));
      }, SETTLE.plan),
    grantYaml: () => {
      const form = formOf(app);
      if (form?.plan.state !== 'made' || !form.plan.plan.ok) {
        app.notify('warn', 'No YAML yet: there is no plan.', 'Fill in the form first.');
        return;
      }
      const runtime = app.runtime();
      if (runtime === undefined) return;
      const made = toMake(runtime, form.plan.request, withReason(form.plan.plan, recorded(form)));
      const lines = yamlLines(made.halves.flatMap(({ lease, policy }) => [lease, policy]));
      app.push({
        type: 'detail',
        title: `YAML of ${asksForApproval(form) ? 'request' : 'grant'} ${made.id}`,
        lines,
        scroll: 0,
        loading: false,
      });
    },
    typeInForm: (typed) => {
      const before = formOf(app);
      if (before === undefined) return;
      const { field } = before;
      const after = edited(before, typed);
      if (after.fields[field].text === before.fields[field].text) {
        act(() => after);
        return;
      }
      if (!isPlanned(field)) {
        const changed = act(() => withServer(after, { state: 'pending' }));
        if (changed && after.plan.state === 'made') askAgain();
        return;
      }
      replan((_, place) => (isEnd(field) ? typedEnd(place, after, field) : after), SETTLE.plan);
    },
    submit: () => {
      const form = formOf(app);
      if (form === undefined || form.busy !== undefined) return;
      if (form.choices !== undefined) take();
      else if (isPlanned(form.field)) step(1);
      else submit(app, form, change);
    },
  };
}

type Planned = Extract<PlanState, { state: 'made' }>['request'];

/** The plan of a grant, or where somebody else has to approve it, of a request for it (GRANT-34). */
async function planOrAsk(
  runtime: Runtime,
  request: Planned,
  signal: AbortSignal,
): Promise<{ readonly request: Planned; readonly plan: GrantPlan }> {
  const plan = await runtime.plan({ ...request, reason: '' }, signal);
  if (plan.ok || plan.reason !== 'needs-approval') return { request, plan };
  const asked: Planned = { ...request, approval: { type: 'asked' } };
  return { request: asked, plan: await runtime.plan({ ...asked, reason: '' }, signal) };
}

function asks({ approval }: Planned): boolean {
  return approval?.type === 'asked';
}

/** The objects that enter makes: of the grant, or of the request for it. */
function toMake(runtime: Runtime, request: Planned, plan: Made): Made {
  return asks(request) ? requestPlan(runtime.grantDeps, runtime, plan, request).asked : plan;
}

/** The state of a plan that is being made in place of another. */
function making(plan: PlanState): PlanState {
  if (plan.state === 'made') return { state: 'making', before: plan.plan };
  return plan.state === 'making' ? plan : { state: 'making' };
}

/** The form with another text in a field, of which nothing wrong is known. */
function withText(form: GrantForm, field: GrantField, text: TextField): GrantForm {
  const { [field]: _, ...problems } = form.problems;
  return { ...form, problems, fields: { ...form.fields, [field]: text } };
}

/** The form while an end is typed: nobody knows yet what it names. */
function typedEnd(place: Place, form: GrantForm, field: EndField): GrantForm {
  const { choices: _, ...rest } = form;
  const choices = choicesFor(place, form.fields[field].text, field);
  const { [field]: __, ...ends } = form.ends;
  return { ...rest, ends, ...(choices === undefined ? {} : { choices }) };
}

/** Grants what stands in the form, or says why not. What needs confirmation is confirmed by a second call. */
function submit(app: App, form: GrantForm, change: Change): void {
  const runtime = app.runtime();
  const { plan } = form;
  if (runtime === undefined) return;
  if (plan.state === 'made' && !plan.plan.ok) {
    const { request, plan: refused } = plan;
    app.notify('error', refused.message, refused.hint);
    app.run(() => runtime.refused({ ...request, ...recorded(form) }, refused));
    return;
  }
  const fault = notYet(form, app.deps.limits);
  if (fault !== undefined || plan.state !== 'made' || !plan.plan.ok) {
    const { text, field } = fault ?? { text: 'still planning' };
    if (field !== undefined) change((current) => focusedOn(current, field));
    app.notify('warn', `Not granted: ${text}.`);
    return;
  }
  if (toConfirm(plan.plan).length > 0 && !form.confirming) {
    change((current) => ({ ...current, confirming: true }));
    return;
  }
  const request: GrantRequest = { ...plan.request, ...recorded(form) };
  const made = withReason(plan.plan, request);
  const show = (busy: string | undefined) => change((current) => ({ ...current, ...{ busy } }));
  show('checking permissions');
  app.run(async (signal) => {
    try {
      const tell = (step: GrantStep) => show(STEP_TEXT[step]);
      if (asks(request)) {
        const asked = await makeRequest(runtime.grantDeps, runtime, made, request, tell, signal);
        app.notify(
          'info',
          `${made.id} waits for approval: somebody else reviews it with a, or sluice approve.`,
        );
        app.run((within) => followRequest(app, runtime, asked, made, within));
      } else await runtime.grant(made, request, tell, signal);
      app.clear();
      const { panes } = app.state();
      app.set({ focus: 'grants', panes: { ...panes, grants: { ...panes.grants, key: made.id } } });
      app.refresh();
    } catch (error) {
      show(undefined);
      throw error;
    }
  });
}

/** Waits for the answer to a request of this session; an approved one is then kept like a grant made here. */
async function followRequest(
  app: App,
  runtime: Runtime,
  asked: MadeGrant,
  { id, opens }: Made,
  signal: AbortSignal,
): Promise<void> {
  const answer = await awaitAnswer(runtime.grantDeps, asked, signal);
  if (app.runtime() !== runtime) return;
  switch (answer.type) {
    case 'approved': {
      const { approval } = runtime.keeper.take(answer.made, opens);
      app.notify('info', `${approval?.by ?? 'Somebody'} approved ${id}.`);
      break;
    }
    case 'refused':
      app.notify('error', `${id} was refused by ${safeText(answer.why)}`);
      break;
    case 'expired':
      app.notify('warn', `Nobody answered request ${id} in time.`, 'Ask again.');
      break;
    case 'removed':
      app.notify('warn', `Request ${id} was withdrawn.`);
      break;
  }
  app.refresh();
}

const STEP_TEXT = {
  rights: 'checking permissions',
  'dry-run': 'server-side dry-run',
  audit: 'writing the audit record',
  lease: 'waiting for the lease to start',
  policy: 'applying the policy',
  'read-back': 'reading back',
} as const;

function formOf(app: App): GrantForm | undefined {
  const { overlay } = app.state();
  return overlay.type === 'grant' ? overlay.form : undefined;
}

function placeOf(app: App, { model, connection }: Runtime): Place {
  return { model, namespace: app.state().cluster.namespace ?? connection.namespace ?? 'default' };
}

function isEnd(field: GrantField): field is EndField {
  return field === 'from' || field === 'to';
}

/** Makes the path bar speak of the pair in the form. */
function follow(app: App): void {
  const form = formOf(app);
  const runtime = app.runtime();
  if (form === undefined || runtime === undefined) return;
  const path = pathOfForm(runtime, app.state().path, form);
  if (!sameJson(path, app.state().path)) app.set({ path });
}

function withServer(form: GrantForm, server: ServerSays): GrantForm {
  return form.plan.state === 'made' && form.plan.plan.ok ? { ...form, plan: { ...form.plan, server } } : form;
}

/** Asks the server about the objects of the plan, with the reason in the form, which may be covered by its YAML. */
async function ask(app: App, change: Change, signal: AbortSignal): Promise<void> {
  const runtime = app.runtime();
  let plan: Made | undefined;
  change((form) => {
    if (runtime !== undefined && form.plan.state === 'made' && form.plan.plan.ok)
      plan = toMake(runtime, form.plan.request, withReason(form.plan.plan, recorded(form)));
    return withServer(form, { state: 'pending' });
  });
  if (runtime === undefined || plan === undefined) return;
  const said = await serverSays(runtime, plan, signal);
  signal.throwIfAborted();
  change((current) => withServer(current, said));
}

async function serverSays(runtime: Runtime, { halves }: Made, signal: AbortSignal): Promise<ServerSays> {
  try {
    return { state: 'accepted', changes: await dryRun(runtime.grantDeps, halves, signal) };
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint } = asSluiceError(error);
    return { state: 'refused', message, hint };
  }
}
