/**
 * `node:http`. A regular import makes Node load its whole HTTP client for the `WebSocket` that it exports: at least
 * 20 ms and 4 MB at the start of every verb.
 */
export function plainHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
