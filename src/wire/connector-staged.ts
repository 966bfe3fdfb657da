import { z } from 'zod';
import {
  type ConnectorStaged,
  connectorStagedStatuses,
  previewabilities,
} from '../core/connector.ts';
import type { ReportEntry } from '../core/report.ts';
import {
  connectorContent,
  integrationTypeSchema,
  printContent,
  regionSchema,
  times,
} from './connector.ts';
import { pageSchema } from './page.ts';
import { keySchema, versionSchema } from './parse.ts';
import { printEntries, reportSchema } from './report.ts';

/** Too long a text is looked at no further: patterns are for texts of a bounded length. */
const text = (max: number) => z.string().min(1).max(max, { abort: true });

const creatorDraftSchema = z
  .object({
    email: text(320).regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'Must be an email address'),
    name: text(256).exactOptional(),
    title: text(256).exactOptional(),
    company: text(256).exactOptional(),
    logoUrl: text(2048).exactOptional(),
    noOfContributors: z.int().min(1).exactOptional(),
    supportUrl: text(2048).exactOptional(),
  })
  .meta({ id: 'CreatorDraft' });

/** Whether a repository is one that Berth takes is the source's decision; this is only the shape. */
const repositoryUrlSchema = text(2048).regex(
  /^[^\s-][^\s]*$/,
  'Must be a repository URL without spaces',
);

/** Contract §7. */
const tagSchema = z.string().regex(/^(?!.*\.{2})[A-Za-z0-9][\w.@/-]{0,254}$/, 'Must be a tag name');

export const connectorDraftSchema = z
  .object({
    key: keySchema.exactOptional(),
    name: text(256),
    description: z.string().max(10_000).exactOptional(),
    integrationTypes: z.array(integrationTypeSchema).max(50).exactOptional(),
    creator: creatorDraftSchema,
    repository: z.object({ url: repositoryUrlSchema, tag: tagSchema }),
    supportedRegions: z.array(regionSchema).max(50).exactOptional(),
    privateProjects: z
      .array(
        z.string().regex(/^[a-zA-Z0-9_.-]+:[a-zA-Z0-9_-]{2,36}$/, 'Must be "region:projectKey"'),
      )
      .max(500)
      .exactOptional(),
    documentationUrl: text(2048).exactOptional(),
  })
  .meta({ id: 'ConnectorStagedDraft' });
export type ConnectorDraft = z.output<typeof connectorDraftSchema>;

const actionSchema = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('setRepository'),
    // The official CLI always sends this action, without a url when only the tag changes (contract §7).
    url: repositoryUrlSchema.exactOptional(),
    tag: tagSchema,
  }),
  z.object({ action: z.literal('updatePreviewable') }),
  z.object({ action: z.literal('publish'), certification: z.boolean() }),
]);

export const connectorUpdateSchema = z
  .object({
    version: versionSchema,
    actions: z.array(actionSchema).min(1).max(100),
  })
  .meta({ id: 'ConnectorUpdate' });
export type ConnectorUpdate = z.output<typeof connectorUpdateSchema>;

export interface ConnectorReports {
  readonly preview: readonly ReportEntry[];
  readonly publishing: readonly ReportEntry[];
}

export const connectorStagedSchema = z
  .object({
    ...connectorContent,
    private: z.boolean(),
    privateProjects: z.array(z.string()).readonly(),
    status: z.enum(connectorStagedStatuses),
    publishingReport: reportSchema.exactOptional(),
    alreadyListed: z.boolean(),
    hasChanges: z.boolean(),
    isPreviewable: z.enum(previewabilities),
    previewableReport: reportSchema.exactOptional(),
    ...times,
  })
  .meta({ id: 'ConnectorStaged' });

export const connectorStagedPageSchema = pageSchema(connectorStagedSchema).meta({
  id: 'ConnectorStagedPagedQueryResponse',
});

export function printConnectorStaged(staged: ConnectorStaged, reports: ConnectorReports) {
  return {
    id: staged.id,
    ...(staged.key === undefined ? {} : { key: staged.key }),
    version: staged.version,
    ...printContent(staged),
    description: staged.description ?? '',
    private: staged.private,
    privateProjects: staged.privateProjects,
    status: staged.status,
    ...(staged.publishingReportId === undefined
      ? {}
      : { publishingReport: { entries: printEntries(reports.publishing) } }),
    alreadyListed: staged.alreadyListed,
    hasChanges: staged.hasChanges,
    isPreviewable: staged.isPreviewable,
    ...(staged.previewReportId === undefined
      ? {}
      : { previewableReport: { entries: printEntries(reports.preview) } }),
    createdAt: new Date(staged.createdAt).toISOString(),
    lastModifiedAt: new Date(staged.lastModifiedAt).toISOString(),
  };
}
