import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatedDocs } from './generated-docs.ts';

for (const [path, text] of generatedDocs())
  await writeFile(join(import.meta.dirname, '..', path), text);
