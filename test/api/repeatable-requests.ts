import type { World } from './error-table/world.ts';
import { shopDraft, values } from './shop-connector.ts';

/** A request that would be taken; each call makes another one. */
export interface Prepared {
  readonly path: string;
  readonly body?: unknown;
}

/** One for each POST of the route table that changes something, by its name there. */
export const repeatableRequests: Readonly<Record<string, (world: World) => Promise<Prepared>>> = {
  async createDeployment({ deploymentPath, shop }) {
    return { path: deploymentPath(), body: { ...shopDraft(shop), connector: connectorOf(shop) } };
  },
  async redeployDeployment({ deployed, deploymentPath }) {
    const { body } = await deployed();
    const actions = [{ action: 'redeploy' }];
    return { path: deploymentPath(body.id), body: { version: 1, actions } };
  },
  async rollBackDeployment(world) {
    const { id, version } = await redeployed(world);
    return { path: `${world.deploymentPath(id)}/rollback`, body: { version, revision: 1 } };
  },
  async rollBackDeploymentToRevision(world) {
    const { id, version } = await redeployed(world);
    return { path: `${world.deploymentPath(id)}/revisions/1/rollback`, body: { version } };
  },
  async cancelDeployment({ create, deploymentPath }) {
    const { body } = await create();
    return { path: `${deploymentPath(body.id)}/cancel` };
  },
  async cancelOperation({ create, get, project }) {
    const { body } = await create();
    const { body: found } = await get(`/${project}/operations?deploymentId=${body.id}`);
    return { path: `/${project}/operations/${found.results[0].id}/cancel` };
  },
  async runJob({ deployed, deploymentPath }) {
    const { body } = await deployed({ configurations: [values('tick')] });
    return { path: `${deploymentPath(body.id)}/jobs/tick/run` };
  },
  async createConnectorStaged({ repositoryUrl }) {
    const body = {
      name: 'Shop',
      creator: { email: 'somebody@example.com' },
      repository: { url: repositoryUrl, tag: 'v1' },
    };
    return { path: '/connectors/drafts', body };
  },
  async updateConnectorStaged({ draft }) {
    const { body } = await draft();
    const actions = [{ action: 'setName', name: 'Another shop' }];
    return { path: `/connectors/drafts/${body.id}`, body: { version: 1, actions } };
  },
  async createApiClient({ project }) {
    const body = { name: 'Reader', scope: `view_connectors:${project}` };
    return { path: `/${project}/api-clients`, body };
  },
};

const connectorOf = ({ body }: World['shop']) => ({ id: body.id, staged: false });

/** Twice, so that there is a revision to go back to. */
async function redeployed({ deployed, redeploy, plane }: World) {
  const first = await deployed();
  const { body } = await redeploy(first);
  while (await plane.work('succeed'));
  return body;
}
