import { join } from 'node:path';
import type { Artifact, StartCommand } from '../../../ports/builder.ts';
import type { StoredArtifact } from './artifact-store.ts';
import type { StartPlan } from './start-command.ts';
import type { Toolset } from './tools.ts';

/** A stored artifact with the paths it has on this machine now. */
export function describeArtifact({ record, tree }: StoredArtifact, toolset: Toolset): Artifact {
  const { key, application, commit } = record;
  const directory = join(tree, application);
  return {
    key,
    application,
    commit,
    directory,
    root: tree,
    node: toolset.node,
    path: [toolset.path],
    packageManager: toolset.packageManager,
    start: describeStart(record.start, directory, toolset),
  };
}

function describeStart(start: StartPlan, directory: string, toolset: Toolset): StartCommand {
  switch (start.kind) {
    case 'node': {
      const { args, environment } = start;
      return { kind: 'exec', file: toolset.node.executable, args, environment };
    }
    case 'shell':
      return start;
    case 'static':
      return { kind: 'static', directory: join(directory, start.folder) };
    default:
      return start satisfies never;
  }
}
