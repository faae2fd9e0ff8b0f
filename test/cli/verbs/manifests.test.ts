import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { ROLES } from '../../../src/core/roles/roles.ts';
import { readFirstYaml } from '../../../src/core/yaml/yaml.ts';
import { expectRefused } from '../../helpers/bad-input.ts';
import { runVerb } from '../../helpers/verb.ts';

let folder: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-manifests-'));
  env = { XDG_CONFIG_HOME: folder, KUBECONFIG: join(folder, 'none') };
});

afterEach(() => rm(folder, { recursive: true }));

const run = (...args: readonly string[]) => runVerb(['manifests', ...args], env);

function objectsIn(text: string): readonly ApiObject[] {
  return text.split(/^---$/m).map((document) => readFirstYaml(document).value as ApiObject);
}

async function printed(...args: readonly string[]): Promise<readonly ApiObject[]> {
  const { code, text, errors } = await run(...args);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return objectsIn(text);
}

const named = (objects: readonly ApiObject[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe('sluice manifests rbac', () => {
  test('prints a ClusterRole for each role, with exactly its rights', async () => {
    const objects = await printed('rbac');
    expect(named(objects)).toEqual(ROLES.map(({ name }) => `ClusterRole sluice-${name}`));
    for (const [index, { rights, about }] of ROLES.entries()) {
      expect(objects[index]).toMatchObject({
        metadata: { annotations: { 'kubernetes.io/description': about } },
        rules: rights.map(({ group, resources, verbs, names }) => ({
          apiGroups: [group],
          resources,
          verbs,
          ...(names === undefined ? {} : { resourceNames: names }),
        })),
      });
    }
  });

  test('labels everything as its own, with the version', async () => {
    for (const { metadata } of await printed('rbac', '--bind', 'viewer=sre')) {
      expect(metadata.labels).toEqual({
        'app.kubernetes.io/managed-by': 'sluice',
        'app.kubernetes.io/version': 'dev',
      });
    }
  });

  test('binds roles to groups in all namespaces, and that of Relay in its own', async () => {
    const binds = ['viewer=sre', 'viewer=a=b', 'hubble=sre'].flatMap((each) => ['--bind', each]);
    const [viewer, hubble, ...more] = (await printed('rbac', ...binds)).slice(ROLES.length);
    expect(viewer).toMatchObject({
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: 'sluice-viewer' },
      subjects: [
        { kind: 'Group', name: 'sre' },
        { kind: 'Group', name: 'a=b' },
      ],
    });
    expect(hubble).toMatchObject({
      kind: 'RoleBinding',
      metadata: { name: 'sluice-hubble', namespace: 'kube-system' },
    });
    expect(more).toEqual([]);
  });

  test('binds roles in one namespace', async () => {
    const args = [
      '--bind',
      'operator=sre',
      '--bind',
      'hubble=sre',
      '-n',
      'shop',
      '--hubble-namespace',
      'cilium',
    ];
    const bindings = (await printed('rbac', ...args)).slice(ROLES.length);
    expect(bindings.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`)).toEqual([
      'RoleBinding cilium',
      'RoleBinding shop',
    ]);
  });

  test('prints a List as JSON', async () => {
    const { text } = await run('rbac', '-o', 'json');
    expect(JSON.parse(text)).toMatchObject({ kind: 'List', items: await printed('rbac') });
  });
});

describe('sluice manifests admission', () => {
  const limits = async (...args: readonly string[]) => {
    const policy = (await printed('admission', ...args)).find(
      ({ metadata }) => metadata.name === 'sluice-lease-limits',
    );
    const { variables } = (policy?.spec ?? { variables: [] }) as {
      variables: readonly { name: string; expression: string }[];
    };
    const literals = variables.filter(({ expression }) => /^["[\d]/.test(expression));
    return Object.fromEntries(literals.map(({ name, expression }) => [name, JSON.parse(expression)]));
  };

  test('takes limits from options', async () => {
    const asked = [
      '--max-duration',
      '4h',
      '--reason-pattern',
      '^INC-',
      '--protect',
      'kube-system',
      '--protect',
      'a-*',
    ];
    expect(await limits(...asked)).toMatchObject({
      maxSeconds: 14_400,
      reasonPattern: '^INC-',
      protectedNamespaces: ['^kube-system$', '^a-.*$'],
    });
  });

  test('takes limits from the configuration, else the defaults of sluice', async () => {
    expect(await limits()).toMatchObject({ maxSeconds: 28_800, reasonPattern: '', protectedNamespaces: [] });
    const config = 'maxWindow: 2h\nreasonPattern: ^CHG\nprotected: {namespaces: [dns]}\n';
    await mkdir(join(folder, 'sluice'));
    await writeFile(join(folder, 'sluice', 'config.yaml'), config);
    expect(await limits()).toMatchObject({
      maxSeconds: 7_200,
      reasonPattern: '^CHG',
      protectedNamespaces: ['^dns$'],
    });
    expect(await limits('--max-duration', '1h')).toMatchObject({ maxSeconds: 3_600 });
  });

  test('requires approvals where options say so, else where the configuration does', async () => {
    const approvals = async (...args: readonly string[]) =>
      JSON.stringify(
        (await printed('admission', ...args)).find(
          ({ kind, metadata }) =>
            kind === 'ValidatingAdmissionPolicy' && metadata.name === 'sluice-approvals',
        )?.spec,
      );
    expect(await approvals()).toBeUndefined();
    const asked = [
      '--approvals',
      'pay-*',
      '--approvers',
      'leads',
      '--break-glass',
      'oncall',
      '--pending',
      '2h',
    ];
    const text = await approvals(...asked);
    for (const part of ['^pay-.*$', 'leads', 'oncall', '7200']) expect(text).toContain(part);
    const config = 'approvals: {required: {namespaces: [payments]}, pendingFor: 30m, breakGlass: true}\n';
    await mkdir(join(folder, 'sluice'));
    await writeFile(join(folder, 'sluice', 'config.yaml'), config);
    for (const part of ['^payments$', '1800']) expect(await approvals()).toContain(part);
  });

  test('confines groups only if asked to', async () => {
    const name = 'ValidatingAdmissionPolicy sluice-confined';
    expect(named(await printed('admission'))).not.toContain(name);
    expect(named(await printed('admission', '--confine', 'oncall'))).toContain(name);
  });
});

describe('--kustomize', () => {
  const written = async (subject: string, ...args: readonly string[]) =>
    run(subject, '--kustomize', join(folder, 'out'), ...args);

  test('writes a file for each name, and a kustomization that lists them', async () => {
    const { code, lines } = await written('rbac', '--bind', 'viewer=sre');
    expect(code).toBe(0);
    const files = (await readdir(join(folder, 'out'))).sort();
    const resources = ROLES.map(({ name }) => `sluice-${name}.yaml`);
    expect(files).toEqual(['kustomization.yaml', ...resources].sort());
    expect([...lines].sort()).toEqual(files.map((file) => `created    ${join(folder, 'out', file)}`));
    const [kustomization] = objectsIn(await readFile(join(folder, 'out', 'kustomization.yaml'), 'utf8'));
    expect(kustomization).toMatchObject({ kind: 'Kustomization', resources });
    const viewer = objectsIn(await readFile(join(folder, 'out', 'sluice-viewer.yaml'), 'utf8'));
    expect(named(viewer)).toEqual(['ClusterRole sluice-viewer', 'ClusterRoleBinding sluice-viewer']);
  });

  test('replaces what it wrote, and says as JSON what it wrote', async () => {
    await written('admission');
    const { code, text } = await written('admission', '--max-duration', '1h', '-o', 'json');
    expect(code).toBe(0);
    const how = (file: string, what: string) => ({ file: join(folder, 'out', file), how: what });
    expect(JSON.parse(text).written).toEqual(
      expect.arrayContaining([
        how('sluice-lease-limits.yaml', 'replaced'),
        how('sluice-leases.yaml', 'unchanged'),
        how('kustomization.yaml', 'unchanged'),
      ]),
    );
    expect(await readFile(join(folder, 'out', 'sluice-lease-limits.yaml'), 'utf8')).toContain('3600');
  });

  test('leaves a strange file as it is, and writes nothing', async () => {
    const file = join(folder, 'out', 'sluice-viewer.yaml');
    await mkdir(join(folder, 'out'));
    await writeFile(file, 'kind: ClusterRole\n');
    expectRefused(
      await written('rbac'),
      1,
      /sluice-viewer\.yaml exists, and is not a file of sluice manifests rbac/,
    );
    expect(await readdir(join(folder, 'out'))).toEqual(['sluice-viewer.yaml']);
    expect(await readFile(file, 'utf8')).toBe('kind: ClusterRole\n');
  });

  test('adds to the kustomization that is there, also one of the other subject', async () => {
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'out', 'kustomization.yml'), '# ours\nresources:\n- base.yaml\n');
    await written('rbac');
    await written('admission');
    const text = await readFile(join(folder, 'out', 'kustomization.yml'), 'utf8');
    expect(text).toMatch(/^# ours\nresources:\n- base\.yaml\n- sluice-viewer\.yaml\n/);
    expect(text).toContain('\n- sluice-leases.yaml\n');
    expect(await readdir(join(folder, 'out'))).not.toContain('kustomization.yaml');
  });

  test('a file in place of the directory is named', async () => {
    await writeFile(join(folder, 'out'), '');
    expectRefused(await written('rbac'), 1, /Unable to (read|write to) .*out/);
  });
});

describe('bad input is refused with the value and a next step', () => {
  test.each([
    [['rbac', '--bind', 'sre'], /"sre" is not a role with a group/],
    [['rbac', '--bind', 'viewer='], /"viewer=" is not a role with a group/],
    [['rbac', '--bind', 'viewers=sre'], /Unknown role "viewers"/],
    [['rbac', '--bind', 'approvers=sre'], /Unknown role "approvers"/],
    [['admission', '--approvers', 'leads'], /--approvers needs a namespace/],
    [['admission', '--approvals', 'Payments'], /"Payments" is not a namespace/],
    [['rbac', '-n', 'No_Such'], /"No_Such" is not a namespace/],
    [['rbac', '--hubble-namespace', ''], /"" is not a namespace/],
    [['rbac', '-o', 'table'], /rbac does not support output format "table"/],
    [['admission', '--max-duration', '15'], /"15" is not a duration/],
    [['admission', '--max-duration', '8d'], /"8d" exceeds/],
    [['admission', '--reason-pattern', '('], /"\(" can't be enforced/],
    [['admission', '--reason-pattern', '(?=x)'], /look-around/],
    [['admission', '--protect', 'a.b'], /"a\.b" is not a namespace to protect/],
    [['admission', '--protect', ''], /"" is not a namespace to protect/],
    [['admission', '--confine', ' '], /" " is not a group/],
  ])('%j', async (args, says) => {
    expectRefused(await run(...args), 2, says);
  });
});

describe('sluice manifests sweeper', () => {
  const SWEEPER = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Deployment'].map(
    (kind) => `${kind} sluice-sweeper`,
  );

  test('prints a namespace of its own, the role, and who has it', async () => {
    const objects = await printed('sweeper');
    expect(named(objects)).toEqual(['Namespace sluice', ...SWEEPER]);
    const [namespace, account, role, binding, deployment] = objects;
    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect([account, deployment].map((object) => object?.metadata.namespace)).toEqual(['sluice', 'sluice']);
    expect(role).toEqual((await printed('rbac')).find(({ metadata }) => metadata.name === 'sluice-sweeper'));
    expect(binding).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'sluice-sweeper' },
      subjects: [{ kind: 'ServiceAccount', name: 'sluice-sweeper', namespace: 'sluice' }],
    });
  });

  test('runs the verb that sweeps everywhere, from the image that is named', async () => {
    const deployment = (await printed('sweeper', '--image', 'example.com/sluice:1@sha256:0')).at(-1);
    expect(deployment?.spec).toMatchObject({
      template: {
        spec: {
          serviceAccountName: 'sluice-sweeper',
          containers: [
            { image: 'example.com/sluice:1@sha256:0', args: ['sweep', '--watch', '-A', '-o', 'json'] },
          ],
        },
      },
    });
  });

  test('goes into a namespace that exists', async () => {
    const objects = await printed('sweeper', '-n', 'operations');
    expect(named(objects)).toEqual(SWEEPER);
    expect(objects[0]?.metadata.namespace).toBe('operations');
  });

  test('writes a folder for kustomize', async () => {
    const { code } = await run('sweeper', '--kustomize', join(folder, 'deploy'));
    expect(code).toBe(0);
    expect((await readdir(join(folder, 'deploy'))).sort()).toEqual([
      'kustomization.yaml',
      'sluice-sweeper.yaml',
      'sluice.yaml',
    ]);
  });

  test('refuses what is no image', async () => {
    expectRefused(await run('sweeper', '--image', 'a b'), 2, /"a b" is not the name of an image/);
  });
});
