import type { ServerResponse } from 'node:http';
import { isRecord } from '../../../core/json.ts';
import { writeYaml } from '../../../core/yaml/write.ts';
import type { Resource } from '../kinds/resources.ts';
import { partial, tableOf } from '../read/table.ts';
import type { Shape } from '../read/watch.ts';
import { ApiFailure } from '../status.ts';

/** The form of an answer, from the `Accept` header. */
export type Form = 'json' | 'yaml' | 'table' | 'metadata' | 'metadata-list' | 'discovery';

/**
 * The first form of the `Accept` header that the server speaks; protobuf is not among them, as clients that prefer
 * it always accept JSON too. Throws 406.
 */
export function formOf(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'json';
  for (const item of accept.split(',')) {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim());
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (type === 'application/yaml') return 'yaml';
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (as === undefined) return 'json';
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata') return 'metadata';
    if (as === 'PartialObjectMetadataList') return 'metadata-list';
    if (as === 'APIGroupDiscoveryList' && parameters.includes('v=v2')) return 'discovery';
  }
  throw new ApiFailure(
    406,
    'NotAcceptable',
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/json;stream=watch',
    {},
  );
}

/** An answer in the form that was asked for. */
export function inForm(body: unknown, form: Form, resource: Resource | undefined): unknown {
  if (!isRecord(body) || body.kind === 'Status' || resource === undefined) return body;
  const items = Array.isArray(body.items) ? body.items.filter(isRecord) : undefined;
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  switch (form) {
    case 'table':
      return items === undefined
        ? tableOf(resource.kind, [body], { resourceVersion: metadata.resourceVersion })
        : tableOf(resource.kind, items, metadata);
    case 'metadata-list':
    case 'metadata':
      return items === undefined
        ? partial(body)
        : {
            kind: 'PartialObjectMetadataList',
            apiVersion: 'meta.k8s.io/v1',
            metadata,
            items: items.map(partial),
          };
    default:
      return body;
  }
}

/** How a watch gives its objects, in the form that was asked for. */
export function shapeOf(form: Form, resource: Resource): Shape {
  let first = true;
  switch (form) {
    case 'table':
      return (object) => {
        const metadata = isRecord(object.metadata) ? object.metadata : {};
        const table = tableOf(resource.kind, [object], { resourceVersion: metadata.resourceVersion }, first);
        first = false;
        return table;
      };
    case 'metadata':
    case 'metadata-list':
      return partial;
    default:
      return (object) => object;
  }
}

/** Writes one answer and ends the response. */
export function send(response: ServerResponse, code: number, body: unknown, form: Form): void {
  const yaml = form === 'yaml';
  const text = yaml ? writeYaml(body) : `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'Content-Type': yaml ? 'application/yaml' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Writes plain text, as `/readyz` and unknown paths are answered. */
export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
