import { execFile, execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuditLog } from '../../../src/audit/audit.ts';
import { usageErrorOf } from '../../../src/cli/shared/shared.ts';
import { HELP_TEXTS } from '../../../src/cli/verbs/help-texts.ts';
import { buildProgram } from '../../../src/cli/verbs/verbs.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { auditEntry } from '../../helpers/audit/audit-entries.ts';
import { type ManifestFolder, manifestFolder, SHOP } from '../../helpers/manifest-folder.ts';
import { runVerb } from '../../helpers/verb.ts';

const silent = { out: () => undefined, err: () => undefined };

/** The program, whose verbs do nothing but say that they were parsed. */
function parser(onParsed: (command: Command) => void): Command {
  const run = () =>
    async function (this: Command) {
      onParsed(this);
    };
  return buildProgram(run, silent, false);
}

function commandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

const COMMANDS = commandsOf(parser(() => undefined));

const EXAMPLES = Object.entries(HELP_TEXTS).flatMap(([path, { examples }]) =>
  examples.map(([, line]) => ({ path, line })),
);

/** What sluice is called with in a line, as Bash reads it. */
function callsIn(line: string): readonly (readonly string[])[] {
  const stubs =
    'helm() { :; }; kubectl() { :; }; jq() { cat >&3; }; source() { :; }; eval() { :; }; sluice() { printf "%s\\0" "$@" $\'\\n\' >&3; }';
  const told = execFileSync('bash', ['-c', `exec 3>&1; ${stubs}\n${line.replace(/> \S+$/, '')}`], {
    encoding: 'utf8',
  });
  return told
    .split('\n\0')
    .slice(0, -1)
    .map((call) => call.split('\0').slice(0, -1));
}

describe('the help of every command', () => {
  test('has a text, and each text a command', () => {
    expect(Object.keys(HELP_TEXTS).sort()).toEqual(COMMANDS.map(pathOf).sort());
  });

  test.each(Object.entries(HELP_TEXTS))('%s: two to five examples', (_, { examples }) => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(examples.length).toBeLessThanOrEqual(5);
  });

  test.each(COMMANDS.map(pathOf))(
    '%s: usage, purpose, examples, its own options, then shared ones',
    async (path) => {
      const { code, text, errors } = await runVerb([...path.split(' ').slice(1), '--help']);
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      const [usage = '', , about = ''] = text.split('\n');
      expect(usage).toMatch(new RegExp(`^Usage: ${path}\\b`));
      expect(HELP_TEXTS[path]?.about.startsWith(about)).toBe(true);
      const headings = text.split('\n').filter((line) => /^\S.*:$/.test(line));
      expect(headings[0]).toBe('Examples:');
      expect(headings.at(-1)).toBe('Global options:');
      expect(text.slice(text.indexOf('Global options:'))).toMatch(/^ {2}-h, --help /m);
      for (const [, line] of HELP_TEXTS[path]?.examples ?? []) expect(text).toContain(`\n  ${line}\n`);
    },
  );

  test('a verb puts its own options before those of the connection', async () => {
    const { lines } = await runVerb(['grant', '--help']);
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
    const order = [
      'Options:',
      '  --from',
      '  --yes',
      '  -o,',
      'Exit codes:',
      'Flow source:',
      '  --source',
    ].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(at('  --context')).toBeGreaterThan(at('Global options:'));
    expect(lines[0]).toContain(
      '--from <end> --to <end> --port <port/protocol> --for <duration> --reason <text>',
    );
  });
});

describe('every example is parsed by the real parser', () => {
  test.each(EXAMPLES)('$line', async ({ path, line }) => {
    const calls = callsIn(line);
    expect(calls.length).toBeGreaterThan(0);
    for (const argv of calls) {
      const parsed: Command[] = [];
      const program = parser((command) => parsed.push(command));
      await program
        .parseAsync([...argv], { from: 'user' })
        .catch((error) => Promise.reject(usageErrorOf(error, program, argv)));
      // Examples of a command that has others are of these.
      const isGroup = COMMANDS.some((command) => pathOf(command) === path && command.commands.length > 0);
      if (!isGroup) expect(parsed.map(pathOf)).toEqual([path]);
    }
  });
});

/** Verbs whose examples end by themselves and change nothing, with the exit codes that are no failure. */
const RUNNABLE: Readonly<Record<string, readonly number[]>> = {
  'sluice explain': [0, 3, 4],
  'sluice matrix': [0],
  'sluice check': [0, 3],
  'sluice diff': [0, 1],
  'sluice lint': [0, 3],
  'sluice grants': [0],
  'sluice audit': [0],
  'sluice audit log': [0],
  'sluice audit verify': [0],
  'sluice audit checkpoint': [0],
  'sluice audit export': [0],
  'sluice manifests': [0],
  'sluice manifests rbac': [0],
  'sluice manifests admission': [0],
  'sluice version': [0],
};

describe('every example of a verb that only reads runs', () => {
  let folder: ManifestFolder;
  let demo: Demo;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const policy = `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: web-to-db, namespace: shop }\nspec: { podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }] }\n`;
    folder = await manifestFolder({
      'k8s/all.yaml': SHOP,
      'old/all.yaml': SHOP,
      'new/all.yaml': SHOP,
      'new/web-to-db.yaml': policy,
      'web-to-db.yaml': policy,
      'expectations.yaml': 'namespace: shop\nexpect:\n  - deny: { from: web, to: db, port: 5432 }\n',
      'paths.ndjson': '{"from":"web","to":"sts/db","port":5432,"protocol":"TCP"}\n',
    });
    demo = await startDemo();
    await writeFile(join(folder.path, 'kubeconfig'), demo.kubeconfig, { mode: 0o600 });
    const directory = join(folder.path, 'state', 'sluice', 'audit');
    const log = await openAuditLog({ directory, cluster: 'demo', version: '1' });
    const grant = { id: 'c4mzp2', source: 'web', destination: 'db', ports: '5432/tcp' };
    await log.append(auditEntry({ time: Date.now(), type: 'refused', grant, ticket: 'INC-4411' }));
    await writeFile(join(folder.path, 'kept.txt'), log.checkpoint() ?? '');
    await mkdir(join(folder.path, 'bin'));
    await symlink(resolve('dist/sluice.js'), join(folder.path, 'bin', 'sluice'));
    env = {
      PATH: [join(folder.path, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder.path,
      XDG_STATE_HOME: join(folder.path, 'state'),
      KUBECONFIG: join(folder.path, 'kubeconfig'),
    };
  });

  afterAll(async () => {
    await demo.stop();
    await folder.dispose();
  });

  /** The other programs of the examples, as far as these need them. */
  const OTHERS =
    'helm() { cat k8s/all.yaml; }; kubectl() { if [ "$1" = apply ]; then cat; else cat new/*.yaml; fi; }; jq() { cat; }';

  test.each(EXAMPLES.filter(({ path }) => RUNNABLE[path] !== undefined))('$line', async ({ path, line }) => {
    const ran = await new Promise<{ code: unknown; errors: string }>((done) => {
      execFile(
        'bash',
        ['-c', `set -o pipefail; ${OTHERS}\n${line}`],
        { cwd: folder.path, env },
        (error, _, stderr) => done({ code: error?.code ?? 0, errors: stderr }),
      );
    });
    expect(ran.errors).not.toMatch(/^sluice: /m);
    expect(RUNNABLE[path]).toContain(ran.code);
  });
});
