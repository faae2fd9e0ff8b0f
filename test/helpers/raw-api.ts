import { once } from 'node:events';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { RealCluster } from './real-cluster.ts';

/** Whom the admin impersonates. */
export type Somebody = { readonly user: string; readonly groups: readonly string[] };

export type RawAnswer = { readonly status: number; readonly message: string; readonly body: unknown };

/** Requests as they are written, without a client's care, as admin or as somebody else. */
export type RawApi = {
  readonly call: (
    who: Somebody | undefined,
    method: string,
    path: string,
    body?: unknown,
    type?: string,
  ) => Promise<RawAnswer>;
  readonly close: () => void;
};

export const MERGE_PATCH = 'application/merge-patch+json';

/** Through `kubectl proxy`, which logs in as the admin in whatever way the kubeconfig says. */
export async function openRawApi(cluster: RealCluster): Promise<RawApi> {
  const agent = new Agent({ keepAlive: true });
  const proxy = cluster.start('proxy', '--port=0', '--disable-filter=true');
  const base = await new Promise<string>((resolve, reject) => {
    createInterface({ input: proxy.stdout }).on('line', (line) => {
      const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (address !== undefined) resolve(`http://${address}`);
    });
    proxy.on('close', () => reject(new Error('kubectl proxy ended')));
  });
  return {
    call: async (who, method, path, body, type = 'application/json') => {
      const headers: OutgoingHttpHeaders = { accept: 'application/json' };
      if (who !== undefined) {
        headers['Impersonate-User'] = who.user;
        // Each on a line of its own: a group may have a comma.
        if (who.groups.length > 0) headers['Impersonate-Group'] = [...who.groups];
      }
      const sentBody = body === undefined ? '' : JSON.stringify(body);
      // Node sends the body of a DELETE without a length otherwise.
      headers['content-length'] = Buffer.byteLength(sentBody);
      if (body !== undefined) headers['content-type'] = type;
      const sent = request(`${base}${path}`, { method, headers, agent });
      sent.end(sentBody);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const text = Buffer.concat(await response.toArray()).toString();
      const parsed = parse(text);
      const { message } = parsed as { message?: unknown };
      const status = response.statusCode ?? 0;
      return { status, message: typeof message === 'string' ? message : text, body: parsed };
    },
    close: () => {
      agent.destroy();
      proxy.kill();
    },
  };
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
