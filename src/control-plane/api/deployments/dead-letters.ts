import {
  deadLetterPageSchema,
  deadLettersParameters,
  printDeadLetter,
} from '../../../wire/dead-letter.ts';
import { printPage } from '../../../wire/page.ts';
import { noBody, oneInProject } from '../../../wire/parameters.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { checkApplicationName } from './log-filter.ts';

/** Contract §10, row 29: what used up its deliveries can be seen, and sent again by its topic. */
export const queryDeadLettersRoute = defineRoute({
  name: 'queryDeadLetters',
  summary: 'List the events that could not be delivered, newest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/dead-letters',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: deadLettersParameters,
  body: noBody,
  answers: { 200: deadLetterPageSchema },
  async handle({ store, events }, { projectKey, params, query }) {
    const deployment = await readDeployment(store, projectKey, params.ref);
    const { applicationName, ...page } = query;
    checkApplicationName(deployment, applicationName);
    const nameByTopic = new Map(
      deployment.applications.flatMap(({ name, topic }) =>
        topic === undefined || (applicationName !== undefined && applicationName !== name)
          ? []
          : [[topic, name] as const],
      ),
    );
    const { total, results } = await events.deadLetters([...nameByTopic.keys()], page);
    const printed = results.map((one) => printDeadLetter(one, nameByTopic.get(one.topic) ?? ''));
    return answer(200, printPage({ total, results: printed }, page));
  },
});
