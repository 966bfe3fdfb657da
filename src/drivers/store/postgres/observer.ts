/** Who wants to know whether the server is there. Both are called often, and must cost nothing. */
export interface StoreObserver {
  /** Whatever a query failed with: StoreUnavailable where the server is away. */
  failed(error: unknown): void;
  /** A query was answered. */
  answered(): void;
}

export const nobody: StoreObserver = { failed() {}, answered() {} };
