import { arch, platform } from 'node:process';
import { hideCredentials } from '../../../core/repository-url.ts';
import type { BuildRequest, Provenance } from '../../../ports/builder.ts';
import type { ToolDigest } from './tool-digests.ts';

export interface ProvenanceInput {
  readonly key: string;
  readonly request: BuildRequest;
  /** What decided how it is built and started. */
  readonly plan: unknown;
  /** Folder → git's tree id. */
  readonly trees: ReadonlyMap<string, string>;
  readonly tools: readonly ToolDigest[];
  /** Path → SHA-256. */
  readonly lockfiles: ReadonlyMap<string, string>;
  /** SHA-256 of the list of files. */
  readonly manifest: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly berthVersion: string;
}

/** An in-toto statement (v1) with SLSA provenance (v1) as its predicate. Names of variables, never their values. */
export function describeProvenance(input: ProvenanceInput): Provenance {
  const { request, manifest, key } = input;
  const { repository, application, type, environment } = request;
  const uri = `git+${hideCredentials(repository.url)}@${repository.tag}`;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: `artifacts/${key}/files.jsonl`, digest: { sha256: manifest } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:berth:node-application:1',
        externalParameters: {
          repository: hideCredentials(repository.url),
          tag: repository.tag,
          application,
          applicationType: type,
          variables: Object.keys(environment).sort(),
        },
        internalParameters: { key, plan: input.plan, platform, arch },
        resolvedDependencies: [
          { uri, digest: { gitCommit: repository.commit } },
          ...[...input.trees].map(([folder, id]) => ({
            ...{ uri, name: folder === '' ? '.' : folder },
            digest: { gitTree: id },
          })),
          ...[...input.lockfiles].map(([name, sha256]) => ({ uri, name, digest: { sha256 } })),
          ...input.tools.map(({ name, version, sha256 }) => ({
            ...{ uri: `pkg:npm/${name.replace('@', '%40')}@${version}`, name },
            digest: { sha256 },
          })),
        ],
      },
      runDetails: {
        builder: { id: 'urn:berth:builder:node', version: { berth: input.berthVersion } },
        metadata: {
          invocationId: key,
          startedOn: input.startedAt.toISOString(),
          finishedOn: input.finishedAt.toISOString(),
        },
      },
    },
  };
}
