import { clusterMatrix } from '../../../core/policy/reach/matrix.ts';
import { EXIT } from '../../exit-codes.ts';
import type { VerbContext } from '../../verbs/context.ts';
import { type WorldOptions, withWorld } from '../world.ts';
import { writeLines } from '../write-lines.ts';
import { connlistLines } from './connlist.ts';
import { csvLines, dotLines, jsonLines, tableLines } from './formats.ts';
import { summaryOf } from './summary.ts';

export const MATRIX_FORMATS = ['table', 'json', 'csv', 'dot', 'connlist'] as const;

export type MatrixVerbOptions = WorldOptions & { readonly output: (typeof MATRIX_FORMATS)[number] };

/** `sluice matrix`: all pairs that can talk, by workload and port ranges. */
export async function matrix(context: VerbContext, asked: MatrixVerbOptions): Promise<number> {
  return withWorld(context, asked, (world) => {
    const { model, engine, only } = world;
    const rows = clusterMatrix(engine, {
      everyRange: asked.output === 'connlist',
      ...(only === undefined ? {} : { about: ({ namespace }) => namespace === only }),
    });
    switch (asked.output) {
      case 'table':
        writeLines(context.output, tableLines(rows));
        writeLines(context.output, ['', ...summaryOf(world, rows)]);
        break;
      case 'json':
        writeLines(context.output, jsonLines(model, rows, engine.dialect.enforcer));
        break;
      case 'csv':
        writeLines(context.output, csvLines(rows));
        break;
      case 'dot':
        writeLines(context.output, dotLines(rows));
        break;
      case 'connlist':
        writeLines(context.output, connlistLines(model, rows));
        break;
    }
    return EXIT.done;
  });
}
