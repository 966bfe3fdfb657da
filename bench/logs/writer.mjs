// Writes the lines of a file one by one, as an application logs.
import { readFileSync } from 'node:fs';

const lines = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n');
for (const line of lines) process.stdout.write(`${line}\n`);
