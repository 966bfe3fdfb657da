#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// A start costs half as much when Node need not compile everything again. The cache lies with the packages, where only
// who may change the program may write: in a folder for everybody it could be another program's. Where nobody may write,
// Node does without.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/berth'));
await import('./program.ts');
