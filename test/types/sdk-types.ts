import type * as Platform from '@commercetools/platform-sdk';
import type * as Sdk from '@commercetools-connect/sdk';
import type {
  apiClientDraftSchema,
  apiClientPageSchema,
  apiClientSchema,
} from '../../src/wire/api-client.ts';
import type { connectorPageSchema, connectorSchema } from '../../src/wire/connector.ts';
import type {
  connectorDraftSchema,
  connectorStagedPageSchema,
  connectorStagedSchema,
} from '../../src/wire/connector-staged.ts';
import type { connectorUpdateSchema } from '../../src/wire/connector-update.ts';
import type {
  deploymentDraftSchema,
  deploymentPageSchema,
  deploymentSchema,
  deploymentUpdateSchema,
} from '../../src/wire/deployment.ts';
import type { logPageSchema } from '../../src/wire/deployment-log.ts';
import type { errorResponseSchema } from '../../src/wire/error-response.ts';
import type { Body, Complete, Fields, Fits, Sends, With } from './type-fit.ts';

/**
 * Nothing here runs: `npm run check` compiles it. It stops compiling where a body of Berth and a type of the official SDK come
 * apart, and where an exception is needed no longer.
 */

/** Whoever holds the SDK's type gets what it promises. */
export type Answers = Complete<
  [
    Fits<Sdk.Deployment, Body<typeof deploymentSchema>>,
    Fits<Sdk.DeploymentPagedQueryResponse, Body<typeof deploymentPageSchema>>,
    Fits<Sdk.DeploymentLogCursorPagedQueryResponse, Body<typeof logPageSchema>>,
    Fits<Sdk.ConnectorStaged, Body<typeof connectorStagedSchema>>,
    Fits<Sdk.ConnectorStagedPagedQueryResponse, Body<typeof connectorStagedPageSchema>>,
    Fits<Sdk.Connector, Body<typeof connectorSchema>>,
    Fits<Sdk.ConnectorSearchPagedQueryResponse, Body<typeof connectorPageSchema>>,
    Fits<With<Sdk.ErrorResponse, Pick<Errors, 'errors'>>, Errors>,
    // Which fields belong to which code is shown by the error table's tests: here they are one type.
    Exclude<Fields<Sdk.ErrorObject>, Fields<ErrorObject>>,
    Fits<ErrorObject['code'], Sdk.ErrorObject['code']>,
    // commercetools' own resource, whose types are those of its other SDK.
    Exclude<Fits<Platform.ApiClient, Body<typeof apiClientSchema>>, AbsentOfApiClient>,
    Exclude<
      Fits<Platform.ApiClientPagedQueryResponse, Body<typeof apiClientPageSchema>>,
      `results.${AbsentOfApiClient}`
    >,
    // An absence that has ended is no exception any more.
    Extract<Fields<Body<typeof apiClientSchema>>, AbsentOfApiClient>,
  ]
>;

/** Whatever the SDK lets a client write is read. */
export type Requests = Complete<
  [
    Sends<
      typeof deploymentDraftSchema,
      With<Sdk.DeploymentDraft, Pick<DeploymentDraft, 'type' | 'configurations'>>
    >,
    Sends<
      typeof deploymentUpdateSchema,
      With<Sdk.DeploymentUpdate, { actions: [Sdk.DeploymentUpdateAction] }>
    >,
    Sends<
      typeof connectorDraftSchema,
      With<Sdk.ConnectorDraft, Pick<ConnectorDraft, 'integrationTypes' | 'supportedRegions'>>
    >,
    Sends<
      typeof connectorUpdateSchema,
      With<
        Sdk.ConnectorUpdate,
        {
          actions: (
            | Exclude<
                Sdk.ConnectorUpdateAction,
                Sdk.ConnectorSetIntegrationTypesAction | Sdk.ConnectorSetSupportedRegionsAction
              >
            | ActionNamed<'setIntegrationTypes' | 'setSupportedRegions'>
          )[];
        }
      >
    >,
    Exclude<Sends<typeof apiClientDraftSchema, Platform.ApiClientDraft>, AbsentOfApiClientDraft>,
    Extract<Fields<Body<typeof apiClientDraftSchema>>, AbsentOfApiClientDraft>,
  ]
>;

/** Fields that an API client of commercetools has, and Berth's has not. */
type AbsentOfApiClient =
  | 'lastUsedAt'
  | 'deleteAt'
  | 'accessTokenValiditySeconds'
  | 'refreshTokenValiditySeconds';
type AbsentOfApiClientDraft =
  | 'deleteDaysAfterCreation'
  | 'accessTokenValiditySeconds'
  | 'refreshTokenValiditySeconds';

/** What was left out above: each is wrong in its own way, or the compiler says that it is an exception no longer. */
export type Exceptions = [
  // The SDK's lists of names are open: any text is one more. Berth takes the contract's.
  // @ts-expect-error
  Fits<Pick<DeploymentDraft, 'type'>, Pick<Sdk.DeploymentDraft, 'type'>>,
  // @ts-expect-error
  Fits<ConnectorDraft['integrationTypes'], Sdk.ConnectorDraft['integrationTypes']>,
  // @ts-expect-error
  Fits<ConnectorDraft['supportedRegions'], Sdk.ConnectorDraft['supportedRegions']>,
  // @ts-expect-error
  Fits<ActionNamed<'setIntegrationTypes'>, Sdk.ConnectorSetIntegrationTypesAction>,
  // @ts-expect-error
  Fits<ActionNamed<'setSupportedRegions'>, Sdk.ConnectorSetSupportedRegionsAction>,
  // Required since 31 July 2025; the SDK is older.
  // @ts-expect-error
  Fits<Pick<DeploymentDraft, 'configurations'>, Pick<Sdk.DeploymentDraft, 'configurations'>>,
  // Exactly one action; the SDK's list may be of any length.
  // @ts-expect-error
  Fits<DeploymentUpdate['actions'], Sdk.DeploymentUpdate['actions']>,
  // Berth has codes of its own, and those that are younger than the SDK.
  // @ts-expect-error
  Fits<Sdk.ErrorObject['code'], ErrorObject['code']>,
];

type Errors = Body<typeof errorResponseSchema>;
type ErrorObject = Errors['errors'][number];
type DeploymentDraft = Body<typeof deploymentDraftSchema>;
type DeploymentUpdate = Body<typeof deploymentUpdateSchema>;
type ConnectorDraft = Body<typeof connectorDraftSchema>;
type ActionNamed<Name extends string> = Extract<
  Body<typeof connectorUpdateSchema>['actions'][number],
  { action: Name }
>;
