import type { Engine } from '../../src/core/policy/decide/engine.ts';
import { explain } from '../../src/core/policy/explain/explain.ts';
import type { Query, Verdict } from '../../src/core/policy/model/verdict.ts';

/** What an engine decides of a path, explained. */
export function verdictOf(engine: Engine, query: Query): Verdict {
  return explain(engine, engine.decide(query));
}
