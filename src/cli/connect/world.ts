import { safeText } from '../../core/common/common.ts';
import { type ClusterEvent, type ClusterModel, createClusterModel, policyKey } from '../../core/live/live.ts';
import { createEngine, type Engine } from '../../core/policy/decide/decide.ts';
import { assume, dialectOf, type NamedEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import { policyKindOf } from '../../core/policy/kinds/kinds.ts';
import type { Dialect } from '../../core/policy/match/match.ts';
import type { ForeignObject, PolicyRef } from '../../core/policy/model/model.ts';
import {
  loadManifests,
  type ManifestNote,
  type ManifestObject,
  noteTexts,
  type Place,
  type RefusedObject,
} from '../manifests/manifests.ts';
import type { VerbContext } from '../shared/shared.ts';

/** A cluster to evaluate, live or read from manifests. */
export type PolicyWorld = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  /** The default namespace for names. */
  readonly namespace: string;
  /** The namespace to report on; all when undefined. */
  readonly only: string | undefined;
  /** Whether this may be only part of a cluster, such as manifests without nodes. */
  readonly partial: boolean;
  /** Policies in the manifests that a cluster would reject. */
  readonly refused: readonly RefusedObject[];
  /** Objects in the manifests that may make pods which are not read. */
  readonly makers: readonly ForeignObject[];
  /** Where a policy or a Service is defined; undefined in a live cluster. */
  readonly placeOf: (policy: PolicyRef) => Place | undefined;
};

/** Where the world comes from, and how policies are read in it. */
export type WorldOptions = {
  readonly manifests?: readonly string[];
  readonly enforcer?: NamedEnforcer;
  readonly assume?: readonly string[];
};

/**
 * Runs a verb's work over manifests (`--manifests`: no cluster, and the dialect `spec` unless `--enforcer` is set), or
 * over the cluster. Notes about the manifests go to stderr.
 *
 * @throws SluiceError as `loadManifests`; as connecting to a cluster does
 */
export async function withWorld<T>(
  context: VerbContext,
  asked: WorldOptions,
  work: (world: PolicyWorld) => Promise<T> | T,
): Promise<T> {
  const { options, output } = context;
  const only = options.allNamespaces === true ? undefined : options.namespace;
  if (asked.manifests === undefined) return withLiveWorld(context, asked, only, work);
  const namespace = options.namespace ?? 'default';
  const dialect = dialectFrom(askedDialect(asked), asked.assume);
  const loaded = await loadManifests(asked.manifests, { namespace });
  tellNotes(output, loaded.notes);
  const { model, engine } = worldOf(loaded, dialect);
  return work({
    model,
    engine,
    namespace,
    only,
    partial: model.nodes()[Symbol.iterator]().next().done === true,
    refused: loaded.refused,
    makers: loaded.makers.map(({ kind, namespace: own, name }) => ({
      kind: safeText(kind),
      name: safeText(name),
      ...(own === undefined ? {} : { namespace: safeText(own) }),
    })),
    placeOf: placesOf(loaded.objects, namespace),
  });
}

/** A model and an engine over loaded manifests. */
export function worldOf(
  {
    events,
    foreign,
  }: { readonly events: readonly ClusterEvent[]; readonly foreign: readonly ForeignObject[] },
  dialect: Dialect,
): { readonly model: ClusterModel; readonly engine: Engine } {
  const model = createClusterModel();
  for (const event of events) model.apply(event);
  const engine = createEngine(model, dialect);
  engine.setForeign(foreign);
  return { model, engine };
}

/** With duplicates, the place of the last one, which wins. */
function placesOf(objects: readonly ManifestObject[], namespace: string): PolicyWorld['placeOf'] {
  const places = new Map<string, Place>();
  for (const { apiVersion, kind, namespace: own, name, place } of objects) {
    const isService = kind === 'Service' && apiVersion === 'v1';
    const known = isService ? { namespaced: true } : policyKindOf(apiVersion, kind);
    if (known === undefined) continue;
    places.set(
      policyKey({ kind, name, ...(known.namespaced ? { namespace: own ?? namespace } : {}) }),
      place,
    );
  }
  return (policy) => places.get(policyKey(policy));
}

/** The requested dialect, or the Kubernetes spec by default. */
export function askedDialect({ enforcer }: Pick<WorldOptions, 'enforcer'>): Dialect {
  return enforcer === undefined ? dialectOf('spec') : dialectOf(enforcer.name, enforcer.version);
}

/** The dialect with every `--assume` applied. */
export function dialectFrom(dialect: Dialect, assumptions: readonly string[] = []): Dialect {
  return assumptions.reduce(assume, dialect);
}

/** Prints the notes about manifests on stderr. */
export function tellNotes({ err }: VerbContext['output'], notes: readonly ManifestNote[]): void {
  for (const text of noteTexts(notes)) err(`sluice: ${safeText(text, 4_000)}\n`);
}

async function withLiveWorld<T>(
  { options, signal }: VerbContext,
  asked: WorldOptions,
  only: string | undefined,
  work: (world: PolicyWorld) => Promise<T> | T,
): Promise<T> {
  const { openConnection } = await import('./compose.ts');
  const { needPods, withRuntime } = await import('./with-runtime.ts');
  const connection = await openConnection(options, {}, signal);
  const enforcer = asked.enforcer === undefined ? {} : { enforcer: asked.enforcer };
  return withRuntime(connection, { traffic: false, signal, asked: only, ...enforcer }, async (runtime) => {
    needPods(runtime);
    const { model, engine } = runtime;
    if (asked.assume !== undefined) engine.setDialect(dialectFrom(engine.dialect, asked.assume));
    return work({
      model,
      engine,
      namespace: connection.namespace ?? 'default',
      only,
      partial: false,
      refused: [],
      makers: [],
      placeOf: () => undefined,
    });
  });
}
