import { z } from 'zod';
import { applicationTypes } from '../core/application.ts';
import {
  type Connector,
  type ConnectorContent,
  integrationTypes,
  regions,
} from '../core/connector.ts';
import type { ConfigurationKey, ConfigurationKeys, ConnectorSpec } from '../core/connector-spec.ts';
import { pageSchema } from './page.ts';
import { printPublicRepository } from './public-repository.ts';

export const regionSchema = z.enum(regions).meta({ id: 'Region' });
export const integrationTypeSchema = z.enum(integrationTypes).meta({ id: 'IntegrationType' });

const keysSchema = z
  .array(
    z
      .object({
        key: z.string(),
        description: z.string(),
        required: z.boolean(),
        default: z.string().exactOptional(),
      })
      .meta({ id: 'ConfigurationKey' }),
  )
  .readonly();

const configurationKeysSchema = z
  .object({
    standardConfiguration: keysSchema,
    securedConfiguration: keysSchema,
  })
  .meta({ id: 'ConnectorGlobalConfiguration' });

const creatorSchema = z
  .object({
    email: z.string(),
    name: z.string().exactOptional(),
    title: z.string().exactOptional(),
    company: z.string().exactOptional(),
    logoUrl: z.string().exactOptional(),
    noOfContributors: z.int().exactOptional(),
    supportUrl: z.string().exactOptional(),
  })
  .meta({ id: 'Creator' });

/** What staged, published and deployed connectors have in common. */
export const connectorContent = {
  id: z.uuid(),
  key: z.string().exactOptional(),
  version: z.int(),
  name: z.string(),
  description: z.string().exactOptional(),
  integrationTypes: z.array(integrationTypeSchema).readonly(),
  creator: creatorSchema,
  repository: z.object({ url: z.string(), tag: z.string() }).meta({ id: 'Repository' }),
  configurations: z
    .array(
      z
        .object({
          applicationName: z.string(),
          applicationType: z.enum(applicationTypes),
          ...configurationKeysSchema.shape,
        })
        .meta({ id: 'ConnectorConfigurationApplication' }),
    )
    .readonly(),
  globalConfiguration: configurationKeysSchema.exactOptional(),
  apiClient: z.object({ scopes: z.array(z.string()).readonly() }).exactOptional(),
  supportedRegions: z.array(regionSchema).readonly(),
  documentationUrl: z.string().exactOptional(),
};

export const times = { createdAt: z.iso.datetime(), lastModifiedAt: z.iso.datetime() };

export const connectorSchema = z
  .object({
    ...connectorContent,
    private: z.boolean(),
    certified: z.boolean(),
    ...times,
  })
  .meta({ id: 'Connector' });

export const connectorPageSchema = pageSchema(connectorSchema).meta({
  id: 'ConnectorSearchPagedQueryResponse',
});

/** Keys as `connect.yaml` declares them. */
export function printKeys(keys: ConfigurationKeys) {
  return {
    standardConfiguration: keys.standard.map(printKey),
    securedConfiguration: keys.secured.map(printKey),
  };
}

function printKey({ key, description, required, default: fallback }: ConfigurationKey) {
  return { key, description, required, ...(fallback === undefined ? {} : { default: fallback }) };
}

export function printConfigurations(spec: ConnectorSpec) {
  return spec.applications.map((application) => ({
    applicationName: application.name,
    applicationType: application.type,
    ...printKeys(application.configuration),
  }));
}

/** The fields that staged, published and deployed connectors share. */
export function printContent(content: ConnectorContent) {
  const { standard, secured } = content.spec.globalConfiguration;
  return {
    name: content.name,
    ...(content.description === undefined ? {} : { description: content.description }),
    integrationTypes: content.integrationTypes,
    creator: content.creator,
    repository: printPublicRepository(content),
    configurations: printConfigurations(content.spec),
    ...(standard.length + secured.length === 0
      ? {}
      : { globalConfiguration: printKeys(content.spec.globalConfiguration) }),
    ...(content.spec.apiClientScopes === undefined
      ? {}
      : { apiClient: { scopes: content.spec.apiClientScopes } }),
    supportedRegions: content.supportedRegions,
    ...(content.documentationUrl === undefined
      ? {}
      : { documentationUrl: content.documentationUrl }),
  };
}

export function printConnector(connector: Connector) {
  return {
    id: connector.id,
    ...(connector.key === undefined ? {} : { key: connector.key }),
    version: connector.version,
    ...printContent(connector),
    repository: printPublicRepository(connector),
    private: connector.private,
    certified: connector.certified,
    createdAt: new Date(connector.createdAt).toISOString(),
    lastModifiedAt: new Date(connector.lastModifiedAt).toISOString(),
  };
}
