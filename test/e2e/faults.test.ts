import { availableParallelism, loadavg } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ClosedPaths, closedPaths, type Operator } from '../helpers/closed-paths.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Program } from '../helpers/program.ts';
import { findRealCluster, type RealCluster } from '../helpers/real-cluster.ts';
import { findControlPlane } from '../helpers/servers/control-plane.ts';
import type { Call, Meddle } from '../helpers/servers/meddling-proxy.ts';

const found = await findRealCluster();
const cluster = found as RealCluster;
const plane = found === undefined ? undefined : await findControlPlane(found.admin);

/** What may be left after a window's end, ms (LEASE-4, GRANT-17). */
const LATE = 2_000;

/** A call of a protocol of sluice: a write or a question, or a read of one of its objects. */
function isStep({ method, path }: Call): boolean {
  return method !== 'GET' || /\/(jobs|networkpolicies)\/sluice-/.test(path);
}

/** A write of one of the objects of a grant, for real. */
function isWrite({ method, path, query }: Call): boolean {
  return method !== 'GET' && /\/(jobs|networkpolicies)(\/|$)/.test(path) && !query.has('dryRun');
}

/**
 * Resolves once nothing is left of all that was made, each policy in time. How late the cluster is depends on the machine:
 * where that has more to do than it can, the figure is printed and not judged.
 */
async function nothingLeft(paths: ClosedPaths, what: string): Promise<void> {
  const policies = await paths.closed();
  const late = policies.map(({ gone, last }) => gone - (last ?? 0)).toSorted((a, b) => a - b);
  const worst = late.at(-1) ?? 0;
  const isBusy = (loadavg()[0] ?? 0) > 2 * availableParallelism();
  if (worst > LATE || policies.length > 10)
    console.info(
      `${what}: ${policies.length} policies, gone up to ${worst} ms after their window${isBusy ? ', on a busy machine' : ''}`,
    );
  expect(policies.filter(({ last }) => last === undefined)).toEqual([]);
  if (!isBusy) expect(worst).toBeLessThanOrEqual(LATE);
}

/** Answers with a time of the server that is later by this many ms. */
function later(by: number): Meddle {
  return async (_, forward) => {
    const answer = await forward();
    const date = new Date(Date.parse(answer.headers.date ?? '') + by).toUTCString();
    return { ...answer, headers: { ...answer.headers, date } };
  };
}

/** Each intent has an outcome, each grant an end, and the log is whole. */
async function allRecorded(operators: readonly Operator[]): Promise<void> {
  for (const operator of operators) expect(await operator.unfinished()).toEqual([]);
}

/** What was said, in sentences and without a stack. */
function saidOf(program: Program): string {
  const said = [...program.lines, program.errors()].join('\n');
  expect(said).not.toMatch(/ {4}at |"code":"bug"/);
  return said;
}

/** Makes a grant that outlives its program, and gives its id. */
async function granted(
  paths: ClosedPaths,
  operator: Operator,
  path: number,
  seconds: number,
): Promise<string> {
  const program = operator.run(paths.grant(path, seconds));
  const { id } = await program.event('granted');
  await program.ended;
  return String(id);
}

