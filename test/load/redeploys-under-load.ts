import { startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';
import { type LoadResult, type LoadShape, loadServer, openLoad } from './open-load.ts';

export interface RedeploysUnderLoad {
  readonly load: LoadResult;
  /** Of each redeploy, from the request until it is seen `Deployed`. */
  readonly redeployMs: readonly number[];
}

/**
 * Redeploys an application again and again while it is asked.
 * @throws where a redeploy does not end `Deployed`
 */
export async function redeployUnderLoad(
  { redeploys, ...shape }: LoadShape & { readonly redeploys: number },
  onRedeploy: (number: number, ms: number) => void = () => undefined,
): Promise<RedeploysUnderLoad> {
  await using berth = await startBerth({
    environment: {
      BERTH_DRAIN_SECONDS: '30',
      BERTH_RATE_LIMIT_PER_MINUTE: '600000',
      // As a user has it.
      BERTH_SANDBOX: 'auto',
    },
  });
  await using repository = await createRepository({
    files: tinyConnector({ app: { server: loadServer, spec: keys(['VALUE']) } }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const draft = draftOf(connector);
  const withValue = (value: string) => ({
    ...draft.configurations[0],
    standardConfiguration: [{ key: 'VALUE', value }],
  });
  let deployment = await deploy(berth, { ...draft, configurations: [withValue('0')] });
  const load = openLoad(deployment.body.applications[0].url, shape);
  const redeployMs: number[] = [];
  try {
    for (let number = 1; number <= redeploys; number++) {
      const startedAt = performance.now();
      const configurationValues = [withValue(`${number}`)];
      await redeploy(berth, deployment, { configurationValues });
      deployment = await settleDeployment(berth, deployment.body.id);
      if (deployment.body.status !== 'Deployed' || deployment.body.version !== number + 1)
        throw new Error(`Redeploy ${number}: ${JSON.stringify(deployment.body, undefined, 2)}`);
      redeployMs.push(performance.now() - startedAt);
      onRedeploy(number, redeployMs.at(-1) ?? 0);
    }
  } finally {
    await load.stop();
  }
  return { load: await load.stop(), redeployMs };
}
