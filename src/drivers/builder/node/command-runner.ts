import { join } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import type { Confined } from '../../sandbox/sandbox.ts';
import type { Environment } from './build-environment.ts';
import type { ConfinedCommand } from './confinement.ts';
import type { Command, ManagerChoice } from './package-manager.ts';
import { runTool, type ToolResult } from './run-tool.ts';

/** Runs the commands of one build. */
export interface CommandRunner {
  /** @throws BuildFailure where it took too long; a command that fails is answered. */
  run(step: CommandStep): Promise<ToolResult>;
  failure(step: CommandStep, result: ToolResult): BuildFailure;
}

export interface CommandStep {
  readonly stage: 'install' | 'build';
  readonly command: Command;
  readonly manager: ManagerChoice;
  /** Relative to the repository. */
  readonly folder: string;
  readonly environment?: Environment;
  readonly watchFor?: RegExp;
}

export interface CommandContext {
  readonly application: string;
  readonly tree: string;
  /** The folder with the programs for a package manager, and the environment around them. */
  readonly surroundings: (
    manager: ManagerChoice,
  ) => Promise<{ readonly path: string; readonly environment: Environment }>;
  readonly confine: (
    command: Pick<ConfinedCommand, 'program' | 'directory' | 'environment'>,
  ) => Promise<Confined>;
  readonly timeoutMs: Readonly<Record<CommandStep['stage'], number>>;
  /** @throws DiskFull */
  readonly requireRoom: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly onOutput: (line: string) => void;
}

export function createCommandRunner(context: CommandContext): CommandRunner {
  const { application, tree, signal, onOutput } = context;
  const failure: CommandRunner['failure'] = ({ stage, command, folder }, result) => {
    const where = folder === application ? '' : `folder "${folder}", used by `;
    const what = `\`${command.label}\` of ${where}application "${application}"`;
    return new BuildFailure(stage, `${what} ${describeEnding(result, context.timeoutMs[stage])}.`, {
      nextStep: adviseOn(stage, command.label, folder, result),
      output: result.tail,
    });
  };

  return {
    failure,
    async run(step) {
      await context.requireRoom();
      const { path, environment } = await context.surroundings(step.manager);
      signal.throwIfAborted();
      onOutput(`$ ${step.command.tool} ${step.command.args.join(' ')}`);
      const where = {
        directory: join(tree, step.folder),
        environment: { ...environment, ...step.environment },
      };
      const result = await runTool({
        file: join(path, step.command.tool),
        args: step.command.args,
        ...where,
        confine: (program) => context.confine({ program, ...where }),
        timeoutMs: context.timeoutMs[step.stage],
        signal,
        onOutput,
        ...(step.watchFor === undefined ? {} : { watchFor: step.watchFor }),
      });
      if (result.outcome === 'aborted') throw signal.reason;
      if (result.outcome === 'timed-out') throw failure(step, result);
      return result;
    },
  };
}

function describeEnding(
  { outcome, reason, exceeded, durationMs }: ToolResult,
  limitMs: number,
): string {
  if (outcome === 'timed-out') return `was stopped: it took longer than ${duration(limitMs)}`;
  if (exceeded !== undefined) return `${exceeded} and was ended after ${duration(durationMs)}`;
  const verb = /^SIG/.test(reason) ? 'was ended by' : 'failed with';
  return `${verb} ${reason} after ${duration(durationMs)}`;
}

function adviseOn(
  stage: CommandStep['stage'],
  label: string,
  folder: string,
  { outcome, reason, exceeded, tail }: ToolResult,
): string {
  if (exceeded !== undefined) {
    return 'Let it need less, or raise the limit for builds (BERTH_BUILD_MEMORY_MB, BERTH_BUILD_DISK_MB, BERTH_MAX_PROCESSES).';
  }
  if (/heap out of memory/.test(tail) || /SIGKILL|SIGABRT|exit code 13[47]/.test(reason)) {
    if (outcome === 'failed')
      return 'It ran out of memory: give the machine more, or the build less to do.';
  }
  if (outcome === 'timed-out') return 'See in its last lines what it waited for.';
  const cause = stage === 'install' ? 'package.json or the lockfile' : 'the source';
  return `Run \`${label}\` in the folder "${folder}" of a fresh clone to see the same, correct ${cause}, and tag again.`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
