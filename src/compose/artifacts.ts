import { join } from 'node:path';
import type { Config } from '../config/parse-config.ts';
import { Failure } from '../core/failure.ts';
import { isKey, openArtifactStore } from '../drivers/builder/node/artifact-store.ts';
import { artifactsFolder } from '../drivers/builder/node/driver.ts';
import { createFileDigests } from '../drivers/builder/node/file-digests.ts';
import type { Provenance } from '../ports/builder.ts';
import { dataLayout } from './data-layout.ts';
import { requireStore } from './open-operator-store.ts';

export interface ListedArtifact {
  readonly key: string;
  readonly application: string;
  readonly commit: string;
  /** What its folder takes on the disk. */
  readonly bytes: number;
}

export interface VerifiedArtifact {
  readonly key: string;
  /** Absent where every file is what its build left. */
  readonly damage?: string;
}

/** The artifacts in a data directory, beside whatever server runs there. Nothing is changed. @throws Failure where it is none */
export async function openArtifacts({
  dataDirectory,
  databaseUrl,
}: Pick<Config, 'dataDirectory' | 'databaseUrl'>) {
  const layout = dataLayout(dataDirectory);
  // Artifacts are here wherever the records are.
  await requireStore(databaseUrl === undefined ? layout.store : layout.id, dataDirectory);
  const store = openArtifactStore(
    join(layout.builds, artifactsFolder),
    join(layout.builds, 'work'),
  );

  return {
    async list(): Promise<readonly ListedArtifact[]> {
      return (await store.list()).map(({ record, usage }) => {
        const { key, application, commit } = record;
        return { key, application, commit, bytes: usage.bytes };
      });
    },
    /** @throws Failure where there is none, or its provenance was changed */
    async show(key: string): Promise<Provenance> {
      const provenance = isKey(key) ? await store.readProvenance(key) : undefined;
      if (provenance !== undefined) return provenance;
      throw new Failure(`There is no artifact ${key}, or it is damaged.`, {
        nextStep:
          'berth artifacts list shows those that are there, berth artifacts verify the damaged.',
      });
    },
    /** Reads every file of all of them. */
    async verify(): Promise<readonly VerifiedArtifact[]> {
      const digests = createFileDigests();
      const verified: VerifiedArtifact[] = [];
      for (const stored of await store.list()) {
        const damage = await store.findDamage(stored, digests);
        verified.push({ key: stored.record.key, ...(damage === undefined ? {} : { damage }) });
      }
      const unusable = (await store.listUnusable()).map(({ key, damage }) => ({ key, damage }));
      return [...verified, ...unusable];
    },
  };
}
