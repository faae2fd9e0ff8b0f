import { formatDuration, parseDuration } from '../../../core/access/duration.ts';
import type { EndRef, GrantRequest, PortSpec } from '../../../core/access/grant.ts';
import { formatPorts } from '../../../core/access/names.ts';
import { nameOfEnd, parsePort, podsOfEnd } from '../../../core/cluster/ends/ends.ts';
import { asSluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import type { GrantField, GrantForm, PathState } from '../../state.ts';
import { offeredField, textField } from '../../text-field.ts';
import type { App } from '../app.ts';

/** The fields of the form, in the order of tab. */
export const FIELDS: readonly GrantField[] = ['ports', 'duration', 'reason', 'ticket'];

/** The form as it opens: filled from the path, the cursor where something is missing. */
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

/** The request that the form asks for, or what is wrong with its fields. An empty reason is no problem to plan. */
export function readForm(form: GrantForm, maxSeconds: number): Read {
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
    form.fields.ports.text.split(',').map((text) => parsePort(text.trim())),
  );
  const seconds = attempt('duration', () => parseDuration(form.fields.duration.text, maxSeconds));
  const reason = safeText(form.fields.reason.text.trim());
  const ticket = safeText(form.fields.ticket.text.trim());
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
