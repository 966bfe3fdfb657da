import { expect, test } from 'vitest';
import {
  type ApiError,
  apiError,
  type ErrorCode,
  errorTable,
  Rejection,
  reject,
  rejectAny,
} from '../../src/core/errors.ts';

const ref = { id: 'i', key: 'k' };
const secret = { kind: 'secret', key: 'K' } as const;
const standard = { kind: 'standard', key: 'K' } as const;
const git = { url: 'https://x/y.git', tag: 'v1' };

/** Contract §3.2, word for word. The last column holds the further fields. */
const rows: Record<ErrorCode, readonly [ApiError, number, string, object?]> = {
  InvalidJsonInput: [
    apiError('InvalidJsonInput', { detail: 'd' }),
    400,
    'Request body does not contain valid JSON.',
    { detailedErrorMessage: 'd' },
  ],
  InvalidPathParam: [
    apiError('InvalidPathParam', { detail: 'd' }),
    400,
    'Request path param is not valid',
    { detailedErrorMessage: 'd' },
  ],
  InvalidQueryParam: [
    apiError('InvalidQueryParam', { detail: 'd' }),
    400,
    'Request query param is not valid',
    { detailedErrorMessage: 'd' },
  ],
  InvalidHeader: [
    apiError('InvalidHeader', { detail: 'd' }),
    400,
    'Request header is not valid',
    { detailedErrorMessage: 'd' },
  ],
  InvalidRequest: [apiError('InvalidRequest', { text: 'No.' }), 400, 'No.'],
  DuplicateField: [
    apiError('DuplicateField', { field: 'key', duplicateValue: 'k' }),
    400,
    'A duplicate value k exists for field key.',
    { field: 'key', duplicateValue: 'k' },
  ],
  FieldValueNotFound: [
    apiError('FieldValueNotFound', { field: 'privateProject', value: 'v' }),
    400,
    'The value v for the privateProject field was not found',
    { field: 'privateProject', value: 'v' },
  ],
  AuthenticationError: [
    apiError('AuthenticationError', {}),
    401,
    'Bad credentials or Client ID is not defined',
  ],
  TooManyRequests: [apiError('TooManyRequests', { text: 'Too many' }), 429, 'Too many'],
  invalid_token: [apiError('invalid_token', {}), 401, 'invalid_token'],
  AuthorizationError: [apiError('AuthorizationError', {}), 403, 'Access denied'],
  ResourceNotFound: [
    apiError('ResourceNotFound', { ...ref, resource: 'Deployment' }),
    404,
    'Deployment with id=i or key=k does not exist',
  ],
  ConcurrentModification: [
    apiError('ConcurrentModification', { ...ref, expected: 1, actual: 2 }),
    409,
    'Object id=i or key=k has a different version than expected. Expected: 1 - Actual: 2)',
    { expectedVersion: 1, currentVersion: 2 },
  ],
  IdempotencyKeyInUse: [
    apiError('IdempotencyKeyInUse', {}),
    409,
    'A request with this Idempotency-Key is still running. Try again in a moment.',
  ],
  IdempotencyKeyReused: [
    apiError('IdempotencyKeyReused', {}),
    422,
    'This Idempotency-Key was sent with another request before. Give every request a key of its own.',
  ],
  General: [apiError('General', { text: 'It broke' }), 500, 'It broke'],
  ServiceUnavailable: [apiError('ServiceUnavailable', { text: 't' }), 503, 't'],
  BadGateway: [apiError('BadGateway', { text: 'Come back' }), 502, 'Come back'],
  InsufficientStorage: [apiError('InsufficientStorage', { text: 't' }), 507, 't'],
  ConnectorReferenceNotFound: [
    apiError('ConnectorReferenceNotFound', { identifier: 'i', version: 2 }),
    400,
    "Connector 'i' with version 2 not found",
  ],
  ConnectorStagedNotPreviewable: [
    apiError('ConnectorStagedNotPreviewable', { ...ref, version: 2 }),
    400,
    'Connector id=i or key=k with version 2 is not previewable',
  ],
  DeploymentInvalidType: [
    apiError('DeploymentInvalidType', { ...ref, type: 'sandbox', allowed: 'preview' }),
    400,
    "The Connector id=i or key=k cannot be deployed as a 'sandbox' type. Only 'preview' types are allowed.",
  ],
  DeploymentProductionDeactivated: [
    apiError('DeploymentProductionDeactivated', {}),
    400,
    'Deployments to production are disabled for this Project. Please contact support to enable production deployments.',
  ],
  DeploymentUnsupportedRegion: [
    apiError('DeploymentUnsupportedRegion', { region: 'r' }),
    400,
    'Deployment unsupported region r',
  ],
  DeploymentUnknownApplicationConfiguration: [
    apiError('DeploymentUnknownApplicationConfiguration', { name: 'a' }),
    400,
    "Deployment does not require configuration for application named 'a'.",
  ],
  DeploymentUnknownApplicationConfigurationKey: [
    apiError('DeploymentUnknownApplicationConfigurationKey', { ...secret, application: 'a' }),
    400,
    'Deployment does not require secret configuration with key K for application named a.',
  ],
  DeploymentMissingApplicationConfigurationKey: [
    apiError('DeploymentMissingApplicationConfigurationKey', { ...standard, application: 'a' }),
    400,
    'Deployment configuration requires standard with key K for application named a.',
  ],
  DeploymentEmptyRequiredApplicationConfigurationKey: [
    apiError('DeploymentEmptyRequiredApplicationConfigurationKey', { ...secret, application: 'a' }),
    400,
    'Deployment requires a non empty value for secret configuration with key K for application named a.',
  ],
  DeploymentApplicationRequired: [
    apiError('DeploymentApplicationRequired', {}),
    400,
    'A Deployment requires at least one application',
  ],
  DeploymentApplicationDoNotBelong: [
    apiError('DeploymentApplicationDoNotBelong', { ...ref, application: 'a' }),
    400,
    'Deployment with id=i or key=k does not include application: a',
  ],
  DeploymentUnknownGlobalConfigurationKey: [
    apiError('DeploymentUnknownGlobalConfigurationKey', standard),
    400,
    'Deployment global configuration does not require standard with key K.',
  ],
  DeploymentMissingGlobalConfigurationKey: [
    apiError('DeploymentMissingGlobalConfigurationKey', secret),
    400,
    'Deployment global configuration requires secret with key K.',
  ],
  DeploymentEmptyRequiredGlobalConfigurationKey: [
    apiError('DeploymentEmptyRequiredGlobalConfigurationKey', standard),
    400,
    'Deployment requires a non empty value for standard global configuration with key K.',
  ],
  DeploymentInvalidStatusTransition: [
    apiError('DeploymentInvalidStatusTransition', { state: 'queued' }),
    400,
    'Invalid status change: Already queued',
  ],
  OperationNotCancellable: [
    apiError('OperationNotCancellable', { id: 'i', reason: 'it has succeeded' }),
    400,
    'Operation id=i cannot be cancelled: it has succeeded',
  ],
  DeploymentConnectorUpdateFailure: [
    apiError('DeploymentConnectorUpdateFailure', {
      deployment: ref,
      connector: { id: 'c' },
      cause: 'why',
    }),
    400,
    'Deployment with id=i or key=k failed while trying to update Connector id=c or key= (cause: why)',
  ],
  DeploymentApplicationDoesNotExist: [
    apiError('DeploymentApplicationDoesNotExist', { name: 'a' }),
    400,
    'Deployment does not have an application named a.',
  ],
  DeploymentJobNotRunnable: [
    apiError('DeploymentJobNotRunnable', { application: 'a', reason: 'it is no job application' }),
    400,
    'Application a cannot be run: it is no job application.',
  ],
  DeploymentInvalidRetryPolicy: [
    apiError('DeploymentInvalidRetryPolicy', { application: 'a', mistakes: 'x is y; z is w' }),
    400,
    'The retry policy of application a is not valid: x is y; z is w.',
  ],
  DeploymentRollbackNotAllowed: [
    apiError('DeploymentRollbackNotAllowed', { ...ref, revision: 3 }),
    400,
    'Deployment with id=i or key=k cannot be rolled back to revision 3: that is what it runs. Choose another revision, or redeploy it as it is.',
  ],
  DeploymentRetryPolicyOverrideNotAllowed: [
    apiError('DeploymentRetryPolicyOverrideNotAllowed', { application: 'a' }),
    400,
    'The application a is no event application, so it has no retry policy.',
  ],
  DeploymentLogInvalidDate: [
    apiError('DeploymentLogInvalidDate', {}),
    400,
    'Invalid start/end date',
  ],
  DeploymentLogInvalidPageToken: [
    apiError('DeploymentLogInvalidPageToken', { token: 't' }),
    400,
    'Invalid page token: t',
  ],
  DeploymentLogMissingApplicationName: [
    apiError('DeploymentLogMissingApplicationName', {}),
    400,
    'Missing application name when fetching deployment logs',
  ],
  GitRepositoryNotReachable: [
    apiError('GitRepositoryNotReachable', { detail: 'd' }),
    400,
    'Repository with the tag is not reachable',
    { detailedErrorMessage: 'd' },
  ],
  ConnectorSpecificationFileNotFound: [
    apiError('ConnectorSpecificationFileNotFound', git),
    400,
    'The file connect.yaml at https://x/y.git with the tag v1 was not found',
  ],
  ConnectorSpecificationFileNotValid: [
    apiError('ConnectorSpecificationFileNotValid', { ...git, detail: 'd' }),
    400,
    'The file connect.yaml at https://x/y.git with the tag v1 is not valid',
    { detailedErrorMessage: 'd' },
  ],
  ConnectorStagedNotPrivate: [
    apiError('ConnectorStagedNotPrivate', ref),
    400,
    'The operation is not valid because ConnectorStaged with id=i or key=k is not private',
  ],
  ConnectorAlreadyCertified: [
    apiError('ConnectorAlreadyCertified', {}),
    400,
    'The ConnectorStaged is already certified',
  ],
  ConnectorStagedInCertification: [
    apiError('ConnectorStagedInCertification', {}),
    400,
    'The ConnectorStaged is already in certification',
  ],
  ConnectorStagedPreviewRequestUnderProcess: [
    apiError('ConnectorStagedPreviewRequestUnderProcess', {}),
    400,
    'The ConnectorStaged preview request is already in progress',
  ],
  ConnectorStagedInvalidStatus: [
    apiError('ConnectorStagedInvalidStatus', { text: 'Not now' }),
    400,
    'Not now',
  ],
};

test.for(Object.entries(rows))('%s prints as the contract has it', ([code, row]) => {
  const [error, status, message, extras = {}] = row;
  expect(error).toEqual({ code, status, message, extras });
});

test('every code of the table is listed here', () => {
  expect(Object.keys(rows).toSorted()).toEqual(Object.keys(errorTable).toSorted());
});

test('a reference without a key leaves its place empty', () => {
  const { message } = apiError('ResourceNotFound', { resource: 'Connector', id: 'i' });
  expect(message).toBe('Connector with id=i or key= does not exist');
  const { message: latest } = apiError('ConnectorReferenceNotFound', {
    identifier: 'i',
    version: undefined,
  });
  expect(latest).toBe("Connector 'i' with version latest not found");
});

test('a rejection carries every mistake and says the first', () => {
  const errors = [rows.AuthorizationError[0], rows.DeploymentLogInvalidDate[0]];
  expect(() => rejectAny(errors)).toThrow(Rejection);
  expect(() => rejectAny(errors)).toThrow('Access denied');
  expect(() => rejectAny(errors)).toThrow(expect.objectContaining({ errors }));
  expect(() => rejectAny([])).not.toThrow();
  expect(() => reject('AuthorizationError', {})).toThrow('Access denied');
});
