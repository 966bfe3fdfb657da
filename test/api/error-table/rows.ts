import { expect } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { StoreUnavailable } from '../../../src/core/store-failure.ts';
import type { Store } from '../../../src/ports/store.ts';
import type { Answer } from '../../support/berth.ts';
import type { ControlPlaneOptions } from '../../support/control-plane.ts';
import { openTempPlane, type TempPlane } from '../../support/temp-plane.ts';
import { openTokenIssuer } from '../../support/token-issuer.ts';
import { globals, shopDraft, shopGlobals, values, webValues } from '../shop-connector.ts';
import { sendOverHttp, type World } from './world.ts';

/** A mistake, and all that the contract says of the answer (§3.2). */
export interface ErrorRow {
  readonly status: number;
  readonly provoke: (world: World) => Promise<Answer>;
  readonly message: string | RegExp;
  /** The error's further fields, exactly. */
  readonly extras?: Readonly<Record<string, unknown>>;
}

const unknownId = '5f3759df-5f37-49df-9f37-5f3759df5f37';
const uuid = '[0-9a-f-]{36}';
const anyText = expect.stringMatching(/./);

/** Each code is provoked over HTTP. A code without a row does not compile. */
export const errorRows: Readonly<Record<ErrorCode, ErrorRow>> = {
  InvalidJsonInput: {
    status: 400,
    provoke: ({ post }) => post('/connectors/drafts', '{"name":'),
    message: 'Request body does not contain valid JSON.',
    extras: { detailedErrorMessage: anyText },
  },
  InvalidPathParam: {
    status: 400,
    provoke: ({ get, deploymentPath }) => get(deploymentPath('no-uuid')),
    message: 'Request path param is not valid',
    extras: { detailedErrorMessage: 'ref: Must be a UUID' },
  },
  InvalidQueryParam: {
    status: 400,
    provoke: ({ get, deploymentPath }) => get(`${deploymentPath()}?limit=501`),
    message: 'Request query param is not valid',
    extras: { detailedErrorMessage: expect.stringMatching(/^limit: /) },
  },
  InvalidHeader: {
    status: 400,
    provoke: ({ request, deploymentPath }) =>
      request('DELETE', deploymentPath(unknownId), undefined, { headers: { 'if-match': 'x' } }),
    message: 'Request header is not valid',
    extras: { detailedErrorMessage: 'if-match: x is no version in quotes, such as "3"' },
  },
  InvalidRequest: {
    status: 400,
    provoke: ({ sendBytes }) => sendBytes('no HTTP at all\r\n\r\n'),
    message: /./,
  },
  DuplicateField: {
    status: 400,
    async provoke({ create }) {
      await create({ key: 'taken' });
      return create({ key: 'taken' });
    },
    message: 'A duplicate value taken exists for field key.',
    extras: { field: 'key', duplicateValue: 'taken' },
  },
  AuthenticationError: {
    status: 401,
    provoke: ({ request, deploymentPath }) =>
      request('GET', deploymentPath(), undefined, { headers: { authorization: 'Basic YTpi' } }),
    message: 'Bad credentials or Client ID is not defined',
  },
  invalid_token: {
    status: 401,
    provoke: ({ request, deploymentPath }) =>
      request('GET', deploymentPath(), undefined, { token: 'no-such-token' }),
    message: 'invalid_token',
  },
  AuthorizationError: {
    status: 403,
    provoke: ({ get }) => get('/another-project/deployments'),
    message: 'Access denied',
  },
  ResourceNotFound: {
    status: 404,
    provoke: ({ get, deploymentPath }) => get(deploymentPath(unknownId)),
    message: `Deployment with id=${unknownId} or key= does not exist`,
  },
  ConcurrentModification: {
    status: 409,
    async provoke({ deployed, redeploy }) {
      const deployment = await deployed({ key: 'stale' });
      return redeploy({ ...deployment, body: { ...deployment.body, version: 7 } });
    },
    message: new RegExp(
      `^Object id=${uuid} or key=stale has a different version than expected\\. Expected: 7 - Actual: 1\\)$`,
    ),
    extras: { expectedVersion: 7, currentVersion: 1 },
  },
  IdempotencyKeyInUse: {
    status: 409,
    async provoke({ request, deploymentPath, shop, get, plane }) {
      const draft = { ...shopDraft(shop), connector: { id: shop.body.id }, key: 'slow' };
      const ask = () =>
        request('POST', deploymentPath(), draft, {
          headers: { 'idempotency-key': 'slow', prefer: 'wait=60' },
        });
      const first = ask();
      await expect.poll(async () => (await get(deploymentPath('key=slow'))).status).toBe(200);
      const second = await ask();
      while (await plane.work('succeed'));
      expect((await first).status).toBe(201);
      return second;
    },
    message: 'A request with this Idempotency-Key is still running. Try again in a moment.',
  },
  IdempotencyKeyReused: {
    status: 422,
    async provoke({ request, project }) {
      const create = (name: string) =>
        request(
          'POST',
          `/${project}/api-clients`,
          { name, scope: `view_connectors:${project}` },
          { headers: { 'idempotency-key': 'reused' } },
        );
      await create('One');
      return create('Another');
    },
    message:
      'This Idempotency-Key was sent with another request before. Give every request a key of its own.',
  },
  General: {
    status: 500,
    // The store is gone under a server that still answers.
    provoke: ({ project }) =>
      inOther(project, {}, async ({ plane, get }) => {
        await plane.store[Symbol.asyncDispose]();
        return get();
      }),
    message: 'Internal error. The log of Berth says more.',
  },
  TooManyRequests: {
    status: 429,
    provoke: ({ project }) =>
      inOther(
        project,
        { rateLimits: { requestsPerClient: 1, failedLogins: 0 } },
        async ({ get }) => {
          await get();
          return get();
        },
      ),
    message:
      /^More than 1 requests of this API client within a minute\. Try again in (\d|[1-5]\d|60) seconds\.$/,
  },
  ServiceUnavailable: {
    status: 503,
    provoke: ({ project }) => {
      const queryStaged = () => Promise.reject(new StoreUnavailable(new Error('refused')));
      const storeOfApi = (store: Store): Store => ({
        ...store,
        connectors: { ...store.connectors, queryStaged },
      });
      return inOther(project, { storeOfApi }, async ({ plane }) =>
        plane.request('GET', '/connectors/drafts', undefined, await plane.token(project)),
      );
    },
    message: /^The database of Berth cannot be reached at the moment\.\nTry again in a moment\./,
  },
  BadGateway: {
    status: 502,
    async provoke({ project }) {
      await using issuer = await openTokenIssuer();
      issuer.respond = (response) => response.writeHead(503).end();
      const introspectionUrl = issuer.url;
      return await inOther(project, { introspectionUrl }, ({ get }) => get('of-the-issuer'));
    },
    message:
      'The issuer of this access token does not say whether it is valid. Try again (HTTP 503)',
  },
  InsufficientStorage: {
    status: 507,
    provoke: ({ project, repositoryUrl: url }) =>
      inOther(project, { diskFloorBytes: Number.MAX_SAFE_INTEGER }, async ({ plane }) => {
        const repository = { url, tag: 'v1' };
        const draft = { name: 'No room', creator: { email: 'somebody@example.com' }, repository };
        return plane.request('POST', '/connectors/drafts', draft, await plane.token(project));
      }),
    message:
      /^The disk of .* is nearly full: .* of .* are free, and new work needs .*\. What runs goes on\.\nMake room on it/,
  },
  ConnectorReferenceNotFound: {
    status: 400,
    provoke: ({ create }) => create({ connector: { key: 'nobody', version: 3 } }),
    message: "Connector 'nobody' with version 3 not found",
  },
  ConnectorStagedNotPreviewable: {
    status: 400,
    async provoke({ draft, create }) {
      const { body } = await draft({ key: 'never-previewed' });
      return create({ connector: { id: body.id, staged: true } });
    },
    message: new RegExp(
      `^Connector id=${uuid} or key=never-previewed with version 1 is not previewable$`,
    ),
  },
  OperationNotCancellable: {
    status: 400,
    async provoke({ deployed, deploymentPath, post }) {
      const { body } = await deployed();
      return post(`${deploymentPath(body.id)}/cancel`, undefined);
    },
    message: new RegExp(`^Operation id=${uuid} cannot be cancelled: it has succeeded already$`),
  },
  DeploymentInvalidType: {
    status: 400,
    provoke: ({ create }) => create({ type: 'preview' }),
    message: new RegExp(
      `^The Connector id=${uuid} or key= cannot be deployed as a 'preview' type\\. Only 'sandbox, production' types are allowed\\.$`,
    ),
  },
  DeploymentProductionDeactivated: {
    status: 400,
    async provoke({ plane, request, repositoryUrl }) {
      const token = await plane.token('trial-project', { productionEnabled: false });
      const post = (path: string, body: unknown) => request('POST', path, body, { token });
      const { body } = await post('/connectors/drafts', {
        name: 'Shop of a trial',
        creator: { email: 'somebody@example.com' },
        repository: { url: repositoryUrl, tag: 'v1' },
      });
      await post(`/connectors/drafts/${body.id}`, {
        version: 1,
        actions: [{ action: 'publish', certification: false }],
      });
      while (await plane.work('succeed'));
      return post('/trial-project/deployments', {
        connector: { id: body.id },
        type: 'production',
        region: 'europe-west1.gcp',
        configurations: [webValues],
        globalConfiguration: shopGlobals,
      });
    },
    message:
      'Deployments to production are disabled for this Project. Please contact support to enable production deployments.',
  },
  DeploymentUnsupportedRegion: {
    status: 400,
    provoke: ({ create }) => create({ region: 'eastus.azure' }),
    message: 'Deployment unsupported region eastus.azure',
  },
  DeploymentUnknownApplicationConfiguration: {
    status: 400,
    provoke: ({ create }) => create({ configurations: [values('nobody')] }),
    message: "Deployment does not require configuration for application named 'nobody'.",
  },
  DeploymentUnknownApplicationConfigurationKey: {
    status: 400,
    // A key in the wrong list.
    provoke: ({ create }) => create({ configurations: [values('web', { TOKEN: 'x' })] }),
    message:
      'Deployment does not require standard configuration with key TOKEN for application named web.',
  },
  DeploymentMissingApplicationConfigurationKey: {
    status: 400,
    provoke: ({ create }) => create({ configurations: [values('web', { NEEDED: 'yes' })] }),
    message: 'Deployment configuration requires secret with key TOKEN for application named web.',
  },
  DeploymentEmptyRequiredApplicationConfigurationKey: {
    status: 400,
    provoke: ({ create }) =>
      create({ configurations: [values('web', { NEEDED: '' }, { TOKEN: 'a token' })] }),
    message:
      'Deployment requires a non empty value for standard configuration with key NEEDED for application named web.',
  },
  DeploymentApplicationRequired: {
    status: 400,
    provoke: ({ create }) => create({ configurations: [] }),
    message: 'A Deployment requires at least one application',
  },
  DeploymentApplicationDoNotBelong: {
    status: 400,
    async provoke({ deployed, redeploy }) {
      const deployment = await deployed({ key: 'web-only' });
      return redeploy(deployment, { configurationValues: [values('pictures')] });
    },
    message: new RegExp(
      `^Deployment with id=${uuid} or key=web-only does not include application: pictures$`,
    ),
  },
  DeploymentUnknownGlobalConfigurationKey: {
    status: 400,
    provoke: ({ create }) =>
      create({ globalConfiguration: globals({ STREET: 'Quay' }, { SHARED: 's', MORE: 'x' }) }),
    message: 'Deployment global configuration does not require secret with key MORE.',
  },
  DeploymentMissingGlobalConfigurationKey: {
    status: 400,
    provoke: ({ create }) => create({ globalConfiguration: globals({}, { SHARED: 's' }) }),
    message: 'Deployment global configuration requires standard with key STREET.',
  },
  DeploymentEmptyRequiredGlobalConfigurationKey: {
    status: 400,
    provoke: ({ create }) =>
      create({ globalConfiguration: globals({ STREET: 'Quay' }, { SHARED: '' }) }),
    message:
      'Deployment requires a non empty value for secret global configuration with key SHARED.',
  },
  DeploymentInvalidStatusTransition: {
    status: 400,
    async provoke({ create, redeploy, plane }) {
      while (await plane.work('succeed'));
      return redeploy(await create());
    },
    message: 'Invalid status change: Already deploying',
  },
  DeploymentConnectorUpdateFailure: {
    status: 400,
    async provoke({ draft, act, plane, deployed, redeploy }) {
      const staged = await draft({ key: 'moved-on' });
      await act(staged, { action: 'updatePreviewable' });
      while (await plane.work('succeed'));
      const deployment = await deployed({
        key: 'left-behind',
        connector: { id: staged.body.id, staged: true },
      });
      await act(staged, { action: 'setRepository', tag: 'v1' });
      return redeploy(deployment, { updateConnector: true });
    },
    message: new RegExp(
      `^Deployment with id=${uuid} or key=left-behind failed while trying to update Connector id=${uuid} or key=moved-on \\(cause: .+\\)$`,
    ),
  },
  DeploymentApplicationDoesNotExist: {
    status: 400,
    async provoke({ deployed, get, deploymentPath }) {
      const { body } = await deployed();
      return get(`${deploymentPath(body.id)}/logs?applicationName=nobody`);
    },
    message: 'Deployment does not have an application named nobody.',
  },
  DeploymentJobNotRunnable: {
    status: 400,
    async provoke({ deployed, post, deploymentPath }) {
      const { body } = await deployed();
      return post(`${deploymentPath(body.id)}/jobs/web/run`, undefined);
    },
    message: 'Application web cannot be run: it is no job application.',
  },
  DeploymentInvalidRetryPolicy: {
    status: 400,
    provoke: ({ create }) =>
      create({ configurations: [{ ...values('handler'), retryPolicy: { strategy: 'never' } }] }),
    message:
      'The retry policy of application handler is not valid: strategy must be "immediate" or "exponential-backoff", not "never".',
  },
  DeploymentRollbackNotAllowed: {
    status: 400,
    async provoke({ deployed, post, deploymentPath }) {
      const { body } = await deployed({ key: 'as-it-is' });
      return post(`${deploymentPath(body.id)}/rollback`, { version: 1, revision: 1 });
    },
    message: new RegExp(
      `^Deployment with id=${uuid} or key=as-it-is cannot be rolled back to revision 1: that is what it runs\\. Choose another revision, or redeploy it as it is\\.$`,
    ),
  },
  DeploymentRetryPolicyOverrideNotAllowed: {
    status: 400,
    provoke: ({ create }) =>
      create({ configurations: [{ ...webValues, retryPolicy: { strategy: 'immediate' } }] }),
    message: 'The application web is no event application, so it has no retry policy.',
  },
  DeploymentLogInvalidDate: {
    status: 400,
    async provoke({ deployed, get, deploymentPath }) {
      const { body } = await deployed();
      return get(`${deploymentPath(body.id)}/logs?startDate=2020-01-01T00:00:00.000Z`);
    },
    message: 'Invalid start/end date',
  },
  DeploymentLogInvalidPageToken: {
    status: 400,
    async provoke({ deployed, get, deploymentPath }) {
      const { body } = await deployed();
      return get(`${deploymentPath(body.id)}/logs?pageToken=made-up`);
    },
    message: 'Invalid page token: made-up',
  },
  DeploymentLogMissingApplicationName: {
    status: 400,
    async provoke({ deployed, get, deploymentPath }) {
      const { body } = await deployed({ region: 'eu-central-1.aws' });
      return get(`${deploymentPath(body.id)}/logs`);
    },
    message: 'Missing application name when fetching deployment logs',
  },
  GitRepositoryNotReachable: {
    status: 400,
    provoke: ({ draft, repositoryUrl }) =>
      draft({ repository: { url: repositoryUrl, tag: 'no-such-tag' } }),
    message: 'Repository with the tag is not reachable',
    extras: { detailedErrorMessage: anyText },
  },
  ConnectorSpecificationFileNotFound: {
    status: 400,
    provoke: ({ draft, repositoryUrl }) =>
      draft({ repository: { url: repositoryUrl, tag: 'no-file' } }),
    message: /^The file connect\.yaml at file:\S+ with the tag no-file was not found$/,
  },
  ConnectorSpecificationFileNotValid: {
    status: 400,
    provoke: ({ draft, repositoryUrl }) =>
      draft({ repository: { url: repositoryUrl, tag: 'not-valid' } }),
    message: /^The file connect\.yaml at file:\S+ with the tag not-valid is not valid$/,
    extras: { detailedErrorMessage: expect.stringMatching(/deployAs/) },
  },
  FieldValueNotFound: {
    status: 400,
    provoke: async ({ draft, act }) =>
      act(await draft(), { action: 'removePrivateProject', privateProject: 'any:project' }),
    message: 'The value any:project for the privateProject field was not found',
    extras: { field: 'privateProject', value: 'any:project' },
  },
  ConnectorStagedNotPrivate: {
    status: 400,
    provoke: async ({ certified, act }) =>
      act(await certified(), { action: 'addPrivateProject', privateProject: 'any:project' }),
    message: new RegExp(
      `^The operation is not valid because ConnectorStaged with id=${uuid} or key= is not private$`,
    ),
  },
  ConnectorAlreadyCertified: {
    status: 400,
    provoke: async ({ certified, act }) =>
      act(await certified(), { action: 'publish', certification: true }),
    message: 'The ConnectorStaged is already certified',
  },
  ConnectorStagedInCertification: {
    status: 400,
    provoke: async ({ waiting, act }) =>
      act(await waiting(), { action: 'publish', certification: true }),
    message: 'The ConnectorStaged is already in certification',
  },
  ConnectorStagedPreviewRequestUnderProcess: {
    status: 400,
    async provoke({ draft, act }) {
      const staged = await draft();
      await act(staged, { action: 'updatePreviewable' });
      return act(staged, { action: 'updatePreviewable' });
    },
    message: 'The ConnectorStaged preview request is already in progress',
  },
  ConnectorStagedInvalidStatus: {
    status: 400,
    async provoke({ draft, act }) {
      const staged = await draft();
      await act(staged, { action: 'publish', certification: false });
      return act(staged, { action: 'updatePreviewable' });
    },
    message: 'The ConnectorStaged is being published and cannot be changed meanwhile',
  },
};

/** A control plane of its own, for what would spoil the world for other rows. */
async function inOther(
  project: string,
  options: ControlPlaneOptions,
  provoke: (other: {
    readonly plane: TempPlane;
    readonly get: (token?: string) => Promise<Answer>;
  }) => Promise<Answer>,
): Promise<Answer> {
  await using plane = await openTempPlane(options);
  const ownToken = await plane.token(project);
  const get = (token = ownToken) =>
    sendOverHttp(plane.address, 'GET', `/${project}/deployments`, undefined, { token });
  return await provoke({ plane, get });
}
