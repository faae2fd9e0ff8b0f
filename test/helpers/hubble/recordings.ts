import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Flow } from '../../../src/core/traffic/flow.ts';
import { createFold, type Fold } from '../../../src/core/traffic/fold.ts';
import { fromJsonResponse } from '../../../src/hubble/client/json-flow.ts';
import { createFlowMapper } from '../../../src/hubble/client/map-flow.ts';

/** Recordings of the official CLI; `SLUICE_HUBBLE_FLOWS` names another folder. */
export const RECORDINGS = resolve(process.env.SLUICE_HUBBLE_FLOWS ?? '../shared/hubble/flows');

export const hasRecordings = existsSync(RECORDINGS);

if (!hasRecordings) console.warn(`SKIPPED: no recordings of Hubble in ${RECORDINGS}`);

export function recordedLines(name: string): readonly string[] {
  return readFileSync(`${RECORDINGS}/${name}.jsonl`, 'utf8').trim().split('\n');
}

export function recordedFlows(name: string): readonly Flow[] {
  const map = createFlowMapper();
  return recordedLines(name).flatMap((line) => {
    const response = fromJsonResponse(line);
    return response?.flow ? [map(response.flow, 'replay', response.node_name)] : [];
  });
}

/** A recording folded, long after its end. */
export function foldRecording(name: string): Fold {
  const fold = createFold();
  fold.add(recordedFlows(name), 0);
  fold.rows(60_000);
  return fold;
}
