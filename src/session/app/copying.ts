import { keyOf } from '../../core/cluster/cluster.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import type { Attempt, FlowEnd } from '../../core/traffic/traffic.ts';
import { callsAsScript } from '../runtime/runtime.ts';
import {
  type AttemptLine,
  type Commands,
  type Copyable,
  type GrantLine,
  type Notice,
  type Overlay,
  type PodRow,
  type PolicyRow,
  type SessionState,
  textField,
} from '../state/state.ts';
import type { App } from './app-parts.ts';

/** What can be copied: the open text, or the row under the cursor as a whole and by its fields. */
export function copying(app: App): Pick<Commands, 'copyables' | 'pickField'> {
  const copyables = () => copyablesOf(app);
  return {
    copyables,
    pickField: () => {
      const fields = copyables();
      if (fields.length === 0) {
        app.notify('warn', 'Nothing to copy here.', 'Move to a row.');
        return;
      }
      app.push({
        type: 'pick',
        what: 'field',
        items: fields.map(({ what, text }) => `${what}: ${text}`),
        fields,
        filter: textField(),
        index: 0,
      });
    },
  };
}

function copyablesOf(app: App): readonly Copyable[] {
  const state = app.state();
  const { overlay, focus, panes } = state;
  switch (overlay.type) {
    case 'detail':
      return [{ what: overlay.title, text: detailText(overlay) }];
    case 'explain':
      return [{ what: 'the explanation', text: explainedText(overlay) }];
    case 'log':
      return [{ what: 'the log as a shell script', text: callsAsScript(state.calls) }];
    case 'messages':
      return [{ what: 'the messages', text: state.messages.map(messageText).join('\n') }];
    default:
      break;
  }
  const key = app.visibleRows(state, focus)[panes[focus].index]?.key;
  const under = <Row extends { readonly key: string }>(rows: readonly Row[]) =>
    rows.find((row) => row.key === key);
  const fields = {
    pods: () => [...podFields(under(state.pods)), ...objectFields(state, key)],
    policies: () => policyFields(under(state.policies)),
    attempts: () => attemptFields(under(state.attempts)),
    grants: () => grantFields(under(state.grants)),
  };
  return fields[focus]().filter(({ text }) => text !== '');
}

function podFields(row: PodRow | undefined): readonly Copyable[] {
  if (row === undefined) return [];
  const { namespace, name, ips, node = '', labels, owner } = row.pod;
  return [
    { what: 'pod', text: keyOf(row.pod) },
    { what: 'name', text: name },
    { what: 'namespace', text: namespace },
    { what: 'addresses', text: ips.join(' ') },
    { what: 'node', text: node },
    { what: 'workload', text: owner === undefined ? '' : `${owner.kind}/${owner.name}` },
    {
      what: 'labels',
      text: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    },
  ];
}

/** The name of the workload or Service, if the first pane lists those. */
function objectFields(
  { listed, workloads, services }: SessionState,
  key: string | undefined,
): readonly Copyable[] {
  if (listed === 'pods') return [];
  const object =
    workloads.find((row) => row.key === key)?.workload ?? services.find((row) => row.key === key)?.service;
  return object === undefined
    ? []
    : [
        { what: object.kind, text: keyOf(object) },
        { what: 'name', text: object.name },
        { what: 'namespace', text: object.namespace },
      ];
}

function policyFields(row: PolicyRow | undefined): readonly Copyable[] {
  if (row === undefined) return [];
  const { kind, namespace = '', name } = row.policy;
  const findings = row.assessment?.findings.map(({ text }) => text) ?? [];
  return [
    { what: 'policy', text: row.key },
    { what: 'name', text: name },
    { what: 'namespace', text: namespace },
    { what: 'kind', text: kind },
    { what: 'findings', text: findings.join(' ') },
  ];
}

function attemptFields(line: AttemptLine | undefined): readonly Copyable[] {
  if (line === undefined) return [];
  const { sourceName, destinationName, port, source, destination } = line.row;
  return [
    { what: 'attempt', text: attemptText(line) },
    { what: 'source', text: sourceName },
    { what: 'destination', text: destinationName },
    { what: 'port', text: port === undefined ? '' : String(port) },
    { what: 'why', text: line.why },
    { what: 'source pod', text: source.pod ?? '' },
    { what: 'destination pod', text: destination.pod ?? '' },
    { what: 'source address', text: source.ip ?? '' },
    { what: 'destination address', text: destination.ip ?? '' },
  ];
}

function grantFields(line: GrantLine | undefined): readonly Copyable[] {
  if (line === undefined) return [];
  const { id, source, destination, ports, reason, ticket = '', halves } = line.grant;
  return [
    { what: 'grant', text: id },
    { what: 'path', text: `${source} → ${destination} ${formatPorts(ports)}` },
    { what: 'reason', text: reason },
    { what: 'ticket', text: ticket },
    { what: 'command that ends it', text: `sluice revoke ${id}` },
    { what: 'policies', text: halves.flatMap(({ policy }) => policy?.name ?? []).join(' ') },
  ];
}

/** The open panel as plain text; the description becomes comments, so that the whole is valid YAML. */
function detailText({ about = [], attempts = [], lines }: Extract<Overlay, { type: 'detail' }>): string {
  const width = Math.max(0, ...about.map(({ label }) => label.length));
  const described = about.map(({ label, text }) => `# ${label.padEnd(width)}  ${text}`);
  return [...described, ...attempts.map(oneAttempt), ...lines].join('\n');
}

function oneAttempt({ last, verdict, source, destination, dropReason }: Attempt): string {
  const end = ({ namespace, pod, ip = '?', port }: FlowEnd) =>
    `${pod === undefined ? ip : `${namespace}/${pod}`}${port === undefined ? '' : `:${port}`}`;
  const path = `${end(source)} → ${end(destination)}`;
  return `${new Date(last).toISOString()} ${verdict} ${path} ${dropReason?.text ?? ''}`.trimEnd();
}

function explainedText({ title, attempt, verdict, problem }: Extract<Overlay, { type: 'explain' }>): string {
  if (attempt !== undefined) return attemptText(attempt);
  if (verdict === undefined) return `${title}: ${problem ?? 'not known'}`;
  return `${title} ${verdict.verdict}: egress ${verdict.egress.summary}, ingress ${verdict.ingress.summary}`;
}

function attemptText({ row, why }: AttemptLine): string {
  const { sourceName, destinationName, port, protocol, verdict } = row;
  return `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()} ${verdict}: ${why}`;
}

function messageText({ at, text, hint = '' }: Notice): string {
  return `${new Date(at).toISOString()} ${text} ${hint}`.trimEnd();
}
