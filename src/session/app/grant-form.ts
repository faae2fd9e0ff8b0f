import type { EndRef, PortSpec } from '../../core/cluster/cluster.ts';
import { asSluiceError, formatDuration, parseDuration, safeText } from '../../core/common/common.ts';
import { formatPorts, type GrantRequest } from '../../core/grants/grants.ts';
import { grantPortsOf, nameOfEnd, parseGrantPorts, podsOfEnd } from '../../core/policy/path/path.ts';
import { pause } from '../../wait.ts';
import { dryRun } from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  type Commands,
  edit,
  type GrantField,
  type GrantForm,
  offeredField,
  type PathState,
  type ServerSays,
  type TextEdit,
  textField,
} from '../state/state.ts';
import type { App } from './app-parts.ts';
import { yamlLines } from './panels.ts';
import { judged } from './path-state.ts';

export type GrantFormCommands = Pick<
  Commands,
  'openGrant' | 'grantField' | 'grantScope' | 'grantPreset' | 'grantYaml'
> & {
  readonly typeInForm: (change: TextEdit) => void;
  readonly submit: () => void;
};

/**
 * Debounce before a plan is made from what was typed, ms. Reason and ticket don't affect what opens, and in a large
 * cluster a plan takes as long as a key press can wait.
 */
const SETTLE: Readonly<Record<GrantField, number>> = { ports: 120, duration: 120, reason: 600, ticket: 600 };

/** The grant form: filled in from the path, with a live plan below it. */
export function grantForm(app: App): GrantFormCommands {
  let pods: Pick<PathState, 'sourcePod' | 'source'> = {};
  let planning = new AbortController();
  /** Enter was pressed while the plan was still being made: submit as soon as there is one. */
  let entered = false;

  const change = (make: (form: GrantForm) => GrantForm, replan = true) => {
    app.update('grant', ({ form }) => ({ type: 'grant', form: make(form) }));
    if (replan) plan();
  };

  const plan = (settle = SETTLE.ports) => {
    planning.abort();
    planning = new AbortController();
    const { signal } = planning;
    app.run(async () => {
      await pause(settle, signal);
      const form = formOf(app);
      const runtime = app.runtime();
      if (form === undefined || runtime === undefined) return;
      const { request, problems } = readForm(runtime, form, app.deps.limits.maxSeconds);
      change((current) => ({ ...current, problems }), false);
      if (request === undefined) return;
      const made = await runtime.plan(request, signal);
      const server: ServerSays = { state: 'pending' };
      change(
        (current) => ({
          ...current,
          confirming: false,
          plan: { state: 'made', plan: made, stale: false, ...(made.ok ? { server } : {}) },
        }),
        false,
      );
      if (entered) {
        entered = false;
        submit(app, change, wait);
      }
      if (!made.ok) return;
      const said = await ask(runtime, made, signal);
      change(
        (current) =>
          current.plan.state === 'made' && current.plan.plan === made
            ? { ...current, plan: { ...current.plan, server: said } }
            : current,
        false,
      );
    });
  };

  const wait = () => {
    entered = true;
    plan(0);
  };

  return {
    openGrant: () => {
      entered = false;
      const { path } = app.state();
      const { source, destination } = path;
      if (app.runtime() === undefined) return;
      if (source === undefined || destination === undefined) {
        const missing = source === undefined ? 'a source with s' : 'a destination with d';
        app.notify(
          'warn',
          'A grant needs a source and a destination.',
          `Mark ${missing}, or move to an attempt.`,
        );
        return;
      }
      pods = { source, sourcePod: path.sourcePod };
      app.push({ type: 'grant', form: newForm(app, source, destination, path) });
      plan();
    },
    grantField: (field) =>
      change((form) => {
        if (typeof field === 'string') return { ...form, field, scroll: 0 };
        const at = FIELDS.indexOf(form.field);
        return {
          ...form,
          scroll: 0,
          field: FIELDS[(at + field + FIELDS.length) % FIELDS.length] ?? 'reason',
        };
      }, false),
    grantScope: () => {
      const { source, sourcePod } = pods;
      const runtime = app.runtime();
      if (runtime === undefined) return;
      if (source === undefined || sourcePod === undefined || source.type !== 'workload') return;
      change((form) => {
        const scope = form.scope === 'workload' ? 'pod' : 'workload';
        const end: EndRef = scope === 'pod' ? { type: 'pod', ...sourcePod } : source;
        return { ...form, scope, source: end, sourceText: describeEnd(app, end), plan: stale(form) };
      });
      const form = formOf(app);
      if (form !== undefined)
        app.set({ path: judged(runtime, { ...app.state().path, source: form.source }) });
    },
    grantPreset: (step) =>
      change((form) => {
        const texts = app.deps.limits.presets.map(formatDuration);
        const at = texts.indexOf(form.fields.duration.text);
        const next = texts[(at + step + texts.length) % texts.length] ?? texts[1] ?? '15m';
        return { ...form, fields: { ...form.fields, duration: offeredField(next) }, plan: stale(form) };
      }),
    grantYaml: () => {
      const form = formOf(app);
      if (form?.plan.state !== 'made' || !form.plan.plan.ok) {
        app.notify('warn', 'No YAML yet: there is no plan.', 'Fill in the form first.');
        return;
      }
      const { plan: made } = form.plan;
      const lines = yamlLines(made.halves.flatMap(({ lease, policy }) => [lease, policy]));
      app.push({
        type: 'detail',
        title: `YAML of grant ${made.id}`,
        lines,
        scroll: 0,
        loading: false,
      });
    },
    typeInForm: (typed) => {
      entered = false;
      change(
        (form) => ({
          ...form,
          confirming: false,
          scroll: 0,
          fields: { ...form.fields, [form.field]: edit(form.fields[form.field], typed) },
          plan: stale(form),
        }),
        false,
      );
      const form = formOf(app);
      if (form !== undefined) plan(SETTLE[form.field]);
    },
    submit: () => submit(app, change, wait),
  };
}

