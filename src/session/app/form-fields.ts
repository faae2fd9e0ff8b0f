import type { EndRef, PortSpec } from '../../core/cluster/cluster.ts';
import {
  asSluiceError,
  formatDuration,
  type Limits,
  parseDuration,
  safeText,
} from '../../core/common/common.ts';
import { brokenReason, formatPorts, tooLong } from '../../core/grants/grants.ts';
import { grantPortsOf, parseGrantPorts } from '../../core/policy/path/path.ts';
import {
  type EndField,
  edit,
  type GrantField,
  type GrantForm,
  offeredField,
  type PathState,
  type PlanState,
  type TextEdit,
  textField,
} from '../state/state.ts';
import { endNamed, endText, formEnd, type Place } from './form-ends.ts';

/** The fields of the form, in tab order. */
export const FIELDS: readonly GrantField[] = ['from', 'to', 'ports', 'duration', 'reason', 'ticket'];

/** What the fields are called. */
export const FIELD_NAMES: Readonly<Record<GrantField, string>> = {
  from: 'From',
  to: 'To',
  ports: 'Ports',
  duration: 'For',
  reason: 'Reason',
  ticket: 'Ticket',
};

/** Whether the plan depends on a field; the others are only recorded. */
export function isPlanned(field: GrantField): field is Exclude<GrantField, 'reason' | 'ticket'> {
  return field !== 'reason' && field !== 'ticket';
}

/** The initial form: filled in from the path, with the focus on the first missing field. */
export function newForm(
  place: Place,
  limits: Limits,
  ends: Record<EndField, EndRef>,
  path: PathState,
): GrantForm {
  const { port, sourcePod, destinationPod } = path;
  return {
    ends: {
      from: formEnd(place, ends.from, sourcePod),
      to: formEnd(place, ends.to, destinationPod),
    },
    field: port === undefined ? 'ports' : 'reason',
    fields: {
      from: textField(endText(place, ends.from, 'from')),
      to: textField(endText(place, ends.to, 'to')),
      ports: textField(port === undefined ? '' : formatPorts([port])),
      duration: textField(formatDuration(limits.presets[1] ?? limits.presets[0] ?? 900)),
      reason: textField(),
      ticket: textField(),
    },
    problems: {},
    plan: { state: 'making' },
    confirming: false,
    scroll: 0,
  };
}

/** The form with the focus on a field; what it holds is offered, for typing to replace. */
export function focusedOn(form: GrantForm, field: GrantField): GrantForm {
  const left = form.fields[form.field];
  const fields = { ...form.fields, [form.field]: { text: left.text, cursor: left.cursor } };
  const { text } = fields[field];
  const offers = isPlanned(field) && text !== '';
  const { choices: _, ...rest } = form;
  return { ...rest, field, scroll: 0, fields: offers ? { ...fields, [field]: offeredField(text) } : fields };
}

/** The form after an edit of its field; a text longer than a grant keeps is refused, and the field says so. */
export function edited(form: GrantForm, change: TextEdit): GrantForm {
  const { field, fields } = form;
  const before = fields[field];
  const after = edit(before, change);
  const { [field]: _, ...problems } = form.problems;
  const long = field === 'reason' || field === 'ticket' ? tooLong(field, after.text) : undefined;
  if (long !== undefined && after.text.length > before.text.length) {
    const problem = `${long.message} Nothing was added.`;
    return { ...form, scroll: 0, problems: { ...problems, [field]: problem } };
  }
  return { ...form, confirming: false, scroll: 0, fields: { ...fields, [field]: after }, problems };
}

/** The form with what its fields stand for now, and what is asked for if they say a path. */
export type Read = {
  readonly form: GrantForm;
  readonly request?: Extract<PlanState, { state: 'made' }>['request'];
};

/**
 * Reads the fields that a plan depends on. What an end means is open while choices for it are listed: looking for what
 * resembles a name takes long in a large cluster.
 *
 * @param typing leaves ends that are being typed alone, and reports no problems
 */
export function readForm(place: Place, form: GrantForm, { maxSeconds }: Limits, typing = false): Read {
  const found: { -readonly [K in GrantField]?: string } = {};
  const attempt = <T>(field: GrantField, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      const { message, hint } = asSluiceError(error);
      found[field] = `${message} ${hint}`;
      return undefined;
    }
  };
  const isOpen = (field: EndField) => typing || (form.choices !== undefined && form.field === field);
  const endOf = (field: EndField) =>
    form.ends[field] ??
    (isOpen(field)
      ? undefined
      : attempt(field, () => formEnd(place, endNamed(place, form.fields[field].text, field))));
  const [from, to] = [endOf('from'), endOf('to')];
  const ports = attempt('ports', (): readonly PortSpec[] | undefined => {
    const asked = parseGrantPorts(form.fields.ports.text);
    return to === undefined ? undefined : grantPortsOf(place.model, to.end, asked);
  });
  const seconds = attempt('duration', () => parseDuration(form.fields.duration.text, maxSeconds));
  const { reason, ticket } = form.problems;
  const { ports: _, ...rest } = form;
  const next: GrantForm = {
    ...rest,
    ends: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
    ...(ports === undefined ? {} : { ports }),
    problems: typing ? form.problems : { ...found, ...(reason && { reason }), ...(ticket && { ticket }) },
  };
  if (from === undefined || to === undefined || ports === undefined || seconds === undefined)
    return { form: next };
  return { form: next, request: { source: from.end, destination: to.end, ports, seconds } };
}

/** The reason and the ticket as they are written into the objects. */
export function recorded({ fields }: GrantForm): { readonly reason: string; readonly ticket?: string } {
  const [reason, ticket] = [fields.reason, fields.ticket].map(({ text }) =>
    safeText(text.trim(), Number.POSITIVE_INFINITY),
  );
  return { reason: reason ?? '', ...(ticket === undefined || ticket === '' ? {} : { ticket }) };
}

/** Whether somebody else has to approve what is planned (GRANT-34), so that the form asks for it. */
export function asksForApproval({ plan }: Pick<GrantForm, 'plan'>): boolean {
  return plan.state === 'made' && plan.request.approval?.type === 'asked';
}

/** Why the form can't be submitted yet, in a few words; `field` is where to go. */
export type NotYet = { readonly text: string; readonly field?: GrantField };

/** What is still in the way of a grant; undefined if the form can be submitted. */
export function notYet(form: GrantForm, limits: Limits): NotYet | undefined {
  const { busy, plan, problems } = form;
  if (busy !== undefined) return { text: `already in progress: ${busy}` };
  const isUnread = (field: GrantField) =>
    (field === 'from' || field === 'to') && plan.state === 'none' && form.ends[field] === undefined;
  const wrong = FIELDS.find(
    (field) => isPlanned(field) && (problems[field] !== undefined || isUnread(field)),
  );
  if (wrong !== undefined) return { text: `check ${FIELD_NAMES[wrong]} first`, field: wrong };
  if (plan.state === 'made' && !plan.plan.ok) return { text: `refused: ${plan.plan.message}` };
  if (plan.state === 'made' && plan.server?.state === 'refused')
    return { text: `refused by the server: ${plan.server.message}` };
  const { reason } = recorded(form);
  if (reason === '') return { text: 'reason is missing', field: 'reason' };
  const broken = brokenReason(reason, limits);
  if (broken !== undefined) return { text: broken.message, field: 'reason' };
  return plan.state === 'made' ? undefined : { text: 'still planning' };
}
