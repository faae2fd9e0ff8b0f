import type { IncomingMessage } from 'node:http';
import { isRecord } from '../../core/common/common.ts';
import { readFirstYaml } from '../../core/yaml/yaml.ts';
import { ApiFailure, badRequest } from './status.ts';

/** Longer bodies are rejected, as by the real server. */
const LIMIT = 3 * 1024 * 1024;

/** Reads a request's body to its end. Throws 413. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LIMIT) throw new ApiFailure(413, 'RequestEntityTooLarge', `limit is ${LIMIT}`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The media type of a request's body, without parameters; JSON when none is given. */
export function mediaType(request: IncomingMessage): string {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  return type === '' ? 'application/json' : type;
}

/** Parses an object from a body. Throws 415 for other formats, 400 for invalid input. */
export function parseObject(text: string, type: string, kind: string): Readonly<Record<string, unknown>> {
  if (type !== 'application/json' && type !== 'application/yaml') {
    throw new ApiFailure(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  }
  const value = parseText(text, type === 'application/yaml', kind);
  if (!isRecord(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into an object`,
    );
  }
  return value;
}

function parseText(text: string, yaml: boolean, kind: string): unknown {
  try {
    return yaml ? readFirstYaml(text).value : JSON.parse(text);
  } catch (error) {
    const why =
      text === '' ? 'unexpected end of JSON input' : error instanceof Error ? error.message : String(error);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why}`,
    );
  }
}
