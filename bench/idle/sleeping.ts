import { randomBytes, randomUUID } from 'node:crypto';
import type { Change } from '../../src/ports/store.ts';
import { type Original, sealingKeyFor } from '../records/original.ts';

/** Deployments that sleep, as the platform writes them: record, report, revision, release and address of each. */
export function* sleepingCopies(original: Original, count: number): Iterable<Change> {
  for (let number = 0; number < count; number += 1) yield* copyOf(original, number);
}

function copyOf(original: Original, number: number): readonly Change[] {
  const { deployment, entries, release, revision, addresses } = original;
  const [deploymentId, buildId] = [randomUUID(), randomUUID()];
  const labelOf = new Map(addresses.map(({ hostLabel }) => [hostLabel, otherLabel(hostLabel)]));
  const record = { ...deployment, id: deploymentId, key: `sleeping-${number}`, buildId };
  return [
    { kind: 'insert-deployment', record },
    sealingKeyFor(original, deploymentId),
    ...[...Map.groupBy(entries, ({ step }) => step)].map(([step, own]) => ({
      ...({ kind: 'put-entries', reportId: buildId, step } as const),
      entries: own.map(({ reportId: _, step: __, ...entry }) => entry),
    })),
    { kind: 'insert-revision', record: { ...revision, deploymentId } },
    ...addresses.map((address) => ({
      kind: 'put-address' as const,
      address: { ...address, deploymentId, hostLabel: labelOf.get(address.hostLabel) ?? '' },
    })),
    {
      kind: 'insert-release',
      record: {
        ...release,
        ...{ id: randomUUID(), deploymentId },
        applications: release.applications.map((application) => ({
          ...application,
          hostLabel: labelOf.get(application.hostLabel) ?? '',
        })),
      },
    },
  ];
}

/** As long as it was: what comes before the id says of which type the application is. */
function otherLabel(hostLabel: string): string {
  const own = hostLabel.slice(0, hostLabel.indexOf('-') + 1);
  const length = hostLabel.length - own.length;
  return `${own}${randomBytes(length).toString('hex').slice(0, length)}`;
}