/** Does a piece of work again and again with a number that counts up, four at once, until one has nothing to do. */
async function countUp(work: (nth: number) => Promise<boolean>): Promise<void> {
  let next = 1;
  let over = false;
  const worker = async () => {
    while (!over) {
      if (!(await work(next++))) over = true;
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

/** The arguments of a verb on a path, and the grant that it is about. */
type Verb = (
  paths: ClosedPaths,
  path: number,
) => Promise<{ readonly args: readonly string[]; readonly id?: string }>;

const VERBS: Readonly<Record<string, Verb>> = {
  'grant --wait': async ({ grant }, path) => ({ args: grant(path, 4, '--wait') }),
  extend: async (paths, path) => {
    const id = await granted(paths, await paths.operator(), path, 10);
    return { id, args: ['extend', id, '-n', paths.namespace, '--for', '1s'] };
  },
  revoke: async (paths, path) => {
    const id = await granted(paths, await paths.operator(), path, 20);
    return { id, args: ['revoke', id, '-n', paths.namespace] };
  },
  sweep: async (paths, path) => {
    const id = await granted(paths, await paths.operator(), path, 20);
    await paths.kubectl('patch', 'job', `sluice-${id}-in`, '-p', '{"spec":{"suspend":true}}');
    return { id, args: ['sweep', id, '-n', paths.namespace] };
  },
};

describe.skipIf(found === undefined)('killed', () => {
  let paths: ClosedPaths;
  afterEach(() => paths?.dispose());

  /** Runs a verb on a path of its own, killed at its nth call; undefined if it is done before. */
  async function killAt(verb: Verb, nth: number, when: 'before' | 'after'): Promise<Operator | undefined> {
    let calls = 0;
    let program: Program | undefined;
    const { args, id } = await verb(paths, nth);
    const isOwn = ({ method, path }: Call) => method === 'POST' || id === undefined || path.includes(id);
    const operator = await paths.operator(async (call, forward) => {
      if (!isStep(call) || !isOwn(call)) return forward();
      calls += 1;
      if (calls < nth) return forward();
      if (calls === nth && when === 'after') await forward();
      program?.process.kill('SIGKILL');
      return undefined;
    });
    program = operator.run(args);
    const code = await program.ended;
    if (code === 0) return undefined;
    // On a busy machine, a window may be over before the grant is made: then nothing was left to kill.
    if (calls >= nth) expect(code).toBe(137);
    return operator;
  }

  const rows = Object.keys(VERBS).flatMap((name) =>
    (['before', 'after'] as const).map((when) => [name, when] as const),
  );
  test.each(rows)(
    '%s, kill -9 %s the server got each call',
    async (name, when) => {
      paths = await closedPaths(cluster, 60);
      const killed: Operator[] = [];
      await countUp(async (nth) => {
        const operator = await killAt(VERBS[name] as Verb, nth, when);
        if (operator !== undefined) killed.push(operator);
        return operator !== undefined;
      });
      expect(killed.length).toBeGreaterThan(6);
      // A lease without a policy may be one in the making for minutes, by the time of the server (GRANT-21).
      const sweeper = await paths.operator(later(600_000));
      // What is left of a sweep that was killed is what it was to remove, and the next one does.
      if (name === 'sweep') await sweeper.run(['sweep', '-n', paths.namespace]).ended;
      if (name === 'sweep') await paths.closed();
      else await nothingLeft(paths, `${name} killed ${killed.length} times`);
      await allRecorded([...killed, sweeper]);
    },
    300_000,
  );
});

describe.skipIf(found === undefined)('answers', () => {
  let paths: ClosedPaths;
  afterEach(() => paths?.dispose());

  const FAULTS: Readonly<Record<string, Meddle>> = {
    lost: async (_, forward) => {
      await forward();
      return undefined;
    },
    'late by 5 s': async (_, forward) => {
      const answer = await forward();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return answer;
    },
    'of a request that was sent twice': async (_, forward) => {
      await forward();
      return forward();
    },
  };

  test.each(Object.keys(FAULTS))('%s, of each write of grant --wait', async (name) => {
    paths = await closedPaths(cluster, 20);
    const operators: Operator[] = [];
    await countUp(async (nth) => {
      let writes = 0;
      const operator = await paths.operator(async (call, forward) => {
        if (!isWrite(call)) return forward();
        writes += 1;
        return writes === nth ? FAULTS[name]?.(call, forward) : forward();
      });
      const program = operator.run(paths.grant(nth, 6, '--wait'));
      const code = await program.ended;
      operators.push(operator);
      const said = saidOf(program);
      // Either it ended as promised, or it says why there is none, and what is left: nothing.
      if (code !== 0) expect(said).toMatch(/"code":"(unreachable|conflict|refused)"/);
      expect(said).not.toContain('"code":"left-open"');
      return writes >= nth;
    });
    expect(operators.length).toBeGreaterThan(7);
    await nothingLeft(paths, `${name}, ${operators.length} times`);
    await allRecorded(operators);
  });
});

/** An edit of a grant that stands, and what the program that keeps it says of it. */
type Edit = readonly [
  name: string,
  edit: (paths: ClosedPaths, name: string) => Promise<unknown>,
  said: RegExp,
];

const merge = (kind: string, change: object) => (paths: ClosedPaths, name: string) =>
  paths.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify(change));

const EDITS: readonly Edit[] = [
  ['a suspended lease', merge('job', { spec: { suspend: true } }), /it is suspended, which resets its clock/],
  [
    'a deadline moved to later',
    merge('job', { spec: { activeDeadlineSeconds: 3_600 } }),
    /its deadline was moved to 1h/,
  ],
  [
    'a deadline moved to now',
    merge('job', { spec: { activeDeadlineSeconds: 1 } }),
    /its deadline was moved to 1s/,
  ],
  [
    'a lease without ttl',
    merge('job', { spec: { ttlSecondsAfterFinished: null } }),
    /its ttlSecondsAfterFinished is unset instead of 0/,
  ],
  [
    'a second owner',
    async (paths, name) => {
      await paths.kubectl('create', 'configmap', 'keep');
      const uid = await paths.kubectl('get', 'configmap', 'keep', '-o', 'jsonpath={.metadata.uid}');
      const text = await paths.kubectl(
        'get',
        'networkpolicy',
        name,
        '-o',
        'jsonpath={.metadata.ownerReferences}',
      );
      const ownerReferences = [
        ...JSON.parse(text),
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'keep', uid },
      ];
      await merge('networkpolicy', { metadata: { ownerReferences } })(paths, name);
    },
    /it has 2 owners, and any of them keeps it alive/,
  ],
  [
    'a lease deleted so that it orphans its policy',
    (paths, name) => paths.kubectl('delete', 'job', name, '--cascade=orphan'),
    /it has no owner, so nothing would delete it/,
  ],
  [
    'an edited policy',
    merge('networkpolicy', { spec: { ingress: [{}] } }),
    /NetworkPolicy \S+: it is not what was granted: spec/,
  ],
  [
    'a deleted base policy',
    (paths) => paths.kubectl('delete', 'networkpolicy', 'closed'),
    /NetworkPolicy \S+ was deleted after the grant was planned/,
  ],
  [
    'a relabelled pod',
    (paths) => paths.kubectl('label', 'pod', 'web-1', 'app=other', '--overwrite'),
    /labels of pod \S+web-1 changed/,
  ],
  [
    'a deleted namespace',
    (paths) => paths.kubectl('delete', 'namespace', paths.namespace, '--wait=false'),
    /"event":"revoked"/,
  ],
];

describe.skipIf(found === undefined)('edited by somebody', () => {
  test.concurrent.each(EDITS)('%s: the program that made the grant ends it', async (_, edit, said) => {
    const paths = await closedPaths(cluster);
    try {
      const operator = await paths.operator();
      // Long enough that a busy machine makes the edit within the window, though nobody waits for its end.
      const program = operator.run(paths.grant(1, 20, '--wait'));
      const { id } = await program.event('granted');
      await edit(paths, `sluice-${id}-in`);
      await program.ended;
      expect(saidOf(program)).toMatch(said);
      await nothingLeft(paths, _);
      await allRecorded([operator]);
    } finally {
      await paths.dispose();
    }
  });

  test.concurrent.each(EDITS)(
    '%s, and nobody keeps the grant: sweep ends what the cluster does not',
    async (_, edit) => {
      const paths = await closedPaths(cluster);
      try {
        const operator = await paths.operator();
        const id = await granted(paths, operator, 1, 10);
        await edit(paths, `sluice-${id}-in`);
        await eventually(async () => {
          const sweep = operator.run(['sweep', '-n', paths.namespace, '-o', 'json']);
          const code = await sweep.ended;
          // A namespace that is gone by now has nothing to sweep, and is told as not found.
          expect(code === 0 || /"message":"Namespace \S+ not found\."/.test(saidOf(sweep))).toBe(true);
          expect(paths.left()).toEqual([]);
        });
        await allRecorded([operator]);
      } finally {
        await paths.dispose();
      }
    },
  );

  test.concurrent('a foreign finalizer: who holds the policy is told, and it is gone when that is', async () => {
    const paths = await closedPaths(cluster);
    try {
      const operator = await paths.operator();
      const program = operator.run(paths.grant(1, 4, '--wait'));
      const { id } = await program.event('granted');
      const name = `sluice-${id}-in`;
      await merge('networkpolicy', { metadata: { finalizers: ['example.com/keep'] } })(paths, name);
      const { message } = await program.event('failed');
      expect(message).toMatch(/still in force, held by the finalizer example\.com\/keep/);
      expect(paths.left()).toContain(name);
      await merge('networkpolicy', { metadata: { finalizers: null } })(paths, name);
      await program.event('revoked');
      expect(await program.ended).toBe(0);
      expect(saidOf(program)).toMatch(/the finalizer example\.com\/keep would keep it in force/);
      await paths.closed();
      await allRecorded([operator]);
    } finally {
      await paths.dispose();
    }
  });
});

/** Shifts the clock of a program by this many ms, before anything of it runs. */
const shifted = (by: number) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    `const Real = Date; const now = () => Real.now() + ${by};
     globalThis.Date = class extends Real {
       constructor(...args) { if (args.length === 0) super(now()); else super(...args); }
       static now() { return now(); }
     };`,
  )}`,
});

describe.skipIf(found === undefined)('clocks', () => {
  test.concurrent.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
  ])('of the client %s: the window is the server’s, and so are the times on record', async (_, by) => {
    const paths = await closedPaths(cluster);
    try {
      const operator = await paths.operator();
      const program = operator.run(paths.grant(1, 4, '--wait'), shifted(by));
      const { end } = await program.event('granted');
      const revoked = await program.event('revoked');
      expect(await program.ended).toBe(0);
      expect(Math.abs(Date.parse(String(revoked.time)) - Date.parse(String(end)))).toBeLessThan(60_000);
      for (const { time } of await operator.records())
        expect(Math.abs(time - Date.now())).toBeLessThan(600_000);
      await nothingLeft(paths, `a client ${_}`);
      await allRecorded([operator]);
    } finally {
      await paths.dispose();
    }
  });

  test.concurrent('asleep past the window: the cluster ends the grant, and the program says so when it wakes', async () => {
    const paths = await closedPaths(cluster);
    try {
      const operator = await paths.operator();
      const program = operator.run(paths.grant(1, 4, '--wait'));
      await program.event('granted');
      program.process.kill('SIGSTOP');
      await nothingLeft(paths, 'asleep');
      program.process.kill('SIGCONT');
      expect(await program.event('revoked')).toMatchObject({ by: 'lease' });
      expect(await program.ended).toBe(0);
      await allRecorded([operator]);
    } finally {
      await paths.dispose();
    }
  });

  test.concurrent('asleep between the leases and the policies: nothing opens when it wakes', async () => {
    const paths = await closedPaths(cluster);
    try {
      let isAsleep = false;
      const asleep = Promise.withResolvers<void>();
      const awake = Promise.withResolvers<void>();
      const operator = await paths.operator(async (call, forward) => {
        if (!isWrite(call) || !call.path.endsWith('/networkpolicies') || isAsleep) return forward();
        isAsleep = true;
        asleep.resolve();
        await awake.promise;
        return forward();
      });
      const program = operator.run(paths.grant(1, 2));
      await asleep.promise;
      program.process.kill('SIGSTOP');
      await eventually(async () => expect(await paths.kubectl('get', 'jobs', '-o', 'name')).toBe(''));
      awake.resolve();
      program.process.kill('SIGCONT');
      expect(await program.ended).toBe(1);
      expect(saidOf(program)).toMatch(/The window of 2s was over before the grant .* was in force/);
      await paths.closed();
      await allRecorded([operator]);
    } finally {
      await paths.dispose();
    }
  });
});

describe.skipIf(plane === undefined)('servers', () => {
  let paths: ClosedPaths;
  beforeAll(async () => {
    paths = await closedPaths(cluster, 10);
  });
  afterAll(() => paths?.dispose());

  /** One grant with a program that keeps it, and one without, over whose windows something happens to the servers. */
  async function across(path: number, happens: () => Promise<() => void | Promise<void>>): Promise<Program> {
    const operator = await paths.operator();
    await granted(paths, operator, path, 6);
    const program = operator.run(paths.grant(path + 1, 6, '--wait'));
    const { end } = await program.event('granted');
    const undo = await happens();
    const left = Date.parse(String(end)) + LATE - Date.now();
    await new Promise((resolve) => setTimeout(resolve, left));
    await undo();
    await program.ended;
    await paths.closed();
    await eventually(async () =>
      expect(await paths.kubectl('get', 'jobs,networkpolicies', '-l', 'sluice.dev/grant', '-o', 'name')).toBe(
        '',
      ),
    );
    await allRecorded([operator]);
    return program;
  }

  test('the controllers killed across the end: the program ends its grant, and they the other once they are back', async () => {
    const program = await across(1, async () => plane?.kill('kube-controller-manager') ?? (() => undefined));
    expect(await program.event('revoked')).toMatchObject({ by: 'deadline' });
    expect(await program.ended).toBe(0);
  });

  test('the API server killed across the end: both are gone once it is back', async () => {
    const program = await across(3, async () => plane?.kill('kube-apiserver') ?? (() => undefined));
    expect((await program.event('failed')).message).toMatch(/^Not known to be revoked: /);
    expect(saidOf(program)).toContain('"event":"revoked"');
    expect(await program.ended).toBe(0);
  });

  test('the store paused across the end: both are gone once it goes on', async () => {
    const program = await across(5, async () => plane?.pause('etcd') ?? (() => undefined));
    expect(saidOf(program)).toContain('"event":"revoked"');
    expect(await program.ended).toBe(0);
  });

  test('no controllers when a grant is made: it is refused, as nothing would end it', async () => {
    const restart = await plane?.kill('kube-controller-manager');
    try {
      const operator = await paths.operator();
      const program = operator.run(paths.grant(7, 4));
      expect(await program.ended).toBe(1);
      expect(saidOf(program)).toMatch(/did not start within 30 s, so nothing would end the grant/);
      expect((await operator.records()).map(({ type }) => type)).toEqual(['intent', 'failed']);
    } finally {
      await restart?.();
    }
    await paths.closed();
  });
});
