import { request } from 'node:http';
import { responderRules } from '../../../src/demo/api/access.ts';
import { startDemo } from '../../../src/demo/demo.ts';
import { accessOf } from '../demo/demo.ts';
import { failure, json, type ScriptedServer, scriptedServer } from './scripted-server.ts';

/** The embedded cluster behind TLS, open to those who come with a token that is accepted. */
export type GuardedServer = Pick<ScriptedServer, 'kubeconfig' | 'requests' | 'close'> & {
  /** Accepts this token and no other from now on, and ends every connection, watches too. */
  readonly accept: (token: string) => void;
};

/** A second user and the token that is always accepted for it. */
export const OTHER = 'other';

export async function guardedServer(token: string): Promise<GuardedServer> {
  const demo = await startDemo();
  const { base, namespace, token: own } = accessOf(demo.kubeconfig);
  const others = demo.faults.addUser({ username: OTHER, rules: responderRules() });
  const upstreamOf = new Map([[`Bearer ${OTHER}`, accessOf(others).token]]);
  let accepted = token;
  const server = await scriptedServer(
    ({ method, path, query, headers, body }, response) => {
      const { authorization = '' } = headers;
      const upstreamToken = authorization === `Bearer ${accepted}` ? own : upstreamOf.get(authorization);
      if (upstreamToken === undefined) {
        json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401);
        return;
      }
      const upstream = request(
        `${base}${path}?${query}`,
        {
          method,
          headers: { ...headers, host: new URL(base).host, authorization: `Bearer ${upstreamToken}` },
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      upstream.on('error', () => response.destroy());
      response.on('close', () => upstream.destroy());
      upstream.end(body);
    },
    { tls: true },
  );
  return {
    kubeconfig: (user, cluster) =>
      server.kubeconfig(user, cluster).replace('namespace: here', `namespace: ${namespace}`),
    requests: server.requests,
    accept: (next) => {
      accepted = next;
      server.server.closeAllConnections();
    },
    close: async () => {
      await server.close();
      await demo.stop();
    },
  };
}
