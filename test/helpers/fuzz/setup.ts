import fc from 'fast-check';
import { fuzzSeed } from './seed.ts';

fc.configureGlobal({ seed: fuzzSeed(process.env.SLUICE_FUZZ_SEED) });
