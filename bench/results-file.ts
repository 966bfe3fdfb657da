import { readFile, writeFile } from 'node:fs/promises';

const file = new URL('./RESULTS.md', import.meta.url);
const title =
  '# Results\n\nEach section is written by its benchmark (`--write`). Ratios count; times depend on the machine.\n';

/** Replaces the benchmark's section, or adds it. */
export async function writeSection(heading: string, section: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => title);
  const parts = text.split(/^(?=## )/m);
  const others = parts.filter((part) => !part.startsWith(`${heading}\n`));
  await writeFile(file, `${[...others, section].map((part) => part.trimEnd()).join('\n\n')}\n`);
}
