/**
 * `node:http`. Imported as a module, it makes Node load its whole HTTP client too, for a `WebSocket` that it exports:
 * at least 20 ms and 4 MB at the start of every verb.
 */
export function plainHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
