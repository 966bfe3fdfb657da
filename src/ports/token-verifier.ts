/** Says what an access token is good for (contract §1). */
export interface TokenVerifier {
  /**
   * Undefined where the token is not valid, or not valid any more.
   * @throws IssuerFailure where nobody can say now
   */
  verify(token: string): Promise<VerifiedToken | undefined>;
}

export interface VerifiedToken {
  readonly clientId: string;
  /** Its client ids are not Berth's, even where they are the same. Berth's own if left out. */
  readonly issuer?: 'other';
  /** Of another issuer: on whose behalf. */
  readonly subject?: string;
  /** All its scopes are of this one project. */
  readonly projectKey: string;
  /** With suffix: `manage_project:demo`. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970; it is not valid at that moment. */
  readonly expiresAt: number;
}
