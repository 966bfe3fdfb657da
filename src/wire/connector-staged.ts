import { z } from 'zod';
import {
  type CertificationComment,
  type ConnectorStaged,
  connectorStagedStatuses,
  previewabilities,
} from '../core/connector.ts';
import { maxPrivateProjects } from '../core/connector-staged.ts';
import type { ReportEntry } from '../core/report.ts';
import { connectorContent, printContent, times } from './connector.ts';
import { fields, text } from './connector-fields.ts';
import { pageSchema } from './page.ts';
import { keySchema } from './parse.ts';
import { printEntries, reportSchema } from './report.ts';

const creatorDraftSchema = z
  .object({
    email: fields.email,
    name: text(256).exactOptional(),
    title: text(256).exactOptional(),
    company: text(256).exactOptional(),
    logoUrl: text(2048).exactOptional(),
    noOfContributors: fields.noOfContributors.exactOptional(),
    supportUrl: text(2048).exactOptional(),
  })
  .meta({ id: 'CreatorDraft' });

export const connectorDraftSchema = z
  .object({
    key: keySchema.exactOptional(),
    name: fields.name,
    description: fields.description.exactOptional(),
    integrationTypes: fields.integrationTypes.exactOptional(),
    creator: creatorDraftSchema,
    repository: z
      .object({ url: fields.repositoryUrl, tag: fields.tag })
      .meta({ id: 'RepositoryDraft' }),
    supportedRegions: fields.supportedRegions.exactOptional(),
    privateProjects: z.array(fields.privateProject).max(maxPrivateProjects).exactOptional(),
    documentationUrl: text(2048).exactOptional(),
  })
  .meta({ id: 'ConnectorStagedDraft' });
export type ConnectorDraft = z.output<typeof connectorDraftSchema>;

export interface ConnectorReports {
  readonly preview: readonly ReportEntry[];
  readonly publishing: readonly ReportEntry[];
}

const certificationInfoSchema = z
  .object({
    comments: z
      .array(
        z
          .object({ userId: z.string(), datetime: z.iso.datetime(), comment: z.string() })
          .meta({ id: 'CertificationInfoComment' }),
      )
      .readonly(),
  })
  .meta({ id: 'CertificationInfo' });

export const connectorStagedSchema = z
  .object({
    ...connectorContent,
    /** Empty where there is none, and never absent. */
    description: z.string(),
    private: z.boolean(),
    privateProjects: z.array(z.string()).readonly(),
    certificationInfo: certificationInfoSchema.exactOptional(),
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
    ...(staged.certificationComments === undefined
      ? {}
      : { certificationInfo: { comments: staged.certificationComments.map(printComment) } }),
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

function printComment({ userId, comment, createdAt }: CertificationComment) {
  return { userId, datetime: new Date(createdAt).toISOString(), comment };
}
