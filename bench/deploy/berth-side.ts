import type { Berth } from '../../test/support/berth.ts';
import { draftOf, previewConnector, settle } from '../../test/support/deploy.ts';
import { bodyOf } from '../redeploy/until.ts';
import { names } from './connector.ts';

/** A connector in a Berth, with one Deployment of it. */
export interface Subject {
  /** Makes the draft point to the tag, requests a preview and redeploys with it. @returns ms until it is `Deployed` */
  deploy(tag: string): Promise<number>;
  /** What an application answers. */
  ask(name: string): Promise<string | undefined>;
}

/** @returns ms from the draft until it is `Deployed`, and what to go on with */
export async function deployFirst(
  berth: Berth,
  repository: { readonly url: string; readonly tag: string },
): Promise<{ readonly ms: number; readonly subject: Subject }> {
  const startedAt = performance.now();
  const connector = await previewConnector(berth, repository);
  requireThat(connector.body.isPreviewable === 'true', connector.body);
  const path = `/${berth.projectKey}/deployments`;
  const created = await berth.request('POST', path, draftOf(connector));
  const own = `${path}/${created.body.id}`;
  const read = async () => {
    const deployed = await settle(
      () => berth.request('GET', own),
      ({ body }) => body.status === 'Deployed' || body.status === 'Failed',
      300_000,
    );
    requireThat(deployed.body.status === 'Deployed', deployed.body);
    return deployed.body;
  };
  const first = await read();
  const ms = performance.now() - startedAt;
  const draft = `/connectors/drafts/${connector.body.id}`;
  return {
    ms,
    subject: {
      async deploy(tag) {
        const redeployedAt = performance.now();
        const { body } = await berth.request('GET', draft);
        if (body.repository.tag !== tag) await point(berth, draft, { url: repository.url, tag });
        const { version } = (await berth.request('GET', own)).body;
        const action = { action: 'redeploy', updateConnector: true };
        const answer = await berth.request('POST', own, { version, actions: [action] });
        requireThat(answer.status === 201, answer.body);
        await read();
        return performance.now() - redeployedAt;
      },
      ask(name) {
        const { applications } = first;
        const found = applications.find(
          (one: { applicationName: string }) => one.applicationName === name,
        );
        return bodyOf(found.url);
      },
    },
  };
}

async function point(
  berth: Berth,
  draft: string,
  repository: { readonly url: string; readonly tag: string },
): Promise<void> {
  const { body } = await berth.request('GET', draft);
  const changed = await berth.request('POST', draft, {
    version: body.version,
    actions: [{ action: 'setRepository', ...repository }],
  });
  await berth.request('POST', draft, {
    version: changed.body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  const previewed = await settle(
    () => berth.request('GET', draft),
    (answer) => answer.body.isPreviewable !== 'pending',
  );
  requireThat(previewed.body.isPreviewable === 'true', previewed.body);
}

export async function requireAnswers(
  subject: Subject,
  wanted: Readonly<Record<(typeof names)[number], string>>,
): Promise<void> {
  for (const name of names) {
    const answer = await subject.ask(name);
    if (answer !== wanted[name])
      throw new Error(`${name} says ${answer} instead of ${wanted[name]}`);
  }
}

function requireThat(holds: boolean, body: unknown): void {
  if (!holds) throw new Error(`Not as it should be:\n${JSON.stringify(body, undefined, 2)}`);
}
