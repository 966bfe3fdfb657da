import { z } from 'zod';
import { fields } from './connector-fields.ts';
import { versionSchema } from './parse.ts';
import { line } from './text.ts';

/** Contract §7, with the field names of the official SDK. One row per action. An empty text takes an optional field away. */
const actionSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('setName'), name: fields.name }),
  z.object({ action: z.literal('setDescription'), description: fields.description }),
  z.object({ action: z.literal('setDocumentationUrl'), documentationUrl: line(2048) }),
  z.object({ action: z.literal('setIntegrationTypes'), integrationTypes: fields.integrationTypes }),
  z.object({ action: z.literal('setSupportedRegions'), regions: fields.supportedRegions.min(1) }),
  z.object({
    action: z.literal('setRepository'),
    // The official CLI always sends this action, without a url when only the tag changes (contract §7).
    url: fields.repositoryUrl.exactOptional(),
    tag: fields.tag,
  }),
  z.object({ action: z.literal('setCreatorName'), creatorName: line(256) }),
  z.object({ action: z.literal('setCreatorTitle'), creatorTitle: line(256) }),
  z.object({ action: z.literal('setCreatorEmail'), creatorEmail: fields.email }),
  z.object({ action: z.literal('setCreatorCompany'), creatorCompany: line(256) }),
  z.object({
    action: z.literal('setCreatorNoOfContributors'),
    creatorNoOfContributors: fields.noOfContributors,
  }),
  z.object({ action: z.literal('setCreatorSupportUrl'), creatorSupportUrl: line(2048) }),
  z.object({ action: z.literal('setCreatorLogo'), logoUrl: line(2048) }),
  z.object({ action: z.literal('addPrivateProject'), privateProject: fields.privateProject }),
  z.object({ action: z.literal('removePrivateProject'), privateProject: fields.privateProject }),
  z.object({ action: z.literal('addCertificationComment'), comment: fields.certificationComment }),
  z.object({ action: z.literal('updatePreviewable') }),
  z.object({ action: z.literal('publish'), certification: z.boolean() }),
  z.object({ action: z.literal('unlist') }),
]);

export const connectorUpdateSchema = z
  .object({
    version: versionSchema,
    actions: z.array(actionSchema).min(1).max(100).superRefine(refuseManyRepositories),
  })
  .meta({ id: 'ConnectorUpdate' });
export type ConnectorUpdate = z.output<typeof connectorUpdateSchema>;

/** Each is a repository that a request waits for. */
function refuseManyRepositories(
  actions: readonly z.output<typeof actionSchema>[],
  context: z.RefinementCtx,
): void {
  const found = actions.filter(({ action }) => action === 'setRepository');
  if (found.length > 1)
    context.addIssue({ code: 'custom', message: 'setRepository may be there only once' });
}
