import { randomUUID } from 'node:crypto';
import { dataLayout } from '../../src/compose/data-layout.ts';
import type { IntegrationType } from '../../src/core/connector.ts';
import type { Deployment, DeploymentType } from '../../src/core/deployment.ts';
import type { Change } from '../../src/ports/store.ts';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import { fillStore } from '../records/fill-store.ts';
import { deployOriginal, type Original, sealingKeyFor } from '../records/original.ts';

/** A Berth whose project has this many Deployments, and the id of one of them. */
export interface FilledBerth extends AsyncDisposable {
  readonly berth: Berth;
  readonly count: number;
  readonly deploymentId: string;
}

export async function startFilledBerth(
  count: number,
  environment: Readonly<Record<string, string>>,
): Promise<FilledBerth> {
  await using stack = new AsyncDisposableStack();
  // wrk is one API client, and asks more often than one may.
  const berth = stack.use(
    await startBerth({ environment: { ...environment, BERTH_RATE_LIMIT_PER_MINUTE: '0' } }),
  );
  const original = await deployOriginal(berth);
  await berth.stop();
  fillStore(dataLayout(berth.dataDirectory).store, copiesOf(original, count - 1));
  await berth.start();
  const opened = stack.move();
  return {
    ...{ berth, count, deploymentId: original.deployment.id },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Of a hundred Deployments one after the other. */
const typesOf100: readonly (readonly [DeploymentType, until: number])[] = [
  ['sandbox', 60],
  ['production', 90],
  ['preview', 100],
];

/** Most connectors are of one kind; `giftcard` are only the oldest ten. */
const kinds: readonly (readonly IntegrationType[])[] = [
  ['psp'],
  ['tax', 'erp'],
  ['search'],
  ['email', 'crm'],
  ['other'],
];
const oldest = { count: 10, integrationTypes: ['giftcard'] } as const;

const minuteMs = 60_000;

/** Each with its report, an entry for each that the original has; older ones have fewer of them left. */
function* copiesOf(original: Original, count: number): Iterable<Change> {
  const { deployment, entries } = original;
  for (let number = 0; number < count; number += 1) {
    const copy = copyOf(deployment, number, count);
    yield { kind: 'insert-deployment', record: copy };
    yield sealingKeyFor(original, copy.id);
    const [first] = entries;
    if (first === undefined) continue;
    const { reportId: _, step, ...entry } = first;
    yield { kind: 'put-entries', reportId: copy.buildId, step, entries: [entry] };
  }
}

/** The first is the oldest; all are older than the original. */
function copyOf(original: Deployment, number: number, count: number): Deployment {
  const createdAt = original.createdAt - (count - number) * minuteMs;
  const place = number % 100;
  return {
    ...original,
    id: randomUUID(),
    buildId: randomUUID(),
    key: `copy-${number}`,
    type: typesOf100.find(([, until]) => place < until)?.[0] ?? 'sandbox',
    connector: {
      ...original.connector,
      integrationTypes:
        number < oldest.count ? oldest.integrationTypes : (kinds[number % kinds.length] ?? []),
    },
    applications: original.applications.map((application) => ({
      ...application,
      id: randomUUID(),
    })),
    createdAt,
    lastModifiedAt: createdAt + ((number * 7919) % 1000) * minuteMs,
  };
}
