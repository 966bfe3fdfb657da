import { readFileSync } from 'node:fs';

/** Berth's own, for the provenance of artifacts. */
export function readOwnVersion(): string {
  const file = new URL('../../../../package.json', import.meta.url);
  const { version }: { readonly version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version;
}
