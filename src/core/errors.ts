/**
 * The closed table of API errors (contract §3.2): nothing else may be answered to a client.
 * `message` prints the contract's template; `extras` are the further fields of that row.
 */
interface Row<P> {
  readonly status: 400 | 401 | 403 | 404 | 409 | 422 | 429 | 500 | 502 | 503 | 507;
  readonly message: (p: P) => string;
  readonly extras?: (p: P) => Readonly<Record<string, unknown>>;
}

const row = <P>(
  status: Row<P>['status'],
  message: Row<P>['message'],
  extras?: Row<P>['extras'],
): Row<P> => (extras === undefined ? { status, message } : { status, message, extras });

interface Ref {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
}
const named = (r: Ref): string => `id=${r.id ?? ''} or key=${r.key ?? ''}`;
type Kind = 'secret' | 'standard';
interface ApplicationKey {
  readonly kind: Kind;
  readonly key: string;
  readonly application: string;
}

export const errorTable = {
  InvalidJsonInput: row<{ detail: string }>(
    400,
    () => 'Request body does not contain valid JSON.',
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  InvalidPathParam: row<{ detail: string }>(
    400,
    () => 'Request path param is not valid',
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  InvalidQueryParam: row<{ detail: string }>(
    400,
    () => 'Request query param is not valid',
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  /** Berth's own: commercetools' API reads no headers but `Authorization`. */
  InvalidHeader: row<{ detail: string }>(
    400,
    () => 'Request header is not valid',
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  /** Berth's own: the bytes are no HTTP, or too many, or too slow. */
  InvalidRequest: row<{ text: string }>(400, (p) => p.text),
  DuplicateField: row<{ field: string; duplicateValue: string }>(
    400,
    (p) => `A duplicate value ${p.duplicateValue} exists for field ${p.field}.`,
    (p) => ({ field: p.field, duplicateValue: p.duplicateValue }),
  ),
  FieldValueNotFound: row<{ field: string; value: string }>(
    400,
    (p) => `The value ${p.value} for the ${p.field} field was not found`,
    (p) => ({ field: p.field, value: p.value }),
  ),
  AuthenticationError: row<object>(401, () => 'Bad credentials or Client ID is not defined'),
  invalid_token: row<object>(401, () => 'invalid_token'),
  AuthorizationError: row<object>(403, () => 'Access denied'),
  ResourceNotFound: row<Ref & { resource: string }>(
    404,
    (p) => `${p.resource} with ${named(p)} does not exist`,
  ),
  ConcurrentModification: row<Ref & { expected: number; actual: number }>(
    409,
    (p) =>
      `Object ${named(p)} has a different version than expected. Expected: ${p.expected} - Actual: ${p.actual})`,
    (p) => ({ expectedVersion: p.expected, currentVersion: p.actual }),
  ),
  /** Berth's own: of two that came at the same time with the same `Idempotency-Key`. */
  IdempotencyKeyInUse: row<object>(
    409,
    () => 'A request with this Idempotency-Key is still running. Try again in a moment.',
  ),
  /** Berth's own. */
  IdempotencyKeyReused: row<object>(
    422,
    () =>
      'This Idempotency-Key was sent with another request before. Give every request a key of its own.',
  ),
  /** Berth's own: commercetools' limits are not public. */
  TooManyRequests: row<{ text: string }>(429, (p) => p.text),
  General: row<{ text: string }>(500, (p) => p.text),
  /** Berth's own: the database cannot be reached. */
  ServiceUnavailable: row<{ text: string }>(503, (p) => p.text),
  BadGateway: row<{ text: string }>(502, (p) => p.text),
  /** Berth's own. */
  InsufficientStorage: row<{ text: string }>(507, (p) => p.text),
  ConnectorReferenceNotFound: row<{ identifier: string; version: number | undefined }>(
    400,
    (p) => `Connector '${p.identifier}' with version ${p.version ?? 'latest'} not found`,
  ),
  ConnectorStagedNotPreviewable: row<Ref & { version: number }>(
    400,
    (p) => `Connector ${named(p)} with version ${p.version} is not previewable`,
  ),
  DeploymentInvalidType: row<Ref & { type: string; allowed: string }>(
    400,
    (p) =>
      `The Connector ${named(p)} cannot be deployed as a '${p.type}' type. Only '${p.allowed}' types are allowed.`,
  ),
  DeploymentProductionDeactivated: row<object>(
    400,
    () =>
      'Deployments to production are disabled for this Project. Please contact support to enable production deployments.',
  ),
  DeploymentUnsupportedRegion: row<{ region: string }>(
    400,
    (p) => `Deployment unsupported region ${p.region}`,
  ),
  DeploymentUnknownApplicationConfiguration: row<{ name: string }>(
    400,
    (p) => `Deployment does not require configuration for application named '${p.name}'.`,
  ),
  DeploymentUnknownApplicationConfigurationKey: row<ApplicationKey>(
    400,
    (p) =>
      `Deployment does not require ${p.kind} configuration with key ${p.key} for application named ${p.application}.`,
  ),
  /** Berth's own (contract §10, row 10): the hosted platform fails later and says less. */
  DeploymentMissingApplicationConfigurationKey: row<ApplicationKey>(
    400,
    (p) =>
      `Deployment configuration requires ${p.kind} with key ${p.key} for application named ${p.application}.`,
  ),
  /** Berth's own (contract §10, row 10). */
  DeploymentEmptyRequiredApplicationConfigurationKey: row<ApplicationKey>(
    400,
    (p) =>
      `Deployment requires a non empty value for ${p.kind} configuration with key ${p.key} for application named ${p.application}.`,
  ),
  DeploymentApplicationRequired: row<object>(
    400,
    () => 'A Deployment requires at least one application',
  ),
  DeploymentApplicationDoNotBelong: row<Ref & { application: string }>(
    400,
    (p) => `Deployment with ${named(p)} does not include application: ${p.application}`,
  ),
  DeploymentUnknownGlobalConfigurationKey: row<{ kind: Kind; key: string }>(
    400,
    (p) => `Deployment global configuration does not require ${p.kind} with key ${p.key}.`,
  ),
  DeploymentMissingGlobalConfigurationKey: row<{ kind: Kind; key: string }>(
    400,
    (p) => `Deployment global configuration requires ${p.kind} with key ${p.key}.`,
  ),
  DeploymentEmptyRequiredGlobalConfigurationKey: row<{ kind: Kind; key: string }>(
    400,
    (p) =>
      `Deployment requires a non empty value for ${p.kind} global configuration with key ${p.key}.`,
  ),
  DeploymentInvalidStatusTransition: row<{ state: 'queued' | 'deploying' | 'undeploying' }>(
    400,
    (p) => `Invalid status change: Already ${p.state}`,
  ),
  /** Berth's own: it has ended, or it has done what cannot be undone. */
  OperationNotCancellable: row<{ id: string; reason: string }>(
    400,
    (p) => `Operation id=${p.id} cannot be cancelled: ${p.reason}`,
  ),
  DeploymentConnectorUpdateFailure: row<{ deployment: Ref; connector: Ref; cause: string }>(
    400,
    (p) =>
      `Deployment with ${named(p.deployment)} failed while trying to update Connector ${named(p.connector)} (cause: ${p.cause})`,
  ),
  DeploymentApplicationDoesNotExist: row<{ name: string }>(
    400,
    (p) => `Deployment does not have an application named ${p.name}.`,
  ),
  /** The code is the platform's; its message is not public. */
  DeploymentInvalidRetryPolicy: row<{ application: string; mistakes: string }>(
    400,
    (p) => `The retry policy of application ${p.application} is not valid: ${p.mistakes}.`,
  ),
  /** The code is the platform's; its message is not public. */
  DeploymentRetryPolicyOverrideNotAllowed: row<{ application: string }>(
    400,
    (p) => `The application ${p.application} is no event application, so it has no retry policy.`,
  ),
  /** The code is the platform's; its message is not public. */
  DeploymentRollbackNotAllowed: row<Ref & { revision: number }>(
    400,
    (p) =>
      `Deployment with ${named(p)} cannot be rolled back to revision ${p.revision}: that is what it runs. Choose another revision, or redeploy it as it is.`,
  ),
  /** Berth's own. */
  DeploymentJobNotRunnable: row<{ application: string; reason: string }>(
    400,
    (p) => `Application ${p.application} cannot be run: ${p.reason}.`,
  ),
  DeploymentLogInvalidDate: row<object>(400, () => 'Invalid start/end date'),
  DeploymentLogInvalidPageToken: row<{ token: string }>(
    400,
    (p) => `Invalid page token: ${p.token}`,
  ),
  DeploymentLogMissingApplicationName: row<object>(
    400,
    () => 'Missing application name when fetching deployment logs',
  ),
  GitRepositoryNotReachable: row<{ detail: string }>(
    400,
    () => 'Repository with the tag is not reachable',
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  ConnectorSpecificationFileNotFound: row<{ url: string; tag: string }>(
    400,
    (p) => `The file connect.yaml at ${p.url} with the tag ${p.tag} was not found`,
  ),
  ConnectorSpecificationFileNotValid: row<{ url: string; tag: string; detail: string }>(
    400,
    (p) => `The file connect.yaml at ${p.url} with the tag ${p.tag} is not valid`,
    (p) => ({ detailedErrorMessage: p.detail }),
  ),
  ConnectorStagedNotPrivate: row<Ref>(
    400,
    (p) => `The operation is not valid because ConnectorStaged with ${named(p)} is not private`,
  ),
  ConnectorStagedPreviewRequestUnderProcess: row<object>(
    400,
    () => 'The ConnectorStaged preview request is already in progress',
  ),
  ConnectorAlreadyCertified: row<object>(400, () => 'The ConnectorStaged is already certified'),
  ConnectorStagedInCertification: row<object>(
    400,
    () => 'The ConnectorStaged is already in certification',
  ),
  /** Berth's own: a publish runs, or something still uses the connector (contract §7, deletion rules). */
  ConnectorStagedInvalidStatus: row<{ text: string }>(400, (p) => p.text),
};

export type ErrorCode = keyof typeof errorTable;
type ParametersOf<C extends ErrorCode> = Parameters<(typeof errorTable)[C]['message']>[0];

/** One item of the envelope's `errors` (contract §3.1). */
export interface ApiError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly message: string;
  readonly extras: Readonly<Record<string, unknown>>;
}

export function apiError<C extends ErrorCode>(code: C, parameters: ParametersOf<C>): ApiError {
  const row = errorTable[code] as unknown as Row<ParametersOf<C>>;
  return {
    code,
    status: row.status,
    message: row.message(parameters),
    extras: row.extras?.(parameters) ?? {},
  };
}

/** A client's mistake, or several that share a status. The only thing that becomes an answer other than 500. */
export class Rejection extends Error {
  readonly errors: readonly [ApiError, ...ApiError[]];

  constructor(...errors: readonly [ApiError, ...ApiError[]]) {
    super(errors[0].message);
    this.name = 'Rejection';
    this.errors = errors;
  }
}

export function reject<C extends ErrorCode>(code: C, parameters: ParametersOf<C>): never {
  throw new Rejection(apiError(code, parameters));
}

export function rejectAny(errors: readonly ApiError[]): void {
  const [first, ...rest] = errors;
  if (first !== undefined) throw new Rejection(first, ...rest);
}
