import {
  type ApiObject,
  type FieldError,
  fieldErrors,
  labelNameFaults,
  labelsFaults,
  labelValueFaults,
  qualifiedNameFaults,
} from '../../core/cluster/cluster.ts';
import { at, isRecord, listAt, numberAt, sameJson, textAt } from '../../core/common/common.ts';
import { type Stored, stringMap, withMetadata } from '../store/store.ts';

/**
 * A Job with its defaults and the selector and labels generated from its uid (API-4). `completions` stays unset if
 * `parallelism` is set; a Job without labels gets those of its template.
 */
export function defaultJob(job: ApiObject, uid: string): ApiObject {
  const spec = isRecord(job.spec) ? job.spec : {};
  const counts =
    spec.completions === undefined && spec.parallelism === undefined
      ? { completions: 1, parallelism: 1 }
      : { parallelism: 1 };
  const { name } = job.metadata;
  const labels = {
    ...stringMap(at(spec, 'template', 'metadata', 'labels')),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const template = isRecord(spec.template) ? spec.template : {};
  const made = {
    ...job,
    spec: {
      ...counts,
      backoffLimit: 6,
      manualSelector: false,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
      ...spec,
      selector: {
        matchLabels: {
          ...stringMap(at(spec, 'selector', 'matchLabels')),
          'batch.kubernetes.io/controller-uid': uid,
        },
      },
      template: {
        ...template,
        metadata: { ...(isRecord(template.metadata) ? template.metadata : {}), labels },
        spec: defaultPodSpec(isRecord(template.spec) ? template.spec : {}),
      },
    },
    status: {},
  };
  return job.metadata.labels === undefined ? withMetadata(made, { labels }) : made;
}

/** Defaults of a pod's spec that apply to templates. */
export function defaultPodSpec(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    ...(Array.isArray(spec.containers) ? { containers: spec.containers.map(defaultContainer) } : {}),
  };
}

function defaultContainer(container: unknown): unknown {
  if (!isRecord(container)) return container;
  const image = textAt(container, 'image') ?? '';
  const tag = /:([^/@]+)(@|$)/.exec(image)?.[1];
  const latest = !image.includes('@') && (tag === undefined || tag === 'latest');
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: latest ? 'Always' : 'IfNotPresent',
    ...container,
    ...(Array.isArray(container.ports)
      ? { ports: container.ports.map((port) => (isRecord(port) ? { protocol: 'TCP', ...port } : port)) }
      : {}),
  };
}

const NUMBERS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
];

/** The errors of a Job (`ValidateJob`), as far as leases need. */
export function jobFaults(job: ApiObject): readonly FieldError[] {
  const { spec } = job;
  const faults: FieldError[] = [];
  const uid = textAt(job, 'metadata', 'uid') ?? '';
  const selector = at(spec, 'selector');
  if (!sameJson(selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } })) {
    faults.push(fieldErrors.invalid('spec.selector', selector, '`selector` not auto-generated'));
  }
  for (const name of NUMBERS) {
    const value = numberAt(spec, name);
    if (value !== undefined && value < 0) {
      faults.push(fieldErrors.invalid(`spec.${name}`, value, 'must be greater than or equal to 0'));
    }
  }
  const manager = textAt(spec, 'managedBy');
  if (manager !== undefined && !/^[^/]+\/.+$/.test(manager)) {
    faults.push(
      fieldErrors.invalid(
        'spec.managedBy',
        manager,
        'must be a domain-prefixed path (such as "acme.io/foo")',
      ),
    );
  }
  faults.push(...oneOf(spec, 'completionMode', ['NonIndexed', 'Indexed']));
  faults.push(...oneOf(spec, 'podReplacementPolicy', ['Failed', 'TerminatingOrFailed']));
  const labels = stringMap(at(spec, 'template', 'metadata', 'labels'));
  faults.push(
    ...[...new Set(Object.values(labels))].flatMap((value) =>
      labelValueFaults(value).map((why) => fieldErrors.invalid('spec.template.labels', value, why)),
    ),
  );
  return [...faults, ...templateFaults(at(spec, 'template', 'spec'))];
}

function oneOf(spec: unknown, name: string, allowed: readonly string[]): readonly FieldError[] {
  const value = textAt(spec, name);
  return value === undefined || allowed.includes(value)
    ? []
    : [fieldErrors.unsupported(`spec.${name}`, value, allowed)];
}

function templateFaults(pod: unknown): readonly FieldError[] {
  const field = 'spec.template.spec';
  const containers = listAt(pod, 'containers');
  const restart = textAt(pod, 'restartPolicy');
  return [
    ...(containers.length === 0 ? [fieldErrors.required(`${field}.containers`)] : []),
    ...containers.flatMap((container, i) => containerFaults(container, `${field}.containers[${i}]`)),
    ...labelsFaults(at(pod, 'nodeSelector'), `${field}.nodeSelector`),
    ...listAt(pod, 'schedulingGates').flatMap((gate, i) => {
      const name = textAt(gate, 'name') ?? '';
      return qualifiedNameFaults(name).map((why) =>
        fieldErrors.invalid(`${field}.schedulingGates[${i}]`, name, why),
      );
    }),
    ...(restart === 'Never' || restart === 'OnFailure'
      ? []
      : [fieldErrors.required(`${field}.restartPolicy`, 'valid values: "OnFailure", "Never"')]),
  ];
}

function containerFaults(container: unknown, field: string): readonly FieldError[] {
  const name = textAt(container, 'name') ?? '';
  const image = textAt(container, 'image') ?? '';
  return [
    ...(name === ''
      ? [fieldErrors.required(`${field}.name`)]
      : labelNameFaults(name).map((why) => fieldErrors.invalid(`${field}.name`, name, why))),
    ...(image === '' ? [fieldErrors.required(`${field}.image`)] : []),
  ];
}

const IMMUTABLE = ['completions', 'selector', 'template', 'completionMode', 'managedBy'];

/**
 * Errors for immutable fields in an update of a Job (`ValidateJobSpecUpdate`): deadline, ttl, parallelism and suspend are
 * mutable (LEASE-11).
 */
export function jobUpdateFaults(before: Stored, after: ApiObject): readonly FieldError[] {
  return IMMUTABLE.filter((name) => !sameJson(at(before.spec, name), at(after.spec, name))).map((name) =>
    fieldErrors.invalid(`spec.${name}`, at(after.spec, name), 'field is immutable'),
  );
}

/** Errors for immutable fields in an update of a Job's status: `startTime` of a running Job (LEASE-15). */
export function jobStatusUpdateFaults(before: Stored, after: ApiObject): readonly FieldError[] {
  const start = at(before.status, 'startTime');
  const suspended = at(before.spec, 'suspend') === true;
  if (start === undefined || suspended || sameJson(start, at(after.status, 'startTime'))) return [];
  return [fieldErrors.required('status.startTime', 'startTime cannot be removed for unsuspended job')].map(
    (fault) =>
      at(after.status, 'startTime') === undefined
        ? fault
        : fieldErrors.invalid(
            'status.startTime',
            at(after.status, 'startTime'),
            'field is immutable for unsuspended job once set',
          ),
  );
}
