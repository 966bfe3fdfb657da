import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedDocs } from '../scripts/generated-docs.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

describe('documents that are printed from the source', () => {
  it.each([...generatedDocs()])('%s is what `npm run docs` prints', async (path, text) => {
    expect(await read(path), 'Run `npm run docs` and commit the result').toBe(text);
  });
});
