import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runVerb } from '../../helpers/verb.ts';

/** Where public reports lie, each rebuilt as manifests with the commands to run: beside the checkout. */
const REPORTS = resolve(process.env.SLUICE_REPORTS ?? '../shared/reports/policy');

const present = existsSync(REPORTS);
if (!present) {
  process.stderr.write(
    `\n!! POLICY REPORTS NOT RUN: ${REPORTS} does not exist. Set SLUICE_REPORTS to their folder.\n\n`,
  );
}

/** For each report the exit codes of its commands, and what they have to say. */
const RIGHT: readonly (readonly [report: string, codes: readonly number[], ...told: readonly string[]])[] = [
  ['01-webhook-service-port', [3, 0], 'add tcp 9443', '443 is the port of Service gate/gatekeep-hook'],
  ['03-notin-beside-all', [0, 0], 'peer-undone'],
  ['04-dns-two-peers', [3, 0], 'one-dash', 'peer-matches-nothing', 'no-dns'],
  ['05-namespace-name-label', [3, 0], 'namespace metrics has no label name'],
  ['07-apiserver-clusterip', [3, 3, 0], 'the address of Service default/kubernetes'],
  ['08-cilium-apiserver-cidr', [0, 3, 3, 0], 'is a node, and cilium matches no node', 'kube-apiserver'],
  ['09-ambient-mesh', [4, 0], 'tcp 15008 (HBONE)', 'hbone-port'],
  ['11-lb-source-range', [4, 0], 'may replace the client', 'externalTrafficPolicy: Local'],
  ['12-metadata-block-cilium', [3, 4, 0, 0], 'no-dns', 'enforcers-differ'],
  ['13-selector-without-matchlabels', [0, 0], 'unknown field'],
  [
    '15-aws-service-selector',
    [3, 0, 0],
    'compares with the selector of svc/core, which selects app=core',
    'service-selector',
  ],
  ['16-replicas-cut-apart', [3, 0, 0, 3, 3, 3, 0, 3], '1 met, 1 violated'],
  ['18-openshift-dns-5353', [3, 0, 0], 'tcp 5353', 'listen on 5353, not on 53'],
  ['20-cnp-toports-misindented', [0, 4], 'misplaced-field', 'fqdn-without-dns-rule'],
  ['21-fqdn-wildcard-depth', [0, 3, 3, 0], 'No mistakes found'],
  ['23-null-matchlabels-and-null-from', [0, 0, 0]],
  ['24-quoted-port', [0, 3], 'refused'],
  ['25-job-name-label', [0, 3, 0, 0], 'No mistakes found', 'admits all pods in desk'],
  ['26-sts-pod-name-label', [0, 0, 0, 3], 'DENY in part'],
  ['28-openshift-hostnetwork-label', [0, 0], 'No mistakes found'],
  ['30-or-to-and-diff', [0, 0, 0], 'one-dash', 'ui/stray[Pod] → lister/lister[Pod]'],
  ['31-two-rules-notin-all', [0], 'warning  NetworkPolicy live/keep-qa-out   shadowed-rule', 'rule 2 undoes'],
  ['33-host-network-ingress-controller', [4, 3, 0, 0], 'only host-network pods match'],
  ['35-ipblock-everything-calico', [0, 3, 0, 0], 'No mistakes found'],
  ['37-policy-label-drift', [0, 0], 'selects-nothing'],
  ['39-egress-declared-not-ruled', [0, 3], 'egress-shut'],
  ['40-argo-rollout', [0, 0, 0], 'No mistakes found', 'k/pay[Rollout]'],
  ['42-flux-scraping', [0, 0, 3, 0], 'add 203.0.113.7/32 to rule 1 (opens 1 path)'],
];

const CASES = RIGHT.map(([name, codes, ...told]) => ({ name, codes, told }));

test.skipIf(!present).each(CASES)('report $name', async ({ name, codes, told }) => {
  const folder = join(REPORTS, name);
  const commands = (await readFile(join(folder, 'cmd'), 'utf8')).trim().split('\n');
  const answers: Awaited<ReturnType<typeof runVerb>>[] = [];
  for (const command of commands) {
    const words = command.split(' ').slice(1);
    const args = words.map((word) => (/\.yaml$/.test(word) ? join(folder, word) : word));
    answers.push(await runVerb(args, { KUBECONFIG: '/no/kubeconfig/here' }));
  }
  expect(answers.map(({ code }) => code)).toEqual(codes);
  const text = answers.map((answer) => answer.text.replace(/\n\s+/g, ' ')).join('\n');
  expect(told.filter((words) => !text.includes(words))).toEqual([]);
});
