import type { User } from '../access.ts';
import { VERSION } from '../kinds/discovery.ts';
import { forbiddenPath } from '../status.ts';
import type { Known } from './answer.ts';
import { send, sendText } from './respond.ts';

/** Answers paths that name no resource: discovery (`found`), version, health. Throws 403 for unknown ones. */
export function answerPath({ request, response, url, user, form }: Known, found: unknown): void {
  const method = request.method ?? 'GET';
  const path = url.pathname;
  if (found !== undefined) {
    if (form === 'discovery') {
      const text = JSON.stringify(found);
      response.writeHead(200, {
        'Content-Type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
        'Content-Length': Buffer.byteLength(text),
        Vary: 'Accept',
      });
      response.end(text);
      return;
    }
    send(response, 200, found, form);
  } else if (path === '/version' || path === '/version/') send(response, 200, VERSION, form);
  else if (path === '/readyz' || path === '/livez' || path === '/healthz') sendText(response, 200, 'ok');
  else if (path.startsWith('/apis/') || path.startsWith('/api/') || user.rules.some(all)) {
    sendText(response, 404, '404 page not found\n');
  } else throw forbiddenPath(user.username, method.toLowerCase(), path);
}

function all(rule: User['rules'][number]): boolean {
  return rule.resources.includes('*') && rule.groups.includes('*');
}
