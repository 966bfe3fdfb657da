import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import type { CommandRunner } from './command-runner.ts';
import type { BuildInputs, Sibling } from './inputs.ts';
import { findFolder, listFolders } from './inspect.ts';
import { type ManagerChoice, planInstall, planRun } from './package-manager.ts';
import { type BuildPlan, isUnbuilt, needsInstall, planManager } from './plan.ts';
import type { StartPlan } from './start-command.ts';

export interface ApplicationBuild {
  readonly application: string;
  /** The repository, checked out. */
  readonly tree: string;
  readonly plan: BuildPlan;
  readonly inputs: BuildInputs;
  readonly commands: CommandRunner;
  /** What a package manager is told while it installs. */
  readonly installEnvironment: (manager: ManagerChoice) => Readonly<Record<string, string>>;
  /** Held during an install whose package manager cannot share its cache with another. */
  readonly installTurn: (manager: ManagerChoice) => Promise<Disposable>;
}

export interface BuiltTree {
  readonly start: StartPlan;
  readonly notes: readonly string[];
}

/** Installs and builds an application, and the folders it depends on, in place. */
export async function buildApplication(build: ApplicationBuild): Promise<BuiltTree> {
  const { application, tree, plan, inputs } = build;
  const notes = [...plan.notes];
  await removeRootPackage(tree);
  for (const sibling of inputs.siblings) notes.push(...(await prepareSibling(build, sibling)));
  if (plan.install) notes.push(...(await install(build, application, plan.manager)));
  notes.push(...(await runBuildScript(build, application, plan.manager, plan.buildScripts)));
  return { start: await settleStart(tree, application, plan.start), notes };
}

/** On hosted Connect nothing of the root takes part either: as the root of workspaces it would hijack the install. */
const rootPackageFiles = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'lerna.json',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnp.cjs',
];

async function removeRootPackage(tree: string): Promise<void> {
  await Promise.all(rootPackageFiles.map((name) => rm(join(tree, name), { force: true })));
}

/** A linked folder resolves its own dependencies where it lies. */
async function prepareSibling(
  build: ApplicationBuild,
  { folder, record }: Sibling,
): Promise<readonly string[]> {
  const { packageJson } = record.facts;
  if (packageJson === undefined) return [];
  const manager = planManager(record.facts);
  const notes = needsInstall(packageJson, manager) ? await install(build, folder, manager) : [];
  const exists = (path: string) => existsSync(join(build.tree, folder, path));
  if (!isUnbuilt(packageJson, exists)) return notes;
  return [...notes, ...(await runBuildScript(build, folder, manager, ['build']))];
}

async function install(
  { commands, installEnvironment, installTurn }: ApplicationBuild,
  folder: string,
  manager: ManagerChoice,
): Promise<readonly string[]> {
  using _ = await installTurn(manager);
  const { command, fallback } = planInstall(manager);
  const environment = installEnvironment(manager);
  const step = { stage: 'install', command, manager, folder, environment } as const;
  const first = await commands.run(fallback ? { ...step, watchFor: fallback.when } : step);
  if (first.outcome === 'success') return [];
  if (fallback === undefined || !first.seen) throw commands.failure(step, first);
  const second = await commands.run({ ...step, command: fallback.command });
  if (second.outcome === 'success') return [fallback.note];
  throw commands.failure({ ...step, command: fallback.command }, second);
}

/** The first script that succeeds makes the build. */
async function runBuildScript(
  build: ApplicationBuild,
  folder: string,
  manager: ManagerChoice,
  scripts: readonly string[],
): Promise<readonly string[]> {
  const [script, next] = scripts;
  if (script === undefined) return [];
  const step = { stage: 'build', command: planRun(manager.name, script), manager, folder } as const;
  const result = await build.commands.run(step);
  if (result.outcome === 'success') return [];
  const failure = build.commands.failure(step, result);
  if (next === undefined) throw failure;
  const notes = await runBuildScript(build, folder, manager, [next]);
  const used = planRun(manager.name, next).label;
  return [`${failure.message} \`${used}\` succeeded and was taken instead.`, ...notes];
}

/** What only the built tree can tell. */
async function settleStart(
  tree: string,
  application: string,
  start: StartPlan,
): Promise<StartPlan> {
  if (start.kind === 'static') await requireOutput(tree, application, start.folder);
  const directory = join(tree, application);
  if (start.kind !== 'node' || !existsSync(join(directory, '.pnp.cjs'))) return start;
  // Plug'n'Play: packages are not in node_modules, node is told where they are.
  const loader = existsSync(join(directory, '.pnp.loader.mjs'))
    ? ['--experimental-loader', './.pnp.loader.mjs']
    : [];
  return { ...start, args: ['--require', './.pnp.cjs', ...loader, ...start.args] };
}

async function requireOutput(tree: string, application: string, folder: string): Promise<void> {
  const output = await findFolder(tree, join(application, folder));
  if (output !== undefined && (await readdir(output)).length > 0) return;
  const present = (await listFolders(join(tree, application))).filter(
    (name) => name !== folder && name !== 'node_modules',
  );
  const others = present.length > 0 ? `; its folders are ${present.join(', ')}` : '';
  const state =
    output === undefined ? `has no folder "${folder}"` : `has an empty folder "${folder}"`;
  throw new BuildFailure(
    'build',
    `Application "${application}" ${state} after its build${others}.`,
    {
      nextStep: `Files to serve are taken from ${application}/${folder}: let the build script write there.`,
    },
  );
}
