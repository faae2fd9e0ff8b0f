import { SluiceError } from '../../../src/core/common/errors.ts';
import type { Decision } from '../../../src/core/policy/model/verdict.ts';
import { createPathJudge, type PathJudge } from '../../../src/core/policy/path/judge-path.ts';
import type { Cell } from './fleet.ts';
import type { Live } from './live.ts';
import { type Path, refOf } from './paths.ts';

/** The program's verdict on a path, as `sluice explain` would print; `nowhere`: there is nothing at its end. */
export type Judgement = { readonly verdict: Decision | 'nowhere'; readonly reason: string };

/** Evaluates paths now; ends whose pods differ are undecidable, because a connection reaches any of them. */
export function judgeNow(live: Live, cell: Cell): (path: Path) => Judgement {
  const judge = createPathJudge(live);
  return (path) => judgePath(judge, cell, path);
}

function judgePath(judge: PathJudge, cell: Cell, { from, to, port }: Path): Judgement {
  try {
    const { verdict, pairs } = judge(refOf(cell, from), refOf(cell, to), {
      type: 'range',
      protocol: port.protocol,
      from: port.port,
      to: port.port,
    });
    const reason = `egress ${verdict.egress.verdict}: ${verdict.egress.summary}; ingress ${verdict.ingress.verdict}: ${verdict.ingress.summary}`;
    const kinds = Object.values(pairs).filter((count) => count > 0).length;
    return kinds > 1
      ? { verdict: 'undecidable', reason: 'its backends differ' }
      : { verdict: verdict.verdict, reason };
  } catch (error) {
    if (error instanceof SluiceError && (error.code === 'refused' || error.code === 'failed')) {
      return { verdict: 'nowhere', reason: error.message };
    }
    throw error;
  }
}
