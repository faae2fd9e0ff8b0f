import { describe } from 'vitest';
import { type CiliumCase, runCilium } from './vectors/cilium.ts';
import { type ConformanceCase, runConformance } from './vectors/conformance.ts';
import { type Line, runConnlist, runPairs } from './vectors/connlists.ts';
import { directories, jsonCases, jsonFile, manifestsBelow, vectorsPresent } from './vectors/files.ts';
import { judged, suite } from './vectors/suite.ts';
import { runTables, type TableStep } from './vectors/tables.ts';
import { runWalkthrough, type WalkthroughCheck } from './vectors/walkthrough.ts';

type Generated = {
  readonly namespaces: readonly unknown[];
  readonly pods: readonly unknown[];
  readonly policies: readonly unknown[];
  readonly pairTests?: readonly Line[];
  readonly expectedConnlist: readonly Line[];
};

describe.skipIf(!vectorsPresent())('the policy vectors', () => {
  suite('cyclonus', function* () {
    for (const { name, data } of jsonCases<{ steps: readonly TableStep[] }>('cyclonus')) {
      yield [name, () => runTables(data.steps)];
    }
  });

  suite('policy-assistant', function* () {
    for (const { name, data } of jsonCases<TableStep>('policy-assistant'))
      yield [name, () => runTables([data])];
  });

  suite('the walkthrough of policy-assistant', function* () {
    const folder = 'policy-assistant/walkthrough';
    const { checks } = jsonFile<{ checks: readonly WalkthroughCheck[] }>(`${folder}/expected.json`);
    for (const check of checks) yield [check.traffic, () => runWalkthrough(manifestsBelow(folder), check)];
  });

  suite('netpol-analyzer', function* () {
    for (const name of directories('netpol-analyzer')) {
      const folder = `netpol-analyzer/${name}`;
      yield [
        name,
        () =>
          runConnlist(
            manifestsBelow(`${folder}/manifests`),
            jsonFile<readonly Line[]>(`${folder}/expected/connlist.normalized.json`),
          ),
      ];
    }
  });

  suite('netpol-analyzer-generated', function* () {
    for (const { name, data } of jsonCases<Generated>('netpol-analyzer-generated')) {
      const { namespaces, pods, policies, pairTests = [], expectedConnlist } = data;
      const documents = [...namespaces, ...pods, ...policies];
      yield [
        name,
        () => {
          const whole = runConnlist(documents, expectedConnlist);
          return whole.result === 'passed' ? judged(runPairs(documents, pairTests)) : whole;
        },
      ];
    }
  });

  suite('network-policy-api conformance', function* () {
    for (const { name, data } of jsonCases<ConformanceCase>('network-policy-api-conformance-v1alpha2')) {
      yield [name, () => runConformance(data)];
    }
  });

  suite('cilium', function* () {
    for (const { name, data } of jsonCases<CiliumCase>('cilium')) yield [name, () => runCilium(data)];
  });
});
