import { nameOfEnd, parseEnd, parsePort, resolveEnd } from '../../core/cluster/ends.ts';
import { SluiceError } from '../../core/errors.ts';
import type { EnforcerName } from '../../core/policy/dialect.ts';
import { explainText } from '../../core/policy/explain.ts';
import type { Verdict } from '../../core/policy/verdict.ts';
import { judgePath } from '../../session/app/path-state.ts';
import { openConnection } from '../compose.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { writeAnswer } from '../output/write.ts';
import { withRuntime } from '../with-runtime.ts';
import type { VerbContext } from './context.ts';

export type ExplainOptions = { readonly port: string; readonly enforcer?: EnforcerName };

/** `sluice explain FROM TO --port P`: the verdict of one path and why; the exit code is the verdict. */
export async function explain(
  { options, output, signal }: VerbContext,
  from: string,
  to: string,
  asked: ExplainOptions,
): Promise<number> {
  const port = parsePort(asked.port);
  const connection = await openConnection(options, {}, signal);
  const namespace = connection.namespace ?? 'default';
  const source = parseEnd(from, namespace);
  const destination = parseEnd(to, namespace);
  const work = {
    traffic: false,
    signal,
    ...(asked.enforcer === undefined ? {} : { enforcer: asked.enforcer }),
  };
  return withRuntime(connection, work, async (runtime) => {
    resolveEnd(runtime.model, source);
    resolveEnd(runtime.model, destination);
    const verdict = judgePath(runtime, source, destination, port);
    if (typeof verdict === 'string')
      throw new SluiceError('failed', `${verdict}.`, 'Name a port that the destination serves.');
    const names = {
      from: nameOfEnd(source),
      to: nameOfEnd(destination),
      port: port.port,
      protocol: port.protocol,
    };
    writeAnswer(
      output,
      options.output,
      { ...names, enforcer: runtime.engine.dialect.enforcer, ...verdict },
      () => `${[headline(verdict, names), ...explainText(verdict, names)].join('\n')}\n`,
    );
    return exitCodeOfVerdict(verdict.verdict);
  });
}

const WORDS = { allow: '✓ ALLOW', deny: '✗ DENY', undecidable: '? UNDECIDABLE' } as const;

function headline(
  { verdict }: Verdict,
  {
    from,
    to,
    port,
    protocol,
  }: { readonly from: string; readonly to: string; readonly port: number; readonly protocol: string },
): string {
  return `${from} → ${to} :${port}/${protocol.toLowerCase()}   ${WORDS[verdict]}`;
}
