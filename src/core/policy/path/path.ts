export { type AskedPorts, parseAskedPorts } from './asked-ports.ts';
export { type Cell, canMeet } from './cells.ts';
export { clusterDns } from './cluster-dns.ts';
export { nameOfEnd, podsOfEnd, resolveEnd, targetsOf } from './ends.ts';
export { nodesNamed } from './entity.ts';
export { type GrantPorts, grantPortsOf, MOST_PORTS, parseGrantPorts } from './grant-ports.ts';
export {
  answerOf,
  createPathJudge,
  type Ground,
  isInPart,
  type Judgement,
  judgePath,
  type PathAnswer,
  type PathJudge,
  pathTitle,
  summarized,
  worstPath,
} from './judge-path.ts';
export { grantEndOf, mustExist } from './members.ts';
export { missingNamespace, workloadWord } from './missing.ts';
export { kindNamed, parseEnd } from './parse-end.ts';
export { partsBy } from './parts.ts';
export { type PathEnd, parsePathEnd } from './path-end.ts';
export { explainedNames, partText, pathText, shownPair } from './path-text.ts';
export { pricing, withPrices } from './prices.ts';
export { DNS_CACHE, hasDnsCache, serviceTargets } from './service.ts';
/* A single path: parses both ends, evaluates every pair behind them, and describes the result. */
