import {
  createRedactor,
  type NamedSecret,
  noRedactor,
  type Redactor,
} from '../../core/redaction.ts';

/** What must not stand in the logs of a Deployment: the secrets of all its releases that run, whichever says them. */
export interface Redactions {
  of(deploymentId: string): Redactor;
  /** The same, for whoever takes them out elsewhere. */
  secretsOf(deploymentId: string): readonly NamedSecret[];
  /** From now on. Before the application can have said a word. */
  know(
    of: {
      readonly deploymentId: string;
      readonly releaseId: string;
      readonly applicationName: string;
    },
    secrets: readonly NamedSecret[],
  ): void;
  /** Of all other releases nothing runs any more. */
  keep(releaseIds: ReadonlySet<string>): void;
}

interface Known {
  readonly releaseId: string;
  readonly secrets: readonly NamedSecret[];
}

export function createRedactions(): Redactions {
  /** By Deployment, because each line and each request asks for one; then by application of a release. */
  const known = new Map<string, Map<string, Known>>();
  const redactors = new Map<string, Redactor>();

  const secretsOf = (deploymentId: string): readonly NamedSecret[] => {
    const own = known.get(deploymentId);
    return own === undefined ? [] : [...own.values()].flatMap(({ secrets }) => secrets);
  };
  const make = (deploymentId: string): Redactor => {
    const secrets = secretsOf(deploymentId);
    return secrets.length === 0 ? noRedactor : createRedactor(secrets);
  };
  return {
    secretsOf,
    of(deploymentId) {
      const redactor = redactors.get(deploymentId) ?? make(deploymentId);
      // Of what has no secrets nothing is kept, so that nothing has to be forgotten.
      if (redactor !== noRedactor) redactors.set(deploymentId, redactor);
      return redactor;
    },
    know({ deploymentId, releaseId, applicationName }, secrets) {
      if (secrets.length === 0) return;
      const own = known.get(deploymentId) ?? new Map<string, Known>();
      known.set(deploymentId, own.set(`${releaseId}/${applicationName}`, { releaseId, secrets }));
      redactors.delete(deploymentId);
    },
    keep(releaseIds) {
      for (const [deploymentId, own] of known) {
        for (const [key, { releaseId }] of own) {
          if (releaseIds.has(releaseId)) continue;
          own.delete(key);
          redactors.delete(deploymentId);
        }
        if (own.size === 0) known.delete(deploymentId);
      }
    },
  };
}
