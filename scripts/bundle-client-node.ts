/**
 * Takes from client-node what sluice calls and no more. Its `KubeConfig` carries which cluster is meant; the logins,
 * the YAML reader, the proxies and the HTTP client that it would do the rest with are replaced by sluice's own
 * (docs/dependencies.md), and would cost 1.2 MB and ten times the CPU to load.
 */
import { patchPlugin, replaced } from './patch-plugin.ts';

/** Modules that `KubeConfig` imports for what is never called on it. */
const UNUSED = [
  'undici',
  'js-yaml',
  'socks',
  'socks-proxy-agent',
  'hpagent',
  './azure_auth.js',
  './exec_auth.js',
  './file_auth.js',
  './gcp_auth.js',
  './oidc_auth.js',
  './gen/index.js',
  './middleware.js',
  // As a module it makes Node load its whole HTTP client, for a WebSocket that nobody asks for.
  'node:http',
];

/** The plugin for esbuild. */
export const bundleClientNode = patchPlugin('bundle-client-node', [
  {
    file: /[\\/]client-node[\\/]dist[\\/]config\.js$/,
    change: (source) =>
      UNUSED.reduce(
        (text, name) =>
          replaced(text, new RegExp(`^import [^;]* from '${name.replaceAll('.', '\\.')}';$`, 'm'), ''),
        replaced(source, /this\.authenticators = \[[^\]]*\];/, 'this.authenticators = [];'),
      ),
  },
]);
