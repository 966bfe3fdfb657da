import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import type { CommandRunner } from './command-runner.ts';
import type { DependencyLayer } from './dependency-layers.ts';
import type { DownloadCaches } from './download-caches.ts';
import type { BuildInputs, Sibling } from './inputs.ts';
import { type FolderRecord, findFolder, listFolders } from './inspect.ts';
import { altersPackages } from './package-json.ts';
import { type ManagerChoice, planInstall, planRun } from './package-manager.ts';
import { type BuildPlan, isUnbuilt, needsInstall, planManager } from './plan.ts';
import { type DoneByBuild, findRepeats, noRepeats, type Repeats } from './repeats.ts';
import type { StartPlan } from './start-command.ts';

export interface ApplicationBuild {
  readonly application: string;
  /** The repository, checked out. */
  readonly tree: string;
  readonly plan: BuildPlan;
  readonly inputs: BuildInputs;
  readonly commands: CommandRunner;
  readonly findLayer: (
    folder: string,
    record: FolderRecord,
    manager: ManagerChoice,
  ) => Promise<DependencyLayer | undefined>;
  readonly onOutput: (line: string) => void;
  readonly downloads: DownloadCaches;
}

export interface BuiltTree {
  readonly start: StartPlan;
  readonly notes: readonly string[];
  readonly layers: readonly string[];
  readonly sharesPackages: boolean;
  /** Of scripts that run in it. */
  readonly repeats: Repeats;
}

interface Installed {
  readonly notes: readonly string[];
  readonly layers: readonly string[];
}

/** Installs and builds an application, and the folders it depends on, in place. */
export async function buildApplication(build: ApplicationBuild): Promise<BuiltTree> {
  const { application, tree, plan, inputs } = build;
  await removeRootPackage(tree);
  const installs: Installed[] = [];
  for (const sibling of inputs.siblings) installs.push(await prepareSibling(build, sibling));
  const target = { folder: application, record: inputs.application, manager: plan.manager };
  const installed = plan.install ? await install(build, target) : undefined;
  if (installed !== undefined) installs.push(installed);
  const packages = await packagesIn(tree, application);
  const ran = await runBuildScript(build, application, plan.manager, plan.buildScripts);
  const keepsPackages = (await packagesIn(tree, application)) === packages;
  return {
    start: await settleStart(tree, application, plan.start),
    notes: [...plan.notes, ...installs.flatMap((one) => one.notes), ...ran.notes],
    layers: installs.flatMap((one) => one.layers),
    sharesPackages: [inputs.application, ...inputs.siblings.map(({ record }) => record)].every(
      ({ facts }) => facts.packageJson === undefined || !altersPackages(facts.packageJson),
    ),
    repeats: repeatsOf(target, { installed, keepsPackages, buildScript: ran.script }),
  };
}

/** Another one where a package was added or is gone: some builds throw away what only they need. */
async function packagesIn(tree: string, application: string): Promise<number | undefined> {
  return (await stat(join(tree, application, 'node_modules')).catch(() => undefined))?.mtimeMs;
}

function repeatsOf(
  { manager, record }: InstallTarget,
  {
    installed,
    ...done
  }: Pick<DoneByBuild, 'keepsPackages' | 'buildScript'> & {
    readonly installed: Installed | undefined;
  },
): Repeats {
  const { packageJson } = record.facts;
  if (packageJson === undefined) return noRepeats;
  const locked = manager.locked && installed?.notes.length === 0;
  return findRepeats({ manager, packageJson, locked, ...done });
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

export async function removeRootPackage(tree: string): Promise<void> {
  await Promise.all(rootPackageFiles.map((name) => rm(join(tree, name), { force: true })));
}

/** A linked folder resolves its own dependencies where it lies. */
async function prepareSibling(
  build: ApplicationBuild,
  { folder, record }: Sibling,
): Promise<Installed> {
  const { packageJson } = record.facts;
  if (packageJson === undefined) return { notes: [], layers: [] };
  const manager = planManager(record.facts);
  const installed = needsInstall(packageJson, manager)
    ? await install(build, { folder, record, manager })
    : { notes: [], layers: [] };
  const exists = (path: string) => existsSync(join(build.tree, folder, path));
  if (!isUnbuilt(packageJson, exists)) return installed;
  const { notes } = await runBuildScript(build, folder, manager, ['build']);
  return { ...installed, notes: [...installed.notes, ...notes] };
}

interface InstallTarget {
  readonly folder: string;
  readonly record: FolderRecord;
  readonly manager: ManagerChoice;
}

async function install(build: ApplicationBuild, target: InstallTarget): Promise<Installed> {
  const { folder, record, manager } = target;
  const directory = join(build.tree, folder);
  const layer = await build.findLayer(directory, record, manager);
  if (await layer?.restore(directory)) {
    build.onOutput(`${folder}/node_modules is that of an earlier build with the same lockfile.`);
    return { notes: [], layers: layer ? [layer.key] : [] };
  }
  const notes = await runInstall(build, target);
  if (layer === undefined || notes.length > 0) return { notes, layers: [] };
  await layer.save(directory);
  return { notes, layers: [layer.key] };
}

async function runInstall(
  { commands, downloads }: ApplicationBuild,
  { folder, manager }: InstallTarget,
): Promise<readonly string[]> {
  await downloads.prepare(manager.name);
  const { command, fallback } = planInstall(manager);
  const step = { stage: 'install', command, manager, folder } as const;
  const watched = fallback ? { ...step, watchFor: fallback.when } : step;
  let first = await commands.run(watched);
  if (first.outcome !== 'success' && (await downloads.forgetDamaged(manager.name, first.tail)))
    first = await commands.run(watched);
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
): Promise<{ readonly notes: readonly string[]; readonly script: string | undefined }> {
  const [script, next] = scripts;
  if (script === undefined) return { notes: [], script };
  const step = { stage: 'build', command: planRun(manager.name, script), manager, folder } as const;
  const result = await build.commands.run(step);
  if (result.outcome === 'success') return { notes: [], script };
  const failure = build.commands.failure(step, result);
  if (next === undefined) throw failure;
  const { notes } = await runBuildScript(build, folder, manager, [next]);
  const used = planRun(manager.name, next).label;
  return {
    notes: [`${failure.message} \`${used}\` succeeded and was taken instead.`, ...notes],
    script: next,
  };
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
