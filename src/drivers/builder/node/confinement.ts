import { copyFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Confined, Limits, Program, Sandbox } from '../../sandbox/sandbox.ts';
import type { BuildSurroundings, Environment } from './build-environment.ts';
import type { CheckedOut } from './checkout.ts';
import { findToolFolders } from './tool-folders.ts';

/** Where the commands of installs, builds and audits run. */
export interface Confinement {
  /** They see no more than they are given. */
  readonly isSeparate: boolean;
  confine(command: ConfinedCommand): Promise<Confined>;
}

export interface ConfinedCommand {
  readonly program: Program;
  readonly directory: string;
  readonly environment: Environment;
  readonly at: CheckedOut;
}

export function openConfinement(options: {
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly surroundings: BuildSurroundings;
  readonly toolDirectory: string;
}): Confinement {
  const { sandbox, limits, surroundings, toolDirectory } = options;
  const isSeparate = sandbox.separation !== 'none';
  return {
    isSeparate,
    async confine({ program, directory, environment, at }) {
      const folders = await findToolFolders(toolDirectory, sandbox);
      const own = isSeparate ? await withNpmrc(surroundings.npmrc, at.home) : {};
      await sandbox.handOver(at.directory);
      return sandbox.confine({
        program,
        directory,
        environment: { ...environment, ...own },
        limits,
        endsWithParent: true,
        view: {
          readable: [...folders.tools, ...operatorFiles(surroundings.operator)],
          writable: [at.directory],
          shared: folders.caches,
          scratch: [],
          hidden: folders.hidden,
          temporary: at.temporary,
          // Contract §5.1: hosted Connect shows builds the whole repository there.
          also: [{ folder: at.tree, at: '/tmp/lib' }],
        },
      });
    },
  };
}

/** The operator's own is readable to the operator alone: builds get a copy. */
export async function withNpmrc(npmrc: string | undefined, home: string): Promise<Environment> {
  if (npmrc === undefined) return {};
  const copy = join(home, '.npmrc');
  try {
    await copyFile(npmrc, copy);
    return { NPM_CONFIG_USERCONFIG: copy };
  } catch {
    // There is none, which npm does not mind.
    return {};
  }
}

/** Certificates and further settings that the operator's environment names. */
function operatorFiles(operator: Environment): readonly string[] {
  return Object.entries(operator).flatMap(([name, value]) =>
    /cert|cafile|ca_file|keyfile|globalconfig/i.test(name) && isAbsolute(value) ? [value] : [],
  );
}
