import { type ApplicationType, servingOf } from '../../../core/application.ts';
import { BuildFailure } from '../../../core/failure.ts';
import { chooseNode, type NodeMajor } from './node-version.ts';
import type { PackageJson } from './package-json.ts';
import { chooseManager, type ManagerChoice } from './package-manager.ts';
import { planStart, type StartPlan } from './start-command.ts';

/** Part of every artifact's key: raise it when the same input shall be built in another way. */
export const planVersion = 1;

/** What the files of a folder say about it. */
export interface FolderFacts {
  readonly files: ReadonlySet<string>;
  readonly packageJson: PackageJson | undefined;
  readonly procfile: string | undefined;
  readonly yarnLock: string | undefined;
  readonly pnpmLock: string | undefined;
  readonly hasYarnRelease: boolean;
  /** Some source file imports in a way that only older Nodes know. */
  readonly importsWithAssert?: boolean;
}

export interface BuildPlan {
  readonly node: NodeMajor;
  readonly manager: ManagerChoice;
  readonly install: boolean;
  /** The first that succeeds makes the build. */
  readonly buildScripts: readonly string[];
  readonly start: StartPlan;
  readonly notes: readonly string[];
}

export function planBuild(
  application: { readonly name: string; readonly type: ApplicationType },
  facts: FolderFacts,
): BuildPlan {
  const { packageJson } = facts;
  const node = chooseNode(packageJson?.engine, facts);
  const manager = planManager(facts);
  return {
    node: node.major,
    manager,
    install: needsInstall(packageJson, manager),
    buildScripts: planBuildScripts(packageJson),
    start: planApplicationStart(application, facts, manager),
    notes: node.note === undefined ? [] : [node.note],
  };
}

export function planManager(facts: FolderFacts): ManagerChoice {
  return chooseManager({
    ...facts,
    packageManager: facts.packageJson?.packageManager,
    hasWorkspaces: facts.packageJson?.hasWorkspaces ?? false,
  });
}

/** A folder that others depend on is built where what it is imported by does not exist yet. */
export function isUnbuilt(packageJson: PackageJson, exists: (path: string) => boolean): boolean {
  const entries = packageJson.entries.length > 0 ? packageJson.entries : ['index.js'];
  return packageJson.scripts['build'] !== undefined && !entries.every(exists);
}

/** With a lockfile in any case: it says what is to be there. */
export function needsInstall(
  packageJson: PackageJson | undefined,
  manager: ManagerChoice,
): boolean {
  return packageJson !== undefined && (packageJson.needsInstall || manager.locked);
}

function planBuildScripts(packageJson: PackageJson | undefined): readonly string[] {
  return ['gcp-build', 'build'].filter((name) => packageJson?.scripts[name] !== undefined);
}

function planApplicationStart(
  { name, type }: { readonly name: string; readonly type: ApplicationType },
  facts: FolderFacts,
  manager: ManagerChoice,
): StartPlan {
  const { packageJson } = facts;
  if (servingOf(type) === 'files') return { kind: 'static', folder: 'public' };
  if (packageJson === undefined) {
    throw new BuildFailure('prepare', `The folder "${name}" has no package.json.`, {
      nextStep: `An application of type ${type} is a Node.js package: add ${name}/package.json.`,
    });
  }
  if (servingOf(type) === 'single-page') return { kind: 'static', folder: 'public' };
  return planStart({
    application: name,
    procfile: facts.procfile,
    packageJson,
    hasServerFile: facts.files.has('server.js'),
    // Plug'n'Play resolves packages only below yarn itself.
    runStart: manager.name === 'yarn-berry' ? 'yarn start' : 'npm start',
  });
}
