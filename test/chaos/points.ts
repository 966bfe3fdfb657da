import { readFile, rm, writeFile } from 'node:fs/promises';
import type { PlaneName } from '../../src/compose/run-plane.ts';
import { faultFiles } from './faults.ts';
import { startPublisher } from './publisher.ts';
import {
  deployments,
  isFinal,
  knownFrom,
  type OperationName,
  operations,
  prepare,
  request,
  until,
  type World,
} from './world.ts';

export interface PointOfOperation {
  readonly operation: OperationName;
  readonly plane: PlaneName;
  readonly point: string;
}

/** Every fault point that each operation comes to, in the order in which it does, as one run of it shows. */
export async function listPoints(world: World): Promise<readonly PointOfOperation[]> {
  const all: PointOfOperation[] = [];
  const { reached } = faultFiles(world.planes.faults);
  for (const operation of operations) {
    await prepare(world, operation);
    await writeFile(reached, '');
    const publisher = operation === 'undeploy' ? undefined : startPublisher(world);
    const { accepted } = await request(world, operation);
    const id: string = world.known?.id ?? accepted.body.id;
    const settled = await until(() => world.client.get(`${deployments}/${id}`), isFinal);
    world.known = settled.status === 404 ? undefined : knownFrom(settled);
    // What follows the last commit, as a release that drains, belongs to it too.
    await publisher?.stop();
    await untilQuiet(reached);
    const lines = new Set((await readFile(reached, 'utf8')).split('\n').filter(Boolean));
    await rm(reached, { force: true });
    for (const line of lines) {
      const [plane, point] = line.split('\t') as [PlaneName, string];
      all.push({ operation, plane, point });
    }
  }
  return all;
}

async function untilQuiet(file: string): Promise<void> {
  let size = -1;
  for (let now = 0; now !== size; now = (await readFile(file)).length) {
    size = (await readFile(file)).length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
