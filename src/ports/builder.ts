import type { ApplicationType } from '../core/application.ts';
import type { Audit } from '../core/audit.ts';
import type { Commit, PinnedRepository } from './source.ts';

/** Turns an application's folder into an artifact: installed, compiled, ready to start. */
export interface Builder {
  /**
   * Answers from the artifacts it already has where nothing that goes in has changed.
   * Building the same artifact twice at once does the work once.
   * @throws BuildFailure with the last lines of the tool's own output
   */
  build(request: BuildRequest, options: BuildOptions): Promise<BuiltArtifact>;
  /**
   * What is publicly known to be wrong with the packages the applications run with (contract §7, "SCA"), asked of the
   * registry through each application's own package manager, beside builds. A registry that does not answer is an
   * outcome, not an error. Applications with the same lockfile are asked about once.
   * @throws the signal's reason
   */
  audit(
    request: AuditRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly Audit[]>;
  /**
   * What a build of this would do, without doing it: no tool or package is fetched for it, at most the commit.
   * @throws SourceFailure where the commit cannot be had
   * @throws DiskFull where there is no room to look at it
   * @throws the signal's reason
   */
  foresee(request: BuildRequest, options: ForeseeOptions): Promise<ForeseenBuild>;
  /** The artifact's description, or undefined where it is gone. */
  find(key: string): Promise<Artifact | undefined>;
  /**
   * The same, once every file was compared with what the build left. Each is read in full the first time.
   * @throws ArtifactDamaged that names the file; the artifact is not found from then on, and the next build makes it anew
   */
  findIntact(key: string): Promise<Artifact | undefined>;
  /** A private, writable copy of a built application with its tools on the path, for scripts. @throws ArtifactDamaged */
  openWorkspace(key: string): Promise<Workspace>;
  /**
   * Removes what is too much: artifacts, the longest unused first, until all of them together are within `maxBytes`, then
   * what only those needed. What is pinned stays and counts; so does what was used at or after `usedSince` (ms since the epoch).
   * Ends and removes what builders of processes that died were at.
   * @returns the keys of the artifacts that went
   */
  prune(rule: PruneRule): Promise<readonly string[]>;
  /** Empties the largest download caches above `maxBytes` while nothing is being built: they fill again. */
  pruneCaches(maxBytes: number): Promise<void>;
}

export interface PruneRule {
  readonly pinned: ReadonlySet<string>;
  readonly maxBytes: number;
  readonly usedSince: number;
}

export interface BuildRequest {
  readonly repository: PinnedRepository;
  readonly application: string;
  readonly type: ApplicationType;
  /** Variables of the build itself: what a Merchant Center bundle compiles in, else empty. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface BuildOptions {
  readonly signal: AbortSignal;
  /** Every line the install and build commands print. */
  readonly onOutput: (line: string) => void;
  /** It waits for other builds to end. */
  readonly onWait?: () => void;
}

export interface BuiltArtifact {
  readonly artifact: Artifact;
  /** True where an earlier build was taken. */
  readonly reused: boolean;
  /** What a person should know though the build succeeded, e.g. an install that had to fall back. */
  readonly notes: readonly string[];
}

export interface ForeseeOptions {
  readonly signal: AbortSignal;
  /** The key of the artifact that runs now, if one does: reasons say what has changed since it was built. */
  readonly running?: string;
}

export interface ForeseenBuild {
  /** Taken as it is, built, or refused before it would begin. */
  readonly outcome: 'reuse' | 'build' | 'fail';
  /** Why, for people. None where nothing has changed. */
  readonly reasons: readonly string[];
}

export interface AuditRequest {
  readonly repository: PinnedRepository;
  /** Their folders' names. */
  readonly applications: readonly string[];
}

/** Immutable once built. Stored as `artifact.json` beside the built tree. */
export interface Artifact {
  readonly key: string;
  readonly application: string;
  readonly commit: Commit;
  /** Absolute path of the application's folder inside the built tree. */
  readonly directory: string;
  /** Absolute path of the built tree, the whole repository. */
  readonly root: string;
  readonly node: { readonly version: string; readonly executable: string };
  /** Folders that come first on PATH: the node, npm and yarn that belong to the artifact. */
  readonly path: readonly string[];
  readonly packageManager: string;
  readonly start: StartCommand;
}

/** Where an artifact comes from: an in-toto statement (v1) about the list of its files, with SLSA provenance (v1). */
export interface Provenance {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly {
    readonly name: string;
    readonly digest: { readonly sha256: string };
  }[];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: Readonly<Record<string, unknown>>;
      readonly internalParameters: Readonly<Record<string, unknown>>;
      readonly resolvedDependencies: readonly {
        readonly uri: string;
        readonly name?: string;
        readonly digest: Readonly<Record<string, string>>;
      }[];
    };
    readonly runDetails: {
      readonly builder: {
        readonly id: string;
        readonly version: Readonly<Record<string, string>>;
      };
      readonly metadata: {
        readonly invocationId: string;
        readonly startedOn: string;
        readonly finishedOn: string;
      };
    };
  };
}

export type StartCommand =
  /** Run without a shell around it: signals arrive and nothing is spent on npm. */
  | {
      readonly kind: 'exec';
      readonly file: string;
      readonly args: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
  /** The connector's own command line (`npm start`, a Procfile line), given to `sh -c` as it is. */
  | { readonly kind: 'shell'; readonly command: string }
  /** Served as files from this folder, absolute. */
  | { readonly kind: 'static'; readonly directory: string };

/** A folder that is seen at `at` as `lower` is, and whose changes go to `upper` alone. All four are absolute. */
export interface Overlay {
  readonly lower: string;
  readonly upper: string;
  /** For the kernel, empty, on the file system of `upper`. */
  readonly work: string;
  /** An empty folder. */
  readonly at: string;
}

export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  /** The whole copy around it. */
  readonly root: string;
  /** Absent: everything is there. Else it is only for commands that are run with this overlay. */
  readonly overlay?: Overlay;
  /** Folders that come first on PATH. */
  readonly path: readonly string[];
  /** What package managers need to reach the registry as the build did; a script's own variables win. */
  readonly environment: Readonly<Record<string, string>>;
}
