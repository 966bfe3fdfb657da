/** The commercetools project in which a connector's own API client is made (contract §4.1). */
export interface ProjectApi {
  /** @throws ProjectApiFailure with the platform's own message */
  createApiClient(request: {
    readonly projectKey: string;
    readonly name: string;
    /** Without the `:{projectKey}` suffix. */
    readonly scopes: readonly string[];
  }): Promise<CreatedApiClient>;
  /** Deleting one that is gone succeeds. */
  deleteApiClient(request: { readonly projectKey: string; readonly id: string }): Promise<void>;
  /** Deletes what an interrupted attempt made and did not live to note: every one of exactly this name. */
  deleteApiClientsNamed(request: {
    readonly projectKey: string;
    readonly name: string;
  }): Promise<void>;
}

export interface CreatedApiClient {
  readonly id: string;
  readonly secret: string;
  /** As the platform granted it: scopes with suffix, separated by spaces. */
  readonly scope: string;
}
