import type { MockPlatform } from '../support/mock-platform.ts';
import type { ApplicationDeployment } from './connect-client.ts';
import type { PlatformCheck } from './expectations.ts';
import type { Finding } from './probe.ts';

/** Looks at the platform for what the connector's scripts should have done. */
export async function checkPlatform(
  check: PlatformCheck,
  context: {
    readonly platform: MockPlatform;
    readonly projectKey: string;
    readonly applications: readonly ApplicationDeployment[];
    /** How many requests the platform had answered before the step. */
    readonly requestsBefore: number;
  },
): Promise<Finding> {
  const { platform, projectKey, applications, requestsBefore } = context;
  switch (check.resource) {
    case 'api-clients': {
      const { length } = platform.apiClients(projectKey);
      const what = `${check.count} API client(s)`;
      return length === check.count ? { what } : { what, problem: `there are ${length}` };
    }
    case 'update': {
      const what = `update ${check.action} was sent`;
      const actions = platform.requests
        .slice(requestsBefore)
        .flatMap(({ body }) => actionsIn(body));
      if (actions.includes(check.action)) return { what };
      return { what, problem: `only ${actions.join(', ') || 'none'} was sent` };
    }
    default: {
      const resources: readonly Resource[] = await platform[check.resource](projectKey);
      const found = resources.find(({ key }) => key === check.key);
      const what = `${check.resource} ${check.key} is ${check.is}`;
      if ((found === undefined) !== (check.is === 'absent')) {
        return { what, problem: `found ${JSON.stringify(found) ?? 'none'}` };
      }
      const problem = findWrongDestination(check.destination, found, applications);
      return problem === undefined ? { what } : { what, problem };
    }
  }
}

interface Resource {
  readonly key?: string;
  readonly destination?: { readonly url?: string; readonly topic?: string } | object;
}

function findWrongDestination(
  application: string | undefined,
  found: Resource | undefined,
  applications: readonly ApplicationDeployment[],
): string | undefined {
  if (application === undefined || found === undefined) return undefined;
  const { url, topic } =
    applications.find(({ applicationName }) => applicationName === application) ?? {};
  const destination: { readonly url?: string; readonly topic?: string } = found.destination ?? {};
  const isRight =
    url === undefined
      ? lastSegment(topic) === lastSegment(destination.topic)
      : url === destination.url;
  return isRight
    ? undefined
    : `its destination is ${JSON.stringify(destination)}, not ${url ?? topic} of ${application}`;
}

/** `projects/p/topics/t` and `t` name the same topic. */
function lastSegment(topic: string | undefined): string | undefined {
  return topic?.split('/').at(-1);
}

function actionsIn(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null || !('actions' in body)) return [];
  const { actions } = body;
  return Array.isArray(actions) ? actions.map(({ action }: { action: string }) => action) : [];
}
