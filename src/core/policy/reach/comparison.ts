import type { ClusterModel } from '../../live/live.ts';
import type { Side } from '../match/match.ts';
import type { Direction, Rule } from '../model/model.ts';
import type { Collector } from './collect.ts';
import type { Workloads } from './end-groups.ts';
import type { PodGroup } from './groups.ts';
import type { PortEvaluator } from './port-evaluator.ts';
import type { PortAlgebra, PortFunction, Turned } from './port-function.ts';

/** Pods that neither of two worlds treats differently: the same ones in each, in the same order. */
export type Twin = { readonly was: PodGroup; readonly is: PodGroup };

/** A node present in both worlds, as an end in each. */
export type TwinNode = { readonly name: string; readonly was: NodeEnd; readonly is: NodeEnd };

export type NodeEnd = { readonly side: Side; readonly index: number };

/** How the policies on a twin differ in one direction. */
export type Delta = {
  /** Rules that are added or removed. */
  readonly rules: readonly Rule[];
  /** Whether the result may change for an end that none of them matches. */
  readonly general: boolean;
};

/** Two worlds to compare. */
export type Comparison<Change extends Turned> = {
  readonly before: { readonly model: ClusterModel; readonly evaluator: PortEvaluator };
  readonly after: { readonly model: ClusterModel; readonly evaluator: PortEvaluator };
  readonly algebra: PortAlgebra;
  /** A function of the earlier world in this algebra. */
  readonly adopt: (ports: PortFunction) => PortFunction;
  /** The changes from one function to another; ends with the same list are reported together. */
  readonly changesOf: (was: PortFunction, is: PortFunction) => readonly Change[];
  readonly twins: readonly Twin[];
  readonly nodes: readonly TwinNode[];
  /** The workloads of the pods in their later state. */
  readonly workloads: Workloads;
  /** Those whose own policies may differ; no other pairs are evaluated. */
  readonly touched: readonly Twin[];
  /** Whether a twin's own policies may differ at all. */
  readonly mayDiffer: (twin: Twin) => boolean;
  /** Undefined when nothing differs in that direction. */
  readonly deltaOf: (twin: Twin, direction: Direction) => Delta | undefined;
};

/** A comparison in progress. */
export type Ask<Change extends Turned> = Comparison<Change> & { readonly collector: Collector<Change> };
