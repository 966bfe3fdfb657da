import { Failure } from '../../core/failure.ts';
import type { ReportEntry } from '../../core/report.ts';
import type { Api } from './api.ts';
import type { ExampleRepository } from './example-repository.ts';
import { followReport } from './follow-report.ts';
import type { Show } from './show.ts';

export interface Draft {
  readonly id: string;
  readonly version: number;
  readonly isPreviewable: string;
  readonly repository: { readonly url: string; readonly tag: string };
  readonly previewableReport?: { readonly entries: readonly ReportEntry[] };
  readonly configurations: readonly { readonly applicationName: string }[];
}

export interface Context {
  readonly api: Api;
  readonly projectKey: string;
  readonly show: Show;
  readonly signal: AbortSignal;
}

export const exampleKey = 'hello-connector';
const draftPath = `/connectors/drafts/key=${exampleKey}`;

/** The draft that an earlier run left is set to the repository's tag; else there is a new one. */
export async function previewExample(
  context: Context,
  repository: ExampleRepository,
): Promise<Draft> {
  return previewed(context, await openDraft(context, repository));
}

async function openDraft({ api, show }: Context, { url, tag }: ExampleRepository): Promise<Draft> {
  const existing = await api.find<Draft>(draftPath);
  if (existing === undefined) {
    const draft = await api.call<Draft>('POST', '/connectors/drafts', {
      key: exampleKey,
      name: 'Hello connector',
      creator: { email: 'quickstart@berth.invalid' },
      repository: { url, tag },
    });
    show.step({ title: 'Connector draft created' });
    return draft;
  }
  if (existing.repository.url === url && existing.repository.tag === tag) {
    show.step({ title: 'Connector draft of an earlier run found' });
    return existing;
  }
  const actions = [{ action: 'setRepository', url, tag }];
  const changed = await api.call<Draft>('POST', draftPath, { version: existing.version, actions });
  show.step({ title: `Connector draft set to ${tag}` });
  return changed;
}

/** Nothing to do where this very tag has been previewed before. */
async function previewed({ api, show, signal }: Context, draft: Draft): Promise<Draft> {
  if (draft.isPreviewable === 'true') return draft;
  if (draft.isPreviewable !== 'pending') {
    const actions = [{ action: 'updatePreviewable' }];
    await api.call('POST', draftPath, { version: draft.version, actions });
  }
  const settled = await followReport(
    {
      what: 'Previewing',
      read: () => api.call<Draft>('GET', draftPath),
      entriesOf: ({ previewableReport }) => previewableReport?.entries ?? [],
      isSettled: ({ isPreviewable }) => isPreviewable !== 'pending',
    },
    show,
    signal,
  );
  if (settled.isPreviewable === 'true') return settled;
  throw new Failure('The preview of hello-connector failed.', {
    nextStep: 'The lines above say why. Mend that, then run this again.',
  });
}
