import { deploymentUpdateSchema } from '../../../wire/deployment.ts';
import { nothing, oneInProject } from '../../../wire/parameters.ts';
import { printRedeployPlan, redeployPlanSchema } from '../../../wire/redeploy-plan.ts';
import { planRedeploy } from '../../plans/plan-redeploy.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';

/** Berth's own. It takes what the redeploy would take, and who may not redeploy may not try out secrets either. */
export const planDeploymentRoute = defineRoute({
  name: 'planDeploymentRedeploy',
  summary: 'Tell what a redeploy would do, without doing it',
  method: 'POST',
  readsOnly: true,
  path: '/:projectKey/deployments/:ref/plan',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: deploymentUpdateSchema,
  answers: { 200: redeployPlanSchema },
  async handle(deps, { projectKey, params, body, identity, signal }) {
    const deployment = await readDeployment(deps.store, projectKey, params.ref);
    const [action] = body.actions;
    const plan = await planRedeploy(deps, identity, deployment, body.version, action, signal());
    return answer(200, printRedeployPlan(plan));
  },
});
