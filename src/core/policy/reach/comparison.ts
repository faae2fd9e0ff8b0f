import type { ClusterModel } from '../../live/live.ts';
import type { Side } from '../match/match.ts';
import type { Direction, Rule } from '../model/model.ts';
import type { Collector } from './collect.ts';
import type { Workloads } from './end-groups.ts';
import type { PodGroup } from './groups.ts';
import type { PortEvaluator } from './port-evaluator.ts';
import type { PortAlgebra, PortFunction, Turned } from './port-function.ts';

/** Pods that neither of two worlds tells apart: the same ones in each, in the same order. */
export type Twin = { readonly was: PodGroup; readonly is: PodGroup };

/** A node of both worlds, as the end that it is in each. */
export type TwinNode = { readonly name: string; readonly was: NodeEnd; readonly is: NodeEnd };

export type NodeEnd = { readonly side: Side; readonly index: number };

/** What of the policies on a twin differs in one direction. */
export type Delta = {
  /** Rules that come or go. */
  readonly rules: readonly Rule[];
  /** Whether the answer may turn for an end that none of them matches. */
  readonly general: boolean;
};

/** Two worlds to compare. */
export type Comparison<Change extends Turned> = {
  readonly before: { readonly model: ClusterModel; readonly evaluator: PortEvaluator };
  readonly after: { readonly model: ClusterModel; readonly evaluator: PortEvaluator };
  readonly algebra: PortAlgebra;
  /** A function of the world before in that algebra. */
  readonly adopt: (ports: PortFunction) => PortFunction;
  /** What turns from one function to another one; ends of which it is the same list are told together. */
  readonly changesOf: (was: PortFunction, is: PortFunction) => readonly Change[];
  readonly twins: readonly Twin[];
  readonly nodes: readonly TwinNode[];
  /** The workloads of the pods as they are after. */
  readonly workloads: Workloads;
  /** Those whose own policies may differ; no pair of others is looked at. */
  readonly touched: readonly Twin[];
  /** Whether a twin's own policies may differ at all. */
  readonly mayDiffer: (twin: Twin) => boolean;
  /** Undefined when nothing differs in that direction. */
  readonly deltaOf: (twin: Twin, direction: Direction) => Delta | undefined;
};

/** A comparison under way. */
export type Ask<Change extends Turned> = Comparison<Change> & { readonly collector: Collector<Change> };
