/* HTTP to the API server: connections, proxies, retries, error messages. */

export { type Agent, makeAgent } from './agent.ts';
export { type Answer, type ApiClient, continueToken, createClient } from './client.ts';
export { apiPath, type Collection, collectionOf, type Resource } from './collection.ts';
export {
  createDiscovery,
  createVersionSource,
  type Discovery,
  streamsLists,
  type VersionSource,
} from './discovery.ts';
export { type About, ApiError, apiError, redirectError, watchError } from './errors.ts';
export { bytesOf, createServerClock, exchange, readText } from './exchange.ts';
export { NetworkError, networkError, TimedOut } from './network-error.ts';
export { type Access, type Credential, type Credentials, createTransport } from './transport.ts';
