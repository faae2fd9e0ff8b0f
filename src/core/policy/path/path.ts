/* One path as somebody asks for it: parse both ends, judge every pair behind them, say it in words. */

export { type AskedPorts, parseAskedPorts } from './asked-ports.ts';
export { canMeet } from './cells.ts';
export { nameOfEnd, podsOfEnd, resolveEnd, targetPorts, targetsOf } from './ends.ts';
export { judgeEnds } from './judge-ends.ts';
export { createPathJudge, type PathAnswer, type PathJudge, pathTitle, summarizePath } from './judge-path.ts';
export { workloadWord } from './missing.ts';
export { parseEnd, parsePort } from './parse-end.ts';
export { type PathEnd, parsePathEnd } from './path-end.ts';
export { explainedNames, partText, pathText, shownPair } from './path-text.ts';
