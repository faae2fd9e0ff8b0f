import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { AuditLog, ClusterApi } from '../../../src/core/ports/ports.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { findGrants } from '../../../src/session/grants/find-grants.ts';
import { createKeeper } from '../../../src/session/grants/keeper.ts';
import { makeGrant } from '../../../src/session/grants/make-grant.ts';
import type { GrantDeps } from '../../../src/session/grants/record.ts';
import { recordEnds } from '../../../src/session/grants/record-ends.ts';
import { revokeFound, sweepFound } from '../../../src/session/grants/revoke-found.ts';
import { BOTH, type LiveDemo, STORY, startLiveDemo } from '../../helpers/demo/live-demo.ts';

let live: LiveDemo;
const { signal } = new AbortController();

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const KINDS: Readonly<Record<string, string>> = {
  jobs: 'Job',
  networkpolicies: 'NetworkPolicy',
  events: 'Event',
};

/** Dependencies that note each write, and what they noted. */
function noting(change: Partial<ClusterApi> = {}): {
  readonly deps: GrantDeps;
  readonly writes: Set<string>;
} {
  const writes = new Set<string>();
  const { grantDeps } = live.runtime;
  const { api, audit } = grantDeps;
  const note = (verb: string, resource: string) => writes.add(`${verb} ${KINDS[resource] ?? resource}`);
  const deps: GrantDeps = {
    ...grantDeps,
    api: {
      ...api,
      clock: api.clock,
      create: (ref, object, options) => {
        if (options?.dryRun !== true) note('create', ref.resource);
        return api.create(ref, object, options);
      },
      patch: (ref, patch, options) => {
        note('patch', ref.resource);
        return api.patch(ref, patch, options);
      },
      delete: (ref, options) => {
        note('delete', ref.resource);
        return api.delete(ref, options);
      },
      ...change,
    },
    audit: {
      checkpoint: audit.checkpoint,
      append: (entry) => {
        writes.add(`record ${entry.type}`);
        return audit.append(entry);
      },
    },
  };
  return { deps, writes };
}

const ASKED = { ...STORY, ...BOTH };

async function planned(seconds: number) {
  const plan = await live.runtime.plan({ ...ASKED, seconds }, signal);
  if (!plan.ok) throw new Error(plan.message);
  return plan;
}

async function standing() {
  await live.open({ ...BOTH, seconds: 600 });
  const [grant] = await findGrants(live.runtime.connection.api, 'shop', signal);
  if (grant === undefined) throw new Error('no grant');
  return grant;
}

/** Each protocol, and what it wrote. */
const PROTOCOLS: Readonly<Record<string, () => Promise<ReadonlySet<string>>>> = {
  grant: async () => {
    // Who may create events writes one too (AUD-9).
    const allowed: ClusterApi['allowed'] = async (asked) => asked.map((one) => ({ ...one, allowed: true }));
    const { deps, writes } = noting({ allowed });
    await makeGrant(deps, await planned(600), { ...ASKED, seconds: 600 }, () => undefined, signal);
    return writes;
  },
  'roll back': async () => {
    const { deps, writes } = noting();
    const failing: GrantDeps = {
      ...deps,
      api: {
        ...deps.api,
        create: async (ref, object, options) => {
          const answer = await deps.api.create(ref, object, options);
          const isLast = ref.resource === 'networkpolicies' && options?.dryRun !== true;
          if (!isLast) return answer;
          writes.clear();
          throw new SluiceError('unreachable', 'The connection was lost.', '');
        },
      },
    };
    const plan = await planned(600);
    await makeGrant(failing, plan, { ...ASKED, seconds: 600 }, () => undefined, signal).catch(() => '');
    return writes;
  },
  end: async () => {
    const { deps, writes } = noting({ follow: async () => undefined });
    const evidence = {
      attempts: () => [],
      onFlows: () => () => undefined,
      keepsEstablished: () => 'no' as const,
    };
    const keeper = createKeeper(deps, live.runtime.engine, evidence, () => undefined);
    const { id } = await keeper.make(await planned(3), { ...ASKED, seconds: 3 }, () => undefined, signal);
    writes.clear();
    await keeper.ended(id);
    await keeper.dispose();
    return writes;
  },
  extend: async () => {
    const grant = await standing();
    const { deps, writes } = noting();
    await extendGrant(deps, grant, 60, signal);
    return writes;
  },
  revoke: async () => {
    const grant = await standing();
    const { deps, writes } = noting();
    await revokeFound(deps, grant);
    return writes;
  },
  sweep: async () => {
    const grant = await standing();
    const { deps, writes } = noting();
    await sweepFound(deps, grant, ['test']);
    return writes;
  },
  'record ends': async () => {
    const made = await live.open({ seconds: 600 });
    live.runtime.keeper.forget(made.id);
    const name = made.halves[0]?.policy?.name ?? '';
    live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, () => undefined);
    const { deps, writes } = noting();
    const { api } = live.runtime.connection;
    const clock = { now: () => api.clock.now() + 3_600_000, error: 0, offset: 0 };
    const open = () => openAuditLog({ directory: dirname(live.auditPath), cluster: 'demo', version: 'test' });
    const audit = async (): Promise<Pick<AuditLog, 'appendMissing'>> => {
      const log = await open();
      return {
        appendMissing: async (since, missing) => {
          const appended = await log.appendMissing(since, missing);
          for (const { type } of appended) writes.add(`record ${type}`);
          return appended;
        },
      };
    };
    const { records } = live.runtime.connection;
    await recordEnds({ ...deps, api: { ...deps.api, clock } }, { demo: true, records, audit }, signal);
    return writes;
  },
};

/** The rows of the table of writes: protocol and write. */
const ROWS = readFileSync('docs/crash-safety.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, protocol = '', write = ''] = line.split('|').map((cell) => cell.trim());
    return /^(create|patch|delete|record) /.test(write) ? [{ protocol, write }] : [];
  });

test.each(Object.keys(PROTOCOLS))(
  'each write of %s has a row, and each of its rows is a write',
  async (protocol) => {
    const told = ROWS.filter((row) => row.protocol === protocol).map(({ write }) => write);
    const writes = [...((await PROTOCOLS[protocol]?.()) ?? [])];
    expect(writes.toSorted()).toEqual(told.toSorted());
  },
);

test('no other protocol has rows', () => {
  expect([...new Set(ROWS.map(({ protocol }) => protocol))]).toEqual(Object.keys(PROTOCOLS));
});
