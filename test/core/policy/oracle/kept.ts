import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ForeignObject } from '../../../../src/core/policy/model/policy.ts';
import type { RandomWorld } from './worlds.ts';

/** A world on which the two evaluators differed, or whose reasons did not hold, shrunk. */
type Kept = RandomWorld & { readonly title: string; readonly foreign?: readonly ForeignObject[] };

/** All of them, in the order in which they came. */
export const KEPT: readonly Kept[] = parse(
  readFileSync(join(import.meta.dirname, 'kept.yaml'), 'utf8'),
) as readonly Kept[];