/** Submits the form; calls `wait` if the plan isn't ready, to be called again when it is. */
function submit(
  app: App,
  change: (make: (form: GrantForm) => GrantForm, replan?: boolean) => void,
  wait: () => void,
): void {
  const form = formOf(app);
  const runtime = app.runtime();
  if (form === undefined || runtime === undefined || form.busy !== undefined) return;
  const { request, problems } = readForm(runtime, form, app.deps.limits.maxSeconds);
  if (request === undefined) {
    const field = firstProblem(problems) ?? form.field;
    change((current) => ({ ...current, problems, field, scroll: 0 }), false);
    return;
  }
  if (request.reason === '') {
    const text = 'A reason is required: the audit log keeps it.';
    change(
      (current) => ({
        ...current,
        field: 'reason',
        scroll: 0,
        problems: { ...current.problems, reason: text },
      }),
      false,
    );
    return;
  }
  const { plan } = form;
  if (plan.state !== 'made' || plan.stale) {
    wait();
    return;
  }
  const made = plan.plan;
  if (!made.ok) {
    app.notify('error', made.message, made.hint);
    app.run(() => runtime.refused(request, made));
    return;
  }
  if (made.isolates.length > 0 && !form.confirming) {
    change((current) => ({ ...current, confirming: true }), false);
    return;
  }
  const show = (busy: string | undefined) => change((current) => ({ ...current, ...{ busy } }), false);
  show('checking permissions');
  app.run(async (signal) => {
    try {
      await runtime.grant(made, request, (step) => show(STEP_TEXT[step]), signal);
      app.clear();
      app.set({ focus: 'grants' });
      app.refresh();
    } catch (error) {
      show(undefined);
      throw error;
    }
  });
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

function stale(form: GrantForm): GrantForm['plan'] {
  return form.plan.state === 'made' ? { ...form.plan, stale: true } : form.plan;
}

async function ask(
  runtime: Runtime,
  plan: Parameters<Runtime['grant']>[0],
  signal: AbortSignal,
): Promise<ServerSays> {
  try {
    return { state: 'accepted', changes: await dryRun(runtime.grantDeps, plan.halves, signal) };
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint } = asSluiceError(error);
    return { state: 'refused', message, hint };
  }
}

/** The fields of the form, in tab order. */
export const FIELDS: readonly GrantField[] = ['ports', 'duration', 'reason', 'ticket'];

/** The initial form: filled in from the path, with the focus on the first missing field. */
export function newForm(app: App, source: EndRef, destination: EndRef, path: PathState): GrantForm {
  const port: PortSpec | undefined = path.port;
  return {
    source,
    destination,
    sourceText: describeEnd(app, source),
    destinationText: describeEnd(app, destination),
    scope: source.type === 'pod' ? 'pod' : 'workload',
    canScope: source.type === 'workload' && path.sourcePod !== undefined,
    field: port === undefined ? 'ports' : 'reason',
    fields: {
      ports: textField(port === undefined ? '' : formatPorts([port])),
      duration: offeredField(formatDuration(app.deps.limits.presets[1] ?? app.deps.limits.presets[0] ?? 900)),
      reason: textField(),
      ticket: textField(),
    },
    problems: {},
    plan: { state: 'making' },
    confirming: false,
    scroll: 0,
  };
}

/** `web · Deployment in shop · 2 pods now`. */
export function describeEnd(app: App, end: EndRef): string {
  const runtime = app.runtime();
  const name = nameOfEnd(end);
  if (runtime === undefined || end.type === 'ip') return `${name} · address`;
  const count = podsOfEnd(runtime.model, end).length;
  const pods = `${count} ${count === 1 ? 'pod' : 'pods'} now`;
  switch (end.type) {
    case 'workload':
      return `${end.ref.name} · ${end.ref.kind} in ${end.ref.namespace} · ${pods}`;
    case 'pod':
      return `${end.name} · Pod in ${end.namespace}`;
    case 'service':
      return `${end.name} · Service in ${end.namespace} · ${pods}`;
  }
}

type Read = { readonly request?: GrantRequest; readonly problems: GrantForm['problems'] };

/** The request in the form, or what is wrong with its fields. A plan doesn't need a reason. */
export function readForm({ model }: Runtime, form: GrantForm, maxSeconds: number): Read {
  const problems: { -readonly [K in GrantField]?: string } = {};
  const attempt = <T>(field: GrantField, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems[field] = asSluiceError(error).message;
      return undefined;
    }
  };
  const ports = attempt('ports', () =>
    grantPortsOf(model, form.destination, parseGrantPorts(form.fields.ports.text)),
  );
  const seconds = attempt('duration', () => parseDuration(form.fields.duration.text, maxSeconds));
  const reason = safeText(form.fields.reason.text.trim(), Number.POSITIVE_INFINITY);
  const ticket = safeText(form.fields.ticket.text.trim(), Number.POSITIVE_INFINITY);
  if (ports === undefined || seconds === undefined) return { problems };
  return {
    problems,
    request: {
      source: form.source,
      destination: form.destination,
      ports,
      seconds,
      reason,
      ...(ticket === '' ? {} : { ticket }),
    },
  };
}

/** The first field with a problem. */
export function firstProblem(problems: GrantForm['problems']): GrantField | undefined {
  return FIELDS.find((field) => problems[field] !== undefined);
}
