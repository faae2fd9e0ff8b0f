import type { Command } from 'commander';
import { collect, type Output, withFormats } from '../shared/shared.ts';
import type { DeclareVerb, RunVerb } from './offline-verbs.ts';

/** Declares the verbs that print manifests for an administrator to apply. */
export function declareManifests(
  program: Command,
  verb: (...named: [...Parameters<DeclareVerb>, parent: Command]) => Command,
  run: RunVerb,
  output: Output,
): void {
  const manifests = program
    .command('manifests')
    .helpCommand(false)
    .description('print roles, admission policies and a sweeper to apply')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.out, outputError: () => {} });
  const printed = (name: string, about: string) =>
    withFormats(verb(name, about, manifests), ['yaml', 'json']).option(
      '--kustomize <path>',
      'write a kustomization to this directory instead',
    );

  printed('rbac', 'print a ClusterRole of least privilege for each role')
    .option(
      '--bind <role=group>',
      'bind a role to a group, with -n in one namespace, may be repeated',
      collect,
    )
    .option(
      '--hubble-namespace <name>',
      'namespace of Hubble Relay, where its role is bound (default: kube-system)',
    )
    .action(
      run(async (context, command) => {
        const { manifestsRbac } = await import('./manifests.ts');
        return manifestsRbac(context, command.opts());
      }),
    );

  printed('admission', 'print admission policies that hold every grant to the rules')
    .option('--max-duration <duration>', 'longest window, extensions included, such as 4h')
    .option('--reason-pattern <pattern>', 'regular expression that every reason must match')
    .option(
      '--protect <namespace>',
      'namespace without grants, may be repeated; * is any characters',
      collect,
    )
    .option(
      '--confine <group>',
      'group that may use no other Jobs and NetworkPolicies, may be repeated',
      collect,
    )
    .option(
      '--approvals <namespace>',
      'namespace where somebody else has to approve, may be repeated; * is any characters',
      collect,
    )
    .option('--approvers <group>', 'group that may approve, may be repeated (default: anybody else)', collect)
    .option('--break-glass <group>', 'group that may grant without approval, may be repeated', collect)
    .option('--pending <duration>', 'how long a request may wait, such as 1h')
    .action(
      run(async (context, command) => {
        const { manifestsAdmission } = await import('./manifests.ts');
        return manifestsAdmission(context, command.opts());
      }),
    );

  printed('sweeper', 'print a Deployment that runs sweep --watch in the cluster')
    .option('--image <image>', 'image made from the Dockerfile of sluice (default: sluice and its version)')
    .action(
      run(async (context, command) => {
        const { manifestsSweeper } = await import('./manifests.ts');
        return manifestsSweeper(context, command.opts());
      }),
    );
}
