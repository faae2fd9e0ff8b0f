import { describe, expect, test } from 'vitest';
import { ROLES, roleWith } from '../../../src/core/roles/roles.ts';

const rights = ROLES.flatMap(({ name, rights }) => rights.map((right) => ({ name, ...right })));

describe('roles', () => {
  test('have no right twice', () => {
    for (const { name } of ROLES) {
      const each = rights
        .filter((right) => right.name === name)
        .flatMap(({ group, resources, verbs, names = [] }) =>
          resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource} ${names}`)),
        );
      expect(each).toEqual([...new Set(each)]);
    }
  });

  test('have no wildcards, no secrets, and no right to give rights', () => {
    for (const { group, resources, verbs } of rights) {
      expect([group, ...resources, ...verbs].join(' ')).not.toMatch(
        /\*|secrets|rbac|escalate|bind|impersonate/,
      );
    }
  });

  test('only who grants, asks, approves or sweeps writes; a requester changes nothing, a sweeper deletes', () => {
    const writes = /create|update|patch|delete/;
    const writers = rights.filter(
      ({ verbs, resources }) =>
        verbs.some((verb) => writes.test(verb)) && !resources.join().includes('pods/'),
    );
    expect([...new Set(writers.map(({ name }) => name))]).toEqual([
      'operator',
      'requester',
      'approver',
      'sweeper',
    ]);
    const written = (role: string) =>
      new Set(
        writers
          .filter(({ name }) => name === role)
          .flatMap(({ verbs }) => verbs.filter((verb) => writes.test(verb))),
      );
    expect(written('sweeper')).toEqual(new Set(['delete']));
    expect(written('requester')).toEqual(new Set(['create', 'delete']));
  });
});

describe('the role for a missing right', () => {
  test.each([
    [{ verb: 'list', group: '', resource: 'pods' }, 'sluice-viewer'],
    [{ verb: 'create', group: 'batch', resource: 'jobs' }, 'sluice-operator'],
    [{ verb: 'list', group: 'networking.k8s.io', resource: 'networkpolicies' }, 'sluice-viewer'],
    [{ verb: 'create', group: '', resource: 'pods', subresource: 'portforward' }, 'sluice-hubble'],
    [{ verb: 'create', group: '', resource: 'pods', subresource: 'exec' }, 'sluice-probe'],
    [{ verb: 'list', group: '', resource: 'events' }, 'sluice-auditor'],
  ])('%j: %s', (call, role) => {
    expect(roleWith(call)).toBe(`the role ${role} of sluice manifests rbac has it`);
  });

  test('is none where no role has it', () => {
    expect(roleWith({ verb: 'delete', group: '', resource: 'pods' })).toBeUndefined();
    expect(roleWith({ verb: 'get', group: '', resource: 'secrets' })).toBeUndefined();
  });
});
