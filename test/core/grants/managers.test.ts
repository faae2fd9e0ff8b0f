import { describe, expect, test } from 'vitest';
import type { ApiMetadata, ApiObject } from '../../../src/core/cluster/objects.ts';
import { managersOf, managerText } from '../../../src/core/grants/managers.ts';

const object = (name: string, metadata: Partial<ApiMetadata>): ApiObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop', ...metadata },
});
const said = (...objects: readonly ApiObject[]) => managersOf(objects).map(managerText);
const tracked = (id: string) => ({ annotations: { 'argocd.argoproj.io/tracking-id': id } });

describe('where a file belongs', () => {
  test('is said by the tracking id of Argo CD, with the namespace of the application if it has one', () => {
    expect(
      said(
        object('db', tracked('shop:networking.k8s.io/NetworkPolicy:shop/db')),
        object('web', tracked('shop:networking.k8s.io/NetworkPolicy:shop/web')),
        object('far', tracked('team_far:networking.k8s.io/NetworkPolicy:shop/far')),
      ),
    ).toEqual([
      'NetworkPolicy shop/db and 1 more are managed by Argo CD, Application shop: it belongs into the source of that Application',
      'NetworkPolicy shop/far is managed by Argo CD, Application team/far: it belongs into the source of that Application',
    ]);
  });

  test('is not said by the id of another object, which a copy has', () => {
    expect(said(object('copy', tracked('shop:networking.k8s.io/NetworkPolicy:shop/db')))).toEqual([]);
    expect(said(object('odd', tracked('shop')))).toEqual([]);
  });

  test.each([
    ['argocd.argoproj.io/instance', 'Argo CD, Application shop'],
    ['kustomize.toolkit.fluxcd.io/name', 'Flux, Kustomization shop'],
    ['helm.toolkit.fluxcd.io/name', 'Flux, HelmRelease shop'],
  ])('is said by the label %s', (label, who) => {
    expect(said(object('db', { labels: { [label]: 'shop' } })).join()).toContain(`managed by ${who}:`);
  });

  test('is said with the namespace of a Kustomization', () => {
    const labels = {
      'kustomize.toolkit.fluxcd.io/name': 'apps',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    };
    expect(said(object('db', { labels })).join()).toContain('Kustomization flux-system/apps');
  });

  test.each([
    ['argocd-controller', 'managed by Argo CD: it belongs where that is applied from'],
    ['kustomize-controller', 'managed by Flux: it belongs where that is applied from'],
  ])('is said by the field manager %s, which tells no more than the tool', (manager, words) => {
    expect(said(object('db', { managedFields: [{ manager: 'kubectl' }, { manager }] })).join()).toContain(
      words,
    );
  });

  test('is not guessed from anything else', () => {
    const labels = { 'app.kubernetes.io/instance': 'shop', 'app.kubernetes.io/managed-by': 'Helm' };
    expect(said(object('db', { labels, managedFields: [{ manager: 'kubectl' }] }))).toEqual([]);
  });
});
