import { type FieldError, fieldErrors } from '../../core/cluster/cluster.ts';
import { isRecord, textAt } from '../../core/common/common.ts';
import type { Deletion, Propagation } from '../store/store.ts';
import { badRequest, invalid } from './status.ts';

/** Options of a create, an update or a patch. */
export type WriteOptions = {
  readonly dryRun: boolean;
  readonly validation: 'Strict' | 'Warn' | 'Ignore';
  readonly manager: string;
};

/** Reads the options of a write. `kind` is the name in errors. Throws 422 (API-4). */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  userAgent: string,
): WriteOptions {
  const faults: FieldError[] = [];
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All'))
    faults.push(fieldErrors.unsupported('dryRun', dryRun, ['All']));
  const validation = query.get('fieldValidation') ?? '';
  const known = validation === '' ? 'Warn' : validation;
  if (known !== 'Strict' && known !== 'Warn' && known !== 'Ignore') {
    faults.push(fieldErrors.unsupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
    throw invalid({ group: 'meta.k8s.io', kind, name: '' }, faults);
  }
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', kind, name: '' }, faults);
  return {
    dryRun: dryRun.length > 0,
    validation: known,
    manager: query.get('fieldManager') ?? userAgent.split('/')[0] ?? 'unknown',
  };
}

/** A delete with its preconditions. */
export type DeleteOptions = Deletion & {
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Whether the caller set a propagation policy. */
  readonly explicit: boolean;
};

const PROPAGATIONS: readonly string[] = ['Foreground', 'Background', 'Orphan'];

/**
 * Reads the options of a delete: from the body if there is one, else from the query, never from both; a precondition in
 * the query is ignored (API-6). Throws 422.
 */
export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const given = isRecord(body) ? body : fromQuery(query);
  const faults: FieldError[] = [];
  const propagation = textAt(given, 'propagationPolicy');
  const orphan = given.orphanDependents;
  if (propagation !== undefined && orphan !== undefined) {
    faults.push(
      fieldErrors.invalid(
        'propagationPolicy',
        propagation,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  } else if (propagation !== undefined && !PROPAGATIONS.includes(propagation)) {
    faults.push(fieldErrors.unsupported('propagationPolicy', propagation, [...PROPAGATIONS, 'nil']));
  }
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun : [];
  if (dryRun.some((value) => value !== 'All'))
    faults.push(fieldErrors.unsupported('dryRun', dryRun, ['All']));
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, faults);
  const chosen = isPropagation(propagation)
    ? propagation
    : typeof orphan === 'boolean'
      ? orphan
        ? 'Orphan'
        : 'Background'
      : undefined;
  const uid = textAt(given, 'preconditions', 'uid');
  const resourceVersion = textAt(given, 'preconditions', 'resourceVersion');
  return {
    explicit: chosen !== undefined,
    dryRun: dryRun.length > 0,
    propagation: chosen,
    uid,
    resourceVersion,
    ...(typeof given.gracePeriodSeconds === 'number' ? { graceSeconds: given.gracePeriodSeconds } : {}),
  };
}

function fromQuery(query: URLSearchParams): Readonly<Record<string, unknown>> {
  const grace = query.get('gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  return {
    ...(query.has('propagationPolicy') ? { propagationPolicy: query.get('propagationPolicy') } : {}),
    ...(query.has('dryRun') ? { dryRun: query.getAll('dryRun') } : {}),
    ...(orphan === null ? {} : { orphanDependents: orphan === 'true' }),
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
  };
}

function isPropagation(value: string | undefined): value is Propagation {
  return value !== undefined && PROPAGATIONS.includes(value);
}

/** Options of a list or a watch. */
export type ListOptions = {
  readonly watch: boolean;
  readonly limit: number;
  readonly continueToken?: string;
  /** As requested; undefined if absent or empty. */
  readonly resourceVersion?: string;
  readonly match?: 'Exact' | 'NotOlderThan';
  readonly initialEvents: boolean;
  readonly bookmarks: boolean;
  readonly timeoutSeconds?: number;
  readonly labels: string;
  readonly fields: string;
};

/** Reads the options of a list or a watch. Throws 400 and 422 (API-1, API-3). */
export function listOptions(query: URLSearchParams): ListOptions {
  const truth = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  const limit = integer(query.get('limit'));
  const timeoutSeconds = integer(query.get('timeoutSeconds'));
  const watch = truth('watch');
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const initialEvents = truth('sendInitialEvents');
  const continueToken = query.get('continue') ?? '';
  const faults = watch
    ? watchFaults(match, initialEvents, query.has('sendInitialEvents'))
    : listFaults(match, resourceVersion, query.has('sendInitialEvents'));
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, faults);
  if (continueToken !== '' && resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return {
    watch,
    limit: limit ?? 0,
    ...(continueToken === '' ? {} : { continueToken }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(match === 'Exact' || match === 'NotOlderThan' ? { match } : {}),
    initialEvents,
    bookmarks: truth('allowWatchBookmarks'),
    timeoutSeconds,
    labels: query.get('labelSelector') ?? '',
    fields: query.get('fieldSelector') ?? '',
  };
}

const MATCH = 'resourceVersionMatch';

function listFaults(match: string, version: string, sendGiven: boolean): readonly FieldError[] {
  const faults: FieldError[] = [];
  if (match !== '' && version === '') {
    faults.push(
      fieldErrors.forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  } else if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    faults.push(fieldErrors.unsupported(MATCH, match, ['Exact', 'NotOlderThan', '']));
  } else if (match === 'Exact' && version === '0') {
    faults.push(
      fieldErrors.forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    );
  }
  if (sendGiven) {
    faults.push(fieldErrors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return faults;
}

function watchFaults(match: string, initialEvents: boolean, sendGiven: boolean): readonly FieldError[] {
  const faults: FieldError[] = [];
  if (match !== '' && !sendGiven) {
    faults.push(
      fieldErrors.forbidden(
        MATCH,
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (initialEvents && match !== 'NotOlderThan') {
    faults.push(
      fieldErrors.forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    );
    if (match !== '') faults.push(fieldErrors.unsupported(MATCH, match, ['NotOlderThan']));
  }
  return faults;
}

function integer(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}
