#!/usr/bin/env node
// kubectl runs the executable kubectl_complete-sluice to complete `kubectl sluice`.
import nodeProcess from 'node:process';

nodeProcess.argv.splice(2, 0, '__complete');
await import('./bin.ts');
