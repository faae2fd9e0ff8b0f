#!/usr/bin/env node
// kubectl asks an executable of the name kubectl_complete-sluice what to offer after `kubectl sluice`.
import nodeProcess from 'node:process';

nodeProcess.argv.splice(2, 0, '__complete');
await import('./bin.ts');
